//! SetPrices: what a seat costs from now on.

use floodgate_domain::fact::{Fact, SetBy};
use floodgate_domain::price::PriceTable;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::terms::prices_fit;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn set_prices(
    event: &Event,
    context: Context,
    prices: &PriceTable,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !prices_fit(context, prices, event.seat_map.category_count) {
        return Err(Refusal::InvalidPrices);
    }
    // One sale has one currency: totals of old and new orders must add up.
    if prices.currency != event.prices.currency {
        return Err(Refusal::InvalidPrices);
    }
    facts.push(Fact::PricesSet(SetBy { value: Box::new(prices.clone()), by: context.setter() }));
    Ok(Outcome::Done)
}
