//! A hold, and the order that grows from it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::OrderView;

use super::answer::Position;
use super::seat::Seat;
use crate::time;
use crate::views::EventView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Purchase {
    #[schema(example = "hld_0000010000000")]
    pub(crate) hold_id: String,
    /// A token of the payment provider; never a card number.
    #[schema(example = "pm_sandbox_approve")]
    pub(crate) payment_method: String,
}

/// Something only the buyer can do now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Action {
    #[serde(rename = "type")]
    #[schema(example = "challenge")]
    pub(crate) kind: &'static str,
    /// Where the buyer's bank asks.
    pub(crate) url: String,
}

/// A hold, and the order that grows from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Order {
    #[schema(example = "ord_0000010000000")]
    pub(crate) order_id: String,
    #[schema(example = "hld_0000010000000")]
    pub(crate) hold_id: String,
    pub(crate) event_id: String,
    /// held, payment_pending, declined, confirmed, expired, released, refunded or cancelled.
    #[schema(example = "held")]
    pub(crate) status: &'static str,
    pub(crate) seats: Vec<Seat>,
    /// All-in total in minor units.
    pub(crate) amount: u64,
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// When the status ends by itself.
    pub(crate) expires_at: Option<String>,
    pub(crate) extensions_left: u8,
    /// Payment attempts so far.
    pub(crate) attempt: u8,
    /// Whether the money has been captured.
    pub(crate) settled: bool,
    pub(crate) action: Option<Action>,
    pub(crate) as_of: Position,
}

impl Order {
    /// `challenge` is where the buyer must go now, if they must.
    pub(crate) fn of(
        view: &EventView,
        order: &OrderView,
        challenge: Option<String>,
        as_of: Position,
    ) -> Self {
        Order {
            order_id: order.hold_id.order().to_string(),
            hold_id: order.hold_id.to_string(),
            event_id: view.id.to_string(),
            status: order.status.code(),
            seats: order.seats.iter().map(|seat| Seat::of(view, seat)).collect(),
            amount: order.amount,
            currency: view.prices.currency.as_str().to_owned(),
            expires_at: time::text_if_set(order.until),
            extensions_left: order.extensions_left,
            attempt: order.attempt,
            settled: order.settled,
            action: challenge.map(|url| Action { kind: "challenge", url }),
            as_of,
        }
    }
}
