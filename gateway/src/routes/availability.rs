//! Which seats are free: a compact snapshot, then changes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_stream::wrappers::BroadcastStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::SeatState;

use super::Routes;
use crate::extract::{EventPath, Fan};
use crate::lifecycle::Lifecycle;
use crate::sse::{event_stream, frame};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(snapshot)).routes(routes!(stream))
}

/// Every seat's state in two bits: magic `FGA1`, u32 seat count, u64 sequence number (both
/// little-endian), then four seats a byte, the first in the low bits: 0 free, 1 held, 2 sold,
/// 3 not for sale.
#[utoipa::path(get, path = "/v1/events/{event_id}/availability",
    operation_id = "getAvailability", tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304)))]
pub(crate) async fn snapshot(_: Fan, path: EventPath, headers: HeaderMap) -> Response {
    // The number first: a change in between is then in the next frame again, and harmless.
    let seq = path.entry.frames.seq();
    let tag = format!("\"{seq}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known == Some(tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        pack(seq, &path.entry.read().seats).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
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
    _: Fan,
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
