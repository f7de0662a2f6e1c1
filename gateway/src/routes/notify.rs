//! To be told when it is one's turn.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;

use floodgate_domain::{Actor, Command};

use super::answer;
use crate::extract::{EventPath, Fan, Wish, queue_ticket};
use crate::model::{DoneAnswer, Nothing};
use crate::problem::ApiError;
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new().route("/v1/events/{event_id}/queue/notify", post(ask))
}

/// Asks to be told when this device's place is called: once, as `your_turn` on the notifications
/// topic, by whoever sends messages for this installation. Asking again changes nothing.
#[utoipa::path(post, path = "/v1/events/{event_id}/queue/notify", operation_id = "notifyMyTurn",
    tag = "Fans", security(("device" = [], "queue_ticket" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer),
        (status = 202, body = crate::model::PendingAnswer),
        (status = 401, description = "device_required, invalid_token: join the queue first",
            body = crate::problem::Problem),
        (status = 409, description = "place_spent, sale_closed, event_cancelled",
            body = crate::problem::Problem)))]
pub(crate) async fn ask(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    headers: HeaderMap,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let (device, event_id) = (fan.device()?, path.event_id);
    let ticket = queue_ticket(&state, &headers, event_id, device)?;
    let command = Command::AwaitTurn { place: ticket.place };
    let actor = Actor::Buyer(device.buyer);
    let outcome = state.submit(event_id, actor, &wish.named, command).await?;
    answer(event_id, outcome, false, |reply| Ok(DoneAnswer { status: "done", as_of: reply.into() }))
}
