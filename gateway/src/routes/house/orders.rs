//! Orders that staff look for: by number, by seat, by status.

use std::collections::BTreeMap;

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{BuyerId, HoldId, OrderName, OrderStatus, OrderView, Refusal, SeatId};

use super::super::Routes;
use super::{named, older};
use crate::extract::{EventPath, Manager, Operator, Query, Staff};
use crate::model::house::{FoundOrder, FoundOrders, RefundSaid};
use crate::model::{Order, SeatName};
use crate::problem::{ApiError, Code};
use crate::views::EventView;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(find))
}

/// Orders of one page: of sixteen seats each at most, some hundred kilobytes.
const PAGE_MAX: usize = 50;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersQuery {
    /// The number of an order, or of the hold it was (`ord_…`, `hld_…`).
    order: Option<String>,
    /// A seat, by number or as `section/row/seat`: every order that has it or had it.
    seat: Option<String>,
    /// Only orders of this status: held, payment_pending, no_answer, declined, confirmed, expired,
    /// released, refunded or cancelled.
    status: Option<String>,
    /// At most 50.
    limit: Option<usize>,
    /// `next` of the previous page.
    older: Option<String>,
}

/// What is looked for.
#[derive(Debug)]
struct Wanted {
    hold_id: Option<HoldId>,
    seat: Option<SeatId>,
    status: Option<OrderStatus>,
    before: Option<HoldId>,
}

fn wanted(view: &EventView, query: &OrdersQuery) -> Result<Wanted, ApiError> {
    let wrong = |name: &str, why: String| ApiError::new(Code::InvalidQuery).field(name, why);
    let order = query.order.as_deref().map(|text| {
        let hold = text.trim().parse::<HoldId>();
        hold.or_else(|_| text.trim().parse::<OrderName>().map(|OrderName(hold_id)| hold_id))
    });
    let seat = query.seat.as_deref().map(|text| {
        let number = text.trim().parse().ok().map(SeatName::Number);
        let name = number.unwrap_or_else(|| SeatName::Name(text.to_owned()));
        named::one(view, &name, "seat")
    });
    let status = query.status.as_deref().map(|text| {
        let all = OrderStatus::ALL.map(OrderStatus::code).join(", ");
        let found = OrderStatus::ALL.into_iter().find(|status| status.code() == text);
        found.ok_or_else(|| wrong("status", format!("one of {all}")))
    });
    Ok(Wanted {
        hold_id: order.transpose().map_err(|error| wrong("order", error.to_string()))?,
        seat: seat.transpose()?,
        status: status.transpose()?,
        before: older(query.older.as_deref())?,
    })
}

impl Wanted {
    fn is(&self, order: &OrderView) -> bool {
        self.status.is_none_or(|status| order.status == status)
            && self.seat.is_none_or(|seat| order.seats.as_slice().contains(&seat))
            && self.before.is_none_or(|before| order.hold_id < before)
    }
}

/// The orders of an event, the latest first: all, by number, by seat, by status. Whoever has given a
/// seat back had it, and is found by it too.
#[utoipa::path(get, path = "/v1/events/{event_id}/orders", operation_id = "findOrders",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), OrdersQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = FoundOrders)))]
pub(crate) async fn find(
    _: Staff<(Manager, Operator)>,
    path: EventPath,
    Query(query): Query<OrdersQuery>,
) -> Result<Json<FoundOrders>, ApiError> {
    let limit = query.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let view = path.entry.read();
    let wanted = wanted(&view, &query)?;
    let mut found = match wanted.hold_id {
        Some(hold_id) => {
            let order = view.orders.get(&hold_id).ok_or(Refusal::UnknownHold)?;
            Vec::from_iter(wanted.is(order).then_some(order))
        }
        None => latest(&view, &wanted, limit + 1),
    };
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|order| order.hold_id.order().to_string());
    let orders = found.into_iter().map(|order| shown(&view, order)).collect();
    Ok(Json(FoundOrders { orders, next, as_of: view.as_of.into() }))
}

/// The latest of them. All orders are looked at: a few milliseconds for a hundred thousand, for a call
/// that staff make by hand.
fn latest<'a>(view: &'a EventView, wanted: &Wanted, count: usize) -> Vec<&'a OrderView> {
    let mut kept = BTreeMap::new();
    for order in view.orders.values().filter(|order| wanted.is(order)) {
        kept.insert(order.hold_id, order);
        if kept.len() > count {
            kept.pop_first();
        }
    }
    kept.into_values().rev().collect()
}

fn shown(view: &EventView, order: &OrderView) -> FoundOrder {
    let is_sold = order.status == OrderStatus::Confirmed;
    let seats = || order.seats.iter().filter(|_| is_sold);
    let is_handed_on = |seat: &SeatId| {
        let owner = view.tickets.owner(order.hold_id, *seat);
        owner.is_some_and(|owner| owner != order.buyer)
    };
    let is_admitted = |seat: &SeatId| view.tickets.is_redeemed(order.hold_id, *seat);
    FoundOrder {
        order: Order::of(view, order, view.as_of.into()),
        user_id: order.buyer.to_string(),
        is_gift: order.buyer == BuyerId::HOUSE,
        handed_on: seats().filter(is_handed_on).count() as u32,
        admitted: seats().filter(is_admitted).count() as u32,
        refund: view.house.refund(order.hold_id).map(RefundSaid::of),
    }
}
