//! What facts change in the people store, as data: decided without it, written in one transaction.

use floodgate_domain::{
    AnnouncementId, AudienceSpec, AudienceWho, BuyerId, Channel, Consent, ConsentScope, EventId,
    LogTime,
};
use floodgate_people::{NewMessage, PeopleError, QueuedCodes, SeatGain, Work};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StoreChange {
    Artist(EventId, String),
    Consent {
        event_id: EventId,
        buyer: BuyerId,
        consent: Consent,
        at: LogTime,
    },
    Withdrawn {
        event_id: EventId,
        buyer: BuyerId,
        scope: ConsentScope,
        channel: Channel,
    },
    Gain(SeatGain),
    /// A batch of codes has so many more.
    Minted {
        event_id: EventId,
        batch: u16,
        count: u32,
        at: LogTime,
    },
    Waiting(EventId, BuyerId, bool),
    NobodyWaits(EventId),
    /// One message for each person of the audience, as it is after the changes before this one.
    Start {
        id: AnnouncementId,
        event_id: EventId,
        spec: AudienceSpec,
        /// The batch whose codes go with it.
        codes: Option<u16>,
        at: LogTime,
    },
    Pause(AnnouncementId),
    Resume(AnnouncementId),
    Stop(AnnouncementId, LogTime),
    /// To somebody who has left an address; whoever has not sees it on the page alone.
    ToBuyer(NewMessage),
    ToMany {
        who: AudienceWho,
        event_id: EventId,
        occasion: &'static str,
        name: String,
        at: LogTime,
    },
}

impl StoreChange {
    pub(crate) fn write(&self, work: &mut Work<'_>) -> Result<(), PeopleError> {
        match self {
            StoreChange::Artist(event_id, artist) => work.set_artist(*event_id, artist),
            StoreChange::Consent { event_id, buyer, consent, at } => {
                work.consent_given(*event_id, *buyer, *consent, *at)
            }
            StoreChange::Withdrawn { event_id, buyer, scope, channel } => {
                work.consent_withdrawn(*event_id, *buyer, *scope, *channel)
            }
            StoreChange::Gain(gain) => work.gain(*gain),
            StoreChange::Waiting(event_id, buyer, is_waiting) => {
                work.set_waiting(*event_id, *buyer, *is_waiting)
            }
            StoreChange::NobodyWaits(event_id) => work.nobody_waits(*event_id),
            StoreChange::Minted { event_id, batch, count, at } => {
                work.codes_minted(*event_id, *batch, *count, *at).map(|_| ())
            }
            StoreChange::Start { id, event_id, spec, codes, at } => {
                let QueuedCodes { count, without } = match codes {
                    Some(batch) => work.queue_with_codes((*id, *batch), *event_id, spec, *at)?,
                    None => {
                        let count = work.queue_announcement(*id, *event_id, spec, *at)?;
                        QueuedCodes { count, without: 0 }
                    }
                };
                tracing::info!(announcement_id = %id, %event_id, count, without_code = without,
                    "an announcement goes out");
                Ok(())
            }
            StoreChange::Pause(id) => work.pause(*id),
            StoreChange::Resume(id) => work.resume(*id),
            StoreChange::Stop(id, at) => work.stop(*id, *at),
            StoreChange::ToBuyer(message) => match work.person_of(message.buyer)? {
                Some(_) => work.queue(message).map(|_| ()),
                None => Ok(()),
            },
            StoreChange::ToMany { who, event_id, occasion, name, at } => {
                work.queue_for(*who, *event_id, occasion, name, *at).map(|_| ())
            }
        }
    }
}
