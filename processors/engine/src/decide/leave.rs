//! Leave: out of the shop.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::give_back::give_back_unpaid;
use crate::event::Event;
use crate::outcomes::Outcome;

/// Leaving gives back what is held; what is being paid stays.
pub(super) fn leave(
    event: &Event,
    context: Context,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    let record = event.buyer(buyer).filter(|buyer| buyer.in_shop).ok_or(Refusal::NotInShop)?;
    let holds = record.live_holds().iter().filter_map(|&id| Some((id, event.orders.get(id)?)));
    for (hold_id, order) in holds.filter(|(_, order)| order.status != OrderStatus::PaymentPending) {
        facts.push(Fact::HoldReleased { hold_id, buyer, seats: order.seats });
        give_back_unpaid(event, context, (hold_id, order), facts);
    }
    facts.push(Fact::ShopperLeft { buyer, reason: LeaveReason::ByChoice });
    Ok(Outcome::Done)
}
