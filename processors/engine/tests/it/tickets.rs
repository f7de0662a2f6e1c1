//! Tickets after they were sold: handed on, let in with, given back.

use floodgate_domain::{Actor, Answer, BuyerId, Command, HoldId, Place, Policy, Refusal, SeatId};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::fixtures::{method, policy};
use crate::stage::{Stage, authorised, buyer, order, seats, staff};

/// A stage on which buyer 1 has bought the first two seats, and their order.
fn sold() -> (Stage, HoldId) {
    sold_under(BASE_VERSION)
}

fn sold_under(version: u32) -> (Stage, HoldId) {
    let mut stage = Stage::open_under(version, Policy { seats_per_buyer_max: 4, ..policy() });
    stage.ask(buyer(1), Command::Enter { place: Place(1) });
    let hold_id = order(&stage.ask(buyer(1), seats(&[0, 1]))).hold_id;
    stage.ask(
        buyer(1),
        Command::StartPurchase { hold_id, method: method(), despite_unanswered: false },
    );
    stage.ask(Actor::System, authorised(hold_id));
    stage.ask(Actor::System, Command::PaymentCaptured { hold_id, attempt: 1 });
    (stage, hold_id)
}

fn hand_on(hold_id: HoldId, edition: u16, to: u64) -> Command {
    Command::TransferTicket { hold_id, seat: SeatId(0), edition, to: BuyerId(to) }
}

fn redeem(hold_id: HoldId, edition: u16) -> Command {
    Command::RedeemTicket { hold_id, seat: SeatId(0), edition }
}

#[test]
fn who_has_a_ticket_hands_it_on() {
    let (mut stage, hold_id) = sold();
    let refused = Answer::Refused;
    let unknown = HoldId(u64::MAX);
    let other = Command::TransferTicket { hold_id, seat: SeatId(9), edition: 0, to: BuyerId(2) };
    let rows = [
        (buyer(2), hand_on(hold_id, 0, 2), refused(Refusal::NotYourTicket)),
        (buyer(1), hand_on(hold_id, 0, 1), refused(Refusal::AlreadyYours)),
        (buyer(1), hand_on(hold_id, 1, 2), refused(Refusal::TicketSuperseded)),
        (buyer(1), hand_on(unknown, 0, 2), refused(Refusal::UnknownHold)),
        (buyer(1), other, refused(Refusal::UnknownSeat)),
        (buyer(1), hand_on(hold_id, 0, 2), Answer::Done),
        (buyer(1), hand_on(hold_id, 0, 3), refused(Refusal::TicketSuperseded)),
        (buyer(1), hand_on(hold_id, 1, 3), refused(Refusal::NotYourTicket)),
        (buyer(2), hand_on(hold_id, 1, 3), Answer::Done),
        (staff(), hand_on(hold_id, 2, 1), Answer::Done),
        (buyer(1), hand_on(hold_id, 3, 2), Answer::Done),
    ];
    for (actor, command, expected) in rows {
        assert_eq!(stage.ask(actor, command.clone()).answer, expected, "{actor:?}: {command:?}");
    }
    assert_eq!(stage.fact_names(stage.facts.len() - 4), ["TicketTransferred"; 4]);
}

#[test]
fn a_ticket_is_handed_on_within_limits() {
    let (mut stage, hold_id) = sold();
    for edition in 0..16 {
        let to = 2 + u64::from(edition) % 2;
        assert_eq!(stage.ask(staff(), hand_on(hold_id, edition, to)).answer, Answer::Done);
    }
    let once_more = stage.ask(staff(), hand_on(hold_id, 16, 4));
    assert_eq!(once_more.answer, Answer::Refused(Refusal::HandedOnTooOften));

    // Who has as many as one may have is given no more.
    let (mut stage, hold_id) = sold();
    stage.ask(buyer(2), Command::Enter { place: Place(2) });
    stage.ask(buyer(2), seats(&[4, 5, 6, 7]));
    let refused = stage.ask(buyer(1), hand_on(hold_id, 0, 2));
    assert_eq!(refused.answer, Answer::Refused(Refusal::BuyerLimit));
}

#[test]
fn one_is_let_in_once_with_the_newest_edition() {
    let (mut stage, hold_id) = sold();
    let refused = Answer::Refused;
    let rows = [
        (buyer(1), redeem(hold_id, 0), refused(Refusal::NotAllowed)),
        (buyer(1), hand_on(hold_id, 0, 2), Answer::Done),
        (staff(), redeem(hold_id, 0), refused(Refusal::TicketSuperseded)),
        (staff(), redeem(hold_id, 1), Answer::Done),
        (staff(), redeem(hold_id, 1), refused(Refusal::TicketUsed)),
        (buyer(2), hand_on(hold_id, 1, 3), refused(Refusal::TicketUsed)),
        (staff(), Command::RefundOrder { hold_id, why: None }, refused(Refusal::TicketUsed)),
    ];
    for (actor, command, expected) in rows {
        assert_eq!(stage.ask(actor, command.clone()).answer, expected, "{actor:?}: {command:?}");
    }
}

#[test]
fn a_refunded_ticket_is_none() {
    let rows = [(BASE_VERSION, Refusal::NotConfirmed), (NEWEST_VERSION, Refusal::TicketRevoked)];
    for (version, refusal) in rows {
        let (mut stage, hold_id) = sold_under(version);
        stage.ask(buyer(1), hand_on(hold_id, 0, 2));
        stage.ask(staff(), Command::RefundOrder { hold_id, why: None });
        for command in [redeem(hold_id, 1), hand_on(hold_id, 1, 3)] {
            let answer = stage.ask(staff(), command).answer;
            assert_eq!(answer, Answer::Refused(refusal), "version {version}");
        }
    }
}

#[test]
fn a_snapshot_knows_whose_tickets_are() {
    let (mut stage, hold_id) = sold();
    stage.ask(buyer(1), hand_on(hold_id, 0, 2));
    stage.ask(staff(), redeem(hold_id, 1));
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    let again = stage.ask(staff(), redeem(hold_id, 1));
    assert_eq!(again.answer, Answer::Refused(Refusal::TicketUsed));
    let other = Command::TransferTicket { hold_id, seat: SeatId(1), edition: 0, to: BuyerId(2) };
    assert_eq!(stage.ask(buyer(1), other).answer, Answer::Done);
}
