//! How good "best" is: groups of 1 to 6 ask for the best seats until the house is nearly full.
//!
//! Of each plan: the loss, which is how many points of rank (0 the best seat of the house, 100 the
//! last) a group sits behind the best group that was free, found by looking at all; single seats
//! left over; and groups that had to split although as many seats were free.

mod house;

use std::path::Path;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use floodgate_domain::{
    Actor, Answer, BuyerId, CategorySet, Command, Currency, NewEvent, Plan, Policy, PriceTable,
    Refusal,
};
use floodgate_engine::NEWEST_VERSION;
use floodgate_seating::{Format, generate, import};

use crate::Figure;
use crate::engine::{Author, policy};
use house::RankedHouse;

const GROUP_MAX: u8 = 6;
/// Sold until then: what comes later is chance.
const SOLD_SHARE: f64 = 0.95;
/// Groups of a plan that are compared with the best: in a stadium one in some hundred.
const COMPARED_MAX: usize = 400;
/// Points of rank that few notice; a small hall has them at its end, when rows would be torn.
const LOSS_GOAL: f64 = 3.0;
/// Houses of our own, for want of others.
const SHIPPED: [(&str, &str); 2] = [
    ("stage-below", include_str!("../../plans/stage-below.csv")),
    ("odd-and-even", include_str!("../../plans/odd-and-even.csv")),
];

/// A plan by its name.
type NamedPlan = (String, Plan);

/// Our own plans and the bowl of so many seats.
pub fn shipped(bowl_seats: u32) -> anyhow::Result<Vec<NamedPlan>> {
    let mut plans = vec![
        ("theatre".to_owned(), generate::theatre()),
        (format!("bowl-{bowl_seats}"), generate::bowl(bowl_seats)),
    ];
    for (name, text) in SHIPPED {
        plans.push((name.to_owned(), import(Format::Csv, text.as_bytes())?.plan));
    }
    Ok(plans)
}

/// Every plan of a folder that can be sold, by file name; says which cannot.
pub fn in_folder(folder: &Path) -> anyhow::Result<Vec<NamedPlan>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|end| end == "json" || end == "csv"));
    files.sort_unstable();
    let mut plans = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match import(Format::detect(&bytes), &bytes) {
            Ok(imported) => plans.push((name, imported.plan)),
            Err(rejected) => {
                let reason = rejected.problems.first().map(ToString::to_string);
                eprintln!("{name} is left out: {}", reason.unwrap_or_default());
            }
        }
    }
    Ok(plans)
}

/// Sells each house and says how well people sit.
#[must_use]
pub fn run(plans: Vec<NamedPlan>, seed: u64) -> Vec<Figure> {
    plans.into_iter().flat_map(|(name, plan)| measure(&name, plan, seed)).collect()
}

fn measure(name: &str, plan: Plan, seed: u64) -> Vec<Figure> {
    let mut house = RankedHouse::of(&plan);
    let prices = PriceTable::flat(Currency::default(), &vec![1_000; plan.categories.len()]);
    let new = NewEvent { plan, prices, ..NewEvent::default() };
    let policy = Policy { buyers_max: 1 << 24, ..policy(false) };
    let mut author = Author::under(NEWEST_VERSION, &new, policy);
    let mut rng = StdRng::seed_from_u64(seed);
    // A group has three and a half seats.
    let every = (house.for_sale * 2 / 7 / COMPARED_MAX).max(1);
    let (mut losses, mut splits) = (Vec::new(), 0_u32);
    for buyer in 1.. {
        if house.taken as f64 >= SOLD_SHARE * house.for_sale as f64 {
            break;
        }
        let size = rng.random_range(1..=GROUP_MAX);
        let is_compared = (buyer as usize).is_multiple_of(every);
        let best = if is_compared { house.best(size.into()) } else { None };
        let wanted = Command::best(size, CategorySet::ANY);
        match author.send(Actor::Buyer(BuyerId(buyer)), wanted) {
            Answer::Order(order) => {
                losses.extend(best.map(|best| house.rank_of(&order.seats) - best));
                house.take(&order.seats);
            }
            Answer::Refused(Refusal::NotEnoughTogether) if usize::from(size) <= house.free() => {
                splits += 1;
            }
            _ if size == 1 => break,
            _ => {}
        }
    }
    let row = |what: &str| format!("{name} {what}");
    losses.sort_unstable_by(f64::total_cmp);
    let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let late = losses.get(losses.len() * 95 / 100).copied().unwrap_or_default();
    vec![
        Figure::rate(row("loss"), mean, "points", Some(LOSS_GOAL)),
        Figure::rate(row("loss_p95"), late, "points", None),
        Figure::rate(row("singles"), house.singles() as f64, "seats", None),
        Figure::rate(row("splits"), splits.into(), "groups", None),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn figure(rows: &[Figure], row: &str) -> f64 {
        rows.iter().find(|figure| figure.row == row).unwrap().value
    }

    #[test]
    fn best_is_best_in_every_house_of_ours() {
        let rows = run(shipped(2_000).unwrap(), 1);
        assert_eq!(rows.len(), 16);
        for name in ["theatre", "bowl-2000", "stage-below", "odd-and-even"] {
            let loss = figure(&rows, &format!("{name} loss"));
            assert!((0.0..=LOSS_GOAL).contains(&loss), "{name}: {loss}");
            assert!(figure(&rows, &format!("{name} singles")) <= 6.0, "{rows:#?}");
        }
        assert_eq!(run(shipped(2_000).unwrap(), 1)[0].value, rows[0].value, "by seed");
    }

    /// What the file's drawing says: the row by the stage, which lies below, is the best.
    #[test]
    fn a_stage_below_is_where_the_first_buyers_sit() {
        let (_, plan) = shipped(500).unwrap().remove(2);
        let (_, focus_y) = plan.focus.unwrap();
        assert!(plan.seats().all(|seat| seat.point.1 < focus_y), "{focus_y}");
    }
}
