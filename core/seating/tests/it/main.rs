//! Plans from outside: formats, reports, real venues where they are at hand, generators.
#![allow(clippy::unwrap_used)]

mod focus;
mod generators;
mod mend;
mod names;
mod pretix;
mod properties;
mod table;
mod venues;

use floodgate_domain::plan::check::problems;
use floodgate_domain::plan::wire::{decode_plan, encode_plan};
use floodgate_seating::{Format, Imported, import};

pub(crate) const HALL: &str = include_str!("../fixtures/hall.pretix.json");

/// What holds for every plan that was accepted, whatever it was read from.
pub(crate) fn check_accepted(imported: &Imported) {
    let Imported { plan, report } = imported;
    assert_eq!(problems(plan), []);
    let mut native = Vec::new();
    encode_plan(plan, &mut native);
    assert_eq!(decode_plan(&native).unwrap(), *plan);
    assert_eq!(report.native_bytes as usize, native.len());
    assert_eq!(report.seat_count, plan.seat_count());
    let by_category: u32 = report.categories.iter().map(|c| c.seat_count).sum();
    assert_eq!(by_category, plan.seat_count());
    for seat in plan.seats() {
        let (x, y) = seat.point;
        // A line may end a hundredth of a seat beside its last seat.
        let within = |at: i32, size: i32| (-2..=size + 2).contains(&at);
        assert!(within(x, plan.size.0) && within(y, plan.size.1), "{seat:?}");
    }
    // The native form of what was read is read as the same plan.
    let again = import(Format::Native, &native).unwrap();
    assert_eq!(again.plan, *plan);
}

/// Rows as `label: 1 2|3`, runs separated by bars.
pub(crate) fn rows(imported: &Imported) -> Vec<String> {
    let mut rows = Vec::new();
    for section in &imported.plan.sections {
        for row in &section.rows {
            let runs: Vec<String> = row
                .runs
                .iter()
                .map(|run| {
                    let labels = (0..run.labels.len()).map(|at| run.labels.label(at).unwrap());
                    labels.collect::<Vec<_>>().join(" ")
                })
                .collect();
            rows.push(format!("{}/{}: {}", section.name, row.label, runs.join("|")));
        }
    }
    rows
}
