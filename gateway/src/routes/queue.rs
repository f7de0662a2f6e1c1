//! The waiting room: join, the public queue, its stream, its dials.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use floodgate_admission::room::MESSAGE_BYTES_MAX;
use floodgate_admission::{QueueTicket, RoomError, WaitingRoom};
use floodgate_onsale::{Command, Dials, EventId, Refusal};

use super::answer;
use super::lasting::lasting;
use crate::extract::fan::{cookie, ticket_cookie};
use crate::extract::{EventPath, Fan, Operator, Wish, token_of};
use crate::model::{DoneAnswer, JoinAnswer, Nothing, Queue};
use crate::problem::ApiError;
use crate::state::GatewayState;
use crate::time;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events/{event_id}/queue", get(read).post(join).put(tune))
        .route("/v1/events/{event_id}/queue/stream", get(stream))
}

/// How long cookies last: longer than any queue.
const COOKIE_SECONDS: u64 = 7 * 24 * 3600;
/// Looks at the queue by one stream; the object itself moves ten times a second.
const STREAM_EVERY: Duration = Duration::from_millis(250);
/// How often a poller should come.
const POLL_MS: u64 = 2_000;

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::UnknownEvent => Refusal::UnknownEvent.into(),
            RoomError::NotYourTurn { ahead, retry_after_ms } => {
                ApiError::new("not_your_turn").ahead(ahead).retry_after_ms(retry_after_ms)
            }
            RoomError::MessageTooLong => {
                ApiError::new("malformed_body").field("message", error.to_string())
            }
            RoomError::Store(error) => {
                tracing::warn!(%error, "no place could be given");
                ApiError::new("overloaded").retry_after_ms(1_000)
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
    let start = (state.clone(), path, pulse, None::<(u64, &'static str, u32, u32, String)>);
    let frames = futures::stream::unfold(start, async |(state, path, mut pulse, mut last)| {
        loop {
            pulse.tick().await;
            let now = queue(&state, &path);
            let essence = (
                now.frontier,
                now.phase,
                now.pace_per_minute,
                now.shoppers_max,
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

/// Gives this device its place: always the same one, until it has entered and left with it.
#[utoipa::path(post, path = "/v1/events/{event_id}/queue", operation_id = "joinQueue",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = JoinAnswer)))]
pub(crate) async fn join(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    headers: HeaderMap,
    _: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let device = fan.device.unwrap_or_else(WaitingRoom::fresh_device);
    let event_id = path.event_id;
    let spent = path.entry.read().spent.get(&device.buyer).copied();
    let held = held_ticket(&state, &headers, event_id, fan);
    // A place that has entered and left is used up: a new one is what joining is for then.
    let held = held.filter(|ticket| Some(ticket.place) != spent);
    let joined = state.room.join(event_id, device, held, spent, time::now()).await?;
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

/// The ticket the visitor has already.
fn held_ticket(
    state: &GatewayState,
    headers: &HeaderMap,
    event_id: EventId,
    fan: Fan,
) -> Option<QueueTicket> {
    let text = token_of(headers, "floodgate-queue-ticket", &ticket_cookie(event_id))?;
    QueueTicket::open(state.room.keys(), text, event_id, fan.device?).ok()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueDials {
    /// Places called a minute; 0 holds the line.
    pace_per_minute: Option<u32>,
    /// Shown to everybody who waits; at most 500 bytes.
    message: Option<String>,
    /// Why, for those who look back; kept in the log with who did it.
    #[serde(default)]
    reason: String,
}

/// Changes the pace and the message, on every gateway. The change is a fact with its actor and
/// reason, and survives restarts.
#[utoipa::path(put, path = "/v1/events/{event_id}/queue", operation_id = "tuneQueue",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = QueueDials, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn tune(
    State(state): State<GatewayState>,
    Operator(staff): Operator,
    path: EventPath,
    Wish { named, body }: Wish<QueueDials>,
) -> Result<Response, ApiError> {
    let QueueDials { pace_per_minute, message, reason } = body;
    if message.as_ref().is_some_and(|text| text.len() > MESSAGE_BYTES_MAX) {
        return Err(RoomError::MessageTooLong.into());
    }
    let dials = Dials { per_minute: pace_per_minute, message, reason };
    let command = Command::TuneQueue(Box::new(dials));
    let outcome = state.submit(path.event_id, staff.actor(), &named, command).await?;
    answer(path.event_id, outcome, false, |reply| {
        Ok(DoneAnswer { status: "done", as_of: reply.into() })
    })
}
