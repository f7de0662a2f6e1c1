//! What is asked and answered.

use std::fmt;
use std::str::FromStr;

use floodgate_domain::{EventId, LogTime};

use crate::document::{EventDocument, RunDocument};

/// Which events. An empty list or an absent bound asks nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventQuery {
    /// Words as [`crate::plain_words`] makes them; every one must fit.
    pub words: Vec<String>,
    /// Whether the last word may be only begun.
    pub is_typing: bool,
    pub artist: Option<String>,
    pub venue: Option<String>,
    pub month: Option<String>,
    pub price_band: Option<String>,
    pub phases: Vec<String>,
    /// Any of these.
    pub towns: Option<Vec<String>>,
    pub starts_from: Option<LogTime>,
    pub starts_before: Option<LogTime>,
    pub limit: usize,
    /// Behind this one.
    pub after: Option<HitCursor>,
}

/// An event that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct EventHit {
    pub event_id: EventId,
    pub cursor: HitCursor,
}

/// Stands for a start that is not known: behind all others.
pub(crate) const NO_START: u64 = i64::MAX as u64;

/// Where a hit stands among the others: the better first, then the sooner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitCursor {
    pub score: f32,
    pub starts_at: u64,
    pub event_id: EventId,
}

/// What fits, a page of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventHits {
    pub hits: Vec<EventHit>,
    /// All that fit, not only those of this page.
    pub count: usize,
    pub facets: Facets,
    /// The newest fact the index has.
    pub at: LogTime,
}

/// A value, and how many of those that fit have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    pub value: String,
    pub count: usize,
}

/// How those that fit divide: at most [`Facets::VALUES_MAX`] values each, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    pub artists: Vec<FacetCount>,
    pub venues: Vec<FacetCount>,
    pub towns: Vec<FacetCount>,
    pub months: Vec<FacetCount>,
    pub phases: Vec<FacetCount>,
    pub price_bands: Vec<FacetCount>,
}

impl Facets {
    /// What fits on a page.
    pub const VALUES_MAX: usize = 20;

    /// Where the values of each are, by the name of its field.
    pub(crate) fn fields(&mut self) -> [(&'static str, &mut Vec<FacetCount>); 6] {
        [
            ("artist", &mut self.artists),
            ("venue", &mut self.venues),
            ("town", &mut self.towns),
            ("month", &mut self.months),
            ("phase", &mut self.phases),
            ("price_band", &mut self.price_bands),
        ]
    }
}

/// The value of an event that a facet counts; empty ones are not counted.
pub(crate) fn facet_value<'a>(event: &'a EventDocument, field: &str) -> &'a str {
    match field {
        "artist" => &event.artist,
        "venue" => &event.venue,
        "town" => &event.town,
        "month" => &event.month,
        "phase" => event.phase,
        "price_band" => &event.price_band,
        _ => "",
    }
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeatOrder {
    /// By the rank of the row.
    #[default]
    Best,
    /// By category, in the order of [`SeatQuery::categories`]; then by rank.
    Categories,
}

/// Which seats of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatQuery {
    pub event_id: EventId,
    /// So many side by side in one run.
    pub count: u16,
    /// Of these categories. Who asks knows what they cost.
    pub categories: Vec<u8>,
    pub section: Option<String>,
    /// Wheelchair spaces and the seats beside them, or none of them.
    pub is_accessible: bool,
    pub with_restricted_view: bool,
    /// Only seats of which the plan says that they are in the shade.
    pub in_shade: bool,
    pub order: SeatOrder,
    pub limit: usize,
}

/// Seats side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSeats {
    pub run: RunDocument,
    /// Places within the run.
    pub places: Vec<u16>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeatFindings {
    pub groups: Vec<FoundSeats>,
    /// The fact of the event up to which that is so: its version, and when it happened.
    pub version: u64,
    pub at: LogTime,
}

impl HitCursor {
    /// Whether this one stands before another.
    #[must_use]
    pub fn is_before(&self, other: &HitCursor) -> bool {
        let key = |one: &HitCursor| (one.starts_at, one.event_id);
        match self.score.total_cmp(&other.score) {
            std::cmp::Ordering::Equal => key(self) < key(other),
            order => order.is_gt(),
        }
    }
}

impl fmt::Display for HitCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}.{}.{}", self.score.to_bits(), self.starts_at, self.event_id)
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("take `next` of an answer as it is")]
pub struct NoCursor;

impl FromStr for HitCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(NoCursor);
        let score = u32::from_str_radix(next()?, 16).map_err(|_| NoCursor)?;
        let starts_at = next()?.parse().map_err(|_| NoCursor)?;
        let event_id = next()?.parse().map_err(|_| NoCursor)?;
        let score = Some(f32::from_bits(score)).filter(|score| score.is_finite());
        Ok(HitCursor { score: score.ok_or(NoCursor)?, starts_at, event_id })
    }
}
