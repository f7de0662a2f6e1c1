//! The line and those in it, as rows: places called, turns awaited, cohorts shared.

use std::collections::BTreeMap;

use floodgate_domain::{
    Actor, AgeBand, Answer, BuyerId, Cohort, Command, Fact, FactRecord, Frontier, PhaseDial, Place,
    Refusal,
};
use floodgate_engine::{Engine, EngineLimits};

use crate::stage::{Stage, buyer, policy, staff};

fn call(below: u64) -> Command {
    Command::CallPlaces { below: Frontier(below) }
}

fn wait_for(place: u64) -> Command {
    Command::AwaitTurn { place: Place(place) }
}

fn enter(place: u64) -> Command {
    Command::Enter { place: Place(place) }
}

fn share(age: Option<AgeBand>, region: &str) -> Command {
    Command::ShareCohort { cohort: Cohort::new(age, region.parse().ok()) }
}

fn facts_of(stage: &mut Stage, actor: Actor, command: Command) -> Vec<Fact> {
    let from = stage.facts.len();
    let name = command.name();
    let reply = stage.ask(actor, command);
    assert_eq!(reply.answer, Answer::Done, "{name}");
    stage.facts[from..].iter().map(|record| record.fact.clone()).collect()
}

fn refusal_of(stage: &mut Stage, actor: Actor, command: Command) -> Refusal {
    let name = command.name();
    match stage.ask(actor, command).answer {
        Answer::Refused(refusal) => refusal,
        other => panic!("{name} was not refused: {other:?}"),
    }
}

#[test]
fn the_line_only_moves_on_and_never_beyond_its_end() {
    let mut stage = Stage::open(policy());
    assert_eq!(refusal_of(&mut stage, buyer(1), call(5)), Refusal::NotAllowed);
    assert_eq!(refusal_of(&mut stage, staff(), call(5)), Refusal::NotAllowed);
    for (below, called) in [(0, None), (3, Some(3)), (3, None), (2, None), (99, Some(10))] {
        let facts = facts_of(&mut stage, Actor::System, call(below));
        let expected = called.map(|below| Fact::PlacesCalled { below: Frontier(below) });
        assert_eq!(facts, Vec::from_iter(expected), "called below {below}");
    }
}

#[test]
fn a_place_asks_once_for_a_message() {
    let mut stage = Stage::open(policy());
    stage.ask(Actor::System, call(2));
    let awaited = |buyer, place| vec![Fact::TurnAwaited { buyer: BuyerId(buyer), place }];
    assert_eq!(facts_of(&mut stage, buyer(1), wait_for(5)), awaited(1, Place(5)));
    assert_eq!(facts_of(&mut stage, buyer(1), wait_for(5)), []);
    // Called a moment ago: whoever asked before they knew gets a message all the same.
    assert_eq!(facts_of(&mut stage, buyer(2), wait_for(1)), awaited(2, Place(1)));
    assert_eq!(facts_of(&mut stage, buyer(2), wait_for(1)), []);
    assert_eq!(refusal_of(&mut stage, buyer(3), wait_for(10)), Refusal::PlaceUnknown);
    assert_eq!(refusal_of(&mut stage, Actor::System, wait_for(3)), Refusal::NotAllowed);
    stage.ask(buyer(3), enter(0));
    assert_eq!(refusal_of(&mut stage, buyer(3), wait_for(0)), Refusal::PlaceSpent);
    stage.ask(buyer(1), enter(5));
    stage.ask(Actor::System, call(9));
    stage.ask(staff(), Command::turn_phase(PhaseDial::Close, ""));
    assert_eq!(refusal_of(&mut stage, buyer(4), wait_for(9)), Refusal::SaleClosed);
    stage.ask(staff(), Command::turn_phase(PhaseDial::Cancel, ""));
    assert_eq!(refusal_of(&mut stage, buyer(4), wait_for(9)), Refusal::EventCancelled);
}

#[test]
fn a_person_counts_once_and_takes_exactly_that_cell_back() {
    let mut stage = Stage::open(policy());
    let young = share(Some(AgeBand::From18), "CH");
    assert_eq!(refusal_of(&mut stage, buyer(1), young.clone()), Refusal::NoPass);
    assert_eq!(refusal_of(&mut stage, Actor::System, young.clone()), Refusal::NotAllowed);
    stage.ask(buyer(1), enter(0));
    let cohort = Cohort::new(Some(AgeBand::From18), "CH".parse().ok());
    let joined = |cohort| Fact::CohortJoined { cohort };
    let left = |cohort| Fact::CohortLeft { cohort };
    assert_eq!(facts_of(&mut stage, buyer(1), young.clone()), [joined(cohort)]);
    assert_eq!(facts_of(&mut stage, buyer(1), young), []);
    let nothing = Cohort::new(None, None);
    let other = facts_of(&mut stage, buyer(1), share(None, ""));
    assert_eq!(other, [left(cohort), joined(nothing)]);
    assert_eq!(facts_of(&mut stage, buyer(1), Command::WithdrawCohort), [left(nothing)]);
    assert_eq!(facts_of(&mut stage, buyer(1), Command::WithdrawCohort), []);
    assert_eq!(refusal_of(&mut stage, buyer(9), Command::WithdrawCohort), Refusal::NoPass);
}

#[test]
fn a_repeated_command_counts_once() {
    let mut stage = Stage::open(policy());
    stage.ask(buyer(1), enter(0));
    stage.ask(buyer(1), share(None, "DE"));
    let (_, first) = stage.log.last().cloned().unwrap();
    stage.ask(buyer(1), Command::WithdrawCohort);
    let from = stage.facts.len();
    // The very same command, delivered again after it was taken back: it was answered before.
    assert!(stage.send(first).repeated);
    assert_eq!(stage.fact_names(from), [""; 0]);
    assert_eq!(facts_of(&mut stage, buyer(1), Command::WithdrawCohort), []);
}

#[test]
fn only_floodgate_marks_time() {
    let mut stage = Stage::open(policy());
    assert_eq!(facts_of(&mut stage, Actor::System, Command::MarkTime), [Fact::TimeMarked]);
    assert_eq!(refusal_of(&mut stage, buyer(1), Command::MarkTime), Refusal::NotAllowed);
    assert_eq!(refusal_of(&mut stage, staff(), Command::MarkTime), Refusal::NotAllowed);
}

#[test]
fn snapshots_keep_the_line_and_the_cohorts() {
    let mut stage = Stage::open(policy());
    for number in 0..3 {
        stage.ask(buyer(number + 1), enter(number));
    }
    stage.ask(buyer(3), share(Some(AgeBand::From65), "JP"));
    stage.ask(buyer(4), wait_for(7));
    stage.ask(Actor::System, call(5));
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, ..EngineLimits::default() };
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    let cohort = Cohort::new(Some(AgeBand::From65), "JP".parse().ok());
    let left = facts_of(&mut stage, buyer(3), Command::WithdrawCohort);
    assert_eq!(left, [Fact::CohortLeft { cohort }]);
    assert_eq!(facts_of(&mut stage, buyer(4), wait_for(7)), []);
    assert_eq!(facts_of(&mut stage, Actor::System, call(5)), []);
    assert_eq!(facts_of(&mut stage, buyer(1), Command::WithdrawCohort), []);
}

/// What the facts alone say of cohorts: how many people are in each.
pub(crate) fn cohorts_of(facts: &[FactRecord]) -> BTreeMap<Cohort, i64> {
    let mut counts: BTreeMap<Cohort, i64> = BTreeMap::new();
    for record in facts {
        let (cohort, change) = match record.fact {
            Fact::CohortJoined { cohort } => (cohort, 1),
            Fact::CohortLeft { cohort } => (cohort, -1),
            _ => continue,
        };
        let count = counts.entry(cohort).or_default();
        *count += change;
        assert!(*count >= 0, "{cohort:?} was left by more than joined");
    }
    counts.retain(|_, count| *count != 0);
    counts
}
