//! A made-up history of one small house.

use floodgate_domain::fact::{DeclineReason, SeatsKept, SetBy};
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, SeatFlags, Section, Shape};
use floodgate_domain::{
    AuthorisedPayment, BuyerId, Currency, EventDetails, EventId, Fact, FactPosition, FactRecord,
    HoldId, LogTime, NewEvent, PaymentMethod, PaymentReference, PriceTable, Refund, RefundReason,
    RefundWhy, SeatId, SeatList, SeatSet, StaffId,
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
    Blocked,
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
            Seat::Blocked => {
                let seats = SeatSet::of([seat]).unwrap();
                let (note, by) = (String::new(), StaffId(1));
                (Fact::SeatsUnblocked { seats, note, by }, Seat::Free)
            }
            Seat::Free if rng.random_ratio(1, 6) => {
                let seats = SeatSet::of([seat]).unwrap();
                let (note, by) = ("sound desk".into(), StaffId(1));
                (Fact::SeatsBlocked { seats, note, by }, Seat::Blocked)
            }
            Seat::Free if rng.random_ratio(1, 8) => {
                let (hold_id, buyer) = (HoldId(number), BuyerId::HOUSE);
                let (note, by) = ("press".into(), StaffId(1));
                let given = Fact::SeatsGiven { hold_id, buyer, seats, note, by };
                (given, Seat::Sold(number, buyer.0))
            }
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
                let why = rng.random_bool(0.5).then(|| Box::new(refund()));
                let (from, to) = (BuyerId(owner), BuyerId(number));
                match rng.random_range(0..4) {
                    0 => {
                        let amount = 5;
                        let back = Fact::OrderRefunded { hold_id, buyer, seats, amount, why };
                        (back, Seat::Free)
                    }
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

fn refund() -> Refund {
    let why = RefundWhy { reason: RefundReason::EventChanged, note: "secret".into() };
    Refund { why, by: StaffId(1) }
}

/// A house whose last seat the plan blocks: that is put back, two others are blocked, one is given.
pub(crate) fn by_hand() -> Vec<FactRecord> {
    let mut plan = plan();
    plan.sections[0].rows[0].runs[0].flags = vec![(19, SeatFlags::BLOCKED)];
    let new = NewEvent {
        plan,
        prices: PriceTable::flat(Currency::default(), &[5]),
        ..NewEvent::default()
    };
    let set = |seats: &[u32]| SeatSet::of(seats.iter().copied().map(SeatId)).unwrap();
    let (note, by) = (String::new, StaffId(1));
    let seats = SeatList::try_from(&[3][..]).unwrap();
    let (hold_id, buyer) = (HoldId(1), BuyerId::HOUSE);
    records(vec![
        Fact::EventCreated(Box::new(new)),
        Fact::SeatsUnblocked { seats: set(&[19]), note: note(), by },
        Fact::SeatsBlocked { seats: set(&[0, 1]), note: note(), by },
        Fact::SeatsGiven { hold_id, buyer, seats, note: note(), by },
    ])
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
