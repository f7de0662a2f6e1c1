//! A fact as other teams read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::effects::{CodesMove, LineMove, ShopMove};
use floodgate_domain::{DialChange, Effects, FactRecord, LogTime, NewEvent};
use floodgate_event_log::Partition;

use super::announcement::AnnouncementBody;
use super::details::DetailsBody;
use super::dials::DialsBody;
use super::{Attributes, snake_case, time_text};

/// Where a fact stands in history. Strictly growing within a partition: whoever keeps the last
/// one and drops what is not greater sees each fact once, however often it is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    pub partition: Partition,
    /// Offset of the command the fact follows from.
    pub offset: u64,
    /// Number of the fact among those of its command.
    pub index: u16,
}

/// One fact. Fields that do not belong to its kind are absent; new ones may appear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactBody {
    /// What happened, in snake case: `seats_held`, `order_confirmed` …
    pub fact: String,
    pub event_id: String,
    pub position: Option<Position>,
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<String>,
    /// A pseudonym; no person can be found from it outside the admission room. What staff give away is
    /// the house's, `byr_FZZZZZZZZZZZZ`, until a guest takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    /// Whose the ticket is that a buyer handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_buyer_id: Option<String>,
    /// Numbers of the event's plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<Vec<u32>>,
    /// Total in minor units, fees included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// When what began ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A place in the line; of `places_called`, every place with a rank below may enter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Who of the staff did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The batch of codes that `codes_minted` has added to; `count` is how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u16>,
    /// What the event says of itself, of `event_created` and `details_set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<DetailsBody>,
    /// The dials that `dials_set` has turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dials: Option<DialsBody>,
    /// What turned the dials: `api`, or the `settings_file` of a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Words of staff that were written, steered, or go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement: Option<AnnouncementBody>,
}

impl FactBody {
    /// The body of a fact of `partition`: its effects in words.
    #[must_use]
    pub fn of(partition: Partition, record: &FactRecord) -> Self {
        let (offset, index) = (record.position.offset, record.position.index);
        let effects = record.fact.effects();
        let attempt_to_pay = effects.money.and_then(|money| money.attempt);
        let (place, count) = place_and_count(&effects);
        let mut body = FactBody {
            fact: snake_case(record.fact.name()),
            event_id: record.event_id.to_string(),
            position: Some(Position { partition, offset, index }),
            at: time_text(record.at),
            order_id: effects.hold_id().map(|hold_id| hold_id.order().to_string()),
            hold_id: effects.hold_id().map(|hold_id| hold_id.to_string()),
            buyer_id: effects.concerns.buyer().map(|buyer| buyer.to_string()),
            to_buyer_id: effects.concerns.receiver().map(|buyer| buyer.to_string()),
            seats: effects.seats.map(|change| change.seats.iter().map(|seat| seat.0).collect()),
            amount: effects.order.and_then(|order| order.amount),
            until: until(&effects).map(time_text),
            attempt: effects.order.and_then(|order| order.attempt).or(attempt_to_pay),
            reason: effects.reason.map(str::to_owned),
            place,
            count,
            staff_id: effects.by.map(|staff| staff.to_string()),
            message: effects.message.map(str::to_owned),
            announcement: effects.announcement.map(AnnouncementBody::from),
            ..FactBody::default()
        };
        if let Some(new) = effects.created {
            body.add_event(new);
        }
        if let Some(CodesMove::Minted { batch, label, count }) = effects.codes {
            (body.batch, body.count) = (Some(batch), Some(count));
            body.name = Some(label.to_owned()).filter(|label| !label.is_empty());
        }
        if let Some(details) = effects.details {
            body.name = Some(details.name.clone());
            body.details = Some(DetailsBody::from(details));
        }
        if let Some(change) = effects.dials {
            body.add_dials(change);
        }
        body
    }

    /// The envelope of a fact of `partition`.
    #[must_use]
    pub fn attributes(&self, partition: Partition, record: &FactRecord) -> Attributes {
        let subject = self.order_id.clone().unwrap_or_else(|| self.event_id.clone());
        let kind = format!("floodgate.fact.{}.v1", self.fact);
        Attributes::new(
            kind,
            "facts",
            subject,
            &self.event_id,
            (partition, record.position, record.at),
        )
    }

    fn add_event(&mut self, new: &NewEvent) {
        self.venue_id = Some(new.venue_id.to_string());
        self.capacity = Some(new.plan.seat_count());
    }

    fn add_dials(&mut self, change: &DialChange) {
        self.dials = Some(DialsBody::from(change));
        let origin = if change.origin == 0 { "api" } else { "settings_file" };
        self.origin = Some(origin.to_owned());
    }
}

/// When what began ends by itself: a status of an order, or a stay in the shop.
fn until(effects: &Effects<'_>) -> Option<LogTime> {
    let in_shop = match effects.shop {
        Some(ShopMove::Entered { until, .. } | ShopMove::Cooling { until, .. }) => Some(until),
        Some(ShopMove::Stayed { .. } | ShopMove::Left { .. }) | None => None,
    };
    effects.order.and_then(|order| order.until).or(in_shop)
}

fn place_and_count(effects: &Effects<'_>) -> (Option<u64>, Option<u32>) {
    match (effects.line, effects.shop) {
        (Some(LineMove::Reserved { first, count }), _) => (Some(first.0), Some(count)),
        (Some(LineMove::Called { below }), _) => (Some(below.0), None),
        (Some(LineMove::Awaited { place, .. }), _)
        | (None, Some(ShopMove::Entered { place, .. })) => (Some(place.0), None),
        (
            None,
            Some(ShopMove::Stayed { .. } | ShopMove::Left { .. } | ShopMove::Cooling { .. }) | None,
        ) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodgate_domain::{
        BuyerId, Currency, EventId, Fact, FactPosition, HoldId, SeatId, SeatList,
    };

    #[test]
    fn a_hold_is_published_whole_and_the_payment_token_is_not() {
        let mut seats = SeatList::new();
        seats.push(SeatId(7));
        let hold = FactRecord {
            position: FactPosition { offset: 5, index: 1 },
            at: LogTime(0),
            event_id: EventId(1),
            fact: Fact::SeatsHeld {
                hold_id: HoldId(1 << 20),
                buyer: BuyerId(9),
                seats,
                amount: 4900,
                until: LogTime(300_000),
                pay_by: None,
            },
        };
        let body = FactBody::of(2, &hold);
        let text = serde_json::to_string(&body).expect("serialises");
        assert_eq!(
            text,
            "{\"fact\":\"seats_held\",\"event_id\":\"evt_0000000000001\",\"position\":{\"partition\":2,\
             \"offset\":5,\"index\":1},\"at\":\"1970-01-01T00:00:00.000Z\",\"order_id\":\
             \"ord_0000000010000\",\"hold_id\":\"hld_0000000010000\",\"buyer_id\":\
             \"byr_0000000000009\",\"seats\":[7],\"amount\":4900,\"until\":\
             \"1970-01-01T00:05:00.000Z\"}"
        );
        let attributes = body.attributes(2, &hold);
        assert_eq!(attributes.kind, "floodgate.fact.seats_held.v1");
        assert_eq!(attributes.id, "2-5-1-evt_0000000000001");
        let method = floodgate_domain::PaymentMethod::parse("pm_secret").expect("a token");
        let started = FactRecord {
            fact: Fact::PurchaseStarted {
                hold_id: HoldId(1),
                buyer: BuyerId(9),
                method,
                amount: 1,
                currency: Currency::default(),
                attempt: 1,
                until: LogTime(1),
            },
            ..hold
        };
        let text = serde_json::to_string(&FactBody::of(0, &started)).expect("serialises");
        assert!(!text.contains("pm_secret"));
    }
}
