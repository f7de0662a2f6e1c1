//! HoldBest: the best seats together.

use floodgate_domain::fact::Fact;
use floodgate_domain::plan::{CATEGORIES_MAX, CategorySet};
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::limits::may_hold;
use super::rules::new_hold::hold;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn hold_best(
    event: &Event,
    context: Context,
    count: u8,
    categories: CategorySet,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = may_hold(event, context, usize::from(count))?;
    let for_sale = categories_for_sale(event, context, categories);
    if for_sale.0 == 0 {
        return Err(Refusal::NoSuchCategory);
    }
    match event.seat_map.best(count, for_sale) {
        Some(seats) => hold(event, context, buyer, seats, facts),
        None if event.seat_map.any_open(for_sale) => Err(Refusal::NotEnoughTogether),
        None => Err(Refusal::SoldOut),
    }
}

/// Those of `categories` that have a price now.
fn categories_for_sale(event: &Event, context: Context, categories: CategorySet) -> CategorySet {
    let priced = event.prices.categories.len().min(CATEGORIES_MAX);
    let has_price = |&category: &u8| {
        let taken = event.seat_map.taken(category);
        categories.contains(category) && event.prices.amount(category, taken, context.now).is_some()
    };
    let bits = (0..priced as u8).filter(has_price).fold(0, |bits, c| bits | 1_u64 << c);
    CategorySet(bits)
}
