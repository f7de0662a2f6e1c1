//! Which prices and rules an event can have.

use floodgate_domain::policy::Policy;
use floodgate_domain::price::{PriceTable, TIERS_MAX};
use floodgate_domain::refusal::Refusal;

use crate::decide::Context;
use crate::version::{ANNOUNCEMENTS_GO_OUT, LAST_PRICE_HAS_NO_END, SIGN_IN_IS_ASKED_FOR};

pub(in crate::decide) fn prices_fit(
    context: Context,
    prices: &PriceTable,
    categories: usize,
) -> bool {
    let may_end = !context.follows(LAST_PRICE_HAS_NO_END);
    prices.categories.len() <= categories
        && (may_end || prices.first_that_ends().is_none())
        && prices.categories.iter().all(|tiers| {
            tiers.len() <= TIERS_MAX && tiers.iter().all(|tier| tier.fee <= tier.amount)
        })
}

/// A rule about announcements is one of the rules that decide them: builds without those do not even
/// read it.
pub(in crate::decide) fn policy_can_be(context: Context, policy: &Policy) -> Result<(), Refusal> {
    if policy.fault().is_some() {
        return Err(Refusal::InvalidPolicy);
    }
    if policy.approve_announcements.is_some() && !context.follows(ANNOUNCEMENTS_GO_OUT) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if policy.sign_in_required.is_some() && !context.follows(SIGN_IN_IS_ASKED_FOR) {
        return Err(Refusal::NeedsNewerEngine);
    }
    Ok(())
}
