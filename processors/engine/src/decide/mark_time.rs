//! MarkTime: the time of the log becomes visible.

use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::outcomes::Outcome;

pub(super) fn mark_time(context: Context, facts: &mut Vec<Fact>) -> Result<Outcome, Refusal> {
    context.system()?;
    facts.push(Fact::TimeMarked);
    Ok(Outcome::Done)
}
