//! Totals as records of the counts topic: JSON with CloudEvents headers (binary mode).

use bytes::Bytes;

use floodgate_domain::{EventId, FactPosition, LogTime};
use floodgate_event_log::{NewRecord, Partition, Record};

use crate::deltas::{Amounts, EventLayouts, Scope, TotalKey};
use crate::public::{AsOf, Attributes, Counts, partition_key, time_text};

/// The types of the records of the counts topic.
const COUNTS_CHANGED: &str = "floodgate.counts.changed.v1";
const COUNTS_FORGOTTEN: &str = "floodgate.counts.forgotten.v1";
/// The header that says after how long events were forgotten when the record was written, so that a
/// restart with another setting knows what has been published.
const FORGET_AFTER: &str = "floodgate-forget-after-ms";

/// The position and the setting a record is written under.
#[derive(Debug, Clone)]
pub(crate) struct CountsPosition {
    pub(crate) partition: Partition,
    pub(crate) position: FactPosition,
    pub(crate) at: LogTime,
    pub(crate) forget_after_ms: u64,
}

/// Puts a total into words.
pub(crate) fn record(
    layouts: &EventLayouts,
    (event_id, scope): TotalKey,
    [free, held, sold]: Amounts,
    counted: &CountsPosition,
) -> NewRecord {
    let layout = layouts.get(event_id);
    let name = |names: Option<&Vec<String>>, at: u32| {
        names.and_then(|names| names.get(at as usize)).cloned().unwrap_or_default()
    };
    let (word, index, name) = match scope {
        Scope::Event => ("event", 0, String::new()),
        Scope::Section(at) => ("section", at, name(layout.map(|layout| &layout.sections), at)),
        Scope::Category(at) => ("category", at, name(layout.map(|layout| &layout.categories), at)),
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
        as_of: counted.as_of(),
    };
    let value = serde_json::to_vec(&counts).expect("numbers and texts always serialise");
    let key = key(event_id, scope);
    let headers = counted.headers(COUNTS_CHANGED, event_id, &key);
    NewRecord { key: key.into(), value: value.into(), headers }
}

/// Says that a total is forgotten and that nothing more comes under its key.
pub(crate) fn tombstone((event_id, scope): TotalKey, counted: &CountsPosition) -> NewRecord {
    let key = key(event_id, scope);
    let headers = counted.headers(COUNTS_FORGOTTEN, event_id, &key);
    NewRecord { headers, ..NewRecord::tombstone(key) }
}

impl CountsPosition {
    fn as_of(&self) -> AsOf {
        let FactPosition { offset, index } = self.position;
        AsOf { partition: self.partition, offset, index, at: time_text(self.at) }
    }

    fn headers(&self, kind: &str, event_id: EventId, key: &str) -> Vec<(String, Bytes)> {
        let position = (self.partition, self.position, self.at);
        let mut headers = Attributes::new(kind, "live", key, key, position).headers();
        headers.push(partition_key(&event_id.to_string()));
        headers.push((FORGET_AFTER.to_owned(), self.forget_after_ms.to_string().into()));
        headers
    }
}

/// `evt_…`, `evt_…/section/3` or `evt_…/category/1`: what compaction keeps the last one of.
fn key(event_id: EventId, scope: Scope) -> String {
    match scope {
        Scope::Event => event_id.to_string(),
        Scope::Section(at) => format!("{event_id}/section/{at}"),
        Scope::Category(at) => format!("{event_id}/category/{at}"),
    }
}

/// After how long events were forgotten by whoever wrote a record. One that does not say forgot none.
pub(crate) fn forget_after_ms(record: &Record) -> u64 {
    let header = record.headers.iter().find(|(name, _)| name == FORGET_AFTER);
    let text = header.and_then(|(_, value)| std::str::from_utf8(value).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
}
