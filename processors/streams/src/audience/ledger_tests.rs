//! From the clock to the topic: tables asked for, allowed or refused by the engine, made, published.
#![allow(clippy::unwrap_used)]

use floodgate_domain::release::AudienceRelease;
use floodgate_domain::wire::decode_command;
use floodgate_domain::{
    Actor, AgeBand, BuyerId, Cohort, Fact, GatewayId, NewEvent, PhaseDial, Place, Policy,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};
use floodgate_testkit::MemoryLog;

use super::*;
use crate::public::relay::tests::new_event;

const WEEK_MS: u64 = 7 * 24 * 3_600_000;
const EVENT: EventId = EventId(3);
const PEOPLE: u64 = 130;

/// One partition, its engine, and what follows its facts.
struct Partition1 {
    log: MemoryLog,
    engine: Engine,
    facts: Vec<FactRecord>,
    audience: Audience,
    offset: u64,
    /// Commands of the log that were decided already.
    read: usize,
}

impl Partition1 {
    fn new() -> Self {
        let log = MemoryLog::new(1);
        let audience = Audience::new(Arc::new(log.clone()), 0, AudienceOptions::default()).unwrap();
        let engine = Engine::new(EngineLimits::default());
        Partition1 { log, engine, facts: Vec::new(), audience, offset: 0, read: 0 }
    }

    fn step(&mut self, at: u64, envelope: &Envelope) {
        let from = self.facts.len();
        self.engine.step(self.offset, LogTime(at), envelope, &mut self.facts).unwrap();
        self.offset += 1;
        for fact in &self.facts[from..] {
            self.audience.take(fact).unwrap();
        }
    }

    fn ask(&mut self, at: u64, actor: Actor, command: Command) {
        let system = Envelope::system(CommandId::NONE, EVENT, command);
        self.step(at, &Envelope { actor, reply_to: GatewayId::NOBODY, ..system });
    }

    /// Lets the clock say so, and decides what was asked for.
    fn clock(&mut self, at: u64) {
        self.audience.ask_if_due(LogTime(at));
        let records = self.log.records(Topic::Commands, 0);
        for record in &records[self.read..] {
            self.step(at, &decode_command(&record.value).unwrap());
        }
        self.read = records.len();
    }

    fn cells(&self) -> Vec<AudienceCell> {
        let records = self.log.records(Topic::Audience, 0);
        records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }
}

const START: u64 = 2_900 * WEEK_MS;

/// A sale that is open, in which so many were counted.
fn counted(people: u64) -> Partition1 {
    let mut one = Partition1::new();
    let (start, system) = (START, Actor::System);
    one.ask(start, system, Command::EngineVersion { version: NEWEST_VERSION });
    let policy = Policy { shoppers_max: 1_000, ..Policy::default() };
    let mut new: NewEvent = new_event();
    (new.policy, new.details.artist) = (policy, "The Examples".to_owned());
    one.ask(start, system, Command::CreateEvent(Box::new(new)));
    one.ask(start, system, Command::ReservePlaces { count: 200 });
    one.ask(start, system, Command::turn_phase(PhaseDial::Open, ""));
    let cohort = Cohort::new(Some(AgeBand::From25), "CH".parse().ok());
    for number in 0..people {
        let buyer = Actor::Buyer(BuyerId(number + 1));
        one.ask(start, buyer, Command::Enter { place: Place(number) });
        one.ask(start, buyer, Command::ShareCohort { cohort });
    }
    one
}

/// What a table with this noise says of a sale, week after week: the noise is what the seed says, so
/// tables of the same people are the same to the last digit.
fn table(one: &mut Partition1, week: u64, seed: u8) -> Vec<AudienceCell> {
    let before = one.cells().len();
    let release = AudienceRelease {
        from: LogTime(START + week * WEEK_MS),
        until: LogTime(START + (week + 1) * WEEK_MS),
        epsilon_micros: 1_000_000,
        seed: [seed; 32],
    };
    let at = START + (week + 1) * WEEK_MS + 1;
    one.ask(at, Actor::System, Command::ReleaseAudience(Box::new(release)));
    one.cells().split_off(before)
}

#[test]
fn who_withdrew_or_was_forgotten_has_left_no_trace_in_the_next_table() {
    let (mut with, mut without) = (counted(PEOPLE), counted(PEOPLE - 1));
    let counts = |cells: &[AudienceCell]| -> Vec<u64> {
        assert!(!cells.is_empty());
        cells.iter().map(|cell| cell.count).collect()
    };
    let first = [&mut with, &mut without].map(|one| counts(&table(one, 1, 5)));
    assert_ne!(first[0], first[1], "as long as they agree, they are one in each of their cells");
    // Forgetting a person sends this, for each device and event.
    let last = Actor::Buyer(BuyerId(PEOPLE));
    with.ask(START + 2 * WEEK_MS + 2, last, Command::WithdrawCohort);
    for week in 2..6 {
        let seed = 100 + week as u8;
        let next = [&mut with, &mut without].map(|one| counts(&table(one, week, seed)));
        assert_eq!(next[0], next[1], "week {week}");
    }
}

#[test]
fn a_year_has_six_tables_and_who_withdraws_is_in_none_after() {
    let (mut one, start) = (counted(PEOPLE), START);
    one.clock(start + WEEK_MS + 60_000);
    let first = one.cells();
    assert_eq!(first.len(), 4, "{first:?}");
    for cell in &first {
        assert!(cell.count.abs_diff(PEOPLE) < 40, "{cell:?}");
        assert_eq!(cell.artist.as_deref(), Some("The Examples"));
        assert_eq!(
            (cell.release_id.as_str(), cell.spent_micros),
            ("evt_0000000000003/1", 1_000_000)
        );
    }
    // A gateway asks late, and a second process asks again: one table a week.
    one.clock(start + WEEK_MS + 90_000);
    assert_eq!(one.cells().len(), 4);
    for number in 0..PEOPLE {
        let buyer = Actor::Buyer(BuyerId(number + 1));
        one.ask(start + WEEK_MS + 100_000, buyer, Command::WithdrawCohort);
    }
    for week in 2..20 {
        one.clock(start + week * WEEK_MS + 60_000);
    }
    assert_eq!(one.cells(), first, "nobody is left to be counted");
    let made = one.facts.iter().filter(|fact| matches!(fact.fact, Fact::AudienceReleased { .. }));
    assert_eq!(made.count(), 6);
}
