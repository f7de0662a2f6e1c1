//! Phase, pass and limits: what is checked before any seat.

use floodgate_domain::ids::BuyerId;
use floodgate_domain::refusal::Refusal;

use super::crowd::are_too_many_buyers;
use super::phase::must_be_open;
use crate::buyers::Buyer;
use crate::decide::Context;
use crate::event::Event;

/// Phase, pass and limits: everything that does not depend on which seats.
pub(in crate::decide) fn may_hold(
    event: &Event,
    context: Context,
    count: usize,
) -> Result<BuyerId, Refusal> {
    let buyer = context.buyer()?;
    must_be_open(event, buyer)?;
    let policy = &event.policy;
    let record = event.buyer(buyer);
    if policy.pass_required {
        let shopper = record.filter(|buyer| buyer.in_shop).ok_or(Refusal::NoPass)?;
        if context.now >= shopper.pass_until {
            return Err(Refusal::PassExpired);
        }
    }
    if count == 0 {
        return Err(Refusal::NoSeatsNamed);
    }
    if count > usize::from(policy.seats_per_hold_max) {
        return Err(Refusal::HoldTooLarge);
    }
    match record {
        Some(record) => within_limits(event, context, record, count)?,
        None if count > usize::from(policy.seats_per_buyer_max) => {
            return Err(Refusal::BuyerLimit);
        }
        None => {}
    }
    if are_too_many_buyers(event, context, record) {
        return Err(Refusal::TooManyBuyers);
    }
    Ok(buyer)
}

fn within_limits(
    event: &Event,
    context: Context,
    record: &Buyer,
    count: usize,
) -> Result<(), Refusal> {
    let policy = &event.policy;
    if context.now < record.cooldown_until {
        return Err(Refusal::CoolingDown);
    }
    if record.live_holds().len() >= usize::from(policy.holds_per_buyer_max) {
        return Err(Refusal::TooManyHolds);
    }
    if usize::from(record.seats_count) + count > usize::from(policy.seats_per_buyer_max) {
        return Err(Refusal::BuyerLimit);
    }
    Ok(())
}
