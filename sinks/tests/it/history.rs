//! A made-up history of one small house.

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::{
    AuthorisedPayment, BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, NewEvent,
    PaymentReference, SeatList, Source,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn authorised() -> AuthorisedPayment {
    let reference = PaymentReference::parse("pi_test").unwrap();
    AuthorisedPayment { reference, capture_before: None }
}

fn plan() -> Plan {
    let labels = Labels::Numbers { first: 1, step: 1, count: 20 };
    let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section { name: "Floor".into(), rows: vec![row], ..Section::default() }],
        size: (1, 1),
    }
}

/// Two hundred facts that follow from a seed.
pub(crate) fn history(seed: u64) -> Vec<FactRecord> {
    let mut rng = StdRng::seed_from_u64(seed);
    let new = NewEvent { name: "Show".into(), plan: plan(), ..NewEvent::default() };
    let mut facts = vec![Fact::EventCreated(Box::new(new)), Fact::SaleOpened];
    let mut owner = [None::<u64>; 20];
    for number in 1..200 {
        let seat = rng.random_range(0..20_u32);
        let seats = SeatList::try_from(&[seat][..]).unwrap();
        let owner = &mut owner[seat as usize];
        let fact = match *owner {
            None => {
                *owner = Some(number);
                let (hold_id, buyer) = (HoldId(number), BuyerId(number));
                Fact::SeatsHeld { hold_id, buyer, seats, amount: 5, until: LogTime(number) }
            }
            Some(held) if rng.random_bool(0.3) => {
                let (hold_id, buyer) = (HoldId(held), BuyerId(held));
                let (amount, attempt, kept) = (5, 1, SeatsKept::Held);
                let payment = authorised();
                Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment }
            }
            Some(held) => {
                *owner = None;
                Fact::HoldExpired { hold_id: HoldId(held), buyer: BuyerId(held), seats }
            }
        };
        facts.push(fact);
    }
    let record = |(at, fact)| FactRecord {
        source: Source { offset: at as u64, index: 0 },
        at: LogTime(1000 + at as u64),
        event_id: EventId(1),
        fact,
    };
    facts.into_iter().enumerate().map(record).collect()
}
