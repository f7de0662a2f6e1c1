//! The one thread that writes.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};

use floodgate_domain::LogTime;
use floodgate_domain::wire::WireWriter;

use super::acknowledged::Acknowledged;
use super::checksum::{self, Parts};
use super::ends::{self, End};
use super::queue::Job;
use super::schema::{HEADERS_MAX, Schema};
use super::slot::{Slot, signed, slots};
use super::{Health, Shared};
use crate::topics::Cleanup;
use crate::traits::{Ack, Appended, LogError, NewRecord, Record};

/// How long nothing is taken after a group was not written: until everybody whose append was in it has
/// surely looked, which owners do at every turn, ten times a second at least. A full disk needs longer.
const REFUSED_FOR: Duration = Duration::from_secs(1);
/// How often old records of short topics are looked for.
const RETENTION_EVERY: Duration = Duration::from_secs(30);
/// Old records removed at once: a few milliseconds between two groups.
const RETENTION_SLICE: i64 = 2_000;

pub(super) fn spawn(
    shared: Arc<Shared>,
    (schema, acknowledged): (Schema, Acknowledged),
    ends: Vec<End>,
) -> std::io::Result<JoinHandle<()>> {
    let mut writer = Writer { shared, schema, acknowledged, ends, retained_at: Instant::now() };
    std::thread::Builder::new().name("log-writer".into()).spawn(move || writer.run())
}

#[derive(Debug)]
struct Writer {
    shared: Arc<Shared>,
    schema: Schema,
    acknowledged: Acknowledged,
    /// By slot index: what the next record gets. Only advanced by a commit.
    ends: Vec<End>,
    retained_at: Instant,
}

impl Writer {
    fn run(&mut self) {
        let mut jobs = Vec::new();
        while self.shared.queue.take(RETENTION_EVERY, &mut jobs) {
            if !jobs.is_empty() {
                self.write_group(&mut jobs);
            }
            if self.retained_at.elapsed() >= RETENTION_EVERY {
                self.retained_at = Instant::now();
                if let Err(error) = self.forget_old() {
                    tracing::warn!(%error, "old records could not be removed");
                }
            }
        }
        if let Err(error) = self.schema.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            tracing::warn!(%error, "the log could not be checkpointed at its end");
        }
    }

    /// One transaction, one sync, for everything that waits.
    fn write_group(&mut self, jobs: &mut Vec<Job>) {
        let started = Instant::now();
        let mut ends = self.ends.clone();
        let mut acks = Vec::with_capacity(jobs.len());
        let groups = stage(jobs, self.shared.clock.now(), &mut ends, &mut acks);
        let outcome = if self.shared.health() == Health::Broken {
            Err(LogError::Backend("an earlier write failed".into()))
        } else {
            self.commit(&groups).and_then(|()| self.note(&ends))
        };
        metrics::histogram!("floodgate_log_commit_seconds").record(started.elapsed());
        match outcome {
            Ok(()) => {
                self.shared.set_health(Health::Good);
                self.ends = ends;
                let count: usize = groups.iter().map(|(_, records)| records.len()).sum();
                metrics::counter!("floodgate_log_records_total").increment(count as u64);
                // Readers first: whoever is notified of an append may read it at once.
                for (slot, records) in groups {
                    self.shared.tails[slot.index].publish(records);
                }
                for (ack, appended) in acks {
                    ack.complete(Ok(appended));
                }
            }
            Err(error) => {
                metrics::counter!("floodgate_log_failed_groups_total").increment(1);
                tracing::error!(%error, appends = acks.len(), "a group could not be written");
                self.shared.set_health(match error {
                    LogError::DiskFull => Health::DiskFull,
                    _ => Health::Broken,
                });
                self.shared.queue.refuse(&error, Instant::now() + REFUSED_FOR);
                for (ack, _) in acks {
                    ack.complete(Err(error.clone()));
                }
            }
        }
    }

    /// Writes all groups in one transaction, or nothing.
    fn commit(&self, groups: &[(Slot, Vec<Record>)]) -> Result<(), LogError> {
        let connection = &self.schema.connection;
        let written = connection
            .execute_batch("BEGIN IMMEDIATE")
            .and_then(|()| groups.iter().try_for_each(|group| insert(connection, group)))
            .and_then(|()| connection.execute_batch("COMMIT"))
            .map_err(classify);
        // What was written so far must not join the next group.
        if written.is_err()
            && !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            return Err(LogError::Backend(format!("a rollback failed: {error}")));
        }
        written
    }

    /// Nobody hears of a record that could vanish without a word.
    fn note(&self, ends: &[End]) -> Result<(), LogError> {
        let written = self.acknowledged.write(acknowledged_by(self.shared.partitions, ends));
        written.map_err(|error| LogError::Backend(format!("log.end: {error}")))
    }

    fn forget_old(&self) -> rusqlite::Result<()> {
        let now = self.shared.clock.now().0;
        for slot in slots(self.shared.partitions).filter(|slot| !slot.in_memory) {
            let Cleanup::Age { ms } = slot.topic.cleanup() else { continue };
            let table = slot.table();
            // The last record stays: it says where the partition goes on.
            self.schema.connection.execute(
                &format!(
                    "DELETE FROM {table} WHERE \"offset\" IN (SELECT \"offset\" FROM {table}
                     WHERE at < ?1 AND \"offset\" < (SELECT max(\"offset\") FROM {table})
                     ORDER BY \"offset\" LIMIT ?2)"
                ),
                [signed(now.saturating_sub(ms)), RETENTION_SLICE],
            )?;
        }
        Ok(())
    }
}

/// Records of all partitions in the file.
fn acknowledged_by(partitions: u32, ends: &[End]) -> u64 {
    slots(partitions).filter(|slot| !slot.in_memory).map(|slot| ends[slot.index].next).sum()
}

/// Gives every record its offset and time, by partition, and every job its answer.
fn stage(
    jobs: &mut Vec<Job>,
    now: LogTime,
    ends: &mut [End],
    acks: &mut Vec<(Ack, Appended)>,
) -> Vec<(Slot, Vec<Record>)> {
    // Order matters within a partition only; a stable sort keeps it.
    jobs.sort_by_key(|job| job.slot.index);
    let mut groups: Vec<(Slot, Vec<Record>)> = Vec::new();
    for job in jobs.drain(..) {
        let end = &mut ends[job.slot.index];
        end.last_at = end.last_at.max(now.0);
        let at = LogTime(end.last_at);
        acks.push((job.ack, Appended { first: end.next, at }));
        if groups.last().is_none_or(|(slot, _)| *slot != job.slot) {
            groups.push((job.slot, Vec::new()));
        }
        let Some((_, records)) = groups.last_mut() else { continue };
        for NewRecord { key, value, headers } in job.records {
            records.push(Record { offset: end.next, at, key, value, headers });
            end.next += 1;
        }
    }
    groups
}

pub(super) fn insert(
    connection: &Connection,
    (slot, records): &(Slot, Vec<Record>),
) -> rusqlite::Result<()> {
    if slot.in_memory {
        return Ok(());
    }
    let sql = format!("INSERT INTO {} VALUES (?1, ?2, ?3, ?4, ?5, ?6)", slot.table());
    let mut statement = connection.prepare_cached(&sql)?;
    for record in records {
        let headers = encode_headers(&record.headers);
        let sum = checksum::of_record(
            slot.topic.name(),
            slot.partition,
            Parts {
                offset: record.offset,
                at: record.at.0,
                key: &record.key,
                value: record.value.bytes().map(|bytes| &bytes[..]),
                headers: headers.as_deref().unwrap_or_default(),
            },
        );
        statement.execute((
            signed(record.offset),
            signed(record.at.0),
            Key(&record.key),
            ToSqlOutput::Borrowed(
                record.value.bytes().map_or(ValueRef::Null, |b| ValueRef::Blob(b)),
            ),
            headers,
            sum,
        ))?;
    }
    match records.last() {
        Some(last) => ends::write(connection, *slot, last.offset + 1),
        None => Ok(()),
    }
}

/// Text where it is text, so that `sqlite3` shows event ids as people write them.
struct Key<'a>(&'a [u8]);

impl ToSql for Key<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let is_text = std::str::from_utf8(self.0).is_ok();
        let value = if is_text { ValueRef::Text(self.0) } else { ValueRef::Blob(self.0) };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// A count, then names and values with their sizes; nothing for no headers.
fn encode_headers(headers: &[(String, Bytes)]) -> Option<Vec<u8>> {
    if headers.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    out.put_count(headers.len().min(HEADERS_MAX));
    for (name, value) in headers.iter().take(HEADERS_MAX) {
        out.put_text(name);
        out.put_count(value.len());
        out.put_bytes(value);
    }
    Some(out)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn classify(error: rusqlite::Error) -> LogError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LogError::DiskFull,
        _ => LogError::Backend(error.to_string()),
    }
}
