//! Streams that last until the gateway ends, and then say when to come back.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};

use crate::state::GatewayState;

/// A comment so often keeps proxies from closing a quiet stream.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// A stream comes back after this long, drawn for each: those of a whole gateway, a hundred
/// thousand, reach the others at twenty-odd thousand a second instead of all at once.
const RECONNECT_MS: std::ops::RangeInclusive<u64> = 500..=5_000;

/// Sends `events` until they end by themselves, or until the gateway does: then its last event is
/// `reconnect`, with `retry:` for those who come back by themselves and the same as data.
pub(crate) fn lasting<S>(
    state: &GatewayState,
    events: S,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<S>>
where
    S: Stream<Item = Event> + Send + 'static,
{
    let (ends, state) = (state.ends(), state.clone());
    // A stream that ended by itself sends nobody elsewhere.
    let farewell = futures::stream::once(async move { state.is_ending().then(reconnect) });
    let events = events.take_until(ends).map(Some).chain(farewell);
    let events = events.filter_map(async |event| event.map(Ok));
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY))
}

fn reconnect() -> Event {
    let ms = rand::random_range(RECONNECT_MS);
    let data = format!("{{\"retry_ms\":{ms}}}");
    Event::default().event("reconnect").retry(Duration::from_millis(ms)).data(data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_last_event_says_when_to_come_back() {
        let one = futures::stream::iter([Ok::<_, Infallible>(reconnect())]);
        let body = Sse::new(one).into_response().into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let told = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let retry: u64 = told("retry: ").parse().unwrap();
        assert!(RECONNECT_MS.contains(&retry), "{text}");
        assert_eq!(told("data: "), format!("{{\"retry_ms\":{retry}}}"));
        assert_eq!(told("event: "), "reconnect");
    }
}
