//! The waiting room: join, the public queue, its stream.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::{Device, Joining};
use floodgate_domain::{Refusal, SalePhase};

use super::{Routes, door};
use crate::admission::Admission;
use crate::caching::Public;
use crate::extract::{ClientAddress, EventPath, Fan, Idempotent, Papers, Persona};
use crate::kept::knows;
use crate::lifecycle::Lifecycle;
use crate::model::{Join, JoinAnswer, Queue};
use crate::people::PeopleDesk;
use crate::people::places::{elsewhere, last_visit, stale};
use crate::problem::{ApiError, Problem};
use crate::queue_feeds::QueueFeeds;
use crate::sse::event_stream;
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(read, join)).routes(routes!(stream))
}

/// The public queue: every place with a rank below `frontier` may enter. Cacheable for a second.
#[utoipa::path(get, path = "/v1/events/{event_id}/queue", operation_id = "getQueue",
    tag = "Fans", params(("event_id" = String, Path)), responses((status = 200, body = Queue)))]
pub(crate) async fn read(
    State(queues): State<QueueFeeds>,
    path: EventPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let feed = queues.find(path.event_id).ok_or(Refusal::UnknownEvent)?;
    let queue = feed.now();
    let (json, tag) = queue.json();
    let name = tag.to_str().unwrap_or_default().trim_matches('"');
    let mut response = if knows(&headers, name) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], json.clone()).into_response()
    };
    response.headers_mut().insert(header::ETAG, tag.clone());
    Ok(Public::seconds(1, response).into_response())
}

/// The public queue, pushed whenever it changes (`event: queue`).
#[utoipa::path(get, path = "/v1/events/{event_id}/queue/stream", operation_id = "streamQueue",
    tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream",
        description = "Events named `queue`, each a Queue", body = String)))]
pub(crate) async fn stream(
    State(queues): State<QueueFeeds>,
    State(lifecycle): State<Lifecycle>,
    path: EventPath,
) -> Result<Response, ApiError> {
    let feed = queues.find(path.event_id).ok_or(Refusal::UnknownEvent)?;
    Ok(event_stream(&lifecycle, feed.follow()))
}

/// Gives this device its place: always the same one, until it has entered and left with it, or was
/// called and did not come while others wait. If the door asks for work (`puzzle_level`), send the
/// solution to `getChallenge`.
#[utoipa::path(post, path = "/v1/events/{event_id}/queue", operation_id = "joinQueue",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Join,
    responses((status = 201, body = JoinAnswer),
        (status = 428, description = "puzzle_required", body = Problem),
        (status = 422, description = "puzzle_wrong, puzzle_expired, puzzle_spent",
            body = Problem)))]
#[expect(clippy::too_many_arguments, reason = "each is a precondition of the call")]
pub(crate) async fn join(
    State(admission): State<Admission>,
    State(queues): State<QueueFeeds>,
    State(people): State<PeopleDesk>,
    fan: Fan,
    persona: Persona,
    address: ClientAddress,
    path: EventPath,
    papers: Papers,
    Idempotent { body, .. }: Idempotent<Join>,
) -> Result<Response, ApiError> {
    let (event_id, keys) = (path.event_id, admission.keys());
    people.check_signed_in(&path.entry, fan.device.map(|device| device.buyer)).await?;
    let buyers = persona.all();
    let is_let_in = {
        let view = path.entry.read();
        view.phase != SalePhase::Presale
            || buyers.iter().any(|buyer| view.codes.holders.contains(buyer))
    };
    if !is_let_in {
        return Err(Refusal::PresaleOnly.into());
    }
    let held = match papers.held_ticket(keys, &path, buyers) {
        None => elsewhere(&admission, &path, buyers).await?,
        held => held,
    };
    // In the line stands one device of a person, whichever of them asks.
    let (own, device, proof) = match (fan.device, held) {
        (Some(own), Some(ticket)) => (own, Device { buyer: ticket.buyer }, None),
        _ => {
            let (device, proof) = door::pass(&admission, event_id, fan.device, address, &body)?;
            (device, device, proof)
        }
    };
    let left = path.entry.read().left.get(&device.buyer).copied();
    let last_left = last_visit(&path, buyers).max(left.map(|left| left.at));
    let stale = match held {
        None => stale(&admission, &path, buyers).await?,
        Some(_) => None,
    };
    // A turn that is over makes room for a place behind those who are there; it takes no new work.
    let lapsed = held.map(|ticket| ticket.place).filter(|place| {
        let has_entered = path.entry.read().visits.contains_key(&device.buyer);
        !has_entered && admission.room().has_lapsed(event_id, *place, time::now())
    });
    let held = held.filter(|_| lapsed.is_none());
    let spent = lapsed.or(left.map(|left| left.place)).or(stale);
    // Whatever our clock says: this ticket is newer than the last visit.
    let now = last_left.map_or_else(time::now, |at| time::now().max(at.plus(1)));
    let joining = Joining { device, held, spent, proof };
    let joined = admission.room().join(event_id, joining, now).await?;
    let device = own.seal(keys);
    let ticket_cookie = papers.ticket_cookie(event_id, &joined.ticket);
    let cookies = [papers.device_cookie(&device), ticket_cookie];
    let body = JoinAnswer {
        event_id: event_id.to_string(),
        place: joined.place.0,
        device,
        queue_ticket: joined.ticket,
        queue: queues.find(event_id).ok_or(Refusal::UnknownEvent)?.now().value.clone(),
    };
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    for value in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
