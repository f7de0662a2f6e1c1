//! A made-up history of one small house.

use floodgate_domain::fact::{DeclineReason, SeatsKept, SetBy};
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::{
    AuthorisedPayment, BuyerId, Currency, EventDetails, EventId, Fact, FactPosition, FactRecord,
    HoldId, LogTime, NewEvent, PaymentMethod, PaymentReference, PriceTable, SeatId, SeatList,
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
        focus: None,
    }
}

/// Where a seat stands while a history is made up: its order, and whose it is.
#[derive(Clone, Copy)]
enum Seat {
    Free,
    Held(u64),
    Sold(u64, u64),
}

/// Two hundred facts that follow from a seed.
pub(crate) fn history(seed: u64) -> Vec<FactRecord> {
    let mut rng = StdRng::seed_from_u64(seed);
    let new = NewEvent {
        details: EventDetails::named("Show"),
        plan: plan(),
        prices: PriceTable::flat(Currency::default(), &[5]),
        ..NewEvent::default()
    };
    let mut facts = vec![Fact::EventCreated(Box::new(new)), Fact::SaleOpened];
    let mut stand = [Seat::Free; 20];
    for number in 1..197 {
        let seat = rng.random_range(0..20_u32);
        let seats = SeatList::try_from(&[seat][..]).unwrap();
        let (stand, seat) = (&mut stand[seat as usize], SeatId(seat));
        let (fact, then) = match *stand {
            Seat::Free => {
                let (hold_id, buyer) = (HoldId(number), BuyerId(number));
                let (amount, until) = (5, LogTime(number));
                let fact = Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: None };
                (fact, Seat::Held(number))
            }
            Seat::Held(held) => {
                let (hold_id, buyer) = (HoldId(held), BuyerId(held));
                if rng.random_bool(0.5) {
                    let (amount, attempt, kept) = (5, 1, SeatsKept::Held);
                    let payment = authorised();
                    let sold = Fact::OrderConfirmed {
                        hold_id,
                        buyer,
                        seats,
                        amount,
                        attempt,
                        kept,
                        payment,
                    };
                    (sold, Seat::Sold(held, held))
                } else {
                    (Fact::HoldExpired { hold_id, buyer, seats }, Seat::Free)
                }
            }
            Seat::Sold(order, owner) => {
                let (hold_id, buyer) = (HoldId(order), BuyerId(order));
                let (from, to) = (BuyerId(owner), BuyerId(number));
                match rng.random_range(0..4) {
                    0 => (Fact::OrderRefunded { hold_id, buyer, seats, amount: 5 }, Seat::Free),
                    1 => (Fact::TicketRedeemed { hold_id, buyer: from, seat }, *stand),
                    _ => (
                        Fact::TicketTransferred { hold_id, seat, from, to },
                        Seat::Sold(order, number),
                    ),
                }
            }
        };
        *stand = then;
        facts.push(fact);
    }
    facts.insert(80, Fact::DetailsSet(said(Some("Somebody"))));
    facts.insert(120, Fact::DetailsSet(said(None)));
    facts.insert(150, Fact::SalePaused);
    records(facts)
}

/// Everything an event can say, but the artist.
pub(crate) fn said(artist: Option<&str>) -> SetBy<EventDetails> {
    let details = EventDetails {
        artist: artist.unwrap_or_default().into(),
        description: "About it".into(),
        venue_name: "Hall".into(),
        venue_address: "1 Street\nTown".into(),
        time_zone: "Europe/Berlin".into(),
        doors_at: Some(LogTime(1)),
        starts_at: Some(LogTime(2)),
        ends_at: Some(LogTime(3)),
        opens_at: Some(LogTime(4)),
        closes_at: Some(LogTime(5)),
        age_min: Some(6),
        ..EventDetails::named("Another show")
    };
    SetBy { value: Box::new(details), by: None }
}

/// Facts at places of their own.
pub(crate) fn records(facts: Vec<Fact>) -> Vec<FactRecord> {
    let record = |(at, fact)| FactRecord {
        position: FactPosition { offset: at as u64, index: 0 },
        at: LogTime(1000 + at as u64),
        event_id: EventId(1),
        fact,
    };
    facts.into_iter().enumerate().map(record).collect()
}

/// A hold that gets new deadlines, and another after it. Deadlines are of rows that are there, so
/// these come in order, though they may come again.
pub(crate) fn deadlines() -> Vec<FactRecord> {
    let new =
        NewEvent { details: EventDetails::named("Show"), plan: plan(), ..NewEvent::default() };
    let (hold_id, buyer, amount, attempt) = (HoldId(1), BuyerId(1), 5, 1);
    let (seats, reason) = (SeatList::try_from(&[3, 4][..]).unwrap(), DeclineReason::Declined);
    let (method, until) = (PaymentMethod::parse("pm_x").unwrap(), LogTime);
    let (other, currency) = (SeatList::try_from(&[4][..]).unwrap(), Currency::default());
    records(vec![
        Fact::EventCreated(Box::new(new)),
        Fact::SeatsHeld { hold_id, buyer, seats, amount, until: until(10), pay_by: None },
        Fact::HoldExtended { hold_id, buyer, until: until(20) },
        Fact::PurchaseStarted {
            hold_id,
            buyer,
            method,
            amount,
            currency,
            attempt,
            until: until(30),
        },
        Fact::OrderDeclined { hold_id, buyer, attempt, reason, until: until(40) },
        Fact::SeatsHeld {
            hold_id: HoldId(2),
            buyer,
            seats: other,
            amount,
            until: until(50),
            pay_by: None,
        },
    ])
}
