//! RefundOrder: a confirmed order is refunded.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::house::RefundWhy;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::give_back::set_aside;
use super::rules::house::refund;
use crate::event::Event;
use crate::orders::Order;
use crate::outcomes::Outcome;
use crate::version::REFUNDS_SAY_WHY;

pub(super) fn refund_order(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    why: Option<&RefundWhy>,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if why.is_some() && !context.follows(REFUNDS_SAY_WHY) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    match order.status {
        OrderStatus::Confirmed => {}
        OrderStatus::Refunded => return Err(Refusal::AlreadyRefunded),
        _ => return Err(Refusal::NotConfirmed),
    }
    let Order { buyer, seats, amount, .. } = *order;
    if seats.iter().any(|seat| event.tickets.is_redeemed(hold_id, seat)) {
        return Err(Refusal::TicketUsed);
    }
    let why = refund(context, why);
    facts.push(Fact::OrderRefunded { hold_id, buyer, seats, amount, why });
    set_aside(event, context, (hold_id, order), facts);
    Ok(Outcome::Order(hold_id))
}
