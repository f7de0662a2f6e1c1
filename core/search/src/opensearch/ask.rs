//! Queries in the words of OpenSearch, and its answers in ours.
//!
//! Every clause has a constant score, so that an event is worth the same here as in memory, and
//! the same on every page.

use serde_json::{Value, json};

use floodgate_domain::{EventId, LogTime};

use super::fields::{LONGEST, WEIGHTS, begun, run};
use crate::index::SearchError;
use crate::query::{
    EventHit, EventHits, EventQuery, FacetCount, Facets, FoundSeats, HitCursor, SeatOrder,
    SeatQuery,
};
use crate::together::{conditions, groups};
use crate::words::{BEGUN_CHARS_MIN, mistakes_max};

/// Runs asked for at once.
const RUNS_MAX: usize = 200;
/// Times it is asked for more: wheelchair spaces alone may need it.
const PAGES_MAX: usize = 20;
/// Words that one word with mistakes may stand for.
const EXPANSIONS_MAX: u32 = 200;

/// What one word is worth: the most of all ways it fits, as `words::fit` has it.
fn word(word: &str, is_typing: bool) -> Value {
    let chars = word.chars().count();
    let mistakes = mistakes_max(chars);
    let mut ways = Vec::new();
    for (weight, field) in WEIGHTS {
        let mut way = |worth: f32, query: Value| {
            ways.push(json!({ "constant_score": { "filter": query, "boost": worth * weight } }));
        };
        way(1.0, json!({ "term": { field: word } }));
        if is_typing {
            way(0.8, json!({ "prefix": { field: word } }));
        }
        if is_typing && chars >= BEGUN_CHARS_MIN {
            way(0.3, json!({ "fuzzy": { begun(field): fuzzy(word, 1) } }));
        }
        for (most, worth) in [(1, 0.6), (2, 0.35)] {
            if most <= mistakes {
                way(worth, json!({ "fuzzy": { field: fuzzy(word, most) } }));
            }
        }
    }
    json!({ "dis_max": { "queries": ways } })
}

fn fuzzy(word: &str, mistakes: usize) -> Value {
    json!({
        "value": word, "fuzziness": mistakes, "max_expansions": EXPANSIONS_MAX,
        "transpositions": true,
    })
}

pub(super) fn events(query: &EventQuery) -> Value {
    let last = query.words.len().wrapping_sub(1);
    let words = query.words.iter().enumerate();
    let must: Vec<_> = words.map(|(at, one)| word(one, query.is_typing && at == last)).collect();
    let mut filter = vec![json!({ "term": { "kind": "event" } })];
    let exact = [
        ("artist", &query.artist),
        ("venue", &query.venue),
        ("month", &query.month),
        ("price_band", &query.price_band),
    ];
    for (field, value) in exact {
        filter.extend(value.iter().map(|value| json!({ "term": { field: value } })));
    }
    if !query.phases.is_empty() {
        filter.push(json!({ "terms": { "phase": query.phases } }));
    }
    filter.extend(query.towns.iter().map(|towns| json!({ "terms": { "town": towns } })));
    if query.starts_from.is_some() || query.starts_before.is_some() {
        let mut bounds = json!({ "lt": crate::query::NO_START });
        if let Some(LogTime(from)) = query.starts_from {
            bounds["gte"] = json!(from);
        }
        if let Some(LogTime(before)) = query.starts_before {
            bounds["lt"] = json!(before);
        }
        filter.push(json!({ "range": { "starts_at": bounds } }));
    }
    let mut facets = Facets::default();
    let aggregations = facets.fields().map(|(name, _)| {
        let order = json!([{ "_count": "desc" }, { "_key": "asc" }]);
        let terms = json!({ "field": name, "size": Facets::VALUES_MAX, "order": order });
        (name.to_owned(), json!({ "terms": terms }))
    });
    let mut body = json!({
        "size": query.limit, "track_total_hits": true, "_source": ["starts_at", "event_id"],
        "query": { "bool": { "must": must, "filter": filter } },
        "sort": [{ "_score": "desc" }, { "starts_at": "asc" }, { "event_id": "asc" }],
        "aggs": serde_json::Map::from_iter(aggregations),
    });
    if let Some(after) = query.after {
        body["search_after"] = json!([after.score, after.starts_at, after.event_id.to_string()]);
    }
    body
}

pub(super) fn event_hits(answer: &Value, newest: &Value) -> EventHits {
    let hits = answer["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let hit = |hit: &Value| {
        let event_id = hit["sort"][2].as_str()?.parse().ok()?;
        let (score, starts_at) = (hit["sort"][0].as_f64()? as f32, hit["sort"][1].as_u64()?);
        let cursor = HitCursor { score, starts_at, event_id };
        Some(EventHit { event_id, cursor })
    };
    let mut facets = Facets::default();
    for (name, values) in facets.fields() {
        let buckets = answer["aggregations"][name]["buckets"].as_array();
        values.extend(buckets.into_iter().flatten().filter_map(|bucket| {
            let count = usize::try_from(bucket["doc_count"].as_u64()?).ok()?;
            Some(FacetCount { value: bucket["key"].as_str()?.to_owned(), count })
        }));
    }
    let count = answer["hits"]["total"]["value"].as_u64().unwrap_or(0);
    EventHits {
        hits: hits.iter().filter_map(hit).collect(),
        count: usize::try_from(count).unwrap_or(usize::MAX),
        facets,
        at: LogTime(newest.as_u64().unwrap_or(0)),
    }
}

/// The newest fact of a partition that is written up to somewhere.
pub(super) fn newest_position() -> Value {
    let filter =
        [json!({ "term": { "kind": "position" } }), json!({ "range": { "next": { "gt": 0 } } })];
    json!({ "size": 1, "query": { "bool": { "filter": filter } }, "sort": [{ "at": "desc" }] })
}

pub(super) fn event(event_id: EventId) -> Value {
    let filter = [
        json!({ "term": { "kind": "event" } }),
        json!({ "term": { "event_id": event_id.to_string() } }),
    ];
    let source = ["version", "at"];
    json!({ "size": 1, "_source": source, "query": { "bool": { "filter": filter } } })
}

/// Asks for the runs that have enough, page by page, until there are as many groups as are wanted.
pub(super) fn seats(
    query: &SeatQuery,
    mut search: impl FnMut(&Value) -> Result<Value, SearchError>,
) -> Result<Vec<FoundSeats>, SearchError> {
    let each: Vec<Vec<u8>> = match query.order {
        SeatOrder::Best => vec![query.categories.clone()],
        SeatOrder::Categories => query.categories.iter().map(|one| vec![*one]).collect(),
    };
    let mut found = Vec::new();
    for categories in each {
        let mut after = Value::Null;
        for _ in 0..PAGES_MAX {
            let answer = search(&runs(query, &categories, &after))?;
            let hits = answer["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
            for hit in hits {
                let Some(run) = run(query.event_id, &hit["_source"]) else { continue };
                let group = |places| FoundSeats { run: run.clone(), places };
                found.extend(groups(&run, query).into_iter().map(group));
            }
            if found.len() >= query.limit {
                found.truncate(query.limit);
                return Ok(found);
            }
            match hits.last() {
                Some(last) if hits.len() == RUNS_MAX => after = last["sort"].clone(),
                _ => break,
            }
        }
    }
    Ok(found)
}

fn runs(query: &SeatQuery, categories: &[u8], after: &Value) -> Value {
    let mut filter = vec![
        json!({ "term": { "kind": "run" } }),
        json!({ "term": { "event_id": query.event_id.to_string() } }),
        json!({ "terms": { "category": categories } }),
    ];
    let enough = |way: usize| json!({ "range": { LONGEST[way]: { "gte": query.count } } });
    filter.extend(conditions(query).into_iter().map(enough));
    filter.extend(query.section.iter().map(|section| json!({ "term": { "section": section } })));
    let mut body = json!({
        "size": RUNS_MAX, "query": { "bool": { "filter": filter } },
        "sort": [{ "rank": "asc" }, { "first_seat": "asc" }],
    });
    if !after.is_null() {
        body["search_after"] = after.clone();
    }
    body
}
