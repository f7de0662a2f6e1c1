//! Every published total is what the ledger adds up to as of its position.

use std::collections::BTreeMap;

use anyhow::Result;

use floodgate_domain::{EventId, FactPosition};
use floodgate_event_log::{Log, Record, Topic};
use floodgate_streams::public::{Counts, time_text};

use crate::books::seats::{CountScope, SeatTotals};
use crate::findings::Findings;
use crate::ledger::Ledger;
use crate::reading::each_record;

const COUNTS: &str = "public-counts";

/// One record, as small as it goes: there are five a second for each key.
#[derive(Debug)]
struct Total {
    event_id: EventId,
    scope: CountScope,
    amounts: SeatTotals,
    name: Box<str>,
    at: Box<str>,
}

/// All published totals by the partition and the position they are true as of. About 100 bytes each.
#[derive(Debug, Default)]
pub(crate) struct PublishedCounts {
    by_position: BTreeMap<(u32, FactPosition), Vec<Total>>,
    /// Events whose totals were said to be forgotten.
    forgotten: Vec<Option<EventId>>,
}

impl PublishedCounts {
    /// Reads what was published so far, in whichever partition it lies.
    pub(crate) fn read(log: &dyn Log, found: &mut Findings) -> Result<Self> {
        let mut counts = PublishedCounts::default();
        for partition in 0..log.partitions(Topic::Counts) {
            let end = log.end(Topic::Counts, partition)?;
            each_record(log, Topic::Counts, partition, end, |record| counts.take(record, found))?;
        }
        Ok(counts)
    }

    fn take(&mut self, record: &Record, found: &mut Findings) {
        if record.value.is_absent() {
            let key = std::str::from_utf8(&record.key).unwrap_or_default();
            let event = key.split('/').next().unwrap_or_default();
            return self.forgotten.push(event.parse().ok());
        }
        let Some((place, total)) = total(record) else {
            let words = || format!("record {} of the counts cannot be read", record.offset);
            return found.check(COUNTS, false, words);
        };
        self.by_position.entry(place).or_default().push(total);
    }

    /// Compares the totals that are true as of a position, the books standing there.
    pub(crate) fn compare(&mut self, partition: u32, position: FactPosition, ledger: &mut Ledger) {
        let Some(totals) = self.by_position.remove(&(partition, position)) else { return };
        let now = time_text(ledger.now());
        for total in totals {
            let book = ledger.events.get(&total.event_id);
            let expected = book.and_then(|book| book.seats.amounts(total.scope));
            let name = book.and_then(|book| book.seats.name(total.scope));
            let is_same =
                expected == Some(total.amounts) && name == Some(&*total.name) && *total.at == *now;
            ledger.found.check(COUNTS, is_same, || {
                let Total { event_id, scope, amounts, .. } = &total;
                format!("{event_id} {scope:?} as of {position:?}: {amounts:?}, not {expected:?}")
            });
        }
    }

    /// What is left is true as of no fact there is.
    pub(crate) fn finish(self, ledger: &mut Ledger) {
        for ((partition, position), _) in self.by_position {
            ledger.found.check(COUNTS, false, || {
                format!("totals as of {position:?} of partition {partition}, where no fact is")
            });
        }
        for event in self.forgotten {
            let is_over = event.is_some_and(|event_id| ledger.is_over(event_id));
            ledger.found.check(COUNTS, is_over, || {
                format!("totals of {event:?} were forgotten, and it is not over")
            });
        }
    }
}

/// A record of the topic, if it says what it has to under the key that belongs to it.
fn total(record: &Record) -> Option<((u32, FactPosition), Total)> {
    let counts: Counts = serde_json::from_slice(&record.value).ok()?;
    let (event_id, index) = (counts.event_id.parse().ok()?, counts.index);
    let (scope, key) = match counts.scope.as_str() {
        "event" => (CountScope::Event, counts.event_id.clone()),
        "section" => (CountScope::Section(index), format!("{}/section/{index}", counts.event_id)),
        "category" => {
            (CountScope::Category(index), format!("{}/category/{index}", counts.event_id))
        }
        _ => return None,
    };
    // Read loosely, a name that was changed would pass for a field of another build.
    let body: serde_json::Value = serde_json::from_slice(&record.value).ok()?;
    let known = serde_json::to_value(&counts).ok()?;
    let is_known = body.as_object()?.iter().all(|(name, value)| known.get(name) == Some(value));
    let amounts = [counts.free, counts.held, counts.sold];
    let adds_up = counts.capacity == amounts.iter().sum::<i64>();
    let is_first = index == 0 || scope != CountScope::Event;
    let (name, at) = (counts.name.into(), counts.as_of.at.into());
    let position = FactPosition { offset: counts.as_of.offset, index: counts.as_of.index };
    let fits = is_known && adds_up && is_first && key.as_bytes() == &record.key[..];
    let total = Total { event_id, scope, amounts, name, at };
    fits.then_some(((counts.as_of.partition, position), total))
}
