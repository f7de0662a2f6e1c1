//! One message for one person, or for everybody who has to do with an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_log::{NewRecord, Partition};
use floodgate_onsale::{BuyerId, Fact, FactRecord, HoldId, LogTime, Source};

use super::{Attributes, Position, time_text};

/// A message; whoever sends it chooses words and channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// `hold_ending`, `hold_expired`, `order_confirmed`, `order_declined`, `order_expired`,
    /// `order_refunded`, `order_cancelled`, or `event_` and a phase.
    pub kind: String,
    pub event_id: String,
    /// Whom to tell: a pseudonym; absent when everybody of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// When what it is about ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The fact it follows from. The same message has the same position and kind, however often it
    /// is delivered.
    pub position: Position,
    pub at: String,
}

impl Notification {
    /// The message that follows from a fact, if one does.
    #[must_use]
    pub fn of(partition: Partition, record: &FactRecord) -> Option<Self> {
        let (kind, person) = match &record.fact {
            Fact::HoldExpired { hold_id, buyer, .. } => {
                ("hold_expired", Some((*hold_id, *buyer, None)))
            }
            Fact::OrderConfirmed { hold_id, buyer, .. } => {
                ("order_confirmed", Some((*hold_id, *buyer, None)))
            }
            Fact::OrderDeclined { hold_id, buyer, until, .. } => {
                ("order_declined", Some((*hold_id, *buyer, Some(*until))))
            }
            Fact::OrderExpired { hold_id, buyer, .. } => {
                ("order_expired", Some((*hold_id, *buyer, None)))
            }
            Fact::OrderRefunded { hold_id, buyer, .. } => {
                ("order_refunded", Some((*hold_id, *buyer, None)))
            }
            Fact::OrderCancelled { hold_id, buyer, .. } => {
                ("order_cancelled", Some((*hold_id, *buyer, None)))
            }
            Fact::SaleOpened => ("event_open", None),
            Fact::SalePaused => ("event_paused", None),
            Fact::SaleClosed => ("event_closed", None),
            Fact::EventCancelled => ("event_cancelled", None),
            _ => return None,
        };
        Some(Self::new(kind, partition, (record.event_id, record.source, record.at), person))
    }

    /// The message that a hold will soon be over.
    #[must_use]
    pub fn hold_ending(
        partition: Partition,
        origin: (floodgate_onsale::EventId, Source, LogTime),
        (hold_id, buyer, until): (HoldId, BuyerId, LogTime),
    ) -> Self {
        Self::new("hold_ending", partition, origin, Some((hold_id, buyer, Some(until))))
    }

    fn new(
        kind: &str,
        partition: Partition,
        (event_id, source, at): (floodgate_onsale::EventId, Source, LogTime),
        person: Option<(HoldId, BuyerId, Option<LogTime>)>,
    ) -> Self {
        let Source { offset, index } = source;
        Notification {
            kind: kind.to_owned(),
            event_id: event_id.to_string(),
            user_id: person.map(|(_, buyer, _)| buyer.to_string()),
            order_id: person.map(|(hold_id, ..)| hold_id.order().to_string()),
            until: person.and_then(|(.., until)| until).map(time_text),
            position: Position { partition, offset, index },
            at: time_text(at),
        }
    }

    /// As a record of the notifications topic; its key is the person, or the event.
    #[must_use]
    pub fn record(&self) -> NewRecord {
        let Position { partition, offset, index } = self.position;
        let key = self.user_id.clone().unwrap_or_else(|| self.event_id.clone());
        let attributes = Attributes {
            kind: format!("floodgate.notification.{}.v1", self.kind),
            source: format!("/floodgate/notifications/{partition}"),
            id: format!("{partition}-{offset}-{index}-{}", self.kind),
            subject: key.clone(),
            time: self.at.clone(),
        };
        let value = serde_json::to_vec(self).expect("numbers and texts always serialise");
        NewRecord { key: key.into(), value: value.into(), headers: attributes.headers() }
    }
}
