//! The tables of a sale in SQLite: events, venues, reservations and their history.
//!
//! Rows are written with conditions on `reservation_version`, the source of the fact as one
//! number, so that replays and disorder cannot harm. The file can be deleted: it is made
//! again from the log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use floodgate_config::Sinks;
use floodgate_domain::plan::SeatFlags;
use floodgate_domain::{BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, NewEvent, SeatList};
use floodgate_event_log::{Offset, Partition};

use crate::sink::{Destination, Inspection, Sink, SinkError};

const SCHEMA: &str = include_str!("schema.sql");

/// `views.db` in the data folder.
#[derive(Debug)]
struct SqliteDestination {
    path: PathBuf,
}

pub(crate) fn destination(settings: &Sinks, data: &Path) -> Option<Arc<dyn Destination>> {
    let path = data.join("views.db");
    settings.sqlite.then(|| Arc::new(SqliteDestination { path }) as Arc<dyn Destination>)
}

impl Destination for SqliteDestination {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| self.unusable(&error))?;
        Ok(Box::new(SqliteSink::open(&self.path).map_err(|error| self.unusable(&error))?))
    }

    fn exists(&self) -> bool {
        self.path.exists()
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        let name = self.path.display();
        let found = if self.exists() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            Connection::open_with_flags(&self.path, flags)
                .and_then(|file| file.query_row("PRAGMA schema_version", [], |_| Ok(())))
                .map_err(|error| self.unusable(&error))?;
            format!("{name} can be read")
        } else {
            format!("{name} is not there yet and will be made")
        };
        Ok(Inspection { found, fault: None, clock: None })
    }
}

impl SqliteDestination {
    fn unusable(&self, error: &dyn std::fmt::Display) -> SinkError {
        let name = self.path.display();
        SinkError::Unavailable(format!(
            "{name} cannot be used: {error}; it can be deleted, the log has everything"
        ))
    }
}

/// The sink that keeps `views.db`.
#[derive(Debug)]
pub struct SqliteSink {
    connection: Connection,
    path: PathBuf,
    /// Shared by all who carry facts into the file.
    carrying: File,
}

/// One seat's news.
struct Change<'a> {
    seats: &'a SeatList,
    status: &'static str,
    user: Option<BuyerId>,
    hold_id: HoldId,
    /// `Some` sets the deadline; `None` means there is none.
    lock_expiry: Option<LogTime>,
}

impl SqliteSink {
    /// Opens the file, making it and its tables if needed.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(32);
        // NORMAL: a power failure may cost the last rows together with the position behind
        // them; both are then written again.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            .and_then(|()| connection.execute_batch(SCHEMA))
            .map_err(failed)?;
        let io = |error: std::io::Error| SinkError::Unavailable(error.to_string());
        let carrying = File::create(path.with_added_extension("lock")).map_err(io)?;
        carrying.lock_shared().map_err(io)?;
        Ok(SqliteSink { connection, path: path.to_owned(), carrying })
    }

    fn write_all(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for fact in facts {
            write_fact(&transaction, fact)?;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO positions (partition, next) VALUES (?1, ?2)")?
            .execute(params![partition, signed(next)])?;
        transaction.commit()
    }
}

impl Sink for SqliteSink {
    fn position(&mut self, partition: Partition) -> Result<Offset, SinkError> {
        let stored: Option<i64> = self
            .connection
            .query_row("SELECT next FROM positions WHERE partition = ?1", [partition], |row| {
                row.get(0)
            })
            .optional()
            .map_err(failed)?;
        Ok(stored.map_or(0, i64::unsigned_abs))
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
    ) -> Result<(), SinkError> {
        self.write_all(partition, facts, next).map_err(failed)
    }

    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError> {
        if self.carrying.try_lock().is_err() {
            return Err(SinkError::InUse(self.path.display().to_string()));
        }
        let back = "UPDATE positions SET next = min(next, ?2) WHERE partition = ?1";
        let set = self.connection.execute(back, params![partition, signed(to)]).map_err(failed);
        // Others may carry again.
        let shared = self.carrying.lock_shared();
        shared.map_err(|error| SinkError::Unavailable(error.to_string()))?;
        set.map(|_| ())
    }
}

fn write_fact(transaction: &Transaction<'_>, record: &FactRecord) -> rusqlite::Result<()> {
    let phase = |text| set_phase(transaction, record.event_id, text);
    let change = |status, user: &BuyerId, hold_id: &HoldId, seats, lock_expiry| {
        let user = (status != "free").then_some(*user);
        let change = Change { seats, status, user, hold_id: *hold_id, lock_expiry };
        write_seats(transaction, record, &change)
    };
    match &record.fact {
        Fact::EventCreated(new) => write_event(transaction, record.event_id, new),
        Fact::SaleOpened => phase("open"),
        Fact::SalePaused => phase("paused"),
        Fact::SaleClosed => phase("closed"),
        Fact::EventCancelled => phase("cancelled"),
        Fact::SeatsHeld { hold_id, buyer, seats, until, .. } => {
            change("held", buyer, hold_id, seats, Some(*until))
        }
        Fact::OrderConfirmed { hold_id, buyer, seats, .. } => {
            change("sold", buyer, hold_id, seats, None)
        }
        Fact::HoldReleased { hold_id, buyer, seats }
        | Fact::HoldExpired { hold_id, buyer, seats }
        | Fact::OrderExpired { hold_id, buyer, seats }
        | Fact::OrderCancelled { hold_id, buyer, seats }
        | Fact::OrderRefunded { hold_id, buyer, seats, .. } => {
            change("free", buyer, hold_id, seats, None)
        }
        Fact::HoldExtended { hold_id, until, .. }
        | Fact::PurchaseStarted { hold_id, until, .. }
        | Fact::OrderDeclined { hold_id, until, .. } => {
            extend(transaction, record, *hold_id, *until)
        }
        _ => Ok(()),
    }
}

fn write_event(
    transaction: &Transaction<'_>,
    event_id: EventId,
    new: &NewEvent,
) -> rusqlite::Result<()> {
    let venue_id = new.venue_id.to_string();
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO events
             (event_id, event_name, event_description, venue_id, starts_at, phase)
             VALUES (?1, ?2, ?3, ?4, ?5, 'announced')",
        )?
        .execute(params![
            event_id.to_string(),
            new.name,
            new.description,
            venue_id,
            signed(new.starts_at)
        ])?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR IGNORE INTO venues
         (venue_id, seat_id, seat_location, seat_type, section, row, seat, for_sale)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for seat in new.plan.seats() {
        let category = new.plan.categories.get(usize::from(seat.category));
        statement.execute(params![
            venue_id,
            seat.seat.0,
            format!("{}/{}/{}", seat.section, seat.row, seat.label),
            category.map(|category| category.name.as_str()).unwrap_or_default(),
            seat.section,
            seat.row,
            seat.label,
            !seat.flags.has(SeatFlags::BLOCKED),
        ])?;
    }
    Ok(())
}

fn set_phase(
    transaction: &Transaction<'_>,
    event_id: EventId,
    phase: &str,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE events SET phase = ?2 WHERE event_id = ?1")?
        .execute(params![event_id.to_string(), phase])
        .map(|_| ())
}

fn write_seats(
    transaction: &Transaction<'_>,
    record: &FactRecord,
    change: &Change<'_>,
) -> rusqlite::Result<()> {
    let event_id = record.event_id.to_string();
    let (user, session) = (change.user.map(|user| user.to_string()), change.hold_id.to_string());
    let expiry = change.lock_expiry.map(|at| signed(at.0));
    let version = signed(record.source.version());
    // Newer rows stay, whatever order facts come in.
    let mut current = transaction.prepare_cached(
        "INSERT INTO reservations (event_id, seat_id, user_id, venue_id, status, lock_expiry,
                                   session_id, reservation_version)
         VALUES (?1, ?2, ?3, (SELECT venue_id FROM events WHERE event_id = ?1), ?4, ?5, ?6, ?7)
         ON CONFLICT (event_id, seat_id) DO UPDATE SET
             user_id = excluded.user_id, status = excluded.status,
             lock_expiry = excluded.lock_expiry, session_id = excluded.session_id,
             reservation_version = excluded.reservation_version
         WHERE excluded.reservation_version > reservations.reservation_version",
    )?;
    let mut history = transaction.prepare_cached(
        "INSERT OR IGNORE INTO reservation_history
             (event_id, seat_id, user_id, venue_id, status, lock_expiry, session_id,
              reservation_version, fact, at)
         VALUES (?1, ?2, ?3, (SELECT venue_id FROM events WHERE event_id = ?1), ?4, ?5, ?6, ?7,
                 ?8, ?9)",
    )?;
    for seat in change.seats.iter() {
        let status = change.status;
        current.execute(params![event_id, seat.0, user, status, expiry, session, version])?;
        let (fact, at) = (record.fact.name(), signed(record.at.0));
        history
            .execute(params![event_id, seat.0, user, status, expiry, session, version, fact, at])?;
    }
    Ok(())
}

/// A new deadline for the seats of a hold; the seats are those that carry its session.
fn extend(
    transaction: &Transaction<'_>,
    record: &FactRecord,
    hold_id: HoldId,
    until: LogTime,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE reservations SET lock_expiry = ?3, reservation_version = ?4
             WHERE event_id = ?1 AND session_id = ?2 AND status = 'held'
               AND reservation_version < ?4",
        )?
        .execute(params![
            record.event_id.to_string(),
            hold_id.to_string(),
            signed(until.0),
            signed(record.source.version()),
        ])
        .map(|_| ())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: rusqlite::Error) -> SinkError {
    SinkError::Unavailable(error.to_string())
}
