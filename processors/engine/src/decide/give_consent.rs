//! GiveConsent: somebody agrees to messages.

use floodgate_domain::consent::Consent;
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PEOPLE_FOLLOW;

/// Whoever follows need not be in the shop, nor wait, and may in every phase: there is news of an
/// event after its sale as well.
pub(super) fn give_consent(
    event: &Event,
    context: Context,
    consent: Consent,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    if !context.follows(PEOPLE_FOLLOW) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if consent.wording == 0 {
        return Err(Refusal::InvalidConsent);
    }
    let before = event.consents.wording(buyer, (consent.scope, consent.channel));
    if before.is_none() && event.consents.is_full() {
        return Err(Refusal::TooManyFollowers);
    }
    if before != Some(consent.wording) {
        facts.push(Fact::ConsentGiven { buyer, consent });
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consents::Consents;
    use floodgate_domain::command::NewEvent;
    use floodgate_domain::consent::{Channel, ConsentScope};
    use floodgate_domain::ids::{Actor, BuyerId, EventId, LogTime};

    #[test]
    fn an_event_has_so_many_consents_and_no_more() {
        let mut event = Event::new(EventId(1), &NewEvent::default(), PEOPLE_FOLLOW);
        event.consents = Consents::full();
        let actor = Actor::Buyer(BuyerId(1));
        let context = Context { now: LogTime(1), actor, version: PEOPLE_FOLLOW, chance: 0 };
        let consent = Consent { scope: ConsentScope::Event, channel: Channel::Page, wording: 1 };
        let mut facts = Vec::new();
        let refused = give_consent(&event, context, consent, &mut facts);
        assert_eq!((refused, facts.len()), (Err(Refusal::TooManyFollowers), 0));
    }
}
