//! The waiting room: join, the public queue, its stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use floodgate_admission::{Device, Joining, QueueTicket, RoomError};
use floodgate_domain::Refusal;

use super::door::{self, Join};
use super::lasting::lasting;
use crate::extract::address::ClientAddress;
use crate::extract::fan::{cookie, ticket_cookie};
use crate::extract::{EventPath, Fan, Wish, token_of};
use crate::model::{JoinAnswer, Queue};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::time;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events/{event_id}/queue", get(read).post(join))
        .route("/v1/events/{event_id}/queue/stream", get(stream))
}

/// How long cookies last: longer than any queue.
pub(super) const COOKIE_SECONDS: u64 = 7 * 24 * 3600;
/// Looks at the queue by one stream; the object itself moves ten times a second.
const STREAM_EVERY: Duration = Duration::from_millis(250);
/// How often a poller should come.
const POLL_MS: u64 = 2_000;

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::UnknownEvent => Refusal::UnknownEvent.into(),
            RoomError::NotYourTurn { ahead, retry_after_ms } => {
                ApiError::new(Code::NotYourTurn).ahead(ahead).retry_after_ms(retry_after_ms)
            }
            RoomError::Puzzle(error) => error.into(),
            RoomError::Store(error) => {
                tracing::warn!(%error, "no place could be given");
                ApiError::new(Code::Overloaded).retry_after_ms(1_000)
            }
        }
    }
}

/// The queue as everybody sees it.
fn queue(state: &GatewayState, path: &EventPath) -> Queue {
    let (phase, shoppers, shoppers_max, free) = {
        let view = path.entry.read();
        (view.phase_text(), view.shoppers, view.policy.shoppers_max, view.counts.free)
    };
    let room = state.room.view(path.event_id);
    Queue {
        event_id: path.event_id.to_string(),
        phase,
        frontier: room.as_ref().map_or(0, |room| room.frontier),
        pace_per_minute: room.as_ref().map_or(0, |room| room.pace_per_minute),
        shoppers,
        shoppers_max,
        puzzle_level: room.as_ref().map_or(0, |room| room.puzzle_level),
        message: room.as_ref().map(|room| room.message.clone()).unwrap_or_default(),
        free,
        as_of_at: time::text(room.map_or_else(time::now, |room| room.as_of)),
        next_poll_ms: POLL_MS,
    }
}

/// The public queue: every place below `frontier` may enter. Cacheable for a second.
#[utoipa::path(get, path = "/v1/events/{event_id}/queue", operation_id = "getQueue",
    tag = "Fans", params(("event_id" = String, Path)), responses((status = 200, body = Queue)))]
pub(crate) async fn read(
    State(state): State<GatewayState>,
    path: EventPath,
    headers: HeaderMap,
) -> Response {
    let queue = queue(&state, &path);
    let tag = format!("\"{}-{}-{}\"", queue.frontier, queue.phase, queue.as_of_at);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known == Some(tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(queue).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// The public queue, pushed whenever it changes (`event: queue`).
#[utoipa::path(get, path = "/v1/events/{event_id}/queue/stream", operation_id = "streamQueue",
    tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, description = "text/event-stream of Queue", body = Queue)))]
pub(crate) async fn stream(
    State(state): State<GatewayState>,
    _: Fan,
    path: EventPath,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let pulse = tokio::time::interval(STREAM_EVERY);
    let start = (state.clone(), path, pulse, None::<(u64, &'static str, u32, u32, u8, String)>);
    let frames = futures::stream::unfold(start, async |(state, path, mut pulse, mut last)| {
        loop {
            pulse.tick().await;
            let now = queue(&state, &path);
            let essence = (
                now.frontier,
                now.phase,
                now.pace_per_minute,
                now.shoppers_max,
                now.puzzle_level,
                now.message.clone(),
            );
            if last.as_ref() != Some(&essence) {
                last = Some(essence);
                let event = Event::default().event("queue").json_data(&now).unwrap_or_default();
                return Some((event, (state, path, pulse, last)));
            }
        }
    });
    lasting(&state, frames)
}

/// Gives this device its place: always the same one, until it has entered and left with it. A
/// door that asks for something (`puzzle_level`) opens to the answer to `getChallenge`.
#[utoipa::path(post, path = "/v1/events/{event_id}/queue", operation_id = "joinQueue",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Join,
    responses((status = 201, body = JoinAnswer),
        (status = 428, description = "puzzle_required", body = crate::problem::Problem),
        (status = 422, description = "puzzle_wrong, puzzle_expired, puzzle_spent",
            body = crate::problem::Problem)))]
pub(crate) async fn join(
    State(state): State<GatewayState>,
    fan: Fan,
    address: ClientAddress,
    path: EventPath,
    headers: HeaderMap,
    Wish { body, .. }: Wish<Join>,
) -> Result<Response, ApiError> {
    let event_id = path.event_id;
    let held = held_ticket(&state, &headers, &path, fan.device);
    let (device, proof) = match fan.device.filter(|_| held.is_some()) {
        Some(device) => (device, None),
        None => door::pass(&state, event_id, fan.device, address, &body)?,
    };
    let left = path.entry.read().left.get(&device.buyer).copied();
    let spent = left.map(|left| left.place);
    // Whatever our clock says: this ticket is newer than the last visit.
    let now = left.map_or_else(time::now, |left| time::now().max(left.at.plus(1)));
    let joining = Joining { device, held, spent, proof };
    let joined = state.room.join(event_id, joining, now).await?;
    let device = device.seal(state.room.keys());
    let cookies = [
        cookie("fg_device", &device, COOKIE_SECONDS * 4),
        cookie(&ticket_cookie(event_id), &joined.ticket, COOKIE_SECONDS),
    ];
    let body = JoinAnswer {
        event_id: event_id.to_string(),
        place: joined.place.0,
        device,
        queue_ticket: joined.ticket,
        queue: queue(&state, &path),
    };
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    for value in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The ticket the visitor has already, if it is still good: a place that has entered and left is
/// used up, and a new one is what joining is for then.
pub(super) fn held_ticket(
    state: &GatewayState,
    headers: &HeaderMap,
    path: &EventPath,
    device: Option<Device>,
) -> Option<QueueTicket> {
    let text = token_of(headers, "floodgate-queue-ticket", &ticket_cookie(path.event_id))?;
    let ticket = QueueTicket::open(state.room.keys(), text, path.event_id, device?).ok()?;
    let left = path.entry.read().left.get(&ticket.buyer).copied();
    left.is_none_or(|left| !left.uses_up(&ticket)).then_some(ticket)
}
