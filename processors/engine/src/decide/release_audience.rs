//! ReleaseAudience: the table of a window, within what a year may cost.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::release::AudienceRelease;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::AUDIENCE_IS_RELEASED;

/// Nothing here depends on who is counted: when there is a table says nothing of anybody.
pub(super) fn release_audience(
    event: &Event,
    context: Context,
    release: &AudienceRelease,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    if !context.follows(AUDIENCE_IS_RELEASED) {
        return Err(Refusal::NeedsNewerEngine);
    }
    match event.phase {
        SalePhase::Announced => return Err(Refusal::SaleNotOpen),
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
        _ => {}
    }
    let is_over = release.until <= context.now;
    if !release.can_be() || !is_over || !event.releases.follows(release) {
        return Err(Refusal::ReleaseOutOfOrder);
    }
    let spent = event.releases.spent_with(release, context.now);
    let spent_micros = spent.ok_or(Refusal::PrivacyBudgetSpent)?;
    let number = event.releases.next_number();
    facts.push(Fact::AudienceReleased { number, spent_micros, release: Box::new(*release) });
    Ok(Outcome::Done)
}
