//! The shape of the IAB Tech Lab's Concurrent Streams API 1.0, as far as it fits a sale.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use floodgate_domain::{EventDetails, LogTime};

use crate::time;

/// Who waits and shops now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConcurrentStreams {
    /// Of the API.
    version: &'static str,
    /// Milliseconds since the Unix epoch, like all times here.
    timestamp: u64,
    streamsdata: Vec<StreamsData>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamsData {
    /// Of which installation.
    sdp: &'static str,
    mediastreams: Vec<MediaStream>,
}

/// The sale of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaStream {
    content: StreamContent,
    /// When the sale opened.
    eventstart: u64,
    /// When the sale closes, or else the event begins; the snapshot's time where neither is known.
    eventend: u64,
    streamcount: Vec<StreamCount>,
    #[serde(skip)]
    pub(crate) until: LogTime,
}

/// AdCOM's Content, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamContent {
    /// The event's id.
    id: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artist: Option<String>,
    /// Live.
    livestream: u8,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamCount {
    /// Whoever waits or shops, as far as each is above the threshold.
    cstreams: u64,
    ext: StreamCountParts,
}

/// What `cstreams` is made of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamCountParts {
    /// The record it is from.
    product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shopping: Option<u64>,
    /// How far from the true number each is at most, in 95 of 100.
    margin: u64,
}

impl MediaStream {
    /// `None` of a record that is none.
    pub(crate) fn of(
        record: &Map<String, Value>,
        details: &EventDetails,
        opened_at: Option<LogTime>,
    ) -> Option<Self> {
        let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| record.get(name).and_then(Value::as_u64);
        let at = |name: &str| time::parse(&text(name)?).ok();
        let (from, until) = (at("from")?, at("until")?);
        let (waiting, shopping) = (number("waiting"), number("shopping"));
        let ext = StreamCountParts {
            product_id: text("product_id")?,
            waiting,
            shopping,
            margin: number("margin")?,
        };
        let cstreams = waiting.unwrap_or(0).saturating_add(shopping.unwrap_or(0));
        let start = opened_at.unwrap_or(from);
        let end = details.closes_at.or(details.starts_at).unwrap_or(until);
        Some(MediaStream {
            content: StreamContent {
                id: text("event_id")?,
                title: details.name.clone(),
                artist: Some(details.artist.clone()).filter(|artist| !artist.is_empty()),
                livestream: 1,
            },
            eventstart: start.0,
            eventend: end.max(until).max(start).0,
            streamcount: vec![StreamCount { cstreams, ext }],
            until,
        })
    }
}

impl ConcurrentStreams {
    pub(crate) fn of(now: LogTime, mediastreams: Vec<MediaStream>) -> Self {
        let data = StreamsData { sdp: "floodgate", mediastreams };
        ConcurrentStreams { version: "1.0.0", timestamp: now.0, streamsdata: vec![data] }
    }
}
