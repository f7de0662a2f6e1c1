//! Tickets after they were sold: handed on, let in with, given back.

use floodgate_domain::{Actor, Answer, BuyerId, Command, HoldId, Place, Policy, Refusal, SeatId};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

use crate::fixtures::{method, policy};
use crate::stage::{Stage, authorised, buyer, order, seats, staff};

/// A stage on which buyer 1 has bought the first two seats, and their order.
fn sold() -> (Stage, HoldId) {
    let mut stage = Stage::open(Policy { seats_per_buyer_max: 4, ..policy() });
    stage.ask(buyer(1), Command::Enter { place: Place(1) });
    let hold_id = order(&stage.ask(buyer(1), seats(&[0, 1]))).hold_id;
    stage.ask(buyer(1), Command::StartPurchase { hold_id, method: method() });
    stage.ask(Actor::System, authorised(hold_id));
    stage.ask(Actor::System, Command::PaymentCaptured { hold_id, attempt: 1 });
    (stage, hold_id)
}

#[test]
fn tickets_are_the_buyers_at_first_and_end_with_their_order() {
    let (mut stage, hold_id) = sold();
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    stage.ask(staff(), Command::RefundOrder { hold_id });
    assert_eq!(stage.fact_names(stage.facts.len() - 1), ["OrderRefunded"]);
}
