//! One message for one person, or for everybody concerned with an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::effects::Notice;
use floodgate_domain::fact::SeatsKept;
use floodgate_domain::{BuyerId, Effects, EventId, FactPosition, FactRecord, HoldId, LogTime};
use floodgate_event_log::{NewRecord, Partition};

use super::{Attributes, Position, time_text};

/// A message; whoever sends it chooses words and channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// To one person: `your_turn`; `hold_made`, `hold_extended`, `hold_ending`, `hold_released`,
    /// `hold_expired`; `order_payment_pending`, `order_no_answer` (the bank has not answered; nobody knows whether money
    /// moves), `order_declined`, `order_confirmed`,
    /// `order_settled`, `order_expired`, `order_refunded`, `order_cancelled`, `payment_voided`,
    /// `payment_not_taken` (the answer came late, and it was no);
    /// `ticket_transferred` to whoever gave it away, `ticket_received`, `ticket_redeemed`.
    /// To everybody: `event_announced`, `event_presale`, `event_open`, `event_paused`, `event_closed`,
    /// `event_cancelled`, `event_prices_changed`, `event_rules_changed`, `event_details_changed`
    /// (what it says of itself: where, when, who is on stage, when its sale opens). New kinds may appear.
    pub kind: String,
    pub event_id: String,
    /// Whom to notify: a pseudonym; absent when everybody of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The seats, of a message about single tickets of an order, or about seats that were moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<Vec<u32>>,
    /// Why, or how: of `order_confirmed`, whether the seats are those that were `held`, were `retaken`
    /// because the payment came late, or are others (`moved`: then `seats` are the new ones); of
    /// `order_declined`, `declined` or `lost`; `no_answer` of an order that expired while nobody knows
    /// whether its payment goes through; of `order_refunded`, `requested`, `event_changed`,
    /// `event_cancelled`, `duplicate`, `fraud`, `goodwill` or `other`, absent in those of before there
    /// were reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When what it is about ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The fact it follows from. The same message has the same position and kind, however often it
    /// is delivered.
    pub position: Position,
    pub at: String,
}

/// The fact a message follows from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause {
    pub(super) partition: Partition,
    pub(super) event_id: EventId,
    pub(super) position: FactPosition,
    pub(super) at: LogTime,
}

impl Cause {
    pub(super) fn of(partition: Partition, record: &FactRecord) -> Self {
        let FactRecord { event_id, position, at, .. } = *record;
        Cause { partition, event_id, position, at }
    }
}

impl Notification {
    /// To one person, or to everybody who has to do with the event.
    pub(super) fn new(notice: Notice, to: Option<BuyerId>, cause: Cause) -> Self {
        let Cause { partition, event_id, position: FactPosition { offset, index }, at } = cause;
        Notification {
            kind: notice.code().to_owned(),
            event_id: event_id.to_string(),
            user_id: to.map(|buyer| buyer.to_string()),
            order_id: None,
            seats: None,
            reason: None,
            until: None,
            position: Position { partition, offset, index },
            at: time_text(at),
        }
    }

    /// About what a fact changed.
    pub(super) fn about(mut self, effects: &Effects<'_>) -> Self {
        let order_until = effects.order.and_then(|order| order.until);
        let is_moved = effects.order.is_some_and(|order| order.kept == Some(SeatsKept::Moved));
        let tickets = effects.seats.filter(|_| effects.order.is_none() || is_moved);
        self.order_id = effects.hold_id().map(|hold_id| hold_id.order().to_string());
        self.seats = tickets.map(|change| change.seats.iter().map(|seat| seat.0).collect());
        self.reason = effects.order.and(effects.reason).map(str::to_owned);
        self.until = order_until.map(time_text);
        self
    }

    /// About a hold that ends by itself.
    pub(super) fn about_hold(mut self, hold_id: HoldId, until: LogTime) -> Self {
        self.order_id = Some(hold_id.order().to_string());
        self.until = Some(time_text(until));
        self
    }

    /// As a record of the notifications topic; its key is the person, or the event.
    #[must_use]
    pub fn record(&self) -> NewRecord {
        let Position { partition, offset, index } = self.position;
        let key = self.user_id.clone().unwrap_or_else(|| self.event_id.clone());
        let attributes = Attributes {
            kind: format!("floodgate.notification.{}.v1", self.kind),
            source: format!("/floodgate/notifications/{partition}"),
            // One fact may be news for many people.
            id: format!("{partition}-{offset}-{index}-{}-{key}", self.kind),
            subject: key.clone(),
            time: self.at.clone(),
        };
        let value = serde_json::to_vec(self).expect("numbers and texts always serialise");
        NewRecord { key: key.into(), value: value.into(), headers: attributes.headers() }
    }
}
