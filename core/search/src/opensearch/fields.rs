//! Documents as they are stored, and the fields they may have.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use floodgate_domain::EventId;
use floodgate_domain::plan::{Labels, SeatFlags};

use crate::document::{Document, DocumentKey, RunDocument, RunPlace};
use crate::query::NO_START;
use crate::together::{WAYS_COUNT, longest};
use crate::words::beginnings;

/// How much words count; each has a field of its own.
pub(super) const WEIGHTS: [(f32, &str); 5] =
    [(5.0, "words_5"), (4.0, "words_4"), (3.0, "words_3"), (2.0, "words_2"), (1.0, "words_1")];
/// The field that has the beginnings of a field's words.
pub(super) fn begun(name: &str) -> String {
    format!("begun_{name}")
}

/// Ways to ask for seats together, as `together::longest` counts them.
pub(super) const LONGEST: [&str; WAYS_COUNT] =
    ["longest", "longest_clear", "longest_accessible", "longest_shaded"];

/// Settings and fields of the index. One shard, so that what one search saw, the next sees.
pub(super) fn form() -> Value {
    let keyword = json!({ "type": "keyword" });
    let shown = json!({ "type": "keyword", "index": false, "doc_values": false });
    let number = json!({ "type": "long" });
    let kept = json!({ "type": "object", "enabled": false });
    let mut fields = serde_json::Map::new();
    let mut all = |kind: &Value, names: &[&str]| {
        fields.extend(names.iter().map(|name| ((*name).to_owned(), kind.clone())));
    };
    all(&keyword, &["kind", "event_id", "artist", "venue", "town", "month", "phase"]);
    all(&keyword, &["price_band", "currency", "section"]);
    all(&keyword, &WEIGHTS.map(|(_, name)| name));
    all(&keyword, &WEIGHTS.map(|(_, name)| begun(name)).each_ref().map(String::as_str));
    all(&shown, &["name", "row"]);
    all(&number, &["version", "at", "next", "starts_at", "price_from", "capacity", "free_count"]);
    all(&number, &["section_index", "rank", "first_seat", "category"]);
    all(&number, &LONGEST);
    all(&json!({ "type": "boolean" }), &["is_general"]);
    all(&kept, &["labels", "flags", "free"]);
    json!({
        "settings": { "number_of_shards": 1, "refresh_interval": "1s" },
        "mappings": { "dynamic": "strict", "properties": fields },
    })
}

pub(super) fn id(key: DocumentKey) -> String {
    match key {
        DocumentKey::Event(event_id) => event_id.to_string(),
        DocumentKey::Section(event_id, section) => format!("{event_id}-section-{section}"),
        DocumentKey::Run(event_id, first_seat) => format!("{event_id}-run-{first_seat}"),
    }
}

pub(super) fn source(document: &Document) -> Value {
    match document {
        Document::Event(event) => {
            let mut source = json!({
                "kind": "event", "event_id": event.event_id.to_string(),
                "version": event.version, "at": event.at.0, "name": event.name,
                "phase": event.phase, "currency": event.currency,
                "starts_at": event.starts_at.map_or(NO_START, |at| at.0),
                "price_from": event.price_from, "capacity": event.capacity,
                "free_count": event.free,
            });
            let texts = [
                ("artist", &event.artist),
                ("venue", &event.venue),
                ("town", &event.town),
                ("month", &event.month),
                ("price_band", &event.price_band),
            ];
            // What is not known is not counted.
            for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
                source[name] = json!(text);
            }
            for (weight, name) in WEIGHTS {
                let words = event.words.iter().filter(|(_, counts)| *counts == weight);
                let words: Vec<&str> = words.map(|(word, _)| word.as_str()).collect();
                let beginnings: BTreeSet<String> =
                    words.iter().flat_map(|word| beginnings(word)).collect();
                source[name] = json!(words);
                source[begun(name)] = json!(beginnings);
            }
            source
        }
        Document::Section(section) => json!({
            "kind": "section", "event_id": section.event_id.to_string(),
            "version": section.version, "section": *section.section,
            "section_index": section.section_index, "capacity": section.capacity,
            "free_count": section.free,
        }),
        Document::Run(run) => run_source(run),
    }
}

fn run_source(run: &RunDocument) -> Value {
    let place = &run.place;
    let labels = match &place.labels {
        Labels::Numbers { first, step, count } => {
            json!({ "first": first, "step": step, "count": count })
        }
        Labels::Texts(texts) => json!({ "texts": texts }),
    };
    let flags: Vec<_> = place.flags.iter().map(|(at, flags)| json!([at, flags.0])).collect();
    let mut source = json!({
        "kind": "run", "event_id": run.event_id.to_string(), "version": run.version,
        "section": *place.section, "section_index": place.section_index, "row": place.row,
        "rank": place.rank, "first_seat": place.first_seat, "category": place.category,
        "is_general": place.is_general, "labels": labels, "flags": { "of": flags },
        "free": { "places": run.free }, "free_count": run.free.len(),
    });
    for (name, count) in LONGEST.into_iter().zip(longest(run)) {
        source[name] = json!(count);
    }
    source
}

/// A run as it was stored; `None` of what is none of ours.
pub(super) fn run(event_id: EventId, source: &Value) -> Option<RunDocument> {
    let number = |name: &str| source[name].as_u64();
    let small = |value: &Value| u16::try_from(value.as_u64()?).ok();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let labels = &source["labels"];
    let labels = match labels["texts"].as_array() {
        Some(texts) => {
            Labels::Texts(texts.iter().map(|text| text.as_str().unwrap_or("").into()).collect())
        }
        None => Labels::Numbers {
            first: i32::try_from(labels["first"].as_i64()?).ok()?,
            step: i32::try_from(labels["step"].as_i64()?).ok()?,
            count: small(&labels["count"])?,
        },
    };
    let flag = |pair: &Value| {
        let bits = u8::try_from(pair[1].as_u64()?).ok()?;
        Some((small(&pair[0])?, SeatFlags(bits)))
    };
    let place = RunPlace {
        section: Arc::from(source["section"].as_str()?),
        section_index: u32::try_from(number("section_index")?).ok()?,
        row: source["row"].as_str()?.to_owned(),
        rank: u32::try_from(number("rank")?).ok()?,
        first_seat: u32::try_from(number("first_seat")?).ok()?,
        category: u8::try_from(number("category")?).ok()?,
        labels,
        flags: list(&source["flags"]["of"]).iter().map(flag).collect::<Option<_>>()?,
        is_general: source["is_general"].as_bool()?,
    };
    let free = list(&source["free"]["places"]).iter().map(small).collect::<Option<_>>()?;
    Some(RunDocument { event_id, version: number("version")?, place: Arc::new(place), free })
}
