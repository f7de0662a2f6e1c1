//! How many people one event has room for.

use crate::buyers::{Buyer, RECORDS_MAX};
use crate::decide::Context;
use crate::event::Event;
use crate::version::BUYERS_ARE_THOSE_WITH_SEATS;

/// Whether there is no room for one more record.
pub(in crate::decide) fn is_crowded(event: &Event, context: Context) -> bool {
    let records_max = match context.follows(BUYERS_ARE_THOSE_WITH_SEATS) {
        true => RECORDS_MAX,
        false => event.policy.buyers_max as usize,
    };
    event.buyers.len() >= records_max
}

/// Whether somebody may not become a buyer, because as many as may be have seats.
pub(in crate::decide) fn are_too_many_buyers(
    event: &Event,
    context: Context,
    record: Option<&Buyer>,
) -> bool {
    if record.is_none() && is_crowded(event, context) {
        return true;
    }
    let has_seats = record.is_some_and(|buyer| buyer.seats_count > 0);
    context.follows(BUYERS_ARE_THOSE_WITH_SEATS)
        && !has_seats
        && event.buyers.with_seats() >= event.policy.buyers_max as usize
}
