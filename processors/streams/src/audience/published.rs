//! What is in the audience topic: encoding and decoding, so that a restart goes on after the last.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;

use floodgate_domain::{AgeBand, FactPosition};
use floodgate_event_log::{Log, LogError, NewRecord, Partition, Record, Topic};

use super::cell::Cell;
use super::dataflow::CellKey;
use crate::public::{Attributes, AudienceCell, partition_key};

/// The type of every record of the topic.
const CELL: &str = "floodgate.audience.cell.v2";
/// The header that names the fact of the release. Not in the body: a position in the facts is nothing
/// an advertiser needs.
const RELEASED_BY: &str = "floodgate-released-by";
/// Records read at once.
const BATCH_MAX: usize = 1024;
/// Seconds without a record that must be there: longer than any healthy log takes.
const QUIET_MAX: u32 = 30;

/// The last release that anything was published of, and its cells that were: a crash may have cut the
/// records of one release short, never those of one before.
#[derive(Debug, Default)]
pub(super) struct Published {
    last: Option<FactPosition>,
    cells: HashSet<CellKey>,
}

impl Published {
    /// Reads the whole partition of the topic: a record a cell and window, a few thousand a week.
    pub(super) fn read(log: &dyn Log, partition: Partition) -> Result<Self, LogError> {
        let mut published = Published::default();
        let end = log.end(Topic::Audience, partition)?;
        let first = log.first(Topic::Audience, partition)?;
        let mut reader = log.reader(Topic::Audience, partition, first)?;
        let mut records = Vec::new();
        let mut quiet = 0;
        while reader.position() < end {
            records.clear();
            let count = reader.poll(BATCH_MAX, Duration::from_secs(1), &mut records)?;
            quiet = if count == 0 { quiet + 1 } else { 0 };
            if quiet > QUIET_MAX {
                let what = "the audience topic cannot be read to its end";
                return Err(LogError::Backend(what.to_owned()));
            }
            for record in &records {
                match read(record) {
                    Some((key, released_by)) => published.note(key, released_by),
                    None => tracing::error!(partition, offset = record.offset, "not a cell"),
                }
            }
        }
        Ok(published)
    }

    /// Whether all was said about a cell that there is to say as of this release.
    pub(super) fn is_settled(&self, key: CellKey, released_by: FactPosition) -> bool {
        match self.last {
            Some(last) if last == released_by => self.cells.contains(&key),
            last => last.is_some_and(|last| last > released_by),
        }
    }

    pub(super) fn note(&mut self, key: CellKey, released_by: FactPosition) {
        // Two processes may publish the same; what is older says nothing new.
        if self.last < Some(released_by) {
            self.last = Some(released_by);
            self.cells.clear();
        }
        if self.last == Some(released_by) {
            self.cells.insert(key);
        }
    }
}

/// A cell as a record; its key is the product's.
pub(super) fn record(
    cell: &AudienceCell,
    partition: Partition,
    released_by: FactPosition,
) -> NewRecord {
    let FactPosition { offset, index } = released_by;
    let attributes = Attributes {
        kind: CELL.to_owned(),
        source: format!("/floodgate/audience/{partition}"),
        id: format!("{}-{offset}-{index}", cell.product_id),
        subject: cell.product_id.clone(),
        time: cell.released_at.clone(),
    };
    let mut headers = attributes.headers();
    headers.push(partition_key(&cell.event_id));
    headers.push((RELEASED_BY.to_owned(), Bytes::from(format!("{offset}-{index}"))));
    let value = serde_json::to_vec(cell).expect("numbers and texts always serialise");
    NewRecord { key: cell.product_id.clone().into(), value: value.into(), headers }
}

fn read(record: &Record) -> Option<(CellKey, FactPosition)> {
    let body: AudienceCell = serde_json::from_slice(&record.value).ok()?;
    let age = match &body.age {
        Some(text) => Some(AgeBand::parse(text)?),
        None => None,
    };
    let region = body.region.as_deref().map(str::parse).transpose().ok()?;
    let cell = Cell::named(age, region);
    let (_, value) = record.headers.iter().find(|(name, _)| name == RELEASED_BY)?;
    let (offset, index) = std::str::from_utf8(value).ok()?.split_once('-')?;
    let released_by = FactPosition { offset: offset.parse().ok()?, index: index.parse().ok()? };
    Some(((body.event_id.parse().ok()?, cell), released_by))
}
