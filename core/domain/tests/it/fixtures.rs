//! A small house, its prices and rules: what tests of the words and of the engine begin with.

use floodgate_domain::plan::{Category, Labels, Row, Run, SeatFlags, Section, SectionKind, Shape};
use floodgate_domain::{
    ActionUrl, AuthorisedPayment, Currency, EventDetails, LogTime, NewEvent, PaymentAction,
    PaymentMethod, PaymentReference, Plan, Policy, PriceTable, VenueId,
};

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
        focus: None,
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
        details: EventDetails {
            description: "A show".into(),
            starts_at: None,
            ..EventDetails::named("Evening")
        },
        venue_id: VenueId(9),
        plan: plan(),
        prices: PriceTable::flat(Currency(*b"EUR"), &[5000, 3000, 2000]),
        policy,
    }
}

pub(crate) fn method() -> PaymentMethod {
    PaymentMethod::parse("pm_test").unwrap()
}

pub(crate) fn payment() -> AuthorisedPayment {
    AuthorisedPayment {
        reference: PaymentReference::parse("pi_test").unwrap(),
        capture_before: Some(LogTime(1_900_000_000_000)),
    }
}

/// Something only the buyer can do.
pub(crate) fn action() -> PaymentAction {
    let url = ActionUrl::parse("https://bank.example/3ds").unwrap();
    PaymentAction { reference: payment().reference, url }
}
