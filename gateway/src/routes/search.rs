//! Search: events by words, free seats by what one wants.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventDetails, LogTime, SeatState};
use floodgate_search::{
    EventQuery, FoundSeats, SeatOrder, SeatQuery, WORDS_MAX, highlight, plain_words,
};

use super::Routes;
use crate::caching::Public;
use crate::extract::{EventPath, Query};
use crate::model::search::{
    EventSearch, EventsFound, FoundEvent, MARKS, SeatSearch, SeatsFound, SeatsTogether, TextMatch,
};
use crate::model::{EventSummary, LogPosition};
use crate::problem::{ApiError, Code};
use crate::search::{GeoPoint, SearchDesk};
use crate::time;
use crate::views::{EventView, ViewPosition, Views};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(events)).routes(routes!(seats))
}

/// Bytes of what is searched for: a name and a town, with room.
const QUERY_BYTES_MAX: usize = 100;
/// Bytes of a facet's value, as of the line it is made from.
const VALUE_BYTES_MAX: usize = 512;
const LIMIT_MAX: usize = 50;
/// Bytes of a description that are shown around what fits.
const SNIPPET_BYTES: usize = 160;

fn wrong(field: &str, fix: impl Into<String>) -> ApiError {
    ApiError::new(Code::InvalidQuery).field(field, fix.into())
}

fn limit(asked: Option<usize>, usual: usize) -> Result<usize, ApiError> {
    let limit = asked.unwrap_or(usual);
    let is_within = (1..=LIMIT_MAX).contains(&limit);
    is_within.then_some(limit).ok_or_else(|| wrong("limit", format!("from 1 to {LIMIT_MAX}")))
}

/// Events whose artist, name, venue, address or description has these words, the best first. With
/// facets: how many of those that fit each artist, venue, town, month, phase and price has.
#[utoipa::path(get, path = "/v1/search", operation_id = "searchEvents", tag = "Fans",
    params(EventSearch), responses((status = 200, body = EventsFound)))]
pub(crate) async fn events(
    State(desk): State<SearchDesk>,
    State(views): State<Arc<Views>>,
    Query(asked): Query<EventSearch>,
) -> Result<Public<Json<EventsFound>>, ApiError> {
    let near = near(&desk, &asked)?;
    let query = event_query(asked, near.as_deref())?;
    let (limit, words, is_typing) = (query.limit, query.words.clone(), query.is_typing);
    let hits = desk.ask(move |index| index.events(&query)).await?;
    let found = hits.hits.iter().filter_map(|hit| {
        let entry = views.get(hit.event_id)?;
        let view = entry.read();
        let event = EventSummary::of(&view);
        let distance = near.iter().flatten().find(|(town, _)| is_in(&view.details, town));
        Some(FoundEvent {
            matches: matches(&view.details, &event.details.venue_name, &words, is_typing),
            distance_km: distance.map(|(_, km)| km.round() as u32),
            event,
        })
    });
    let found = found.collect();
    Ok(Public::seconds(2, Json(EventsFound::new(hits, found, limit))))
}

/// Towns near where it was asked for, with how far they are.
fn near(desk: &SearchDesk, asked: &EventSearch) -> Result<Option<Vec<(String, f64)>>, ApiError> {
    let Some(near) = &asked.near else {
        return match asked.within_km {
            Some(_) => Err(wrong("within_km", "goes with near")),
            None => Ok(None),
        };
    };
    let point = GeoPoint::parse(near)
        .ok_or_else(|| wrong("near", "latitude,longitude in degrees, such as 54.32,10.14"))?;
    if desk.towns().is_empty() {
        let fix = "no towns are known here; search by town, or name a table with search.towns_file";
        return Err(wrong("near", fix));
    }
    let within = asked.within_km.unwrap_or(50);
    if !(1..=1000).contains(&within) {
        return Err(wrong("within_km", "from 1 to 1000"));
    }
    Ok(Some(desk.towns().near(point, f64::from(within))))
}

fn event_query(asked: EventSearch, near: Option<&[(String, f64)]>) -> Result<EventQuery, ApiError> {
    let text = asked.q.unwrap_or_default();
    if text.len() > QUERY_BYTES_MAX {
        return Err(wrong("q", format!("at most {QUERY_BYTES_MAX} bytes")));
    }
    let words = plain_words(&text);
    if words.len() > WORDS_MAX {
        return Err(wrong("q", format!("at most {WORDS_MAX} words")));
    }
    let values = [
        ("artist", &asked.artist),
        ("venue", &asked.venue),
        ("town", &asked.town),
        ("month", &asked.month),
        ("price_band", &asked.price_band),
        ("phase", &asked.phase),
    ];
    for (name, value) in values {
        if value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(wrong(name, "take a value of a facet as it is"));
        }
    }
    let instant = |name: &str, text: Option<String>| -> Result<Option<LogTime>, ApiError> {
        text.map(|text| time::parse(&text).map_err(|fix| wrong(name, fix))).transpose()
    };
    let cursor = asked.cursor.map(|text| text.parse::<floodgate_search::HitCursor>());
    let towns = match (near, asked.town) {
        (None, town) => town.map(|town| vec![town]),
        (Some(near), town) => {
            let names = near.iter().map(|(name, _)| name.clone());
            Some(names.filter(|name| town.as_ref().is_none_or(|town| town == name)).collect())
        }
    };
    Ok(EventQuery {
        // After a space the last word is complete.
        is_typing: asked.typing.unwrap_or(true) && !text.ends_with(' '),
        words,
        artist: asked.artist,
        venue: asked.venue,
        month: asked.month,
        price_band: asked.price_band,
        phases: asked.phase.into_iter().collect(),
        towns,
        starts_from: instant("from", asked.from)?,
        starts_before: instant("before", asked.before)?,
        limit: limit(asked.limit, 20)?,
        after: cursor.transpose().map_err(|error| wrong("cursor", error.to_string()))?,
    })
}

fn is_in(details: &EventDetails, town: &str) -> bool {
    floodgate_search::town(&details.venue_address) == town
}

/// Where the words are; an event without words matches nowhere in particular.
fn matches(
    details: &EventDetails,
    venue: &str,
    words: &[String],
    is_typing: bool,
) -> Vec<TextMatch> {
    let fields: [(&'static str, &str); 5] = [
        ("artist", &details.artist),
        ("name", &details.name),
        ("venue_name", venue),
        ("venue_address", &details.venue_address),
        ("description", &details.description),
    ];
    let of_field = |(field, text): (&'static str, &str)| {
        let pieces = highlight(text, words, is_typing, SNIPPET_BYTES)?;
        Some(TextMatch { field, pieces: pieces.into_iter().map(Into::into).collect() })
    };
    fields.into_iter().filter_map(of_field).collect()
}

/// Free seats side by side, such as three for at most 80 that are not behind a pillar. A plan's
/// marks are all that is known of a seat. Nothing is held by this.
#[utoipa::path(get, path = "/v1/events/{event_id}/seats/search", operation_id = "searchSeats",
    tag = "Fans", params(("event_id" = String, Path), SeatSearch),
    responses((status = 200, body = SeatsFound)))]
pub(crate) async fn seats(
    State(desk): State<SearchDesk>,
    path: EventPath,
    Query(asked): Query<SeatSearch>,
) -> Result<Public<Json<SeatsFound>>, ApiError> {
    let limit = limit(asked.limit, 10)?;
    let mut query = seat_query(&path.entry.read(), &asked)?;
    // Some may have gone since the index was written.
    query.limit = 2 * limit;
    let event_id = path.event_id;
    let found = desk.ask(move |index| index.seats(&query)).await?;
    let found = found.ok_or_else(|| {
        tracing::debug!(%event_id, "the index has not heard of the event yet");
        ApiError::new(Code::SearchUnavailable)
    })?;
    let view = path.entry.read();
    let still_free = |group: &&FoundSeats| {
        let first = group.run.place.first_seat as usize;
        let mut seats = group.places.iter().map(|at| first + usize::from(*at));
        seats.all(|seat| view.seats.get(seat) == Some(&SeatState::Free))
    };
    let now = time::now();
    let group = |found: &FoundSeats| {
        let category = found.run.place.category;
        let name = view.plan.categories.get(usize::from(category))?;
        let price = view.price(category, now)?;
        Some(SeatsTogether::of(found, &name.name, price))
    };
    let groups = found.groups.iter().filter(still_free).filter_map(group).take(limit).collect();
    let position = floodgate_domain::FactPosition { offset: found.version >> 16, index: 0 };
    let as_of = LogPosition::from(ViewPosition { position, at: found.at });
    let currency = view.prices.currency.as_str().to_owned();
    Ok(Public::seconds(1, Json(SeatsFound { groups, currency, as_of })))
}

/// What is asked for, with the categories that cost no more, the cheapest first.
fn seat_query(view: &EventView, asked: &SeatSearch) -> Result<SeatQuery, ApiError> {
    let policy = &view.policy;
    let most = u16::from(policy.seats_per_hold_max).min(policy.seats_per_buyer_max);
    let count = asked.count.unwrap_or(1);
    if count == 0 || count > most {
        return Err(wrong("count", format!("from 1 to {most}, as many as may be held at once")));
    }
    let now = time::now();
    let mut categories: Vec<(u32, u8)> = (0..view.plan.categories.len() as u8)
        .filter_map(|category| Some((view.price(category, now)?, category)))
        .filter(|(price, _)| asked.price_max.is_none_or(|most| *price <= most))
        .collect();
    if let Some(name) = &asked.category {
        let at = view.plan.categories.iter().position(|category| category.name == *name);
        let at = at.ok_or_else(|| {
            let names: Vec<_> = view.plan.categories.iter().map(|one| one.name.as_str()).collect();
            wrong("category", format!("one of {}", names.join(", ")))
        })?;
        categories.retain(|(_, category)| usize::from(*category) == at);
    }
    if let Some(section) = &asked.section
        && !view.plan.sections.iter().any(|one| one.name == *section)
    {
        return Err(wrong("section", "the plan has no section of that name"));
    }
    categories.sort_unstable();
    let without = marks("without", asked.without.as_deref(), &["restricted_view"])?;
    let with = marks("with", asked.with.as_deref(), &["wheelchair", "shade"])?;
    let order = match asked.sort.as_deref() {
        None | Some("best") => SeatOrder::Best,
        Some("price") => SeatOrder::Categories,
        Some(_) => return Err(wrong("sort", "best or price")),
    };
    Ok(SeatQuery {
        event_id: view.id,
        count,
        categories: categories.into_iter().map(|(_, category)| category).collect(),
        section: asked.section.clone(),
        is_accessible: with.contains(&"wheelchair"),
        with_restricted_view: without.is_empty(),
        in_shade: with.contains(&"shade"),
        order,
        limit: LIMIT_MAX,
    })
}

/// Marks that are asked for by a parameter, separated by commas; each may be one of a few.
fn marks<'a>(
    field: &str,
    asked: Option<&'a str>,
    can_be: &[&str],
) -> Result<Vec<&'a str>, ApiError> {
    let asked: Vec<&str> = asked.into_iter().flat_map(|marks| marks.split(',')).collect();
    if asked.iter().all(|mark| can_be.contains(mark)) {
        return Ok(asked);
    }
    let (can_be, known) = (can_be.join(" or "), MARKS.map(|(_, name)| name).join(", "));
    let fix = format!("{can_be}; what a plan does not mark is not known: it has {known}");
    Err(wrong(field, fix))
}
