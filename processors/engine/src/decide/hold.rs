//! Taking seats out of reach of others, for a while.

use super::super::buyers::Buyer;
use super::super::event::Event;
use super::super::house::SeatState;
use super::super::orders::Order;
use super::super::outcomes::Outcome;
use super::{Asked, shop, timeout};
use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::{Actor, BuyerId, HoldId};
use floodgate_domain::plan::{CATEGORIES_MAX, CategorySet};
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatList;

pub(super) fn hold_seats(
    event: &Event,
    asked: Asked,
    seats: &SeatList,
    accessible: bool,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = may_hold(event, asked, seats.len())?;
    if seats.has_duplicates() {
        return Err(Refusal::SeatsRepeated);
    }
    for seat in seats.iter() {
        match event.house.seat_state(seat) {
            None => return Err(Refusal::UnknownSeat),
            Some(SeatState::NotForSale) => return Err(Refusal::SeatNotForSale),
            Some(SeatState::Held | SeatState::Sold) => return Err(Refusal::SeatTaken),
            Some(SeatState::Free { accessible: true }) if !accessible => {
                return Err(Refusal::AccessibleSeat);
            }
            Some(SeatState::Free { .. }) => {}
        }
    }
    hold(event, asked, buyer, *seats, facts)
}

pub(super) fn hold_best(
    event: &Event,
    asked: Asked,
    count: u8,
    categories: CategorySet,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = may_hold(event, asked, usize::from(count))?;
    let for_sale = categories_for_sale(event, asked, categories);
    if for_sale.0 == 0 {
        return Err(Refusal::NoSuchCategory);
    }
    match event.house.best(count, for_sale) {
        Some(seats) => hold(event, asked, buyer, seats, facts),
        None if event.house.any_open(for_sale) => Err(Refusal::NotEnoughTogether),
        None => Err(Refusal::SoldOut),
    }
}

/// Those of `categories` that have a price now.
fn categories_for_sale(event: &Event, asked: Asked, categories: CategorySet) -> CategorySet {
    let priced = event.prices.categories.len().min(CATEGORIES_MAX);
    let has_price = |&category: &u8| {
        let taken = event.house.taken(category);
        categories.contains(category) && event.prices.amount(category, taken, asked.now).is_some()
    };
    let bits = (0..priced as u8).filter(has_price).fold(0, |bits, c| bits | 1_u64 << c);
    CategorySet(bits)
}

/// Phase, pass and limits: everything that does not depend on which seats.
fn may_hold(event: &Event, asked: Asked, count: usize) -> Result<BuyerId, Refusal> {
    let buyer = asked.buyer()?;
    shop::must_be_open(event)?;
    let policy = &event.policy;
    let record = event.buyer(buyer);
    if policy.pass_required {
        let shopper = record.filter(|buyer| buyer.in_shop).ok_or(Refusal::NoPass)?;
        if asked.now >= shopper.pass_until {
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
        Some(record) => within_limits(event, asked, record, count)?,
        None if count > usize::from(policy.seats_per_buyer_max) => {
            return Err(Refusal::BuyerLimit);
        }
        None if event.buyers.len() >= policy.buyers_max as usize => {
            return Err(Refusal::TooManyBuyers);
        }
        None => {}
    }
    Ok(buyer)
}

fn within_limits(event: &Event, asked: Asked, record: &Buyer, count: usize) -> Result<(), Refusal> {
    let policy = &event.policy;
    if asked.now < record.cooldown_until {
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

/// The seats are free and the buyer may: fix the price and hold.
fn hold(
    event: &Event,
    asked: Asked,
    buyer: BuyerId,
    seats: SeatList,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let amount = price_of(event, asked, &seats)?;
    let hold_id = event.orders.next_id();
    let until = asked.now.plus(event.policy.hold_ms);
    facts.push(Fact::SeatsHeld { hold_id, buyer, seats, amount, until });
    Ok(Outcome::Order(hold_id))
}

/// The all-in total, seat by seat, since a tier may end in the middle of a group.
fn price_of(event: &Event, asked: Asked, seats: &SeatList) -> Result<u64, Refusal> {
    let mut total = 0;
    for (at, seat) in seats.iter().enumerate() {
        let category = event.house.category_of(seat).ok_or(Refusal::UnknownSeat)?;
        let before = seats.as_slice()[..at]
            .iter()
            .filter(|&&other| event.house.category_of(other) == Some(category))
            .count();
        let taken = event.house.taken(category) + before as u32;
        let amount = event.prices.amount(category, taken, asked.now);
        total += u64::from(amount.ok_or(Refusal::SeatNotForSale)?);
    }
    Ok(total)
}

pub(super) fn extend_hold(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = own_order(event, asked, hold_id)?;
    match order.status {
        OrderStatus::Held if asked.now < order.until => {}
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        _ => return Err(Refusal::HoldEnded),
    }
    if order.extensions >= event.policy.extensions_max {
        return Err(Refusal::NoExtensionLeft);
    }
    let until = order.until.max(asked.now.plus(event.policy.extension_ms));
    facts.push(Fact::HoldExtended { hold_id, buyer: order.buyer, until });
    Ok(Outcome::Order(hold_id))
}

pub(super) fn release_hold(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = own_order(event, asked, hold_id)?;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined => {}
        // Released already: the wish is fulfilled.
        OrderStatus::Released => return Ok(Outcome::Order(hold_id)),
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        OrderStatus::Expired | OrderStatus::Refunded | OrderStatus::Cancelled => {
            return Err(Refusal::HoldEnded);
        }
    }
    facts.push(Fact::HoldReleased { hold_id, buyer: order.buyer, seats: order.seats });
    timeout::leave_if_over(event, order, hold_id, asked.now, facts);
    Ok(Outcome::Order(hold_id))
}

/// The order, if the one who asks may touch it.
pub(super) fn own_order(event: &Event, asked: Asked, hold_id: HoldId) -> Result<&Order, Refusal> {
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    match asked.actor {
        Actor::Buyer(buyer) if buyer != order.buyer => Err(Refusal::NotYourHold),
        Actor::Buyer(_) | Actor::Staff(_) | Actor::System => Ok(order),
    }
}
