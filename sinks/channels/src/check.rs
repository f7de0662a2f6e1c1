//! Whether the store of people has what the ledger leads to: who follows, waits and holds is folded
//! once more, aside, and compared.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_event_log::{Checkpoint, Log, LogError, Partition, Topic};
use floodgate_people::{FOLDED_TABLES, People, PeopleError, PeopleLocation};

use crate::words::Words;
use crate::world::World;

/// Records read at once.
const BATCH_MAX: usize = 4096;
/// How long a record that is there may take to come.
const RECORD_WITHIN: Duration = Duration::from_secs(10);

/// What differs between a store and what the ledger leads to, in words; nothing where all is well.
/// `aside` is a folder for a store that is made and goes with it. Somebody may be writing.
pub fn check(
    log: &Arc<dyn Log>,
    people: &People,
    aside: &Path,
) -> Result<Vec<String>, PeopleError> {
    let partitions = log.partitions(Topic::Ledger);
    // As of one moment: where it is in each partition, and its rows.
    let (positions, stored) = people.look(|work| {
        let position = |partition| work.checkpoint(Topic::Ledger, partition);
        let positions = (0..partitions).map(position).collect::<Result<Vec<_>, _>>()?;
        let rows = FOLDED_TABLES.iter().map(|table| work.folded_rows(table));
        Ok((positions, rows.collect::<Result<Vec<_>, _>>()?))
    })?;
    let mut found = Vec::new();
    // Nothing sealed is touched, so that it takes no key.
    let once_more = People::new(PeopleLocation::File(aside.join("people.db")), &[0; 32]);
    let mut world = World::new(Arc::new(Words::default()));
    for (partition, position) in (0..partitions).zip(positions) {
        match position.check(&**log, Topic::Ledger, partition) {
            Ok(()) => fold(&**log, &once_more, &mut world, (partition, position))?,
            Err(error) => found.push(error.to_string()),
        }
    }
    for (table, stored) in FOLDED_TABLES.iter().zip(stored) {
        let expected = once_more.look(|work| work.folded_rows(table))?;
        let (wrong, missing) = differences(&stored, &expected);
        if wrong + missing > 0 {
            let missing = format!("{missing} are missing");
            found
                .push(format!("{table}: {wrong} rows are not what the ledger leads to, {missing}"));
        }
    }
    Ok(found)
}

fn fold(
    log: &dyn Log,
    into: &People,
    world: &mut World,
    (partition, until): (Partition, Checkpoint),
) -> Result<(), PeopleError> {
    let first = log.first(Topic::Ledger, partition).map_err(|error| unread(&error))?;
    let mut reader = log.reader(Topic::Ledger, partition, first).map_err(|error| unread(&error))?;
    let (mut records, mut last) = (Vec::new(), None);
    while reader.position() < until.next {
        records.clear();
        let left = usize::try_from(until.next - reader.position()).unwrap_or(usize::MAX);
        let read = reader.poll(left.min(BATCH_MAX), RECORD_WITHIN, &mut records);
        if read.map_err(|error| unread(&error))? == 0 {
            return Err(PeopleError::Unavailable("the ledger did not come in time".to_owned()));
        }
        let mut changes = Vec::new();
        // What is no fact was set aside by whoever wrote the store; one that came twice counts
        // once.
        for fact in records.iter().filter_map(|record| decode_fact(&record.value).ok()) {
            if last.is_none_or(|last| fact.position > last) {
                last = Some(fact.position);
                world.follow(&fact, &mut changes);
            }
        }
        into.with(|work| changes.iter().try_for_each(|change| change.write(work)))?;
    }
    Ok(())
}

fn unread(error: &LogError) -> PeopleError {
    PeopleError::Unavailable(format!("the ledger cannot be read: {error}"))
}

/// How many of the first are not among the second, and the other way round; both are sorted.
fn differences(stored: &[String], expected: &[String]) -> (usize, usize) {
    let beyond = |these: &[String], those: &[String]| {
        these.iter().filter(|row| those.binary_search(row).is_err()).count()
    };
    (beyond(stored, expected), beyond(expected, stored))
}
