//! From the form of an older build to that of this one: a step each, all of it or nothing.

use rusqlite::types::ValueRef;

use super::checksum::{self, Parts};
use super::ends;
use super::schema::{CHECKED_SINCE, Schema};
use super::slot::{Slot, signed, slots};

/// Makes of a file what this build writes; its format must have been looked at before.
pub(super) fn to_newest(schema: &Schema) -> rusqlite::Result<()> {
    if schema.format()? == 1 {
        allow_tombstones(schema)?;
    }
    if schema.format()? < CHECKED_SINCE {
        add_checksums(schema)?;
    }
    Ok(())
}

/// From format 1 to 2: only what the file says of its tables changes, no record is written anew.
fn allow_tombstones(schema: &Schema) -> rusqlite::Result<()> {
    let mut steps = String::from("BEGIN IMMEDIATE;");
    for slot in stored(schema)? {
        let table = slot.table();
        steps.push_str(&format!("ALTER TABLE {table} ALTER COLUMN value DROP NOT NULL;"));
    }
    steps.push_str("UPDATE about SET value = '2' WHERE name = 'format'; COMMIT;");
    schema.connection.execute_batch(&steps)
}

/// From format 2 to 3: every record gets the checksum of what it says now.
fn add_checksums(schema: &Schema) -> rusqlite::Result<()> {
    let transaction = schema.connection.unchecked_transaction()?;
    schema.connection.execute_batch(ends::TABLE)?;
    for slot in stored(schema)? {
        let table = slot.table();
        schema.connection.execute_batch(&format!(
            "ALTER TABLE {table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT -1"
        ))?;
        let sums = checksums(schema, slot)?;
        let write = format!("UPDATE {table} SET checksum = ?2 WHERE \"offset\" = ?1");
        let mut write = schema.connection.prepare(&write)?;
        for (offset, sum) in sums {
            write.execute((offset, sum))?;
        }
        if let Some((last, _)) = ends::last(&schema.connection, slot)? {
            ends::write(&schema.connection, slot, last + 1)?;
        }
    }
    schema.connection.execute("UPDATE about SET value = '3' WHERE name = 'format'", [])?;
    schema.seal_about()?;
    transaction.commit()
}

fn checksums(schema: &Schema, slot: Slot) -> rusqlite::Result<Vec<(i64, u32)>> {
    let ask = format!("SELECT \"offset\", at, key, value, headers FROM {}", slot.table());
    let mut statement = schema.connection.prepare(&ask)?;
    let rows = statement.query_map([], |row| {
        let bytes = |column: usize| match row.get_ref(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok::<_, rusqlite::Error>(Some(bytes)),
            _ => Ok(None),
        };
        let offset: i64 = row.get(0)?;
        let parts = Parts {
            offset: offset.unsigned_abs(),
            at: row.get::<_, i64>(1)?.unsigned_abs(),
            key: bytes(2)?.unwrap_or_default(),
            value: bytes(3)?,
            headers: bytes(4)?.unwrap_or_default(),
        };
        Ok((signed(parts.offset), checksum::of_record(slot.topic.name(), slot.partition, parts)))
    })?;
    rows.collect()
}

/// The tables of a file; topics that came later than it have none yet.
fn stored(schema: &Schema) -> rusqlite::Result<Vec<Slot>> {
    let ask = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let mut found = Vec::new();
    for slot in slots(schema.partitions()?).filter(|slot| !slot.in_memory) {
        let count: u32 = schema.connection.query_row(ask, [slot.name()], |row| row.get(0))?;
        if count > 0 {
            found.push(slot);
        }
    }
    Ok(found)
}
