//! TransferTicket: the owner of a ticket gives it to somebody else.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::{Actor, BuyerId, HoldId};
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatId;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::TICKETS_ARE_REVOKED;

/// Hands a ticket may go through. Friends need one or two; a market would need more.
const EDITIONS_MAX: u16 = 16;

pub(super) fn transfer_ticket(
    event: &Event,
    context: Context,
    ticket @ (hold_id, seat, edition): (HoldId, SeatId, u16),
    to: BuyerId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let from = owner_of_good(event, context, ticket)?;
    match context.actor {
        Actor::Buyer(buyer) if buyer != from => return Err(Refusal::NotYourTicket),
        Actor::Buyer(_) | Actor::Staff(_) | Actor::System => {}
    }
    if to == from {
        return Err(Refusal::AlreadyYours);
    }
    if edition >= EDITIONS_MAX {
        return Err(Refusal::HandedOnTooOften);
    }
    // What the giver bought still counts as theirs, so that nobody buys for a market. What the
    // house gave away counts for nobody.
    let seats_max = u32::from(event.policy.seats_per_buyer_max);
    if !is_of_house(event, hold_id) && seats_after_receiving(event, to) > seats_max {
        return Err(Refusal::BuyerLimit);
    }
    facts.push(Fact::TicketTransferred { hold_id, seat, from, to });
    Ok(Outcome::Done)
}

/// The owner of a ticket that is still good: the newest edition, and nobody was let in with it.
pub(super) fn owner_of_good(
    event: &Event,
    context: Context,
    (hold_id, seat, edition): (HoldId, SeatId, u16),
) -> Result<BuyerId, Refusal> {
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    match order.status {
        OrderStatus::Confirmed => {}
        OrderStatus::Refunded | OrderStatus::Cancelled if context.follows(TICKETS_ARE_REVOKED) => {
            return Err(Refusal::TicketRevoked);
        }
        _ => return Err(Refusal::NotConfirmed),
    }
    if !order.seats.as_slice().contains(&seat) {
        return Err(Refusal::UnknownSeat);
    }
    if event.tickets.is_redeemed(hold_id, seat) {
        return Err(Refusal::TicketUsed);
    }
    if event.tickets.edition(hold_id, seat) != edition {
        return Err(Refusal::TicketSuperseded);
    }
    Ok(event.tickets.owner(hold_id, seat).unwrap_or(order.buyer))
}

fn is_of_house(event: &Event, hold_id: HoldId) -> bool {
    event.orders.get(hold_id).is_some_and(|order| order.buyer == BuyerId::HOUSE)
}

/// The seats somebody bought or holds, was given by others, and this one.
fn seats_after_receiving(event: &Event, to: BuyerId) -> u32 {
    let own = event.buyer(to).map_or(0, |buyer| u32::from(buyer.seats_count));
    let is_of_others = |hold_id| {
        let order = event.orders.get(hold_id);
        order.is_some_and(|order| order.buyer != to && order.buyer != BuyerId::HOUSE)
    };
    let given = event.tickets.received_by(to).filter(|(hold_id, _)| is_of_others(*hold_id));
    let given = u32::try_from(given.count()).unwrap_or(u32::MAX);
    own.saturating_add(given).saturating_add(1)
}
