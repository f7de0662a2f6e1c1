//! A small house and a log that writes itself.

use floodgate_onsale::plan::{Category, Labels, Row, Run, SeatFlags, Section, SectionKind, Shape};
use floodgate_onsale::{
    Actor, Answer, BuyerId, CategorySet, Command, CommandId, Currency, Engine, EngineLimits,
    Envelope, EventId, FactRecord, GatewayId, LogTime, NewEvent, PaymentMethod, Plan, Policy,
    PriceTable, Reply, SeatList, StaffId, VenueId,
};

pub(crate) const EVENT: EventId = EventId(7);
pub(crate) const STALLS: u8 = 0;
pub(crate) const CIRCLE: u8 = 1;
pub(crate) const FLOOR: u8 = 2;

pub(crate) fn run(category: u8, count: u16) -> Run {
    let labels = Labels::Numbers { first: 1, step: 1, count };
    Run { category, labels, shape: Shape::default(), flags: Vec::new() }
}

fn row(label: &str, rank: u32, runs: Vec<Run>) -> Row {
    Row { label: label.into(), rank, runs }
}

/// Stalls: row A of 6 and 4 seats with an aisle, row B of 5 with a wheelchair space, its
/// companion and a blocked seat. Circle: one row of 100 seats. Floor: 70 places.
/// Seats 0–9 A, 10–14 B, 15–114 circle, 115–184 floor.
pub(crate) fn plan() -> Plan {
    let mut b = run(STALLS, 5);
    b.flags = vec![(0, SeatFlags::ACCESSIBLE), (1, SeatFlags::COMPANION), (4, SeatFlags::BLOCKED)];
    let category = |name: &str| Category { name: name.into(), color: [1, 2, 3] };
    let seated = |name: &str, rows| Section { name: name.into(), kind: SectionKind::Seated, rows };
    Plan {
        name: "A small house".into(),
        categories: vec![category("Stalls"), category("Circle"), category("Floor")],
        sections: vec![
            seated(
                "Stalls",
                vec![row("A", 0, vec![run(STALLS, 6), run(STALLS, 4)]), row("B", 1, vec![b])],
            ),
            seated("Circle", vec![row("1", 2, vec![run(CIRCLE, 100)])]),
            Section {
                name: "Floor".into(),
                kind: SectionKind::GeneralAdmission,
                rows: vec![row("", 3, vec![run(FLOOR, 70)])],
            },
        ],
        size: (100, 100),
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        hold_ms: 60_000,
        extension_ms: 30_000,
        payment_ms: 120_000,
        retry_ms: 40_000,
        pass_ms: 600_000,
        payment_attempts_max: 2,
        shoppers_max: 3,
        holds_per_buyer_max: 2,
        ..Policy::default()
    }
}

pub(crate) fn new_event(policy: Policy) -> NewEvent {
    NewEvent {
        name: "Evening".into(),
        description: "A show".into(),
        starts_at: 0,
        venue_id: VenueId(9),
        plan: plan(),
        prices: PriceTable::flat(Currency(*b"EUR"), &[5000, 3000, 2000]),
        policy,
    }
}

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
        let limits = EngineLimits { outcomes_max: 1000, events_max: 4 };
        Stage { engine: Engine::new(limits), log: Vec::new(), facts: Vec::new(), now: 1_000_000 }
    }

    /// The small house, on sale, with ten places given out.
    pub(crate) fn open(policy: Policy) -> Self {
        let mut stage = Stage::empty();
        let staff = Actor::Staff(StaffId(1));
        stage.ask(staff, Command::CreateEvent(Box::new(new_event(policy))));
        stage.ask(Actor::System, Command::ReservePlaces { count: 10 });
        stage.ask(staff, Command::OpenSale);
        stage
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

    pub(crate) fn send(&mut self, envelope: Envelope) -> Reply {
        let offset = self.log.len() as u64;
        let at = LogTime(self.now);
        let reply = self.engine.step(offset, at, &envelope, &mut self.facts);
        self.log.push((at, envelope));
        assert_eq!(self.engine.violations(), [], "after {:?}", self.log.last());
        reply
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now += ms;
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
    Command::HoldBest { count, categories: CategorySet::only(category) }
}

pub(crate) fn method() -> PaymentMethod {
    PaymentMethod::parse("pm_test").unwrap()
}

/// The order an answer tells of.
pub(crate) fn order(reply: &Reply) -> floodgate_onsale::OrderView {
    match &reply.answer {
        Answer::Order(view) => *view,
        other => panic!("expected an order, got {other:?}"),
    }
}
