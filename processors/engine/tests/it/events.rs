//! Events and their dials: created, opened, paused, closed, cancelled.

use floodgate_domain::plan::SeatFlags;
use floodgate_domain::{Actor, Command, DialChange, Fact, PhaseDial, Refusal, SalePhase, StaffId};

use crate::rows::Then::{Done, No, Seats};
use crate::rows::{check, no_queue, paying, set_dials};
use crate::stage::{
    EVENT, Stage, authorised, buyer, method, new_event, order, policy, seats, staff,
};

#[test]
fn a_sale_has_phases() {
    let mut stage = Stage::empty();
    let create = Command::CreateEvent(Box::new(new_event(no_queue())));
    check(
        &mut stage,
        vec![
            (staff(), Command::turn_phase(PhaseDial::Open, ""), No(Refusal::UnknownEvent)),
            (buyer(1), create.clone(), No(Refusal::NotAllowed)),
            (staff(), create.clone(), Done),
            (staff(), create, No(Refusal::EventExists)),
            (buyer(1), seats(&[0]), No(Refusal::SaleNotOpen)),
            (staff(), Command::turn_phase(PhaseDial::Pause, ""), No(Refusal::SaleNotOpen)),
            (buyer(1), Command::turn_phase(PhaseDial::Open, ""), No(Refusal::NotAllowed)),
            (staff(), Command::turn_phase(PhaseDial::Open, ""), Done),
            (staff(), Command::turn_phase(PhaseDial::Open, ""), Done),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (staff(), Command::turn_phase(PhaseDial::Pause, ""), Done),
            (buyer(2), seats(&[1]), No(Refusal::SalePaused)),
            (staff(), Command::turn_phase(PhaseDial::Open, ""), Done),
            (staff(), Command::turn_phase(PhaseDial::Close, ""), Done),
            (buyer(2), seats(&[1]), No(Refusal::SaleClosed)),
            (staff(), Command::turn_phase(PhaseDial::Open, ""), No(Refusal::SaleClosed)),
            (staff(), Command::turn_phase(PhaseDial::Cancel, ""), Done),
            (buyer(2), seats(&[1]), No(Refusal::EventCancelled)),
        ],
    );
}

#[test]
fn all_dials_turn_or_none() {
    let none = DialChange::default();
    let phase = |dial| DialChange { phase: Some(dial), ..DialChange::default() };
    let mut stage = Stage::open(policy());
    let from = stage.facts.len();
    let all = DialChange {
        pace_per_minute: Some(600),
        shoppers_max: Some(1),
        puzzle_level: Some(12),
        message: Some("rain".into()),
        reason: "the roof".into(),
        ..phase(PhaseDial::Pause)
    };
    check(&mut stage, vec![(buyer(1), set_dials(all.clone()), No(Refusal::NotAllowed))]);
    check(&mut stage, vec![(staff(), set_dials(all.clone()), Done)]);
    assert_eq!(stage.fact_names(from), ["SalePaused", "DialsSet"]);
    let Fact::DialsSet { change, by } = &stage.facts[from + 1].fact else { panic!("no turn") };
    assert_eq!((&**change, *by), (&all, StaffId(1)), "who and why are in the fact");

    let from = stage.facts.len();
    let loud = DialChange { message: Some("x".repeat(501)), ..phase(PhaseDial::Open) };
    let long = DialChange { reason: "x".repeat(501), ..none.clone() };
    let hard = DialChange { puzzle_level: Some(13), shoppers_max: Some(9), ..none.clone() };
    check(
        &mut stage,
        vec![
            (staff(), set_dials(loud), No(Refusal::InvalidDials)),
            (staff(), set_dials(long), No(Refusal::InvalidDials)),
            (staff(), set_dials(hard), No(Refusal::InvalidDials)),
            (staff(), set_dials(none.clone()), No(Refusal::InvalidDials)),
            (staff(), set_dials(phase(PhaseDial::Close)), Done),
            (staff(), set_dials(phase(PhaseDial::Close)), Done),
            // The capacity beside a phase that cannot be stays as it is.
            (
                staff(),
                set_dials(DialChange { shoppers_max: Some(9), ..phase(PhaseDial::Open) }),
                No(Refusal::SaleClosed),
            ),
            (staff(), set_dials(phase(PhaseDial::Pause)), No(Refusal::SaleClosed)),
            (Actor::System, set_dials(phase(PhaseDial::Cancel)), Done),
            (staff(), set_dials(phase(PhaseDial::Close)), No(Refusal::EventCancelled)),
        ],
    );
    let names = stage.fact_names(from);
    let expected = ["SaleClosed", "DialsSet", "DialsSet", "EventCancelled", "DialsSet"];
    assert_eq!(names, expected, "a refused turn says nothing");
    let status = stage.engine.status(EVENT).unwrap();
    assert_eq!((status.phase, status.shoppers_max), (SalePhase::Cancelled, 1));
}

/// Whoever has older rules in force refuses what builds with no others cannot read.
#[test]
fn shade_is_marked_from_the_sixth_rules_on() {
    let mut new = new_event(policy());
    new.plan.sections[0].rows[0].runs[0].flags = vec![(0, SeatFlags::SHADED)];
    let create = Command::CreateEvent(Box::new(new));
    for (version, then) in [(5, No(Refusal::InvalidPlan)), (6, Done)] {
        let mut stage = Stage::empty();
        stage.ask(Actor::System, Command::EngineVersion { version });
        check(&mut stage, vec![(staff(), create.clone(), then)]);
    }
}

#[test]
fn bad_events_are_refused() {
    let create = |change: fn(&mut floodgate_domain::NewEvent)| {
        let mut new = new_event(policy());
        change(&mut new);
        Command::CreateEvent(Box::new(new))
    };
    check(
        &mut Stage::empty(),
        vec![
            (staff(), create(|new| new.plan.sections.clear()), No(Refusal::InvalidPlan)),
            (staff(), create(|new| new.prices.categories.push(vec![])), No(Refusal::InvalidPrices)),
            (staff(), create(|new| new.policy.hold_ms = 0), No(Refusal::InvalidPolicy)),
            (staff(), create(|new| new.policy.holds_per_buyer_max = 5), No(Refusal::InvalidPolicy)),
            (staff(), create(|new| new.policy.shoppers_max = 1 << 25), No(Refusal::InvalidPolicy)),
        ],
    );
}

#[test]
fn a_cancelled_event_gives_everything_back() {
    let mut stage = Stage::open(no_queue());
    let sold = paying(&mut stage);
    stage.ask(Actor::System, authorised(sold));
    stage.ask(buyer(2), seats(&[3]));
    let pending = order(&stage.ask(buyer(3), seats(&[4]))).hold_id;
    stage.ask(
        buyer(3),
        Command::StartPurchase { hold_id: pending, method: method(), despite_unanswered: false },
    );
    let before = stage.facts.len();
    stage.ask(staff(), Command::turn_phase(PhaseDial::Cancel, ""));
    assert!(stage.engine.next_due().is_some());
    stage.tick();
    stage.tick();
    assert_eq!(
        stage.fact_names(before),
        ["EventCancelled", "DialsSet", "OrderRefunded", "HoldReleased", "OrderExpired"]
    );
    let status = stage.engine.status(EVENT).unwrap();
    assert_eq!((status.phase, status.free), (SalePhase::Cancelled, status.capacity));
    stage.ask(Actor::System, authorised(pending));
    assert_eq!(stage.fact_names(before).last(), Some(&"PaymentVoided"));
}
