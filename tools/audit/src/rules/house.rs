//! What staff do by hand: seats off sale and back, seats given away, refunds that say why.

use floodgate_domain::{
    BuyerId, Command, Fact, HoldId, Refund, RefundReason, SalePhase, SeatId, SeatState, StaffId,
};

use super::CommandView;
use super::row::{CAUSE, Row, staff_of};
use crate::books::event::EventBook;

/// The rules that know it.
const SINCE: u32 = 4;
const OWNERS: &str = "seat-one-owner";

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let (by, note, mut rows) = match (fact, &asked.envelope.command) {
        (Fact::SeatsBlocked { seats, note, by }, Command::BlockSeats(named)) => {
            let are_those = named.seats.iter().filter(|seat| is(book, *seat, SeatState::Free));
            let is_none_taken = named.seats.iter().all(|seat| is_nobodys(book, seat));
            let rows = vec![
                (CAUSE, "other seats than were named", seats.iter().eq(are_those)),
                (OWNERS, "somebody has one of them", is_none_taken),
            ];
            (by, (note, &named.note), rows)
        }
        (Fact::SeatsUnblocked { seats, note, by }, Command::UnblockSeats(named)) => {
            let those = named.seats.iter().filter(|seat| is(book, *seat, SeatState::NotForSale));
            let are_those = seats.iter().eq(those);
            (by, (note, &named.note), vec![(CAUSE, "other seats than were named", are_those)])
        }
        // What is given away and off sale is put back first.
        (Fact::SeatsUnblocked { seats, note, by }, Command::GiveSeats(named)) => {
            let blocked = |seat: &SeatId| is(book, *seat, SeatState::NotForSale);
            let mut those: Vec<_> = named.seats.iter().filter(blocked).collect();
            those.sort_unstable();
            let are_those = seats.as_slice() == those;
            (by, (note, &named.note), vec![(CAUSE, "other seats than are given", are_those)])
        }
        (Fact::SeatsGiven { buyer, seats, note, by, .. }, Command::GiveSeats(named)) => {
            let rows = vec![
                (CAUSE, "to another than the house", *buyer == BuyerId::HOUSE),
                (CAUSE, "other seats than were named", *seats == named.seats),
                (OWNERS, "they are not free", book.seats.all_free(seats)),
            ];
            (by, (note, &named.note), rows)
        }
        _ => return None,
    };
    rows.extend([
        (CAUSE, "nobody of the staff asked", asked.is_staff()),
        (CAUSE, "by another", *by == staff_of(asked)),
        (CAUSE, "another note", note.0 == note.1),
        (CAUSE, "by rules that do not know it", asked.version >= SINCE),
        (CAUSE, "the event is cancelled", book.phase != SalePhase::Cancelled),
    ]);
    Some(rows)
}

fn is(book: &EventBook, seat: SeatId, state: SeatState) -> bool {
    book.seats.get(seat).is_some_and(|one| one.state == state)
}

fn is_nobodys(book: &EventBook, seat: SeatId) -> bool {
    is(book, seat, SeatState::Free) || is(book, seat, SeatState::NotForSale)
}

/// Whether a command has to lead to a fact: what is so already is none.
pub(super) fn is_owed(book: &EventBook, asked: CommandView<'_>) -> bool {
    let is_known = |seat| book.seats.get(seat).is_some();
    let owes = match &asked.envelope.command {
        Command::BlockSeats(named) => {
            let mut seats = named.seats.iter();
            let any = seats.any(|seat| is(book, seat, SeatState::Free));
            any && named.seats.iter().all(|seat| is_nobodys(book, seat))
        }
        Command::UnblockSeats(named) => {
            let mut seats = named.seats.iter();
            let any = seats.any(|seat| is(book, seat, SeatState::NotForSale));
            any && named.seats.iter().all(is_known)
        }
        Command::GiveSeats(named) => {
            let are_good = !named.seats.is_empty() && !named.seats.has_duplicates();
            are_good && named.seats.iter().all(|seat| is_nobodys(book, seat))
        }
        _ => false,
    };
    let may = asked.is_staff() && asked.version >= SINCE;
    owes && may && book.phase != SalePhase::Cancelled
}

/// Whether a refund that staff asked for says why, as it was asked.
pub(super) fn says_why(refund: Option<&Refund>, asked: CommandView<'_>) -> bool {
    let Command::RefundOrder { why, .. } = &asked.envelope.command else { return false };
    let Some(refund) = refund else { return asked.version < SINCE && why.is_none() };
    let is_same = match why.as_deref() {
        Some(why) => refund.why == *why,
        None => refund.why.reason == RefundReason::Other && refund.why.note.is_empty(),
    };
    is_same && refund.by == staff_of(asked) && asked.version >= SINCE
}

/// The same of one that follows from a cancellation.
pub(super) fn says_cancelled(fact: &Fact, version: u32) -> bool {
    let Fact::OrderRefunded { why, .. } = fact else { return true };
    match why.as_deref() {
        None => version < SINCE,
        Some(Refund { why, by }) => {
            let is_said = why.reason == RefundReason::EventCancelled && why.note.is_empty();
            is_said && *by == StaffId::SYSTEM && version >= SINCE
        }
    }
}

/// Whether an order is of the house, which has no limits.
pub(super) fn is_of_house(book: &EventBook, hold_id: HoldId) -> bool {
    book.order(hold_id).is_some_and(|order| order.buyer == BuyerId::HOUSE)
}
