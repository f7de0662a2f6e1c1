//! A fact as other teams read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::fact::{DeclineReason, LeaveReason, SeatsKept};
use floodgate_domain::{BuyerId, Fact, FactRecord, HoldId, LogTime, SeatList};
use floodgate_event_log::Partition;

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
    /// A pseudonym; no person can be found from it outside the admission room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
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
    /// A place in the line; of `places_called`, every place below it.
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
    /// Places called a minute from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_per_minute: Option<u32>,
    /// Shoppers at once from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shoppers_max: Option<u32>,
    /// How much work the door asks for from here on; 0 is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub puzzle_level: Option<u8>,
    /// Where the staff turned the sale: open, pause, close or cancel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What turned the dials: `api`, or the `settings_file` of a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl FactBody {
    /// The body of a fact of `partition`.
    #[must_use]
    pub fn of(partition: Partition, record: &FactRecord) -> Self {
        let (offset, index) = (record.source.offset, record.source.index);
        let mut body = FactBody {
            fact: snake_case(record.fact.name()),
            event_id: record.event_id.to_string(),
            position: Some(Position { partition, offset, index }),
            at: time_text(record.at),
            ..FactBody::default()
        };
        body.tell(&record.fact);
        body
    }

    /// The envelope of a fact of `partition`.
    #[must_use]
    pub fn attributes(&self, partition: Partition, record: &FactRecord) -> Attributes {
        let subject = self.order_id.clone().unwrap_or_else(|| self.event_id.clone());
        let kind = format!("floodgate.fact.{}.v1", self.fact);
        Attributes::new(kind, "facts", subject, (partition, record.source, record.at))
    }

    fn tell(&mut self, fact: &Fact) {
        match fact {
            Fact::EventCreated(new) => {
                self.name = Some(new.name.clone());
                self.venue_id = Some(new.venue_id.to_string());
                self.capacity = Some(new.plan.seat_count());
            }
            Fact::PlacesReserved { first, count } => {
                (self.place, self.count) = (Some(first.0), Some(*count));
            }
            Fact::PlacesCalled { below } => self.place = Some(below.0),
            Fact::TurnAwaited { buyer, place } => {
                self.buyer_id = Some(buyer.to_string());
                self.place = Some(place.0);
            }
            Fact::Entered { buyer, place, until } => {
                self.buyer_id = Some(buyer.to_string());
                self.place = Some(place.0);
                self.until = Some(time_text(*until));
            }
            Fact::ShopperLeft { buyer, reason } => {
                self.buyer_id = Some(buyer.to_string());
                self.reason = Some(leave_reason(*reason).to_owned());
            }
            Fact::Announced { message } => self.message = Some(message.clone()),
            Fact::QueueTuned { dials, by } => {
                self.count = dials.per_minute;
                self.pace_per_minute = dials.per_minute;
                self.message.clone_from(&dials.message);
                self.reason = Some(dials.reason.clone());
                self.staff_id = Some(by.to_string());
            }
            Fact::RoomTuned { dials, by } => {
                self.pace_per_minute = dials.per_minute;
                self.shoppers_max = dials.shoppers_max;
                self.puzzle_level = dials.puzzle_level;
                self.phase = dials.phase.map(|phase| phase.code().to_owned());
                self.message.clone_from(&dials.message);
                self.reason = Some(dials.reason.clone());
                self.staff_id = Some(by.to_string());
                let origin = if dials.origin == 0 { "api" } else { "settings_file" };
                self.origin = Some(origin.to_owned());
            }
            _ => self.tell_order(fact),
        }
    }

    fn tell_order(&mut self, fact: &Fact) {
        match fact {
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until } => {
                self.order(*hold_id, *buyer).seats(seats).amount(*amount).until(*until);
            }
            Fact::HoldExtended { hold_id, buyer, until } => {
                self.order(*hold_id, *buyer).until(*until);
            }
            Fact::HoldReleased { hold_id, buyer, seats }
            | Fact::HoldExpired { hold_id, buyer, seats }
            | Fact::OrderExpired { hold_id, buyer, seats }
            | Fact::OrderCancelled { hold_id, buyer, seats } => {
                self.order(*hold_id, *buyer).seats(seats);
            }
            // The token of the payment method stays inside.
            Fact::PurchaseStarted { hold_id, buyer, amount, attempt, until, .. } => {
                self.order(*hold_id, *buyer).amount(*amount).until(*until).attempt = Some(*attempt);
            }
            // Where the buyer has to go is theirs alone.
            Fact::PaymentActionRequired { hold_id, buyer, attempt, .. } => {
                self.order(*hold_id, *buyer).attempt = Some(*attempt);
            }
            Fact::OrderDeclined { hold_id, buyer, attempt, reason, until } => {
                self.order(*hold_id, *buyer).until(*until).attempt = Some(*attempt);
                self.reason = Some(decline_reason(*reason).to_owned());
            }
            Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, .. } => {
                self.order(*hold_id, *buyer).seats(seats).amount(*amount).attempt = Some(*attempt);
                self.reason = Some(seats_kept(*kept).to_owned());
            }
            Fact::OrderSettled { hold_id, buyer, amount } => {
                self.order(*hold_id, *buyer).amount(*amount);
            }
            Fact::PaymentVoided { hold_id, buyer, attempt, .. } => {
                self.order(*hold_id, *buyer).attempt = Some(*attempt);
            }
            Fact::OrderRefunded { hold_id, buyer, seats, amount } => {
                self.order(*hold_id, *buyer).seats(seats).amount(*amount);
            }
            _ => {}
        }
    }

    fn order(&mut self, hold_id: HoldId, buyer: BuyerId) -> &mut Self {
        self.hold_id = Some(hold_id.to_string());
        self.order_id = Some(hold_id.order().to_string());
        self.buyer_id = Some(buyer.to_string());
        self
    }

    fn seats(&mut self, seats: &SeatList) -> &mut Self {
        self.seats = Some(seats.iter().map(|seat| seat.0).collect());
        self
    }

    fn amount(&mut self, amount: u64) -> &mut Self {
        self.amount = Some(amount);
        self
    }

    fn until(&mut self, until: LogTime) -> &mut Self {
        self.until = Some(time_text(until));
        self
    }
}

fn leave_reason(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Left => "left",
        LeaveReason::Purchased => "purchased",
        LeaveReason::PassExpired => "pass_expired",
    }
}

fn decline_reason(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Declined => "declined",
        DeclineReason::Lost => "lost",
    }
}

fn seats_kept(kept: SeatsKept) -> &'static str {
    match kept {
        SeatsKept::Held => "held",
        SeatsKept::Retaken => "retaken",
        SeatsKept::Moved => "moved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodgate_domain::{Currency, EventId, SeatId, Source};

    #[test]
    fn a_hold_is_told_whole_and_the_payment_token_is_not() {
        let mut seats = SeatList::new();
        seats.push(SeatId(7));
        let hold = FactRecord {
            source: Source { offset: 5, index: 1 },
            at: LogTime(0),
            event_id: EventId(1),
            fact: Fact::SeatsHeld {
                hold_id: HoldId(1 << 20),
                buyer: BuyerId(9),
                seats,
                amount: 4900,
                until: LogTime(300_000),
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
        assert_eq!(attributes.id, "2-5-1");
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
