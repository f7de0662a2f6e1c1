//! Which prices an event can have.

use floodgate_domain::price::{PriceTable, TIERS_MAX};

pub(in crate::decide) fn prices_fit(prices: &PriceTable, categories: usize) -> bool {
    prices.categories.len() <= categories
        && prices.categories.iter().all(|tiers| {
            tiers.len() <= TIERS_MAX && tiers.iter().all(|tier| tier.fee <= tier.amount)
        })
}
