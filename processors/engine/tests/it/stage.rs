//! A small venue and a log that writes itself.

use floodgate_domain::{
    Actor, Answer, BuyerId, CategorySet, Command, CommandId, Envelope, EventId, FactRecord,
    GatewayId, HoldId, LogTime, PhaseDial, Policy, Reply, SeatList, StaffId,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

pub(crate) use crate::fixtures::*;

pub(crate) const EVENT: EventId = EventId(7);
/// An engine, its log so far, and a clock.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) log: Vec<(LogTime, Envelope)>,
    pub(crate) facts: Vec<FactRecord>,
    pub(crate) now: u64,
}

impl Stage {
    pub(crate) fn empty() -> Self {
        Stage::following(NEWEST_VERSION)
    }

    /// A build that has rules up to `version_max`.
    pub(crate) fn following(version_max: u32) -> Self {
        let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max };
        Stage { engine: Engine::new(limits), log: Vec::new(), facts: Vec::new(), now: 1_000_000 }
    }

    /// The small venue, on sale, with ten places given out.
    pub(crate) fn open(policy: Policy) -> Self {
        let mut stage = Stage::empty();
        stage.open_sale(policy);
        stage
    }

    /// The same under the newest rules.
    pub(crate) fn open_newest(policy: Policy) -> Self {
        Stage::open_under(NEWEST_VERSION, policy)
    }

    /// The same under the rules of `version`.
    pub(crate) fn open_under(version: u32, policy: Policy) -> Self {
        let mut stage = Stage::empty();
        stage.ask(Actor::System, Command::EngineVersion { version });
        stage.open_sale(policy);
        stage
    }

    pub(crate) fn open_sale(&mut self, policy: Policy) {
        self.ask(staff(), Command::CreateEvent(Box::new(new_event(policy))));
        self.ask(Actor::System, Command::ReservePlaces { count: 10 });
        self.ask(staff(), Command::turn_phase(PhaseDial::Open, ""));
    }

    /// Asks under a new command id.
    pub(crate) fn ask(&mut self, actor: Actor, command: Command) -> Reply {
        let command_id = CommandId(self.log.len() as u128 + 1);
        self.send(Envelope {
            command_id,
            fingerprint: 0,
            event_id: EVENT,
            actor,
            reply_to: GatewayId(0),
            command,
        })
    }

    /// The same without a look at every invariant: for long logs.
    pub(crate) fn ask_unchecked(&mut self, actor: Actor, command: Command) {
        let command_id = CommandId(self.log.len() as u128 + 1);
        let envelope = Envelope { actor, ..Envelope::system(command_id, EVENT, command) };
        let (offset, at) = (self.log.len() as u64, LogTime(self.now));
        self.engine.step(offset, at, &envelope, &mut self.facts).unwrap();
        self.log.push((at, envelope));
    }

    pub(crate) fn send(&mut self, envelope: Envelope) -> Reply {
        let offset = self.log.len() as u64;
        let at = LogTime(self.now);
        let reply = self.engine.step(offset, at, &envelope, &mut self.facts).unwrap();
        self.log.push((at, envelope));
        assert_eq!(self.engine.violations(), [], "after {:?}", self.log.last());
        reply
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now += ms;
    }

    /// Goes on from a snapshot, as another process would.
    pub(crate) fn restore(&mut self) {
        let mut bytes = Vec::new();
        self.engine.snapshot(&mut bytes);
        let limits =
            EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
        self.engine = Engine::restore(&bytes, limits).expect("what was just written");
    }

    pub(crate) fn tick(&mut self) {
        self.send(Envelope {
            command_id: CommandId(0),
            fingerprint: 0,
            event_id: EventId(0),
            actor: Actor::System,
            reply_to: GatewayId(0),
            command: Command::Tick,
        });
    }

    /// The names of the facts since `from`.
    pub(crate) fn fact_names(&self, from: usize) -> Vec<&'static str> {
        self.facts[from..].iter().map(|record| record.fact.name()).collect()
    }
}

pub(crate) fn buyer(number: u64) -> Actor {
    Actor::Buyer(BuyerId(number))
}

pub(crate) fn staff() -> Actor {
    Actor::Staff(StaffId(1))
}

pub(crate) fn seats(numbers: &[u32]) -> Command {
    Command::HoldSeats { seats: SeatList::try_from(numbers).unwrap(), accessible: false }
}

pub(crate) fn best(count: u8, category: u8) -> Command {
    Command::best(count, CategorySet::only(category))
}

/// The provider holds the money of the first attempt.
pub(crate) fn authorised(hold_id: HoldId) -> Command {
    Command::PaymentAuthorised { hold_id, attempt: 1, payment: payment() }
}

/// The order in an answer.
pub(crate) fn order(reply: &Reply) -> floodgate_domain::OrderView {
    match &reply.answer {
        Answer::Order(view) => *view,
        other => panic!("expected an order, got {other:?}"),
    }
}
