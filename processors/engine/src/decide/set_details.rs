//! SetDetails: what an event says of itself, and when its sale opens and closes.

use floodgate_domain::details::EventDetails;
use floodgate_domain::fact::{Fact, SetBy};
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::sale_times::{are_known, times_can_be};
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::SALES_HAVE_TIMES;

/// Sets all of them, if they are still those of `revision`: of two people who change an event at
/// once, the second reads what the first has made of it.
pub(super) fn set_details(
    event: &Event,
    context: Context,
    (details, revision): (&EventDetails, u32),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !context.follows(SALES_HAVE_TIMES) || !are_known(context, details) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if revision != event.details_revision {
        return Err(Refusal::DetailsChanged);
    }
    if !times_can_be(context, details, (event.sale_times, event.phase)) {
        return Err(Refusal::InvalidDetails);
    }
    let value = Box::new(details.clone());
    facts.push(Fact::DetailsSet(SetBy { value, by: context.setter() }));
    Ok(Outcome::Done)
}
