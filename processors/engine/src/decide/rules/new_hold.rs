//! A new hold: its price, its number, its end.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::BuyerId;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatList;

use crate::decide::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::UNPAID_TIME_IS_BOUNDED;

/// The seats are free and the buyer may: fix the price and hold.
pub(in crate::decide) fn hold(
    event: &Event,
    context: Context,
    buyer: BuyerId,
    seats: SeatList,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let amount = price_of(event, context, &seats)?;
    let hold_id = event.orders.next_id();
    let until = context.now.plus(length_ms(event, context));
    let bound = context.now.plus(event.policy.unpaid_ms_max());
    let pay_by = context.follows(UNPAID_TIME_IS_BOUNDED).then_some(bound.max(until));
    facts.push(Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by });
    Ok(Outcome::Order(hold_id))
}

#[cfg(not(feature = "test-version"))]
fn length_ms(event: &Event, _: Context) -> u64 {
    event.policy.hold_ms
}

/// The one rule that only tests have.
#[cfg(feature = "test-version")]
fn length_ms(event: &Event, context: Context) -> u64 {
    let policy = &event.policy;
    if context.follows(crate::version::TEST_VERSION) { policy.hold_ms * 2 } else { policy.hold_ms }
}

/// The all-in total, seat by seat, since a tier may end in the middle of a group.
pub(in crate::decide) fn price_of(
    event: &Event,
    context: Context,
    seats: &SeatList,
) -> Result<u64, Refusal> {
    let mut total = 0;
    for (at, seat) in seats.iter().enumerate() {
        let category = event.seat_map.category_of(seat).ok_or(Refusal::UnknownSeat)?;
        let before = seats.as_slice()[..at]
            .iter()
            .filter(|&&other| event.seat_map.category_of(other) == Some(category))
            .count();
        let taken = event.seat_map.taken(category) + before as u32;
        let amount = event.prices.amount(category, taken, context.now);
        total += u64::from(amount.ok_or(Refusal::SeatNotForSale)?);
    }
    Ok(total)
}
