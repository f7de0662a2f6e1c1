//! What is searched for, and what was found.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use floodgate_domain::plan::SeatFlags;
use floodgate_search::{EventHits, FacetCount, FoundSeats, Piece};

use super::answer::LogPosition;
use super::event::EventSummary;
use crate::time;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventSearch {
    /// Words; each may have a mistake, a long one two. At most 100 bytes and 8 words.
    #[param(example = "metalica kiel", max_length = 100)]
    pub(crate) q: Option<String>,
    /// Whether the last word may be only begun; so it is by default.
    pub(crate) typing: Option<bool>,
    /// As a facet has it; so are the next.
    pub(crate) artist: Option<String>,
    pub(crate) venue: Option<String>,
    pub(crate) town: Option<String>,
    /// On the calendar of the venue.
    #[param(example = "2037-06")]
    pub(crate) month: Option<String>,
    #[param(example = "EUR 25-50")]
    pub(crate) price_band: Option<String>,
    #[param(example = "open")]
    pub(crate) phase: Option<String>,
    /// RFC 3339: begins at this instant or later.
    pub(crate) from: Option<String>,
    /// Begins before this instant.
    pub(crate) before: Option<String>,
    /// `latitude,longitude`, in degrees: in a town near there.
    #[param(example = "54.32,10.14")]
    pub(crate) near: Option<String>,
    /// Kilometres around `near`: 1 to 1000, 50 by default.
    pub(crate) within_km: Option<u32>,
    /// 1 to 50, 20 by default.
    pub(crate) limit: Option<usize>,
    /// `next` of the previous page.
    pub(crate) cursor: Option<String>,
}

/// A piece of a text, and whether it fits what was searched for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextPiece {
    pub(crate) text: String,
    pub(crate) hit: bool,
}

/// Where in an event it fits. Plain text: a page marks it as it likes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextMatch {
    /// artist, name, venue_name, venue_address or description.
    pub(crate) field: &'static str,
    pub(crate) pieces: Vec<TextPiece>,
}

/// An event that fits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundEvent {
    #[serde(flatten)]
    pub(crate) event: EventSummary,
    pub(crate) matches: Vec<TextMatch>,
    /// From `near` to its town.
    pub(crate) distance_km: Option<u32>,
}

/// A value, and how many of those that fit have it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueCount {
    pub(crate) value: String,
    pub(crate) count: usize,
}

/// How those that fit divide; at most 20 values each.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchFacets {
    pub(crate) artists: Vec<ValueCount>,
    pub(crate) venues: Vec<ValueCount>,
    pub(crate) towns: Vec<ValueCount>,
    pub(crate) months: Vec<ValueCount>,
    pub(crate) phases: Vec<ValueCount>,
    pub(crate) price_bands: Vec<ValueCount>,
}

/// The newest fact that an index has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IndexTime {
    #[schema(format = DateTime)]
    pub(crate) at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsFound {
    pub(crate) events: Vec<FoundEvent>,
    /// All that fit, not only those of this page.
    pub(crate) count: usize,
    pub(crate) facets: SearchFacets,
    /// Pass as `cursor` for the next page; absent at the end.
    pub(crate) next: Option<String>,
    pub(crate) as_of: IndexTime,
}

impl EventsFound {
    pub(crate) fn new(hits: EventHits, events: Vec<FoundEvent>, limit: usize) -> Self {
        let last = hits.hits.last().filter(|_| hits.hits.len() == limit);
        let counts = |values: Vec<FacetCount>| {
            values
                .into_iter()
                .map(|FacetCount { value, count }| ValueCount { value, count })
                .collect()
        };
        EventsFound {
            next: last.map(|last| last.cursor.to_string()),
            events,
            count: hits.count,
            facets: SearchFacets {
                artists: counts(hits.facets.artists),
                venues: counts(hits.facets.venues),
                towns: counts(hits.facets.towns),
                months: counts(hits.facets.months),
                phases: counts(hits.facets.phases),
                price_bands: counts(hits.facets.price_bands),
            },
            as_of: IndexTime { at: time::text(hits.at) },
        }
    }
}

impl From<Piece> for TextPiece {
    fn from(piece: Piece) -> Self {
        TextPiece { text: piece.text, hit: piece.is_hit }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeatSearch {
    /// So many side by side: 1 to the most that the event lets anybody hold at once.
    #[param(example = 3)]
    pub(crate) count: Option<u16>,
    /// The most that one seat may cost, in minor units and with all fees.
    #[param(example = 8_000)]
    pub(crate) price_max: Option<u32>,
    /// Name of a price category.
    pub(crate) category: Option<String>,
    pub(crate) section: Option<String>,
    /// A mark that none of them has: restricted_view.
    pub(crate) without: Option<String>,
    /// wheelchair: one of them is a wheelchair space, the others are companions' seats beside it.
    /// shade: all of them are in the shade. Or both, with a comma.
    #[param(example = "shade")]
    pub(crate) with: Option<String>,
    /// best, or price: the cheapest first.
    pub(crate) sort: Option<String>,
    /// 1 to 50, 10 by default.
    pub(crate) limit: Option<usize>,
}

/// A seat that is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FreeSeat {
    /// The seat's number in the plan: hold it with acquireLock.
    pub(crate) seat_id: u32,
    pub(crate) seat: String,
    /// What the plan says of it: restricted_view, wheelchair, companion, shade.
    pub(crate) marks: Vec<&'static str>,
}

/// Seats side by side.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeatsTogether {
    pub(crate) section: String,
    pub(crate) row: String,
    pub(crate) category: String,
    pub(crate) seats: Vec<FreeSeat>,
    /// Current price of one, all fees included, in minor units; and of all.
    pub(crate) price: u32,
    pub(crate) total: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeatsFound {
    pub(crate) groups: Vec<SeatsTogether>,
    pub(crate) currency: String,
    /// What the index has of the event. Others buy meanwhile: only a hold is yours.
    pub(crate) as_of: LogPosition,
}

impl SeatsTogether {
    pub(crate) fn of(found: &FoundSeats, category: &str, price: u32) -> Self {
        let place = &found.run.place;
        let seats = found.places.iter().map(|at| {
            let seat = if place.is_general { None } else { place.labels.label(usize::from(*at)) };
            let flags = place.flags_of(*at);
            let marks = MARKS.into_iter();
            let marks = marks.filter(|(flag, _)| flags.has(*flag)).map(|(_, name)| name);
            let seat_id = place.first_seat + u32::from(*at);
            FreeSeat { seat_id, seat: seat.unwrap_or_default(), marks: marks.collect() }
        });
        let seats: Vec<_> = seats.collect();
        SeatsTogether {
            section: place.section.to_string(),
            row: place.row.clone(),
            category: category.to_owned(),
            total: u64::from(price) * seats.len() as u64,
            seats,
            price,
        }
    }
}

/// What a plan may say of a seat, as queries and answers name it.
pub(crate) const MARKS: [(SeatFlags, &str); 4] = [
    (SeatFlags::RESTRICTED_VIEW, "restricted_view"),
    (SeatFlags::ACCESSIBLE, "wheelchair"),
    (SeatFlags::COMPANION, "companion"),
    (SeatFlags::SHADED, "shade"),
];
