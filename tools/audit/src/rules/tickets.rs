//! Tickets that are handed on or used.

use floodgate_domain::{BuyerId, Command, Fact, HoldId};

use super::CommandView;
use super::house::is_of_house;
use super::row::{CAUSE, LIMITS, Row};
use crate::books::event::EventBook;

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    Some(match (fact, &asked.envelope.command) {
        (
            Fact::TicketTransferred { hold_id, seat, from, to },
            Command::TransferTicket { hold_id: id, seat: named, edition, to: receiver },
        ) => {
            let is_shown = *edition == book.tickets.edition(*hold_id, *seat);
            vec![
                (CAUSE, "another ticket", hold_id == id && seat == named),
                (CAUSE, "another receiver", to == receiver),
                (CAUSE, "it was not theirs", asked.may_touch(*from)),
                ("ticket-of-order", "not the edition that is good", is_shown),
                (LIMITS, "more seats than one may have", may_receive(book, *hold_id, *to)),
            ]
        }
        (
            Fact::TicketRedeemed { hold_id, seat, .. },
            Command::RedeemTicket { hold_id: id, seat: named, edition },
        ) => {
            let is_shown = *edition == book.tickets.edition(*hold_id, *seat);
            vec![
                (CAUSE, "another ticket", hold_id == id && seat == named),
                (CAUSE, "nobody of the staff asked", asked.is_staff()),
                ("ticket-of-order", "not the edition that is good", is_shown),
            ]
        }
        _ => return None,
    })
}

/// Whether somebody may be given a ticket: what they bought counts, and what others gave, but nothing
/// that the house gave away.
pub(super) fn may_receive(book: &EventBook, hold_id: HoldId, to: BuyerId) -> bool {
    let own = book.buyers.get(&to).map_or(0, |one| one.seats);
    let is_of_others = |id: &HoldId| {
        !is_of_house(book, *id) && book.order(*id).is_some_and(|order| order.buyer != to)
    };
    let given = book.tickets.given_to(to).filter(is_of_others).count() as u64;
    let has_room = own + given < u64::from(book.policy.seats_per_buyer_max);
    has_room || is_of_house(book, hold_id)
}
