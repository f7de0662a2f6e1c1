//! Which seats are free: a compact snapshot, then changes.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::{HeaderMap, Uri};
use tokio_stream::wrappers::BroadcastStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, SeatState};

use super::Routes;
use crate::caching::Public;
use crate::extract::EventPath;
use crate::extract::query::parameter;
use crate::kept::{KeptAnswer, Shelf};
use crate::lifecycle::Lifecycle;
use crate::problem::ApiError;
use crate::sse::{event_stream, frame};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(snapshot)).routes(routes!(stream))
}

/// Every seat's state in two bits: magic `FGA1`, u32 seat count, u64 sequence number (both
/// little-endian), then four seats a byte, the first in the low bits: 0 free, 1 held, 2 sold,
/// 3 not for sale.
#[utoipa::path(get, path = "/v1/events/{event_id}/availability",
    operation_id = "getAvailability", tag = "Fans",
    params(("event_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304)))]
pub(crate) async fn snapshot(
    State(snapshots): State<Shelf<EventId>>,
    path: EventPath,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // The number first: a change in between is then in the next frame again, and harmless.
    let seq = path.entry.frames.seq();
    let entry = Arc::clone(&path.entry);
    let make = move || {
        let bytes = pack(seq, &entry.read().seats);
        KeptAnswer::new("application/octet-stream", bytes).tagged(seq.to_string())
    };
    let answer = if parameter(uri.query(), "at_least").is_some() {
        // What was waited for may be newer than the frame.
        Some(make().answer(&headers))
    } else {
        let kept = snapshots.get(path.event_id, seq, make).await;
        kept.and_then(|kept| kept.answer(&headers))
    };
    let answer = answer.ok_or_else(|| ApiError::internal(&"a snapshot that cannot be made"))?;
    Ok(Public::revalidated(answer).into_response())
}

fn pack(seq: u64, seats: &[SeatState]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + seats.len() / 4 + 1);
    bytes.extend(b"FGA1");
    bytes.extend((seats.len() as u32).to_le_bytes());
    bytes.extend(seq.to_le_bytes());
    let packed = seats.chunks(4).map(|four| {
        four.iter().enumerate().fold(0, |byte, (at, state)| byte | (*state as u8) << (2 * at))
    });
    bytes.extend(packed);
    bytes
}

/// Changes since `Last-Event-ID` (`event: delta`, at most four a second): base64 of LEB128
/// numbers `gap << 2 | state` for seats in ascending order; the gap is how many seats lie between
/// this seat and the one before, for the first one how many come before it. Seat 5 held and seat 7
/// sold are 21 and 6, as text `FQY=`. The event's `id` is the number of the snapshot that has it. `event:
/// reset` means: fetch the snapshot again.
#[utoipa::path(get, path = "/v1/events/{event_id}/availability/stream",
    operation_id = "streamAvailability", tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream",
        description = "Events named `delta` and `reset`", body = String)))]
pub(crate) async fn stream(
    State(lifecycle): State<Lifecycle>,
    path: EventPath,
    headers: HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let from = last.unwrap_or_else(|| path.entry.frames.seq());
    let reset = |seq: u64| frame("reset", Some(seq), "");
    let now = path.entry.frames.seq();
    let (first, live) = match path.entry.frames.since(from) {
        Some((missed, live)) => {
            (missed.iter().map(|frame| frame.sent.clone()).collect(), Some(live))
        }
        None => (vec![reset(now)], path.entry.frames.since(now).map(|(_, live)| live)),
    };
    let live = live.map(BroadcastStream::new);
    let live = futures::stream::iter(live).flatten().map(move |frame| match frame {
        Ok(frame) => frame.sent.clone(),
        // Too far behind to catch up frame by frame.
        Err(_) => reset(now),
    });
    event_stream(&lifecycle, futures::stream::iter(first).chain(live))
}

#[cfg(test)]
mod tests {
    use super::pack;
    use floodgate_domain::SeatState::{Free, Held, NotForSale, Sold};

    #[test]
    fn four_seats_a_byte() {
        let bytes = pack(7, &[Free, Held, Sold, NotForSale, Sold]);
        assert_eq!(&bytes[..4], b"FGA1");
        assert_eq!(bytes[4..16], [5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16..], [0b1110_0100, 0b10]);
    }
}
