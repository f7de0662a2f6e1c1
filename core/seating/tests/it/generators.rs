//! The houses that are free to ship.

use std::collections::{BTreeMap, HashSet};

use floodgate_domain::Plan;
use floodgate_domain::plan::SeatFlags;
use floodgate_domain::plan::wire::encode_plan;
use floodgate_seating::{Format, Imported, demo_prices, generate, import};

use crate::check_accepted;

fn concluded(plan: &Plan) -> Imported {
    let mut native = Vec::new();
    encode_plan(plan, &mut native);
    let imported = import(Format::Native, &native).unwrap();
    assert_eq!(imported.plan, *plan);
    check_accepted(&imported);
    imported
}

/// No two seats closer than three quarters of a pitch.
fn assert_no_crowding(plan: &Plan) {
    let mut cells: BTreeMap<(i32, i32), Vec<(i32, i32)>> = BTreeMap::new();
    for seat in plan.seats() {
        let (x, y) = seat.point;
        let cell = (x / 75, y / 75);
        for near in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (cell.0 + dx, cell.1 + dy))) {
            for other in cells.get(&near).into_iter().flatten() {
                let distance = f64::from(x - other.0).hypot(f64::from(y - other.1));
                assert!(distance >= 75.0, "{seat:?} and {other:?}");
            }
        }
        cells.entry(cell).or_default().push((x, y));
    }
}

#[test]
fn the_bowl_has_exactly_200_000_seats() {
    let plan = generate::bowl(200_000);
    assert_eq!(plan, generate::bowl(200_000));
    let report = concluded(&plan).report;
    assert_no_crowding(&plan);
    assert_eq!((report.single_count, report.categories.len()), (0, 5));
    assert!(report.native_bytes < 200_000, "{report}");
    insta::assert_snapshot!(report, @r"
    Demonstration bowl, 200000 seats: 200000 seats in 3680 rows and 124 sections
      format       native
      categories   Premium 11200, Gold 37000, Silver 49564, Bronze 49920, Upper 52316
      adjacency    given by the plan's runs
      neighbours   5440 aisles, 9120 runs of seats that touch, 0 single seats
      drawing      given
      row quality  distance to the focal point: given by the plan
      focal point  42030,37030 of the plan's units; the option focus moves it
      flags        224 accessible, 224 companion, 0 restricted view, 0 not for sale
      native form  82210 bytes
    ");
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    assert!(rows.clone().all(|row| (1..=3).contains(&row.runs.len())));
    let names: HashSet<_> = plan.sections.iter().map(|section| &section.name).collect();
    assert_eq!(names.len(), plan.sections.len());
}

#[test]
fn bowls_of_any_size_are_exact() {
    for seats in [1, 27, 28, 1000, 2001, 39_616, 99_999, 1 << 20] {
        let plan = generate::bowl(seats);
        assert_eq!(plan.seat_count(), seats);
        concluded(&plan);
    }
    assert_eq!(generate::bowl(0).seat_count(), 1);
    assert_eq!(generate::bowl(u32::MAX).seat_count(), 1 << 20);
}

#[test]
fn the_theatre() {
    let plan = generate::theatre();
    let report = concluded(&plan).report;
    assert_no_crowding(&plan);
    insta::assert_snapshot!(report, @r"
    Demonstration theatre: 604 seats in 36 rows and 10 sections
      format       native
      categories   Stalls 184, Rear stalls 180, Circle 192, Boxes 48
      adjacency    given by the plan's runs
      neighbours   26 aisles, 62 runs of seats that touch, 0 single seats
      drawing      given
      row quality  distance to the focal point: given by the plan
      focal point  2700,100 of the plan's units; the option focus moves it
      flags        4 accessible, 4 companion, 24 restricted view, 0 not for sale
      native form  1872 bytes
    ");
    // Every wheelchair space has its companion beside it.
    for run in plan.runs().map(|(_, _, run)| run) {
        for (at, flags) in run.flags.iter().filter(|(_, f)| f.has(SeatFlags::ACCESSIBLE)) {
            let at = usize::from(*at);
            let beside = [at.wrapping_sub(1), at + 1].map(|at| run.flags_of(at));
            assert!(beside.iter().any(|f| f.has(SeatFlags::COMPANION)), "{flags:?}");
        }
    }
}

#[test]
fn better_categories_cost_more() {
    let plan = generate::bowl(200_000);
    let prices = demo_prices(&plan);
    assert_eq!(prices.len(), plan.categories.len());
    assert!(prices.is_sorted_by(|a, b| a > b), "{prices:?}");
    assert_eq!(demo_prices(&Plan::default()), Vec::<u32>::new());
}
