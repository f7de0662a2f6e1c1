//! Groups: wheelchair spaces among the best seats, groups over a border of prices, a price at most,
//! and what is said when there is none.

use floodgate_domain::plan::{Category, Labels, Row, Run, SeatFlags, Section, Shape};
use floodgate_domain::{
    Actor, CategorySet, Command, Currency, NewEvent, PhaseDial, Plan, Policy, PriceTable, Refusal,
    SeatGroup,
};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::properties::snapshot;
use crate::rows::Then::{No, Seats};
use crate::rows::{accessible, check, no_queue};
use crate::stage::{STALLS, Stage, best, buyer, order, seats, staff};

fn many() -> Policy {
    Policy { holds_per_buyer_max: 4, seats_per_hold_max: 16, ..no_queue() }
}

fn asked(group: SeatGroup) -> Command {
    Command::HoldBest(group)
}

fn with_space(count: u8) -> Command {
    asked(SeatGroup { accessible: true, ..SeatGroup::of(count, CategorySet::ANY) })
}

/// A row per list of runs: a category, how many seats, and how far it is from the run before it, in
/// tenths of a step.
fn house(rows: &[&[(u8, u16, i32)]]) -> Plan {
    let row = |(rank, runs): (usize, &&[(u8, u16, i32)])| {
        let mut x = 0;
        let drawn = runs.iter().map(|&(category, count, gap)| {
            x += gap * 10;
            let shape = Shape::Line { x, y: rank as i32 * 100, dx: 100 * 256, dy: 0 };
            x += (i32::from(count) - 1) * 100;
            let labels = Labels::Numbers { first: 1, step: 1, count };
            Run { category, labels, shape, flags: Vec::new() }
        });
        Row { label: rank.to_string(), rank: rank as u32, runs: drawn.collect() }
    };
    let rows = rows.iter().enumerate().map(row).collect();
    let category = |name: &str| Category { name: name.into(), color: [0; 3] };
    Plan {
        name: "House".into(),
        categories: vec![category("A"), category("B"), category("C")],
        sections: vec![Section { name: "Hall".into(), rows, ..Section::default() }],
        size: (10_000, 10_000),
        focus: None,
    }
}

fn open(version: u32, plan: Plan, prices: &[u32]) -> Stage {
    let mut stage = Stage::empty();
    stage.ask(Actor::System, Command::EngineVersion { version });
    let prices = PriceTable::flat(Currency::default(), prices);
    let new = NewEvent { plan, prices, policy: many(), ..NewEvent::default() };
    stage.ask(staff(), Command::CreateEvent(Box::new(new)));
    stage.ask(staff(), Command::turn_phase(PhaseDial::Open, ""));
    stage
}

/// Seats that touch, at two prices.
fn two_prices(gap: i32) -> Plan {
    house(&[&[(0, 2, 0), (1, 2, gap)]])
}

#[test]
fn the_best_seats_have_a_wheelchair_space_when_one_is_asked_for() {
    // Row B: 10 is a wheelchair space, 11 its companion, 12 and 13 are free, 14 is blocked.
    let rows = |count, expected| {
        let mut stage = Stage::open_newest(many());
        check(&mut stage, vec![(buyer(1), with_space(count), expected)]);
    };
    rows(1, Seats(&[10]));
    rows(2, Seats(&[10, 11]));
    rows(4, Seats(&[10, 11, 12, 13]));
    rows(5, No(Refusal::NotEnoughTogether));
    check(
        &mut Stage::open_newest(many()),
        vec![
            (buyer(1), accessible(&[10]), Seats(&[10])),
            (buyer(2), with_space(1), No(Refusal::NoWheelchairSpace)),
            (buyer(2), with_space(2), No(Refusal::NoWheelchairSpace)),
        ],
    );
}

#[test]
fn a_companion_sits_beside_and_other_spaces_stay_free() {
    let mut plan = house(&[&[(0, 6, 0)]]);
    let (space, companion) = (SeatFlags::ACCESSIBLE, SeatFlags::COMPANION);
    plan.sections[0].rows[0].runs[0].flags = vec![(1, space), (2, space), (3, companion)];
    let mut stage = open(NEWEST_VERSION, plan, &[100]);
    check(
        &mut stage,
        vec![
            (buyer(1), with_space(2), Seats(&[2, 3])),
            (buyer(1), with_space(2), Seats(&[0, 1])),
            (buyer(1), with_space(1), No(Refusal::NoWheelchairSpace)),
        ],
    );
}

#[test]
fn a_companion_may_have_another_price() {
    let mut plan = two_prices(10);
    plan.sections[0].rows[0].runs[0].flags = vec![(1, SeatFlags::ACCESSIBLE)];
    plan.sections[0].rows[0].runs[1].flags = vec![(0, SeatFlags::COMPANION)];
    let mut stage = open(NEWEST_VERSION, plan, &[100, 0]);
    let held = order(&stage.ask(buyer(1), with_space(2)));
    assert_eq!((held.seats.as_slice()[0].0, held.seats.len(), held.amount), (1, 2, 100));
}

#[test]
fn what_is_left_is_said() {
    let only_pool_left = |version| {
        let mut stage = Stage::open_under(version, many());
        stage.ask(buyer(1), seats(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13]));
        stage.ask(buyer(2), best(1, STALLS))
    };
    let refused = |version| format!("{:?}", only_pool_left(version).answer);
    assert_eq!(refused(NEWEST_VERSION), "Refused(OnlyAccessibleLeft)");
    assert_eq!(refused(BASE_VERSION), "Refused(SoldOut)", "as it was decided then");
    let mut stage = Stage::open_newest(many());
    stage.ask(buyer(1), seats(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13]));
    stage.ask(buyer(1), accessible(&[10, 11]));
    check(&mut stage, vec![(buyer(2), best(1, STALLS), No(Refusal::SoldOut))]);
}

#[test]
fn the_first_rules_know_no_conditions() {
    let limit = SeatGroup { amount_max: Some(1 << 40), ..SeatGroup::of(1, CategorySet::ANY) };
    let mut stage = Stage::open(many());
    let refused = [with_space(1), asked(limit)];
    let row = |command| (buyer(1), command, No(Refusal::NeedsNewerEngine));
    check(&mut stage, refused.into_iter().map(row).collect());
}

#[test]
fn a_group_may_sit_on_both_sides_of_a_border_of_prices() {
    let group = |version, gap, set| {
        let mut stage = open(version, two_prices(gap), &[100, 70]);
        let reply = stage.ask(buyer(1), Command::best(3, set));
        format!("{:?}", reply.answer).starts_with("Order").then(|| order(&reply).amount)
    };
    assert_eq!(group(NEWEST_VERSION, 10, CategorySet::ANY), Some(270));
    assert_eq!(group(NEWEST_VERSION, 15, CategorySet::ANY), Some(270));
    assert_eq!(group(NEWEST_VERSION, 17, CategorySet::ANY), None, "an aisle");
    assert_eq!(group(NEWEST_VERSION, 10, CategorySet::only(0)), None, "one category was named");
    assert_eq!(group(BASE_VERSION, 10, CategorySet::ANY), None, "as it was decided then");
    // What one side has room for stays on it.
    let mut stage = open(NEWEST_VERSION, two_prices(10), &[100, 70]);
    check(&mut stage, vec![(buyer(1), best(2, 1), Seats(&[2, 3]))]);
}

#[test]
fn a_long_row_is_one_line() {
    let mut stage = open(NEWEST_VERSION, house(&[&[(0, 100, 0)]]), &[10]);
    let around = |from: u32, to: u32| {
        let numbers: Vec<u32> = (from..to).collect();
        numbers.chunks(16).map(seats).collect::<Vec<_>>()
    };
    for command in around(0, 47).into_iter().chain(around(53, 100)) {
        stage.ask(buyer(stage.log.len() as u64), command);
    }
    // 47 to 52 are free; the row is two blocks of fifty.
    check(&mut stage, vec![(buyer(1), best(6, 0), Seats(&[47, 48, 49, 50, 51, 52]))]);
}

#[test]
fn a_price_at_most_is_kept_to() {
    let most = |amount_max| {
        asked(SeatGroup { amount_max: Some(amount_max), ..SeatGroup::of(3, CategorySet::ANY) })
    };
    check(
        &mut open(NEWEST_VERSION, two_prices(10), &[100, 70]),
        vec![
            (buyer(1), most(269), No(Refusal::PriceAboveLimit)),
            (buyer(1), most(270), Seats(&[0, 1, 2])),
        ],
    );
}

#[test]
fn what_touches_outlasts_a_snapshot_and_an_old_event_keeps_its_rules() {
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    let mut old = open(BASE_VERSION, two_prices(10), &[100, 70]);
    old.ask(Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
    for (mut stage, expected) in [
        (open(NEWEST_VERSION, two_prices(10), &[100, 70]), Seats(&[0, 1, 2])),
        // Its snapshots of then do not say which seats touch, so nobody may go by it.
        (old, No(Refusal::NotEnoughTogether)),
    ] {
        stage.engine = Engine::restore(&snapshot(&stage.engine), limits).unwrap();
        check(&mut stage, vec![(buyer(1), Command::best(3, CategorySet::ANY), expected)]);
    }
}
