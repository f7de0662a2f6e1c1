//! Which prices an event can have.

use floodgate_domain::price::{PriceTable, TIERS_MAX};

use crate::decide::Context;
use crate::version::LAST_PRICE_HAS_NO_END;

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
