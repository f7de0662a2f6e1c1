//! HoldBest: the best seats together.

use floodgate_domain::command::SeatGroup;
use floodgate_domain::fact::Fact;
use floodgate_domain::plan::{CATEGORIES_MAX, CategorySet};
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatList;

use super::Context;
use super::rules::limits::may_hold;
use super::rules::new_hold::{hold, price_of};
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::{BEST_HAS_CONDITIONS, GROUPS_SPAN_PRICES, SOLD_OUT_MEANS_NOTHING_IS_LEFT};

pub(super) fn hold_best(
    event: &Event,
    context: Context,
    group: SeatGroup,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = may_hold(event, context, usize::from(group.count))?;
    let has_conditions = group.accessible || group.amount_max.is_some();
    if has_conditions && !context.follows(BEST_HAS_CONDITIONS) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let for_sale = categories_for_sale(event, context, group.categories);
    if for_sale.0 == 0 {
        return Err(Refusal::NoSuchCategory);
    }
    let seats = if group.accessible {
        accessible(event, group.count, for_sale)?
    } else {
        ordinary(event, context, group.count, for_sale)?
    };
    if let Some(most) = group.amount_max
        && price_of(event, context, &seats)? > most
    {
        return Err(Refusal::PriceAboveLimit);
    }
    hold(event, context, buyer, seats, facts)
}

fn ordinary(
    event: &Event,
    context: Context,
    count: u8,
    for_sale: CategorySet,
) -> Result<SeatList, Refusal> {
    let map = &event.seat_map;
    if let Some(seats) = map.best(count, for_sale) {
        return Ok(seats);
    }
    let may_span = context.follows(GROUPS_SPAN_PRICES);
    if let Some(seats) = may_span.then(|| map.best_across(count, for_sale)).flatten() {
        return Ok(seats);
    }
    let says_what_is_left = context.follows(SOLD_OUT_MEANS_NOTHING_IS_LEFT);
    Err(match () {
        () if map.any_open(for_sale) => Refusal::NotEnoughTogether,
        () if says_what_is_left && map.any_accessible(for_sale) => Refusal::OnlyAccessibleLeft,
        () => Refusal::SoldOut,
    })
}

/// Wheelchair users and who is with them.
fn accessible(event: &Event, count: u8, for_sale: CategorySet) -> Result<SeatList, Refusal> {
    let map = &event.seat_map;
    map.best_accessible(count, for_sale).ok_or_else(|| {
        let any_left = map.any_wheelchair_space(for_sale);
        if any_left { Refusal::NotEnoughTogether } else { Refusal::NoWheelchairSpace }
    })
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
