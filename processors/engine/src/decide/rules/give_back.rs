//! Seats that come back: when for everybody, and when their last buyer may hold again.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;
use crate::table::mix64;
use crate::version::{COOL_DOWNS_GROW, SEATS_RETURN_LATER};

/// The longest cool-down is the policy's, doubled so often.
const DOUBLINGS_MAX: u8 = 6;

/// After a fact that ends an order without a sale, unpaid: the seats return later, the buyer waits.
pub(in crate::decide) fn give_back_unpaid(
    event: &Event,
    context: Context,
    (hold_id, order): (HoldId, &Order),
    facts: &mut Vec<Fact>,
) {
    set_aside(event, context, (hold_id, order), facts);
    cool_down(event, context, order, facts);
}

/// After a fact that frees seats. Whoever let go of them must not know when others can have them:
/// friends would be first, and a program first of all.
pub(in crate::decide) fn set_aside(
    event: &Event,
    context: Context,
    (hold_id, order): (HoldId, &Order),
    facts: &mut Vec<Fact>,
) {
    let longest = event.policy.return_ms_max();
    if !context.follows(SEATS_RETURN_LATER) || longest == 0 {
        return;
    }
    // Several orders may end in one step; each has a moment of its own.
    let delay_ms = 1 + mix64(context.chance ^ hold_id.0) % longest;
    let until = context.now.plus(delay_ms);
    facts.push(Fact::SeatsSetAside { hold_id, seats: order.seats, until });
}

fn cool_down(event: &Event, context: Context, order: &Order, facts: &mut Vec<Fact>) {
    let base_ms = event.policy.cooldown_ms;
    if !context.follows(COOL_DOWNS_GROW) || base_ms == 0 {
        return;
    }
    // Whoever leaves lets go of several holds at once, and each of them counts.
    let counted = facts.iter().rev().find_map(|fact| {
        let Fact::BuyerCooling { buyer, count, .. } = fact else { return None };
        (*buyer == order.buyer).then_some(*count)
    });
    let known = || event.buyer(order.buyer).map_or(0, |buyer| buyer.cool_downs(context.now));
    let before = counted.unwrap_or_else(known);
    // A payment that failed kept the seats from others too.
    let count = before.saturating_add(order.attempt);
    let until = context.now.plus(base_ms << count.min(DOUBLINGS_MAX));
    let (buyer, count) = (order.buyer, count.saturating_add(1));
    facts.push(Fact::BuyerCooling { buyer, until, count });
}
