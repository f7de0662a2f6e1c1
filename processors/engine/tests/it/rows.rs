//! Rows of who asks what and what it comes to.

use floodgate_domain::{
    Actor, Answer, Command, DialChange, HoldId, OrderStatus, Place, Policy, Refusal,
};

use crate::stage::{Stage, buyer, method, order, policy, seats};
use Then::{Done, Entered, Is, No, Seats};

/// What a row expects.
#[derive(Debug)]
pub(crate) enum Then {
    Done,
    No(Refusal),
    Entered,
    Seats(&'static [u32]),
    Is(OrderStatus),
}

pub(crate) fn check(stage: &mut Stage, rows: Vec<(Actor, Command, Then)>) {
    for (at, (actor, command, then)) in rows.into_iter().enumerate() {
        let reply = stage.ask(actor, command.clone());
        let context = format!("row {at}: {command:?} -> {:?}, expected {then:?}", reply.answer);
        match (&reply.answer, then) {
            (Answer::Done, Done) | (Answer::Entered { .. }, Entered) => {}
            (Answer::Refused(refusal), No(expected)) => assert_eq!(*refusal, expected, "{context}"),
            (Answer::Order(view), Seats(expected)) => {
                let found: Vec<u32> = view.seats.iter().map(|seat| seat.0).collect();
                assert_eq!(found, expected, "{context}");
            }
            (Answer::Order(view), Is(status)) => assert_eq!(view.status, status, "{context}"),
            _ => panic!("{context}"),
        }
    }
}

pub(crate) fn enter(place: u64) -> Command {
    Command::Enter { place: Place(place) }
}

pub(crate) fn accessible(numbers: &[u32]) -> Command {
    match seats(numbers) {
        Command::HoldSeats { seats, .. } => Command::HoldSeats { seats, accessible: true },
        other => other,
    }
}

pub(crate) fn no_queue() -> Policy {
    Policy { pass_required: false, seats_per_buyer_max: 100, ..policy() }
}

pub(crate) fn set_dials(change: DialChange) -> Command {
    Command::SetDials(Box::new(change))
}

/// Buyer 1 holds seat 0 and starts to pay.
pub(crate) fn paying(stage: &mut Stage) -> HoldId {
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let start = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
    assert_eq!(order(&stage.ask(buyer(1), start)).status, OrderStatus::PaymentPending);
    hold_id
}
