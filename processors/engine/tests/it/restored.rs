//! A command that was lost, with what it led to in its place: everything goes on as it did.

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    Actor, Answer, CommandId, Envelope, Fact, FactRecord, GatewayId, LogTime, Policy, Refusal,
};
use floodgate_domain::{BuyerId, Command};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::properties::{Request, act, request};
use crate::rows::paying;
use crate::stage::{EVENT, Stage, authorised, policy};

const LIMITS: EngineLimits =
    EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };

/// What stands in the place of the command at `offset`.
fn restored(offset: u64, facts: &[FactRecord]) -> Envelope {
    let of_it = facts.iter().filter(|fact| fact.position.offset == offset);
    let bytes = |fact: &FactRecord| {
        let mut bytes = Vec::new();
        encode_fact(fact, &mut bytes);
        bytes
    };
    envelope(Actor::System, Command::RestoreFacts { facts: of_it.map(bytes).collect() })
}

fn envelope(actor: Actor, command: Command) -> Envelope {
    let (command_id, reply_to) = (CommandId(0), GatewayId::NOBODY);
    Envelope { command_id, fingerprint: 0, event_id: EVENT, actor, reply_to, command }
}

fn replay(log: &[(LogTime, Envelope)]) -> (Engine, Vec<FactRecord>) {
    let (mut engine, mut facts) = (Engine::new(LIMITS), Vec::new());
    for (offset, (at, envelope)) in log.iter().enumerate() {
        engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
    }
    (engine, facts)
}

/// Facts do not say who shares a cohort, and a repetition is known by the command that was lost.
fn can_be_restored(stage: &Stage, offset: usize) -> bool {
    let (_, lost) = &stage.log[offset];
    let is_cohort = matches!(lost.command, Command::ShareCohort { .. } | Command::WithdrawCohort);
    let is_repeated = stage.log[offset + 1..]
        .iter()
        .any(|(_, later)| later.command_id == lost.command_id && lost.command_id != CommandId(0));
    !is_cohort && !is_repeated
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_a_lost_command_led_to_can_be_made_true_again(
        requests in prop::collection::vec(request(), 1..60),
        at in any::<prop::sample::Index>(),
        is_newest in any::<bool>(),
    ) {
        let mut stage = Stage::open(Policy { holds_per_buyer_max: 3, ..policy() });
        if is_newest {
            stage.ask(Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
        }
        let mut holds = Vec::new();
        requests.into_iter().for_each(|request| act(&mut stage, &mut holds, request));
        let offset = at.index(stage.log.len());
        prop_assume!(can_be_restored(&stage, offset));
        stage.log[offset].1 = restored(offset as u64, &stage.facts);
        let (engine, facts) = replay(&stage.log);
        prop_assert_eq!(&facts, &stage.facts);
        prop_assert_eq!(engine.violations(), []);
        prop_assert_eq!(engine.status(EVENT), stage.engine.status(EVENT));
        prop_assert_eq!(engine.next_due(), stage.engine.next_due());
    }
}

#[test]
fn every_command_of_a_log_can_be_lost_at_once() {
    let mut stage = Stage::open(Policy { pass_required: false, ..policy() });
    stage.ask(Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
    let sold = paying(&mut stage);
    stage.ask(Actor::System, authorised(sold));
    let mut holds = vec![sold];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for at in 0..900 {
        let request = request().new_tree(&mut runner).unwrap().current();
        // What may end the sale comes once something was sold.
        if matches!(request, Request::Sale(0 | 1) | Request::Dials(..)) && at < 800 {
            continue;
        }
        act(&mut stage, &mut holds, request);
    }
    let kept = stage
        .facts
        .iter()
        .filter(|fact| !matches!(fact.fact, Fact::CohortJoined { .. } | Fact::CohortLeft { .. }));
    let kept: Vec<_> = kept.cloned().collect();
    let lost =
        (0..stage.log.len()).map(|offset| (stage.log[offset].0, restored(offset as u64, &kept)));
    let (engine, facts) = replay(&lost.collect::<Vec<_>>());
    let sold = |facts: &[FactRecord]| {
        facts.iter().filter(|fact| matches!(fact.fact, Fact::OrderConfirmed { .. })).count()
    };
    assert!(sold(&kept) > 0, "nothing was sold");
    let names = ["ConsentWithdrawn", "AnnouncementSteered", "AnnouncementStarted"];
    for name in names.into_iter().chain([
        "SeatsBlocked",
        "SeatsUnblocked",
        "SeatsGiven",
        "CodesMinted",
        "CodeClaimed",
    ]) {
        let of_kind =
            |facts: &[FactRecord]| facts.iter().filter(|fact| fact.fact.name() == name).count();
        assert!(of_kind(&kept) > 0 && of_kind(&kept) == of_kind(&facts), "{name}");
    }
    assert_eq!(sold(&facts), sold(&kept));
    assert_eq!(engine.status(EVENT), stage.engine.status(EVENT));
}

#[test]
fn nobody_but_a_repair_restores_facts() {
    let mut stage = Stage::open(policy());
    let before = stage.facts.clone();
    let facts = before.iter().map(|fact| {
        let mut bytes = Vec::new();
        encode_fact(fact, &mut bytes);
        bytes
    });
    let command = Command::RestoreFacts { facts: facts.collect() };
    let reply = stage.send(envelope(Actor::Buyer(BuyerId(1)), command));
    assert!(matches!(reply.answer, Answer::Refused(Refusal::NotAllowed)), "{reply:?}");
    assert_eq!(stage.facts, before);
}
