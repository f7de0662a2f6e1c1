//! Totals as records of the counts topic: JSON with CloudEvents headers (binary mode).

use floodgate_log::{NewRecord, Partition};
use floodgate_onsale::{EventId, LogTime, Source};

use crate::deltas::{Amounts, Key, Scope, Shapes};
use crate::public::{AsOf, Attributes, Counts, time_text};

/// The type of every record of the counts topic.
pub(crate) const COUNTS_CHANGED: &str = "floodgate.counts.changed.v1";

/// Puts a total into words.
pub(crate) fn record(
    shapes: &Shapes,
    (event_id, scope): Key,
    [free, held, sold]: Amounts,
    (as_of, at): (&AsOf, LogTime),
) -> NewRecord {
    let shape = shapes.get(event_id);
    let name = |names: Option<&Vec<String>>, at: u32| {
        names.and_then(|names| names.get(at as usize)).cloned().unwrap_or_default()
    };
    let (word, index, name) = match scope {
        Scope::Event => ("event", 0, String::new()),
        Scope::Section(at) => ("section", at, name(shape.map(|shape| &shape.sections), at)),
        Scope::Category(at) => ("category", at, name(shape.map(|shape| &shape.categories), at)),
    };
    let counts = Counts {
        event_id: event_id.to_string(),
        scope: word.to_owned(),
        index,
        name,
        capacity: free + held + sold,
        free,
        held,
        sold,
        as_of: as_of.clone(),
    };
    let value = serde_json::to_vec(&counts).expect("numbers and texts always serialise");
    let key = key(event_id, scope);
    let source = Source { offset: as_of.offset, index: as_of.index };
    let position = (as_of.partition, source, at);
    let attributes = Attributes::new(COUNTS_CHANGED, "live", key.clone(), position);
    NewRecord { key: key.into(), value: value.into(), headers: attributes.headers() }
}

/// `evt_…`, `evt_…/section/3` or `evt_…/category/1`: what compaction keeps the last one of.
fn key(event_id: EventId, scope: Scope) -> String {
    match scope {
        Scope::Event => event_id.to_string(),
        Scope::Section(at) => format!("{event_id}/section/{at}"),
        Scope::Category(at) => format!("{event_id}/category/{at}"),
    }
}

/// The source a published record is true as of.
pub(crate) fn source_of(value: &[u8]) -> Option<Source> {
    let counts: Counts = serde_json::from_slice(value).ok()?;
    Some(Source { offset: counts.as_of.offset, index: counts.as_of.index })
}

/// The position as published.
pub(crate) fn as_of(partition: Partition, source: Source, at: LogTime) -> AsOf {
    AsOf { partition, offset: source.offset, index: source.index, at: time_text(at) }
}
