//! What is damaged, and what was found for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floodgate_event_log::embedded::EmbeddedLog;
use floodgate_event_log::{Log, LogError, Offset, Partition, Record, Scan, Topic, Value, scan};

use super::super::super::exit::Failure;
use super::sources::{FoundIn, find, one};

/// Damaged records that are looked after in one partition: more is another kind of damage, which a
/// copy of the whole folder mends better.
const FAULTS_MAX: usize = 1 << 20;
/// Records read at once.
const BATCH_MAX: usize = 4096;
/// How long records that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// A damaged record that is known again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mended {
    pub(super) topic: Topic,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) source: FoundIn,
}

/// A damaged record that nothing knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) topic: Topic,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) reason: String,
}

/// A partition with its damage.
#[derive(Debug, Default)]
struct Partial {
    first: Offset,
    end: Offset,
    mended: BTreeMap<Offset, (Record, FoundIn)>,
    /// Not found yet, with what is wrong.
    missing: BTreeMap<Offset, String>,
}

/// A log with its damage.
#[derive(Debug)]
pub(super) struct Mending<'a> {
    log: &'a EmbeddedLog,
    partials: BTreeMap<(Topic, Partition), Partial>,
    mended: Vec<Mended>,
    left: Vec<Left>,
}

impl<'a> Mending<'a> {
    /// Looks for everything that is damaged, and for what it was by checksums and copies.
    pub(super) fn of(log: &'a EmbeddedLog, copies: &[EmbeddedLog]) -> Result<Self, Failure> {
        let (partials, mended, left) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut mending = Mending { log, partials, mended, left };
        for topic in Topic::ALL {
            for partition in 0..log.partitions(topic) {
                mending.look_at(copies, topic, partition)?;
            }
        }
        Ok(mending)
    }

    fn look_at(
        &mut self,
        copies: &[EmbeddedLog],
        topic: Topic,
        partition: Partition,
    ) -> Result<(), Failure> {
        let Scan { first, end, damaged, faults, .. } =
            scan(self.log, topic, partition, FAULTS_MAX).map_err(Failure::io)?;
        if damaged == 0 {
            return Ok(());
        }
        let mut partial = Partial { first, end, ..Partial::default() };
        for fault in faults {
            let offset = fault.offset;
            match find(self.log, copies, (topic, partition, offset)) {
                Some(found) => drop(partial.mended.insert(offset, found)),
                None => drop(partial.missing.insert(offset, fault.reason)),
            }
        }
        self.partials.insert((topic, partition), partial);
        Ok(())
    }

    /// The damaged records of a partition that are not found yet.
    pub(super) fn missing(&self, topic: Topic, partition: Partition) -> Vec<Offset> {
        let partial = self.partials.get(&(topic, partition));
        partial.map(|one| one.missing.keys().copied().collect()).unwrap_or_default()
    }

    /// Takes note of what a damaged record was. What follows from other topics says nothing of its
    /// time: the rest of its row does, where the checksum says that nothing else is damaged. Readers
    /// know records by their time too.
    pub(super) fn found(&mut self, topic: Topic, partition: Partition, found: (Record, FoundIn)) {
        let (record, source) = found;
        let place = (topic, partition, record.offset);
        let as_written = match (source, record.value.as_ref()) {
            (FoundIn::Commands | FoundIn::Facts, value) => self.log.with_value(place, value),
            _ => None,
        };
        let found = (as_written.unwrap_or(record), source);
        if let Some(partial) = self.partials.get_mut(&(topic, partition)) {
            partial.missing.remove(&found.0.offset);
            partial.mended.insert(found.0.offset, found);
        }
    }

    /// Takes note of why a damaged record cannot be found.
    pub(super) fn not_found(
        &mut self,
        topic: Topic,
        partition: Partition,
        offset: Offset,
        reason: &str,
    ) {
        let partial = self.partials.get_mut(&(topic, partition));
        if let Some(missing) = partial.and_then(|one| one.missing.get_mut(&offset)) {
            *missing = format!("{missing}; {reason}");
        }
    }

    /// Every record of a partition in order, mended where it can be; what is missing is passed
    /// over.
    pub(super) fn each(
        &self,
        topic: Topic,
        partition: Partition,
        each: &mut dyn FnMut(&Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let place = (topic, partition);
        let Some(partial) = self.partials.get(&place) else {
            let first = self.log.first(topic, partition).map_err(Failure::io)?;
            let end = self.log.end(topic, partition).map_err(Failure::io)?;
            return sound(self.log, place, (first, end), each);
        };
        let mut at = partial.first;
        let broken = partial.mended.keys().chain(partial.missing.keys()).copied();
        for offset in broken.collect::<BTreeSet<Offset>>().range(..partial.end) {
            sound(self.log, place, (at, *offset), each)?;
            if let Some((record, _)) = partial.mended.get(offset) {
                each(record)?;
            }
            at = offset + 1;
        }
        sound(self.log, place, (at, partial.end), each)
    }

    /// The nearest record before `offset`, mended where it can be.
    pub(super) fn before(
        &self,
        topic: Topic,
        partition: Partition,
        offset: Offset,
    ) -> Option<Record> {
        let partial = self.partials.get(&(topic, partition))?;
        (partial.first..offset).rev().find_map(|at| match partial.mended.get(&at) {
            Some((record, _)) => Some(record.clone()),
            None => one(self.log, topic, partition, at),
        })
    }

    /// The partitions in which something stands in the place of a lost command, and no fact is
    /// missing.
    pub(super) fn restored(&self) -> Vec<Partition> {
        let is_restored =
            |partial: &Partial| partial.mended.values().any(|(_, found)| *found == FoundIn::Ledger);
        let places = self.partials.iter().filter(|(_, partial)| is_restored(partial));
        let partitions = places.map(|(&(_, partition), _)| partition);
        partitions.filter(|one| self.missing(Topic::Ledger, *one).is_empty()).collect()
    }

    /// What was restored in a partition does not lead to what is known.
    pub(super) fn cannot_restore(&mut self, partition: Partition) {
        let Some(partial) = self.partials.get_mut(&(Topic::Commands, partition)) else { return };
        let why = "what follows it cannot be derived again without it";
        let restored: Vec<Offset> = partial
            .mended
            .iter()
            .filter(|(_, (_, found))| *found == FoundIn::Ledger)
            .map(|(offset, _)| *offset)
            .collect();
        for offset in restored {
            partial.mended.remove(&offset);
            partial.missing.insert(offset, why.to_owned());
        }
    }

    /// Gives up what nothing is decided from: records at the end go, so that whoever publishes
    /// there goes on behind the last good one, and those before it keep their offset and say
    /// nothing.
    pub(super) fn give_up(&mut self) {
        let is_given_up = |topic: &Topic| !matches!(topic, Topic::Commands | Topic::Ledger);
        let places: Vec<_> = self.partials.keys().copied().collect();
        for (topic, partition) in places.into_iter().filter(|(topic, _)| is_given_up(topic)) {
            let at = |offset| self.before(topic, partition, offset).map(|before| before.at);
            let missing = self.missing(topic, partition);
            let times: Vec<_> = missing.iter().map(|offset| at(*offset)).collect();
            let Some(partial) = self.partials.get_mut(&(topic, partition)) else { continue };
            let mut end = partial.end;
            for offset in missing.iter().rev() {
                if offset + 1 == end {
                    end = *offset;
                }
            }
            for (offset, at) in missing.into_iter().zip(times) {
                partial.missing.remove(&offset);
                let record = Record {
                    offset,
                    at: at.unwrap_or_default(),
                    key: Default::default(),
                    value: Value::ABSENT,
                    headers: Vec::new(),
                };
                partial.mended.insert(offset, (record, FoundIn::Nothing));
            }
            partial.end = end;
        }
    }

    /// Lists what was found and what was not.
    pub(super) fn close(&mut self) {
        for (&(topic, partition), partial) in &self.partials {
            for (&offset, (_, source)) in &partial.mended {
                self.mended.push(Mended { topic, partition, offset, source: *source });
            }
            for (&offset, reason) in &partial.missing {
                self.left.push(Left { topic, partition, offset, reason: reason.clone() });
            }
        }
    }

    pub(super) fn mended(&self) -> &[Mended] {
        &self.mended
    }

    pub(super) fn left(&self) -> &[Left] {
        &self.left
    }
}

/// Records between two faults.
fn sound(
    log: &EmbeddedLog,
    (topic, partition): (Topic, Partition),
    (from, to): (Offset, Offset),
    each: &mut dyn FnMut(&Record) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if from >= to {
        return Ok(());
    }
    let mut reader = log.reader(topic, partition, from).map_err(Failure::io)?;
    let mut records = Vec::new();
    while reader.position() < to {
        records.clear();
        let left = usize::try_from(to - reader.position()).unwrap_or(usize::MAX);
        if reader.poll(left.min(BATCH_MAX), READ_WITHIN, &mut records).map_err(Failure::io)? == 0 {
            let what = format!("{} did not come to its end in time", topic.name());
            return Err(Failure::io(LogError::Backend(what)));
        }
        records.iter().try_for_each(&mut *each)?;
    }
    Ok(())
}
