//! Fees follow from the tiers in force when seats were held, and go back with a refund.

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::tally::{SaleTally, WINDOW_MS, window_of};
use floodgate_domain::{
    AuthorisedPayment, BuyerId, Currency, Fact, HoldId, LogTime, NewEvent, PaymentReference,
    PriceTable, SeatList, Tier,
};

fn event() -> NewEvent {
    let labels = Labels::Numbers { first: 1, step: 1, count: 10 };
    let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    let section = Section { name: "Floor".into(), rows: vec![row], ..Section::default() };
    let early = Tier { amount: 1_000, fee: 100, until_taken: Some(3), until: None };
    let late = Tier { amount: 2_000, fee: 300, until_taken: None, until: None };
    NewEvent {
        plan: Plan {
            name: "House".into(),
            categories: vec![Category { name: "All".into(), color: [0; 3] }],
            sections: vec![section],
            size: (1, 1),
            focus: None,
        },
        prices: PriceTable { currency: Currency::default(), categories: vec![vec![early, late]] },
        ..NewEvent::default()
    }
}

fn held(hold_id: HoldId, seats: &[u32], amount: u64) -> Fact {
    let (buyer, until, seats) = (BuyerId(1), LogTime(9), SeatList::try_from(seats).unwrap());
    Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: None }
}

fn confirmed(hold_id: HoldId, seats: &[u32], amount: u64) -> Fact {
    let reference = PaymentReference::parse("pi_test").unwrap();
    let payment = AuthorisedPayment { reference, capture_before: None };
    let (buyer, seats) = (BuyerId(1), SeatList::try_from(seats).unwrap());
    Fact::OrderConfirmed {
        hold_id,
        buyer,
        seats,
        amount,
        attempt: 1,
        kept: SeatsKept::Held,
        payment,
    }
}

#[test]
fn fees_are_those_of_the_tiers_in_force() {
    let new = event();
    let mut tally = SaleTally::of(&new);
    let (one, two) = (HoldId(1), HoldId(2));
    let refund = Fact::OrderRefunded {
        hold_id: two,
        buyer: BuyerId(1),
        seats: SeatList::try_from(&[2, 3][..]).unwrap(),
        amount: 3_000,
        why: None,
    };
    let facts = [
        held(one, &[0, 1], 2_000),
        // The third seat is the last of its tier.
        held(two, &[2, 3], 3_000),
        confirmed(one, &[0, 1], 2_000),
        confirmed(two, &[2, 3], 3_000),
        refund,
    ];
    for fact in &facts {
        tally.follow(&fact.effects(), LogTime(1));
    }
    let totals = tally.totals;
    assert_eq!((totals.gross, totals.fees), (5_000, 600));
    assert_eq!((totals.returned, totals.fees_returned), (3_000, 400));
    assert_eq!(totals.net(), 2_000 - 200);
    assert_eq!((totals.seats_sold, totals.seats_back), (4, 2));
    assert_eq!((&tally.sections[..], &tally.categories[..]), (&[2][..], &[2][..]));
}

#[test]
fn an_amount_that_the_prices_do_not_lead_to_has_no_fees() {
    let mut tally = SaleTally::of(&event());
    for fact in [held(HoldId(1), &[0], 999), confirmed(HoldId(1), &[0], 999)] {
        tally.follow(&fact.effects(), LogTime(1));
    }
    assert_eq!((tally.totals.gross, tally.totals.fees), (999, 0));
}

#[test]
fn windows_begin_where_they_are_said_to() {
    for (at, begins_at) in [(0, 0), (WINDOW_MS - 1, 0), (WINDOW_MS, WINDOW_MS)] {
        assert_eq!(window_of(LogTime(at)), LogTime(begins_at));
    }
}
