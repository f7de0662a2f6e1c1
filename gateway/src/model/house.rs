//! What staff do with seats and orders by hand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{RefundReason, SeatId, StaffId};

use super::answer::LogPosition;
use super::hold::SeatName;
use super::order::Order;
use super::seat::Seat;
use crate::time;
use crate::views::{EventView, Hand, RefundView};

/// Seats by number or name, whole rows, whole sections: at least one, together at most 65,536 seats.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HouseSeatsBody {
    #[serde(default)]
    pub(crate) seats: Vec<SeatName>,
    /// `section/row`: every seat of it.
    #[serde(default)]
    #[schema(example = json!(["Stalls/A"]))]
    pub(crate) rows: Vec<String>,
    /// Names of sections: every seat of them.
    #[serde(default)]
    pub(crate) sections: Vec<String>,
    /// Why, for staff alone.
    #[serde(default)]
    #[schema(max_length = 500, example = "sound desk")]
    pub(crate) note: String,
}

/// All of them are so now, whoever did it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HouseSeatsAnswer {
    /// blocked or on_sale; what was held or sold when seats were put back stays so.
    #[schema(example = "blocked")]
    pub(crate) status: &'static str,
    /// How many seats were named.
    pub(crate) seats: u32,
    pub(crate) as_of: LogPosition,
}

/// Seats to give away, as one order: at most 16.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiftBody {
    pub(crate) seats: Vec<SeatName>,
    /// For whom or why, for staff alone.
    #[serde(default)]
    #[schema(max_length = 500, example = "press")]
    pub(crate) note: String,
}

/// Seats that follow each other in a row and are off sale for the same reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlockedSeats {
    /// The first one's number in the plan; the others follow.
    pub(crate) seat_id: u32,
    pub(crate) count: u32,
    pub(crate) section: String,
    pub(crate) row: String,
    /// Labels of the first and the last one.
    pub(crate) first: String,
    pub(crate) last: String,
    /// The staff key's id; absent where the plan says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    pub(crate) note: String,
    pub(crate) at: String,
}

impl BlockedSeats {
    pub(crate) fn of(view: &EventView, first: SeatId, count: u32, hand: &Hand) -> Self {
        let last = Seat::of(view, SeatId(first.0 + count - 1));
        let Seat { section, row, seat, .. } = Seat::of(view, first);
        BlockedSeats {
            seat_id: first.0,
            count,
            section,
            row,
            first: seat,
            last: last.seat,
            by: hand.by.map(|by| by.to_string()),
            note: hand.note.clone(),
            at: time::text(hand.at),
        }
    }
}

/// One ticket that was given away, and how a guest gets it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GiftTicket {
    #[serde(flatten)]
    pub(crate) seat: Seat,
    /// house: nobody has taken it yet. guest: somebody has. admitted: and was let in with it. returned:
    /// the order was refunded.
    #[schema(example = "house")]
    pub(crate) state: &'static str,
    /// A page where the guest takes it, relative to this server's address: whoever opens it first has the
    /// ticket. Absent once somebody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
    /// Until when that page works. Asking again gives one that works longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    /// Address of the QR code, to print it for a guest, while the house has the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) qr: Option<String>,
}

/// An order of the house.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GiftOrder {
    #[schema(example = "ord_0000010000000")]
    pub(crate) order_id: String,
    /// confirmed or refunded
    pub(crate) status: &'static str,
    pub(crate) tickets: Vec<GiftTicket>,
    pub(crate) by: String,
    pub(crate) note: String,
    pub(crate) at: String,
    pub(crate) as_of: LogPosition,
}

/// What is off sale and what was given away.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HouseList {
    /// In plan order; at most 2,000 of them.
    pub(crate) blocked: Vec<BlockedSeats>,
    /// Seats off sale in all.
    pub(crate) blocked_count: u32,
    /// The latest first.
    pub(crate) given: Vec<GiftOrder>,
    /// Pass as `older` for the next page of what was given; absent at the end.
    pub(crate) next: Option<String>,
    pub(crate) as_of: LogPosition,
}

/// Why an order is refunded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundBody {
    /// requested, event_changed, event_cancelled, duplicate, fraud, goodwill or other. The buyer reads
    /// it. Without one it is `other`, of which the buyer reads nothing.
    #[schema(example = "event_changed")]
    pub(crate) reason: Option<String>,
    /// For staff alone.
    #[serde(default)]
    #[schema(max_length = 500, example = "on the phone")]
    pub(crate) note: String,
}

impl RefundBody {
    pub(crate) fn reason(&self) -> Result<Option<RefundReason>, String> {
        let Some(text) = &self.reason else { return Ok(None) };
        let all = RefundReason::ALL.map(RefundReason::code).join(", ");
        RefundReason::parse(text).map(Some).ok_or(format!("one of {all}"))
    }
}

/// Why an order was refunded, for staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundSaid {
    pub(crate) reason: &'static str,
    pub(crate) note: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

impl RefundSaid {
    pub(crate) fn of(refund: &RefundView) -> Self {
        RefundSaid {
            reason: refund.reason.code(),
            note: refund.hand.note.clone(),
            by: refund.hand.by.unwrap_or(StaffId::SYSTEM).to_string(),
            at: time::text(refund.hand.at),
        }
    }
}

/// An order as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundOrder {
    #[serde(flatten)]
    pub(crate) order: Order,
    /// A pseudonym, as in facts and tables.
    pub(crate) user_id: String,
    /// Whether the house gave the seats away.
    pub(crate) is_gift: bool,
    /// Tickets that somebody else has by now, and those somebody was let in with.
    pub(crate) handed_on: u32,
    pub(crate) admitted: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<RefundSaid>,
}

/// Orders that were looked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundOrders {
    /// The latest first, as far as their numbers say.
    pub(crate) orders: Vec<FoundOrder>,
    /// Pass as `older` for the next page; absent at the end.
    pub(crate) next: Option<String>,
    pub(crate) as_of: LogPosition,
}
