//! ShareCohort and WithdrawCohort: one decision: whether somebody is counted, and where.

use floodgate_domain::cohort::Cohort;
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;

/// A buyer's cohort is one: another answer takes the place of the one before.
pub(super) fn share_cohort(
    event: &Event,
    context: Context,
    cohort: Option<Cohort>,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let record = event.buyer(context.buyer()?).ok_or(Refusal::NoPass)?;
    if record.cohort != cohort {
        facts.extend(record.cohort.map(|cohort| Fact::CohortLeft { cohort }));
        facts.extend(cohort.map(|cohort| Fact::CohortJoined { cohort }));
    }
    Ok(Outcome::Done)
}
