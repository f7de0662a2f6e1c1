//! WithdrawConsent: somebody wants no more messages of a kind.

use floodgate_domain::consent::{Channel, ConsentScope};
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PEOPLE_FOLLOW;

/// Never refused to whoever may ask: what was not given need not be taken back.
pub(super) fn withdraw_consent(
    event: &Event,
    context: Context,
    (scope, channel): (ConsentScope, Channel),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    if !context.follows(PEOPLE_FOLLOW) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if event.consents.wording(buyer, (scope, channel)).is_some() {
        facts.push(Fact::ConsentWithdrawn { buyer, scope, channel });
    }
    Ok(Outcome::Done)
}
