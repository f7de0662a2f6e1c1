//! Every published window is what the facts up to its position add up to.

use std::collections::BTreeMap;

use anyhow::Result;

use floodgate_domain::{EventId, FactPosition, LogTime};
use floodgate_event_log::{Log, Record, Topic};
use floodgate_streams::public::{AsOf, WindowBody, time_text};

use crate::books::event::EventBook;
use crate::books::seats::CountScope;
use crate::books::tally::LENGTH_MS;
use crate::findings::Findings;
use crate::ledger::Ledger;
use crate::reading::each_record;

const WINDOWS: &str = "public-windows";

/// One record: a kilobyte, and two a second at most for each event.
#[derive(Debug)]
struct Published {
    event_id: EventId,
    begins_at: LogTime,
    body: serde_json::Value,
}

/// All published windows by the partition and the position they are true as of.
#[derive(Debug, Default)]
pub(crate) struct PublishedWindows {
    by_position: BTreeMap<(u32, FactPosition), Vec<Published>>,
}

impl PublishedWindows {
    /// Reads what was published so far, in whichever partition it lies.
    pub(crate) fn read(log: &dyn Log, found: &mut Findings) -> Result<Self> {
        let mut windows = PublishedWindows::default();
        for partition in 0..log.partitions(Topic::Windows) {
            let end = log.end(Topic::Windows, partition)?;
            each_record(log, Topic::Windows, partition, end, |record| windows.take(record, found))?;
        }
        Ok(windows)
    }

    fn take(&mut self, record: &Record, found: &mut Findings) {
        let Some((place, window)) = window(record) else {
            let words = || format!("record {} of the windows cannot be read", record.offset);
            return found.check(WINDOWS, false, words);
        };
        self.by_position.entry(place).or_default().push(window);
    }

    /// Compares the windows that are true as of a position, the books standing there.
    pub(crate) fn compare(&mut self, partition: u32, position: FactPosition, ledger: &mut Ledger) {
        let Some(windows) = self.by_position.remove(&(partition, position)) else { return };
        let FactPosition { offset, index } = position;
        let as_of = AsOf { partition, offset, index, at: time_text(ledger.now()) };
        for Published { event_id, begins_at, body } in windows {
            let book = ledger.events.get(&event_id);
            let expected = book.map(|book| expected(event_id, begins_at, book, as_of.clone()));
            let expected = expected.and_then(|body| serde_json::to_value(body).ok());
            ledger.found.check(WINDOWS, expected.as_ref() == Some(&body), || {
                let expected = expected.map(|body| body.to_string()).unwrap_or_default();
                format!("window of {event_id} as of {position:?}: {body}, not {expected}")
            });
        }
    }

    /// What is left is true as of no fact there is.
    pub(crate) fn finish(self, ledger: &mut Ledger) {
        for ((partition, position), _) in self.by_position {
            ledger.found.check(WINDOWS, false, || {
                format!("windows as of {position:?} of partition {partition}, where no fact is")
            });
        }
    }
}

fn expected(event_id: EventId, begins_at: LogTime, book: &EventBook, as_of: AsOf) -> WindowBody {
    let sold = |scope: fn(u32) -> CountScope| {
        let counts = (0..).map_while(|at| book.seats.amounts(scope(at)));
        counts.map(|[_, _, sold]| u32::try_from(sold).unwrap_or(u32::MAX)).collect()
    };
    WindowBody {
        event_id: event_id.to_string(),
        begins_at: time_text(begins_at),
        length_ms: LENGTH_MS,
        currency: book.prices.currency.as_str().to_owned(),
        opened_at: book.tally.opened_at.map(time_text),
        window: book.tally.windows.get(&begins_at).cloned().unwrap_or_default(),
        totals: book.tally.totals.clone(),
        sections_sold: sold(CountScope::Section),
        categories_sold: sold(CountScope::Category),
        as_of,
    }
}

/// A record of the topic, under the key that belongs to it.
fn window(record: &Record) -> Option<((u32, FactPosition), Published)> {
    let body: serde_json::Value = serde_json::from_slice(&record.value).ok()?;
    let known: WindowBody = serde_json::from_slice(&record.value).ok()?;
    let key = std::str::from_utf8(&record.key).ok()?;
    let begins_at: u64 = key.strip_prefix(&format!("{}/window/", known.event_id))?.parse().ok()?;
    if key != format!("{}/window/{begins_at}", known.event_id) {
        return None;
    }
    let AsOf { partition, offset, index, .. } = known.as_of;
    // Where nothing happens to the event for a while, a window is true as of several facts.
    let id = format!("{partition}-{offset}-{index}-{key}");
    record.headers.iter().find(|(name, value)| name == "ce_id" && **value == *id.as_bytes())?;
    let window =
        Published { event_id: known.event_id.parse().ok()?, begins_at: LogTime(begins_at), body };
    Some(((partition, FactPosition { offset, index }), window))
}
