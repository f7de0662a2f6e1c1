//! Versions of the rules: one log, and builds that have its newest rules and builds that do not.
//!
//! The last version is the tests' own: holds last twice as long.

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    Actor, Answer, Command, CommandId, Envelope, EventId, FactRecord, GatewayId, LogTime, Policy,
    Refusal, Reply,
};
use floodgate_engine::{
    BASE_VERSION, Engine, EngineLimits, InForce, NewerVersion, SnapshotError, TEST_VERSION,
};
use proptest::prelude::*;

use crate::properties::{act, request, snapshot};
use crate::rows::no_queue;
use crate::stage::{Stage, buyer, order, policy, seats, staff};

const OLD: EngineLimits =
    EngineLimits { outcomes_max: 1000, events_max: 4, version_max: BASE_VERSION };
const NEW: EngineLimits = EngineLimits { version_max: TEST_VERSION, ..OLD };

type Log = [(LogTime, Envelope)];

fn version(version: u32) -> Command {
    Command::EngineVersion { version }
}

/// What the owner of a partition appends.
fn barrier(version: u32) -> Envelope {
    Envelope {
        command_id: CommandId(0),
        fingerprint: 0,
        event_id: EventId(0),
        actor: Actor::System,
        reply_to: GatewayId(0),
        command: Command::EngineVersion { version },
    }
}

/// Everything a build says of a log, from an offset on, and where it stops.
#[derive(Debug, Default, PartialEq)]
struct Decided {
    replies: Vec<Reply>,
    facts: Vec<u8>,
    stopped: Option<NewerVersion>,
}

fn fold(engine: &mut Engine, log: &Log, from: usize) -> Decided {
    let mut decided = Decided::default();
    for (offset, (at, envelope)) in log.iter().enumerate().skip(from) {
        let mut facts: Vec<FactRecord> = Vec::new();
        match engine.step(offset as u64, *at, envelope, &mut facts) {
            Ok(reply) => decided.replies.push(reply),
            Err(newer) => {
                assert_eq!(facts, [], "nothing happens at a record that is not decided");
                decided.stopped = Some(newer);
                return decided;
            }
        }
        facts.iter().for_each(|fact| encode_fact(fact, &mut decided.facts));
    }
    decided
}

/// A sale in which rules change: what a build that has them makes of it, and where the barrier is.
fn sale_with_a_barrier() -> (Stage, usize) {
    let mut stage = Stage::following(TEST_VERSION);
    stage.open_sale(no_queue());
    stage.ask(buyer(1), seats(&[0]));
    stage.ask(buyer(2), seats(&[1]));
    stage.wait(30_000);
    let at = stage.log.len();
    stage.send(barrier(TEST_VERSION));
    stage.ask(buyer(3), seats(&[2]));
    stage.wait(40_000);
    stage.tick();
    stage.ask(buyer(1), seats(&[3]));
    stage.wait(100_000);
    stage.tick();
    (stage, at)
}

#[test]
fn a_log_that_says_nothing_is_decided_by_the_base_in_every_build() {
    let mut stage = Stage::open(no_queue());
    stage.ask(buyer(1), seats(&[0]));
    stage.wait(60_100);
    stage.tick();
    let (mut old, mut new) = (Engine::new(OLD), Engine::new(NEW));
    assert_eq!(fold(&mut old, &stage.log, 0), fold(&mut new, &stage.log, 0));
    assert_eq!(snapshot(&old), snapshot(&new));
    assert_eq!(new.in_force(), InForce { version: BASE_VERSION, since: None });
}

#[test]
fn rules_change_at_the_barrier_and_not_before() {
    let mut stage = Stage::following(TEST_VERSION);
    stage.open_sale(no_queue());
    let before = order(&stage.ask(buyer(1), seats(&[0])));
    assert_eq!(before.until.0, stage.now + 60_000);
    let at = stage.log.len() as u64;
    stage.send(barrier(TEST_VERSION));
    let in_force = InForce { version: TEST_VERSION, since: Some(at) };
    assert_eq!(stage.engine.in_force(), in_force);
    let after = order(&stage.ask(buyer(2), seats(&[1])));
    assert_eq!(after.until.0, stage.now + 120_000);
    // What was decided stays decided.
    let from = stage.facts.len();
    stage.wait(60_100);
    stage.tick();
    let expired = |stage: &Stage| {
        stage.fact_names(from).into_iter().filter(|name| *name == "HoldExpired").count()
    };
    assert_eq!(expired(&stage), 1);
    stage.wait(60_100);
    stage.tick();
    assert_eq!(expired(&stage), 2);
}

#[test]
fn a_build_that_has_the_rules_replays_from_anywhere() {
    let (stage, _) = sale_with_a_barrier();
    let mut whole = Engine::new(NEW);
    let decided = fold(&mut whole, &stage.log, 0);
    assert_eq!(decided.stopped, None);
    assert_eq!(snapshot(&whole), snapshot(&stage.engine));
    for cut in 0..=stage.log.len() {
        let mut head = Engine::new(NEW);
        let mut pieces = fold(&mut head, &stage.log[..cut], 0);
        let mut restored = Engine::restore(&snapshot(&head), NEW).unwrap();
        assert_eq!(restored.in_force(), head.in_force());
        let rest = fold(&mut restored, &stage.log, cut);
        pieces.replies.extend(rest.replies);
        pieces.facts.extend(rest.facts);
        assert_eq!(pieces, decided, "from a snapshot at {cut}");
        assert_eq!(snapshot(&restored), snapshot(&whole), "from a snapshot at {cut}");
    }
}

#[test]
fn a_build_without_the_rules_stops_at_the_barrier_wherever_it_began() {
    let (stage, at) = sale_with_a_barrier();
    let newer = NewerVersion { version: TEST_VERSION, offset: at as u64, known: BASE_VERSION };
    let mut new = Engine::new(NEW);
    let lawful = fold(&mut new, &stage.log[..at], 0);
    let state = snapshot(&new);

    let mut old = Engine::new(OLD);
    let decided = fold(&mut old, &stage.log, 0);
    assert_eq!(decided, Decided { stopped: Some(newer), ..lawful });
    assert_eq!(snapshot(&old), state, "the state is the one before the barrier");
    assert_eq!(
        newer.to_string(),
        "from offset 5 on the log follows version 8 of the engine's rules, and this build has none \
         beyond 1; run a newer build"
    );
    for cut in 0..=at {
        let mut head = Engine::new(NEW);
        fold(&mut head, &stage.log[..cut], 0);
        let mut restored = Engine::restore(&snapshot(&head), OLD).unwrap();
        assert_eq!(fold(&mut restored, &stage.log, cut).stopped, Some(newer));
        assert_eq!(snapshot(&restored), state, "from a snapshot at {cut}");
    }
    for cut in at + 1..=stage.log.len() {
        let mut head = Engine::new(NEW);
        fold(&mut head, &stage.log[..cut], 0);
        let refused = Engine::restore(&snapshot(&head), OLD).map(|engine| engine.in_force());
        assert_eq!(refused, Err(SnapshotError::Newer(newer)), "a snapshot at {cut}");
    }
}

#[test]
fn a_version_is_written_once_and_never_goes_back() {
    let mut stage = Stage::following(TEST_VERSION);
    let rows = [
        (staff(), version(1), Err(Refusal::NotAllowed)),
        (buyer(1), version(TEST_VERSION), Err(Refusal::NotAllowed)),
        (Actor::System, version(0), Err(Refusal::VersionGoesBack)),
        // A log that says nothing says it now; two owners may say the same.
        (Actor::System, version(1), Ok(1)),
        (Actor::System, version(1), Ok(0)),
        (Actor::System, version(TEST_VERSION), Ok(1)),
        (Actor::System, version(TEST_VERSION), Ok(0)),
        (Actor::System, version(1), Err(Refusal::VersionGoesBack)),
    ];
    for (row, (actor, command, expected)) in rows.into_iter().enumerate() {
        let from = stage.facts.len();
        let found = match stage.ask(actor, command).answer {
            Answer::Done => Ok(stage.fact_names(from).len()),
            Answer::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "row {row}");
    }
    assert_eq!(stage.fact_names(0), ["EngineVersionSet", "EngineVersionSet"]);
    assert_eq!(stage.engine.in_force(), InForce { version: TEST_VERSION, since: Some(5) });
}

/// A stop is for what only a newer build decides. What all builds decide alike is decided.
#[test]
fn what_every_build_refuses_or_repeats_stops_none() {
    for limits in [OLD, NEW] {
        let mut stage = Stage::following(limits.version_max);
        stage.open_sale(policy());
        let refused = Answer::Refused(Refusal::NotAllowed);
        assert_eq!(stage.ask(buyer(1), version(99)).answer, refused);
        assert_eq!(stage.ask(staff(), version(99)).answer, refused);
        let again = Envelope { command_id: CommandId(1), ..barrier(99) };
        assert!(stage.send(again).repeated);
        let other = Envelope { command_id: CommandId(1), fingerprint: 1, ..barrier(99) };
        assert_eq!(stage.send(other).answer, Answer::Refused(Refusal::KeyReused));
    }
}

#[test]
fn a_build_never_follows_rules_it_does_not_have() {
    let boundless = EngineLimits { version_max: u32::MAX, ..OLD };
    let log = [(LogTime(1), barrier(TEST_VERSION)), (LogTime(1), barrier(TEST_VERSION + 1))];
    let newer = NewerVersion { version: TEST_VERSION + 1, offset: 1, known: TEST_VERSION };
    assert_eq!(fold(&mut Engine::new(boundless), &log, 0).stopped, Some(newer));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_change_of_rules_anywhere_replays_to_the_byte(
        before in prop::collection::vec(request(), 0..40),
        after in prop::collection::vec(request(), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut stage = Stage::following(TEST_VERSION);
        stage.open_sale(Policy { pass_required: false, cooldown_ms: 5_000, ..policy() });
        let mut holds = Vec::new();
        before.into_iter().for_each(|request| act(&mut stage, &mut holds, request));
        let at = stage.log.len();
        stage.send(barrier(TEST_VERSION));
        after.into_iter().for_each(|request| act(&mut stage, &mut holds, request));

        let cut = cut.index(stage.log.len() + 1);
        let mut head = Engine::new(NEW);
        let mut facts = fold(&mut head, &stage.log[..cut], 0).facts;
        let mut rest = Engine::restore(&snapshot(&head), NEW).unwrap();
        facts.extend(fold(&mut rest, &stage.log, cut).facts);
        let mut expected = Vec::new();
        stage.facts.iter().for_each(|fact| encode_fact(fact, &mut expected));
        prop_assert_eq!(facts, expected);
        prop_assert_eq!(snapshot(&rest), snapshot(&stage.engine));

        // A build without the rules agrees about everything before them, and about nothing after.
        let mut old = Engine::new(OLD);
        let decided = fold(&mut old, &stage.log, 0);
        prop_assert_eq!(decided.stopped.map(|newer| newer.offset), Some(at as u64));
        let mut new = Engine::new(NEW);
        prop_assert_eq!(fold(&mut new, &stage.log[..at], 0).facts, decided.facts);
        prop_assert_eq!(snapshot(&new), snapshot(&old));
    }
}
