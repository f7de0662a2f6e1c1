//! The best seats by seat: the middle first, no row torn, and all of it only for plans that say what
//! everybody looks at, under rules that know it.

use floodgate_domain::plan::{Category, Labels, Row, Run, Section, Shape};
use floodgate_domain::{Actor, Command, Currency, NewEvent, PhaseDial, Plan, Policy, PriceTable};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::properties::snapshot;
use crate::rows::no_queue;
use crate::stage::{Stage, best, buyer, order, staff};

/// Rows of so many seats each, all in the middle of the house, the first one nearest to the stage.
fn house(rows: &[u16], focus: Option<(i32, i32)>) -> Plan {
    let row = |(at, &count): (usize, &u16)| {
        let (x, y) = (-(i32::from(count) - 1) * 50, 300 + at as i32 * 100);
        let shape = Shape::Line { x, y, dx: 100 * 256, dy: 0 };
        let labels = Labels::Numbers { first: 1, step: 1, count };
        let run = Run { category: 0, labels, shape, flags: Vec::new() };
        Row { label: at.to_string(), rank: at as u32, runs: vec![run] }
    };
    let rows = rows.iter().enumerate().map(row).collect();
    Plan {
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section { rows, ..Section::default() }],
        focus,
        ..Plan::default()
    }
}

fn open(version: u32, plan: Plan) -> Stage {
    let mut stage = Stage::empty();
    stage.ask(Actor::System, Command::EngineVersion { version });
    let prices = PriceTable::flat(Currency::default(), &[100]);
    let policy = Policy { holds_per_buyer_max: 4, seats_per_hold_max: 16, ..no_queue() };
    let new = NewEvent { plan, prices, policy, ..NewEvent::default() };
    stage.ask(staff(), Command::CreateEvent(Box::new(new)));
    stage.ask(staff(), Command::turn_phase(PhaseDial::Open, ""));
    stage
}

/// The seats that groups of these sizes get, one after the other.
fn given(stage: &mut Stage, sizes: &[u8]) -> Vec<Vec<u32>> {
    let groups = sizes.iter().zip(1..).map(|(&size, who)| {
        let held = order(&stage.ask(buyer(who), best(size, 0)));
        held.seats.iter().map(|seat| seat.0).collect()
    });
    groups.collect()
}

#[test]
fn the_middle_goes_first_and_the_next_row_before_the_far_edge() {
    let mut stage = open(NEWEST_VERSION, house(&[15, 15], Some((0, 0))));
    let groups = given(&mut stage, &[3, 4, 4, 3]);
    assert_eq!(groups, [vec![6, 7, 8], vec![20, 21, 22, 23], vec![2, 3, 4, 5], vec![9, 10, 11]]);
}

#[test]
fn plans_without_a_focal_point_and_older_rules_keep_their_ranks() {
    for (version, focus) in [(NEWEST_VERSION, None), (BASE_VERSION, Some((0, 0)))] {
        let mut stage = open(version, house(&[15, 15], focus));
        let groups = given(&mut stage, &[3, 4]);
        assert_eq!(groups, [vec![0, 1, 2], vec![3, 4, 5, 6]], "{version} {focus:?}");
    }
}

/// A pair would leave a single seat of the nearer row of three; the next row has room for it.
#[test]
fn no_row_is_torn_while_another_is_as_good() {
    let mut stage = open(NEWEST_VERSION, house(&[3, 4], Some((0, 0))));
    assert_eq!(given(&mut stage, &[2, 2, 3]), [vec![3, 4], vec![5, 6], vec![0, 1, 2]]);
    // When nothing else is left, the row is torn rather than nobody seated.
    let mut stage = open(NEWEST_VERSION, house(&[3], Some((0, 0))));
    assert_eq!(given(&mut stage, &[2]).concat().len(), 2);
}

#[test]
fn a_snapshot_knows_how_good_seats_are() {
    let after = |is_restored: bool| {
        let mut stage = open(NEWEST_VERSION, house(&[15, 15, 15], Some((0, 0))));
        given(&mut stage, &[3, 2]);
        if is_restored {
            let bytes = snapshot(&stage.engine);
            stage.engine = Engine::restore(&bytes, EngineLimits::default()).unwrap();
            assert_eq!(snapshot(&stage.engine), bytes);
        }
        order(&stage.ask(buyer(9), best(4, 0))).seats.as_slice().to_vec()
    };
    assert_eq!(after(true), after(false));
}
