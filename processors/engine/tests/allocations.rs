//! Decisions of a long sale ask the system for no memory: whatever the course of a visit needs is
//! there already, but for what [`MAY_ASK`] names.
//!
//! A binary of its own, since the allocator that counts is the program's.
#![allow(clippy::unwrap_used)]

#[path = "../../../core/domain/tests/it/fixtures.rs"]
#[expect(dead_code, reason = "the rows of the other binary need the rest")]
mod fixtures;

use std::collections::BTreeMap;

use allocation_counter::measure;

use floodgate_domain::plan::Row;
use floodgate_domain::{
    Actor, Answer, AuthorisedPayment, BuyerId, CategorySet, Command, CommandId, Envelope, EventId,
    GatewayId, LogTime, NewEvent, PaymentReference, PhaseDial, Place, Policy, StaffId,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

/// Rounds until every table has been through its course: outcomes are forgotten, the wheel of
/// timers has turned, buyers have come and gone.
const WARM: u64 = 16_000;
const ROUNDS: u64 = 4_000;
/// Log time of a round: a turn of the wheel is 8.7 minutes.
const ROUND_MS: u64 = 100;

/// What asks now and then, how often a decision at most, and for what.
const MAY_ASK: [(&str, f64, &str); 3] = [
    ("enter", 0.06, "a slot of the wheel of timers that has more of them than ever before"),
    ("release", 0.35, "likewise, and a node of the tree of seats set aside"),
    ("reserve places", 1.0, "a bit for each place: the marks of spent ones grow"),
];

struct Sale {
    engine: Engine,
    facts: Vec<floodgate_domain::FactRecord>,
    now: u64,
    sent: u64,
    /// Allocations by the name of the command.
    seen: BTreeMap<&'static str, (u64, u64)>,
}

impl Sale {
    fn send(&mut self, name: &'static str, actor: Actor, command: Command) -> Answer {
        self.sent += 1;
        let spread = u128::from(self.sent).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let envelope = Envelope {
            command_id: CommandId(spread.max(1)),
            fingerprint: 1,
            event_id: EventId(1),
            actor,
            reply_to: GatewayId(1),
            command,
        };
        self.facts.clear();
        let (engine, facts, mut reply) = (&mut self.engine, &mut self.facts, None);
        let (sent, now) = (self.sent, LogTime(self.now));
        let asked = measure(|| reply = Some(engine.step(sent, now, &envelope, facts).unwrap()));
        let (count, worst) = self.seen.entry(name).or_default();
        *count += 1;
        *worst += asked.count_total;
        reply.unwrap().answer
    }

    /// A visit: in, seats, back or paid for, out.
    fn round(&mut self, number: u64) {
        self.now += ROUND_MS;
        let buyer = Actor::Buyer(BuyerId(number + 1));
        if number.is_multiple_of(1_000) {
            self.send("reserve places", Actor::System, Command::ReservePlaces { count: 1_000 });
        }
        self.send("enter", buyer, Command::Enter { place: Place(number) });
        let held = self.send("hold the best", buyer, Command::best(2, CategorySet::ANY));
        let Answer::Order(order) = held else { panic!("{held:?}") };
        let hold_id = order.hold_id;
        if number.is_multiple_of(4) {
            let (method, despite_unanswered) = (fixtures::method(), false);
            let start = Command::StartPurchase { hold_id, method, despite_unanswered };
            self.send("pay", buyer, start);
            let reference = PaymentReference::parse("pi_3MtwBwLkdIwHu7ix28a3tqPa").unwrap();
            let payment = AuthorisedPayment { reference, capture_before: None };
            let attempt = 1;
            let command = Command::PaymentAuthorised { hold_id, attempt, payment };
            self.send("authorised", Actor::System, command);
            self.send("captured", Actor::System, Command::PaymentCaptured { hold_id, attempt });
        } else {
            self.send("release", buyer, Command::ReleaseHold { hold_id });
        }
        self.send("refused", buyer, Command::ReleaseHold { hold_id });
        self.send("status", Actor::System, Command::ReadStatus);
        self.send("leave", buyer, Command::Leave);
        self.send("tick", Actor::System, Command::Tick);
    }
}

fn house() -> NewEvent {
    let mut new = fixtures::new_event(Policy {
        pass_required: true,
        shoppers_max: 1_000,
        buyers_max: 1 << 20,
        ..fixtures::policy()
    });
    let circle = &mut new.plan.sections[1];
    circle.rows = (0..300_u32)
        .map(|rank| Row {
            label: format!("{rank}").as_str().into(),
            rank: rank + 2,
            runs: vec![fixtures::run(fixtures::CIRCLE, 100)],
        })
        .collect();
    new.plan.sections[2].rows[0].rank = 1_000;
    new
}

#[test]
fn a_decision_of_a_long_sale_allocates_nothing() {
    let limits = EngineLimits { outcomes_max: 1 << 12, ..EngineLimits::default() };
    let mut sale = Sale {
        engine: Engine::new(limits),
        facts: Vec::with_capacity(64),
        now: 1_800_000_000_000,
        sent: 0,
        seen: BTreeMap::new(),
    };
    let staff = Actor::Staff(StaffId(1));
    sale.send("rules", Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
    sale.send("create", staff, Command::CreateEvent(Box::new(house())));
    sale.send("open", staff, Command::turn_phase(PhaseDial::Open, ""));
    (0..WARM).for_each(|number| sale.round(number));
    let created = sale.seen["create"];
    assert!(created.1 > 100, "a plan needs memory, so the counter counts: {created:?}");
    sale.seen.clear();
    (WARM..WARM + ROUNDS).for_each(|number| sale.round(number));
    for (name, (decisions, asked)) in &sale.seen {
        let allowed = MAY_ASK.iter().find(|row| row.0 == *name).map_or(0.0, |row| row.1);
        let each = *asked as f64 / *decisions as f64;
        assert!(each <= allowed, "{name}: {asked} allocations in {decisions} decisions");
    }
}
