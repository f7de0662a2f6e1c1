//! ShareCohort and WithdrawCohort: one decision: whether somebody is counted, and where.

use floodgate_domain::cohort::Cohort;
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::buyers::Buyer;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PEOPLE_ARE_FORGOTTEN;

/// A buyer's cohort is one: another answer takes the place of the one before.
pub(super) fn share_cohort(
    event: &Event,
    context: Context,
    cohort: Option<Cohort>,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    // Whoever does not matter any more may be forgotten already; that must make no difference.
    let matters =
        |buyer: &&Buyer| !context.follows(PEOPLE_ARE_FORGOTTEN) || buyer.matters(context.now);
    let record = event.buyer(context.buyer()?).filter(matters).ok_or(Refusal::NoPass)?;
    if record.cohort != cohort {
        facts.extend(record.cohort.map(|cohort| Fact::CohortLeft { cohort }));
        facts.extend(cohort.map(|cohort| Fact::CohortJoined { cohort }));
    }
    Ok(Outcome::Done)
}
