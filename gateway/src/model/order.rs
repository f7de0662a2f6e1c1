//! A hold, and the order that grows from it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::OrderView;

use super::answer::LogPosition;
use super::payment::OrderPayment;
use super::seat::Seat;
use crate::time;
use crate::views::EventView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurchaseBody {
    #[schema(example = "hld_0000010000000", pattern = "^hld_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$")]
    pub(crate) hold_id: String,
    /// A token from the payment provider, see `getPaymentForm`; never a card number.
    #[schema(example = "pm_1Q0PsIJvEtkwdCNYMSaVuRz6", min_length = 1, max_length = 64)]
    pub(crate) payment_method: String,
    /// Needed while an earlier payment of the same buyer has no answer yet (`payment_unanswered`). Both
    /// may go through then: the first that does counts, and the money of the other is let go of.
    #[serde(default)]
    pub(crate) despite_unanswered: bool,
}

/// A hold, and the order that grows from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Order {
    #[schema(example = "ord_0000010000000")]
    pub(crate) order_id: String,
    #[schema(example = "hld_0000010000000")]
    pub(crate) hold_id: String,
    pub(crate) event_id: String,
    /// held, payment_pending, no_answer, declined, confirmed, expired, released, refunded or
    /// cancelled. no_answer: the bank has not answered in time and still may; the seats are held, and
    /// it is not known whether money moves. For what is known of the money see `payment.money`. An
    /// order that has expired may still become confirmed: when its payment comes late and its seats
    /// are free, it takes them again (`retaken` in the facts); when they are gone, as many others
    /// together of the same category (`moved`), so look at `seats` of a confirmed order, not at those
    /// of before; and when there are none, the money goes back and it stays expired.
    #[schema(example = "held")]
    pub(crate) status: &'static str,
    pub(crate) seats: Vec<Seat>,
    /// Total in minor units, all fees included.
    pub(crate) amount: u64,
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// When the status expires.
    pub(crate) expires_at: Option<String>,
    pub(crate) extensions_left: u8,
    /// Payment attempts so far.
    pub(crate) attempt: u8,
    /// Whether the money has been captured.
    pub(crate) settled: bool,
    /// Of an order that was paid for after its time had run out. retaken: it got its seats again. moved:
    /// they were gone, and `seats` are others, as many together in the same category.
    #[schema(example = "moved")]
    pub(crate) seats_kept: Option<&'static str>,
    /// Why it was refunded: requested, event_changed, event_cancelled, duplicate, fraud, goodwill or
    /// other. Absent where nobody said so.
    #[schema(example = "event_changed")]
    pub(crate) refund_reason: Option<&'static str>,
    /// The last attempt to pay; absent before the first.
    pub(crate) payment: Option<OrderPayment>,
    pub(crate) as_of: LogPosition,
}

impl Order {
    pub(crate) fn of(view: &EventView, order: &OrderView, as_of: LogPosition) -> Self {
        let payment = view.payments.of(order.hold_id);
        Order {
            order_id: order.hold_id.order().to_string(),
            hold_id: order.hold_id.to_string(),
            event_id: view.id.to_string(),
            status: order.status.code(),
            seats: order.seats.iter().map(|seat| Seat::of(view, seat)).collect(),
            amount: order.amount,
            currency: view.prices.currency.as_str().to_owned(),
            expires_at: time::text_if_set(order.until),
            // By the rules of now: a manager may have changed how many there are.
            extensions_left: view.policy.extensions_max.saturating_sub(order.extensions),
            attempt: order.attempt,
            settled: order.settled,
            seats_kept: view.late.get(&order.hold_id).map(|kept| kept.code()),
            refund_reason: view.house.refund(order.hold_id).map(|refund| refund.reason.code()),
            payment: payment.map(|payment| OrderPayment::of(payment, order.status)),
            as_of,
        }
    }
}
