//! One message for one person, or for everybody who has to do with an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::{BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, Source};
use floodgate_event_log::{NewRecord, Partition};

use super::{Attributes, Position, time_text};

/// A message; whoever sends it chooses words and channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// To one person: `your_turn`; `hold_made`, `hold_extended`, `hold_ending`, `hold_released`,
    /// `hold_expired`; `order_payment_pending`, `order_declined`, `order_confirmed`,
    /// `order_settled`, `order_expired`, `order_refunded`, `order_cancelled`, `payment_voided`.
    /// To everybody: `event_announced`, `event_open`, `event_paused`, `event_closed`,
    /// `event_cancelled`, `event_prices_changed`, `event_rules_changed`. New kinds may appear.
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

/// Where a message comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) partition: Partition,
    pub(super) event_id: EventId,
    pub(super) source: Source,
    pub(super) at: LogTime,
}

impl Origin {
    pub(super) fn of(partition: Partition, record: &FactRecord) -> Self {
        let FactRecord { event_id, source, at, .. } = *record;
        Origin { partition, event_id, source, at }
    }
}

impl Notification {
    /// The message that follows from a fact alone, if one does.
    pub(super) fn of(partition: Partition, record: &FactRecord) -> Option<Self> {
        let origin = Origin::of(partition, record);
        let about = |kind, hold_id: &HoldId, buyer: &BuyerId, until: Option<&LogTime>| {
            Self::about(kind, origin, (*hold_id, *buyer), until.copied())
        };
        Some(match &record.fact {
            Fact::SeatsHeld { hold_id, buyer, until, .. } => {
                about("hold_made", hold_id, buyer, Some(until))
            }
            Fact::HoldExtended { hold_id, buyer, until } => {
                about("hold_extended", hold_id, buyer, Some(until))
            }
            Fact::HoldReleased { hold_id, buyer, .. } => {
                about("hold_released", hold_id, buyer, None)
            }
            Fact::HoldExpired { hold_id, buyer, .. } => about("hold_expired", hold_id, buyer, None),
            Fact::PurchaseStarted { hold_id, buyer, until, .. } => {
                about("order_payment_pending", hold_id, buyer, Some(until))
            }
            Fact::OrderDeclined { hold_id, buyer, until, .. } => {
                about("order_declined", hold_id, buyer, Some(until))
            }
            Fact::OrderConfirmed { hold_id, buyer, .. } => {
                about("order_confirmed", hold_id, buyer, None)
            }
            Fact::OrderSettled { hold_id, buyer, .. } => {
                about("order_settled", hold_id, buyer, None)
            }
            Fact::OrderExpired { hold_id, buyer, .. } => {
                about("order_expired", hold_id, buyer, None)
            }
            Fact::OrderRefunded { hold_id, buyer, .. } => {
                about("order_refunded", hold_id, buyer, None)
            }
            Fact::OrderCancelled { hold_id, buyer, .. } => {
                about("order_cancelled", hold_id, buyer, None)
            }
            // Money of an order nobody knows any more has nobody to be told.
            Fact::PaymentVoided { hold_id, buyer, .. } if *buyer != BuyerId(0) => {
                about("payment_voided", hold_id, buyer, None)
            }
            Fact::EventCreated(_) => Self::to_all("event_announced", origin),
            Fact::SaleOpened => Self::to_all("event_open", origin),
            Fact::SalePaused => Self::to_all("event_paused", origin),
            Fact::SaleClosed => Self::to_all("event_closed", origin),
            Fact::EventCancelled => Self::to_all("event_cancelled", origin),
            _ => return None,
        })
    }

    /// To one person, about a hold or order.
    pub(super) fn about(
        kind: &str,
        origin: Origin,
        (hold_id, buyer): (HoldId, BuyerId),
        until: Option<LogTime>,
    ) -> Self {
        Notification {
            user_id: Some(buyer.to_string()),
            order_id: Some(hold_id.order().to_string()),
            until: until.map(time_text),
            ..Self::to_all(kind, origin)
        }
    }

    /// To one person, about his place in the line.
    pub(super) fn your_turn(origin: Origin, buyer: BuyerId) -> Self {
        Notification { user_id: Some(buyer.to_string()), ..Self::to_all("your_turn", origin) }
    }

    /// To everybody who has to do with the event.
    pub(super) fn to_all(kind: &str, origin: Origin) -> Self {
        let Origin { partition, event_id, source: Source { offset, index }, at } = origin;
        Notification {
            kind: kind.to_owned(),
            event_id: event_id.to_string(),
            user_id: None,
            order_id: None,
            until: None,
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
