//! The tables of a sale in PostgreSQL: the same as in SQLite, with the same conditions.

use std::sync::Arc;

use postgres::{Client, NoTls, Transaction};

use floodgate_config::Sinks;
use floodgate_domain::plan::{SeatDetail, SeatFlags};
use floodgate_domain::{BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, NewEvent, SeatList};
use floodgate_event_log::{Offset, Partition};

use crate::inspect::inspect_postgres;
use crate::sink::{Destination, Inspection, Sink, SinkError};

const SCHEMA: &str = include_str!("schema-postgres.sql");
/// Several sinks may start at once; one of them makes the tables.
const SCHEMA_LOCK: i64 = 0x666c_6f6f_6467;
/// Whoever carries facts has a share of this lock for as long as he is connected.
const CARRYING: i64 = SCHEMA_LOCK + 1;
/// Seats of a plan sent in one statement.
const SEATS_MAX: usize = 10_000;

/// The database that `sinks.postgres` names.
struct PostgresDestination {
    /// As given: `host=… user=…` or a URL. It may hold a password.
    config: String,
}

impl std::fmt::Debug for PostgresDestination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresDestination")
    }
}

pub(crate) fn destination(settings: &Sinks) -> Result<Option<Arc<dyn Destination>>, SinkError> {
    let config = settings.postgres.clone();
    if config.is_empty() {
        return Ok(None);
    }
    let wrong = |error: postgres::Error| SinkError::Misconfigured {
        setting: "sinks.postgres",
        reason: std::error::Error::source(&error).unwrap_or(&error).to_string(),
    };
    config.parse::<postgres::Config>().map_err(wrong)?;
    Ok(Some(Arc::new(PostgresDestination { config })))
}

impl Destination for PostgresDestination {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(PostgresSink::open(&self.config)?))
    }

    fn exists(&self) -> bool {
        true
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        inspect_postgres(&self.config)
    }
}

/// The sink that keeps a PostgreSQL database.
pub struct PostgresSink {
    /// As given: `host=… user=…` or a URL.
    config: String,
    /// `None` after it was set back: its lock goes with the connection.
    client: Option<Client>,
}

impl std::fmt::Debug for PostgresSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresSink")
    }
}

/// One fact's news about its seats.
struct Change<'a> {
    seats: &'a SeatList,
    status: &'static str,
    user: Option<BuyerId>,
    hold_id: HoldId,
    lock_expiry: Option<LogTime>,
}

impl PostgresSink {
    /// Connects and makes the tables if needed.
    pub fn open(config: &str) -> Result<Self, SinkError> {
        let mut sink = PostgresSink { config: config.to_owned(), client: None };
        sink.client()?;
        Ok(sink)
    }

    fn client(&mut self) -> Result<&mut Client, SinkError> {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => connect(&self.config)?,
        };
        Ok(self.client.insert(client))
    }
}

fn connect(config: &str) -> Result<Client, SinkError> {
    let mut client = Client::connect(config, NoTls).map_err(failed)?;
    let mut transaction = client.transaction().map_err(failed)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK])
        .and_then(|_| transaction.batch_execute(SCHEMA))
        .and_then(|()| transaction.commit())
        .and_then(|()| client.execute("SELECT pg_advisory_lock_shared($1)", &[&CARRYING]))
        .map_err(failed)?;
    Ok(client)
}

impl Sink for PostgresSink {
    fn position(&mut self, partition: Partition) -> Result<Offset, SinkError> {
        let stored = self
            .client()?
            .query_opt("SELECT next FROM positions WHERE partition = $1", &[&i64::from(partition)])
            .map_err(failed)?;
        Ok(stored.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
    ) -> Result<(), SinkError> {
        write_all(self.client()?, partition, facts, next).map_err(failed)
    }

    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError> {
        let client = self.client()?;
        // Every sink has a share of it; all of it can be had only when no other has any.
        let is_alone: bool = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&CARRYING])
            .map_err(failed)?
            .get(0);
        if !is_alone {
            return Err(SinkError::InUse("sinks.postgres".to_owned()));
        }
        let back = "UPDATE positions SET next = least(next, $2) WHERE partition = $1";
        let set = client.execute(back, &[&i64::from(partition), &signed(to)]).map_err(failed);
        // The lock goes with the connection.
        self.client = None;
        set.map(|_| ())
    }
}

fn write_all(
    client: &mut Client,
    partition: Partition,
    facts: &[FactRecord],
    next: Offset,
) -> Result<(), postgres::Error> {
    let mut transaction = client.transaction()?;
    for fact in facts {
        write_fact(&mut transaction, fact)?;
    }
    transaction.execute(
        "INSERT INTO positions (partition, next) VALUES ($1, $2)
         ON CONFLICT (partition) DO UPDATE SET next = greatest(positions.next, excluded.next)",
        &[&i64::from(partition), &signed(next)],
    )?;
    transaction.commit()
}

fn write_fact(
    transaction: &mut Transaction<'_>,
    record: &FactRecord,
) -> Result<(), postgres::Error> {
    let mut change = |status, user: &BuyerId, hold_id: &HoldId, seats, lock_expiry| {
        let user = (status != "free").then_some(*user);
        let change = Change { seats, status, user, hold_id: *hold_id, lock_expiry };
        write_seats(transaction, record, &change)
    };
    match &record.fact {
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
        Fact::EventCreated(new) => write_event(transaction, record.event_id, new),
        Fact::SaleOpened => set_phase(transaction, record.event_id, "open"),
        Fact::SalePaused => set_phase(transaction, record.event_id, "paused"),
        Fact::SaleClosed => set_phase(transaction, record.event_id, "closed"),
        Fact::EventCancelled => set_phase(transaction, record.event_id, "cancelled"),
        _ => Ok(()),
    }
}

fn write_event(
    transaction: &mut Transaction<'_>,
    event_id: EventId,
    new: &NewEvent,
) -> Result<(), postgres::Error> {
    let venue_id = new.venue_id.to_string();
    let starts_at = signed(new.starts_at);
    transaction.execute(
        "INSERT INTO events (event_id, event_name, event_description, venue_id, starts_at, phase)
         VALUES ($1, $2, $3, $4, $5, 'announced') ON CONFLICT DO NOTHING",
        &[&event_id.to_string(), &new.name, &new.description, &venue_id, &starts_at],
    )?;
    let seats: Vec<_> = new.plan.seats().collect();
    for seats in seats.chunks(SEATS_MAX) {
        let ids: Vec<i64> = seats.iter().map(|seat| i64::from(seat.seat.0)).collect();
        let place = |seat: &SeatDetail<'_>| format!("{}/{}/{}", seat.section, seat.row, seat.label);
        let places: Vec<String> = seats.iter().map(place).collect();
        let categories = &new.plan.categories;
        let kinds: Vec<&str> = seats
            .iter()
            .map(|seat| categories.get(usize::from(seat.category)).map_or("", |c| c.name.as_str()))
            .collect();
        let sections: Vec<&str> = seats.iter().map(|seat| seat.section).collect();
        let rows: Vec<&str> = seats.iter().map(|seat| seat.row).collect();
        let labels: Vec<&str> = seats.iter().map(|seat| &*seat.label).collect();
        let for_sale: Vec<bool> =
            seats.iter().map(|seat| !seat.flags.has(SeatFlags::BLOCKED)).collect();
        transaction.execute(
            "INSERT INTO venues
             (venue_id, seat_id, seat_location, seat_type, section, \"row\", seat, for_sale)
             SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
                                      $7::text[], $8::boolean[])
             ON CONFLICT DO NOTHING",
            &[&venue_id, &ids, &places, &kinds, &sections, &rows, &labels, &for_sale],
        )?;
    }
    Ok(())
}

fn set_phase(
    transaction: &mut Transaction<'_>,
    event_id: EventId,
    phase: &str,
) -> Result<(), postgres::Error> {
    let set = "UPDATE events SET phase = $2 WHERE event_id = $1";
    transaction.execute(set, &[&event_id.to_string(), &phase]).map(|_| ())
}

fn write_seats(
    transaction: &mut Transaction<'_>,
    record: &FactRecord,
    change: &Change<'_>,
) -> Result<(), postgres::Error> {
    let event_id = record.event_id.to_string();
    let (user, session) = (change.user.map(|user| user.to_string()), change.hold_id.to_string());
    let expiry = change.lock_expiry.map(|at| signed(at.0));
    let version = signed(record.source.version());
    let seats: Vec<i64> = change.seats.iter().map(|seat| i64::from(seat.0)).collect();
    let status = change.status;
    // Newer rows stay, whatever order facts come in.
    transaction.execute(
        "INSERT INTO reservations (event_id, seat_id, user_id, venue_id, status, lock_expiry,
                                   session_id, reservation_version)
         SELECT $1, seat, $3, (SELECT venue_id FROM events WHERE event_id = $1), $4, $5, $6, $7
         FROM unnest($2::bigint[]) AS seat
         ON CONFLICT (event_id, seat_id) DO UPDATE SET
             user_id = excluded.user_id, status = excluded.status,
             lock_expiry = excluded.lock_expiry, session_id = excluded.session_id,
             reservation_version = excluded.reservation_version
         WHERE excluded.reservation_version > reservations.reservation_version",
        &[&event_id, &seats, &user, &status, &expiry, &session, &version],
    )?;
    let (fact, at) = (record.fact.name(), signed(record.at.0));
    transaction.execute(
        "INSERT INTO reservation_history
             (event_id, seat_id, user_id, venue_id, status, lock_expiry, session_id,
              reservation_version, fact, at)
         SELECT $1, seat, $3, (SELECT venue_id FROM events WHERE event_id = $1), $4, $5, $6, $7,
                $8, $9
         FROM unnest($2::bigint[]) AS seat ON CONFLICT DO NOTHING",
        &[&event_id, &seats, &user, &status, &expiry, &session, &version, &fact, &at],
    )?;
    Ok(())
}

/// A new deadline for the seats of a hold; the seats are those that carry its session.
fn extend(
    transaction: &mut Transaction<'_>,
    record: &FactRecord,
    hold_id: HoldId,
    until: LogTime,
) -> Result<(), postgres::Error> {
    let version = signed(record.source.version());
    let set = "UPDATE reservations SET lock_expiry = $3, reservation_version = $4
               WHERE event_id = $1 AND session_id = $2 AND status = 'held'
                 AND reservation_version < $4";
    let (event_id, session) = (record.event_id.to_string(), hold_id.to_string());
    transaction.execute(set, &[&event_id, &session, &signed(until.0), &version]).map(|_| ())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
pub(crate) fn failed(error: postgres::Error) -> SinkError {
    // The cause says more than the kind.
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let told = format!("{error}: {cause}");
    // Class 22: the data itself is wrong, and will be the next time.
    let is_data = error.code().is_some_and(|code| code.code().starts_with("22"));
    if is_data { SinkError::Refused(told) } else { SinkError::Unavailable(told) }
}
