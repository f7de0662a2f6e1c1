//! Into the shop and out of it, and what a visitor has here.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use floodgate_admission::{Pass, QueueTicket};
use floodgate_domain::{Actor, Answer, Command, OrderView, Refusal};

use super::answer;
use crate::commands::{Outcome, refused_or};
use crate::extract::fan::{cookie, pass_cookie, ticket_cookie};
use crate::extract::{EventPath, Fan, Shopper, Wish, queue_ticket, token_of};
use crate::model::{DoneAnswer, EnterAnswer, Nothing, Order, Position};
use crate::problem::ApiError;
use crate::state::GatewayState;
use crate::time;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events/{event_id}/enter", post(enter))
        .route("/v1/events/{event_id}/leave", post(leave))
        .route("/v1/events/{event_id}/me", get(me))
}

/// Orders shown to their buyer: the newest ones.
const ORDERS_SHOWN: usize = 20;

/// Enters at one's turn; gives the pass. Entering again gives the same pass.
#[utoipa::path(post, path = "/v1/events/{event_id}/enter", operation_id = "enterShop",
    tag = "Fans", security(("device" = [], "queue_ticket" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = EnterAnswer),
        (status = 409, description = "not_your_turn, shop_full", body = crate::problem::Problem)))]
pub(crate) async fn enter(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    headers: HeaderMap,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let (device, event_id) = (fan.device()?, path.event_id);
    let ticket = queue_ticket(&state, &headers, event_id, device)?;
    let left = path.entry.read().left.get(&device.buyer).copied();
    // A place got beside the last visit. One it was made with is the log's to judge, so that a
    // repeated wish hears its first outcome.
    if left.is_some_and(|left| left.place != ticket.place && left.uses_up(&ticket)) {
        return Err(Refusal::PlaceSpent.into());
    }
    state.room.check_turn(event_id, ticket.place)?;
    let command = Command::Enter { place: ticket.place };
    let actor = Actor::Buyer(device.buyer);
    let reply = match state.submit(event_id, actor, &wish.named, command).await? {
        Outcome::Decided(reply) => refused_or(*reply)?,
        pending @ Outcome::Pending(_) => {
            return answer(event_id, pending, false, |_| Ok(()));
        }
    };
    let Answer::Entered { place, until } = reply.answer else {
        return Err(ApiError::internal(&"an entry without a place"));
    };
    let pass = Pass { event_id, buyer: device.buyer, place, until }.seal(state.room.keys());
    let seconds = until.0.saturating_sub(time::now().0) / 1000 + 60;
    let set_cookie = cookie(&pass_cookie(event_id), &pass, seconds);
    let outcome = Outcome::Decided(Box::new(reply));
    let mut response =
        answer(event_id, outcome, false, |reply| Ok(EnterAnswer::of(pass, place, until, reply)))?;
    if let Some(value) = set_cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Leaves the shop; what is held is released.
#[utoipa::path(post, path = "/v1/events/{event_id}/leave", operation_id = "leaveShop",
    tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn leave(
    State(state): State<GatewayState>,
    shopper: Shopper,
    path: EventPath,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let event_id = path.event_id;
    let outcome = state.submit(event_id, shopper.actor(), &wish.named, Command::Leave).await?;
    answer(event_id, outcome, false, |reply| Ok(DoneAnswer { status: "done", as_of: reply.into() }))
}

/// What this device has: enough to restore a page after a refresh.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    device: bool,
    place: Option<u64>,
    pass_expires_at: Option<String>,
    /// Newest first.
    orders: Vec<Order>,
    as_of: Position,
}

/// What this device has at this event.
#[utoipa::path(get, path = "/v1/events/{event_id}/me", operation_id = "getMe", tag = "Fans",
    params(("event_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you know: no older answer, if it arrives within a second")), responses((status = 200, body = Me)))]
pub(crate) async fn me(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    headers: HeaderMap,
) -> Json<Me> {
    let view = path.entry.read();
    let keys = state.room.keys();
    let text = token_of(&headers, "floodgate-queue-ticket", &ticket_cookie(path.event_id));
    let ticket = fan
        .device
        .zip(text)
        .and_then(|(device, text)| QueueTicket::open(keys, text, path.event_id, device).ok());
    let buyer = fan.device.map(|device| device.buyer);
    let pass = buyer.and_then(|buyer| view.passes.get(&buyer));
    let orders: Vec<OrderView> = buyer
        .map(|buyer| view.orders_of(buyer).take(ORDERS_SHOWN).copied().collect())
        .unwrap_or_default();
    let of = |order| Order::of(&state, &view, order, view.as_of.into());
    Json(Me {
        device: buyer.is_some(),
        place: ticket.map(|ticket| ticket.place.0),
        pass_expires_at: pass.map(|(_, until)| time::text(*until)),
        orders: orders.iter().map(of).collect(),
        as_of: view.as_of.into(),
    })
}
