//! CreateEvent: a new event, if it can be sold as described.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::command::NewEvent;
use floodgate_domain::details::SaleTimes;
use floodgate_domain::fact::Fact;
use floodgate_domain::plan::SeatFlags;
use floodgate_domain::plan::check::problems;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::sale_times::{are_known, times_can_be};
use super::rules::terms::{policy_can_be, prices_fit};
use crate::outcomes::Outcome;
use crate::version::SHADE_IS_MARKED;

/// Decides beside `events` others, of at most `events_max`.
pub(crate) fn create_event(
    context: Context,
    new: &NewEvent,
    events: usize,
    events_max: usize,
) -> Result<(Fact, Outcome), Refusal> {
    context.staff()?;
    if events >= events_max {
        return Err(Refusal::TooManyEvents);
    }
    if !are_known(context, &new.details) {
        return Err(Refusal::NeedsNewerEngine);
    }
    // What the older rules said of a mark they did not know.
    let is_ahead = new.plan.has_flag(SeatFlags::SHADED) && !context.follows(SHADE_IS_MARKED);
    if is_ahead || !problems(&new.plan).is_empty() {
        return Err(Refusal::InvalidPlan);
    }
    if !prices_fit(context, &new.prices, new.plan.categories.len()) {
        return Err(Refusal::InvalidPrices);
    }
    policy_can_be(context, &new.policy)?;
    let none = (SaleTimes::default(), SalePhase::Announced);
    if !times_can_be(context, &new.details, none) {
        return Err(Refusal::InvalidDetails);
    }
    Ok((Fact::EventCreated(Box::new(new.clone())), Outcome::Done))
}
