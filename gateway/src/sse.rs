//! Event streams that run until the gateway stops, and then say when to reconnect.
//!
//! They send bytes, so that something many people watch is built once and not for each.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::header;
use serde::Serialize;

use crate::caching::Public;
use crate::lifecycle::Lifecycle;

/// So often a stream says that it is there: proxies do not close it, and pages, which cannot see
/// comments, know that they are up to date.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
const ALIVE: &[u8] = b"event: alive\ndata: {\"every_ms\":10000}\n\n";
/// A stream comes back after this long, drawn for each: those of a whole gateway, a hundred
/// thousand, reach the others at twenty-odd thousand a second instead of all at once.
const RECONNECT_MS: std::ops::RangeInclusive<u64> = 500..=5_000;

/// One event as it is sent. `data` is one line, as JSON and base64 are.
pub(crate) fn frame(event: &str, id: Option<u64>, data: &str) -> Bytes {
    debug_assert!(!data.contains(['\r', '\n']), "an event's data is one line");
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("event: {event}\n{id}data: {data}\n\n"))
}

/// The same with a value.
pub(crate) fn json_frame(event: &str, value: &impl Serialize) -> Bytes {
    // What is sent here are types of ours, whose forms cannot fail.
    frame(event, None, &serde_json::to_string(value).unwrap_or_default())
}

/// Sends `frames` until they end by themselves, or until the gateway does: then the last event is
/// `reconnect`, with `retry:` for those who come back by themselves and the same as data.
pub(crate) fn event_stream<S>(lifecycle: &Lifecycle, frames: S) -> Response
where
    S: Stream<Item = Bytes> + Send + 'static,
{
    let (ends, lifecycle) = (lifecycle.ends(), lifecycle.clone());
    // A stream that ended by itself sends nobody elsewhere.
    let farewell = futures::stream::once(async move { lifecycle.is_ending().then(reconnect) });
    let frames = frames.take_until(ends).map(Some).chain(farewell);
    let frames = frames.filter_map(async |frame| frame);
    // Its first tick is at once, so that whatever is between sees that there is a stream.
    let alive = tokio::time::interval(ALIVE_EVERY);
    let frames = tokio_stream::StreamExt::timeout_repeating(frames, alive);
    let bytes = frames.map(|frame| Ok::<_, Infallible>(frame.unwrap_or(Bytes::from_static(ALIVE))));
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    Public::stream((kind, Body::from_stream(bytes))).into_response()
}

fn reconnect() -> Bytes {
    let ms = rand::random_range(RECONNECT_MS);
    Bytes::from(format!("event: reconnect\nretry: {ms}\ndata: {{\"retry_ms\":{ms}}}\n\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http_body_util::BodyExt;

    use floodgate_transport::Services;

    use super::*;

    async fn sent(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_last_event_says_when_to_come_back() {
        let lifecycle = Lifecycle::new(Services::default());
        let first = futures::stream::iter([frame("delta", Some(7), "AAA=")]);
        let response = event_stream(&lifecycle, first.chain(futures::stream::pending()));
        lifecycle.end();
        let text = sent(response).await;
        let rest = text.strip_prefix("event: delta\nid: 7\ndata: AAA=\n\n").unwrap_or(&text);
        let value = |name: &str| rest.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let retry: u64 = value("retry: ").parse().unwrap();
        assert!(RECONNECT_MS.contains(&retry), "{text}");
        assert_eq!(value("data: "), format!("{{\"retry_ms\":{retry}}}"));
        assert_eq!(value("event: "), "reconnect");
    }

    #[tokio::test]
    async fn a_stream_that_ends_by_itself_sends_nobody_elsewhere() {
        let frames = futures::stream::iter([json_frame("order", &[1, 2])]);
        assert_eq!(
            sent(event_stream(&Lifecycle::new(Services::default()), frames)).await,
            "event: order\ndata: [1,2]\n\n"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_is_kept_alive() {
        let lifecycle = Lifecycle::new(Services::default());
        let response = event_stream(&lifecycle, futures::stream::pending());
        let mut body = response.into_body();
        let alive = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(alive, ALIVE);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), ALIVE);
    }
}
