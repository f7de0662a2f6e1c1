//! From facts to rows: the same for every database, by the effects of each fact.

use floodgate_domain::effects::SeatMove;
use floodgate_domain::plan::CATEGORIES_MAX;
use floodgate_domain::{
    Effects, EventDetails, EventId, FactRecord, LogTime, NewEvent, PriceTable, SalePhase, SeatState,
};

use floodgate_event_log::Checkpoint;

use crate::tables::Write;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnValue<'a> {
    Null,
    Number(i64),
    Flag(bool),
    Text(&'a str),
}

/// The checkpoint that a row of the positions says.
pub(crate) fn checkpoint(next: i64, mark: Option<&str>) -> Checkpoint {
    Checkpoint { next: next.unsigned_abs(), mark: mark.and_then(|mark| mark.parse().ok()) }
}

/// Where rows go.
pub(crate) trait Rows {
    type Error;

    /// Takes a row of what [`Write::given`] names.
    fn take(&mut self, write: Write, row: &[ColumnValue<'_>]) -> Result<(), Self::Error>;
}

/// Writes what a fact means for the tables.
pub(crate) fn write<R: Rows>(record: &FactRecord, rows: &mut R) -> Result<(), R::Error> {
    let effects = record.fact.effects();
    let event_id = record.event_id.to_string();
    let version = number(record.position.version());
    match (effects.created, effects.phase) {
        (Some(new), _) => write_event(record.event_id, new, version, rows)?,
        (None, Some(phase)) => {
            let row = [ColumnValue::Text(&event_id), ColumnValue::Text(phase.code()), version];
            rows.take(Write::Phase, &row)?;
        }
        (None, None) => {}
    }
    if let (None, Some(details)) = (effects.created, effects.details) {
        let [name, description, starts_at, rest @ ..] = of_details(details);
        let first = [ColumnValue::Text(&event_id), name, description, starts_at];
        let row: Vec<_> = first.into_iter().chain(rest).chain([version]).collect();
        rows.take(Write::Details, &row)?;
    }
    if let (None, Some(prices)) = (effects.created, effects.prices) {
        write_prices(&event_id, prices, version, rows)?;
    }
    match (effects.seats, effects.order) {
        (Some(change), _) => write_seats(record, &effects, &change, rows),
        (None, Some(order)) => {
            let Some(until) = order.until else { return Ok(()) };
            let session = order.hold_id.to_string();
            let row = [
                ColumnValue::Text(&event_id),
                ColumnValue::Text(&session),
                number(until.0),
                version,
            ];
            rows.take(Write::Deadline, &row)
        }
        (None, None) => Ok(()),
    }
}

fn write_event<R: Rows>(
    event_id: EventId,
    new: &NewEvent,
    version: ColumnValue<'_>,
    rows: &mut R,
) -> Result<(), R::Error> {
    let (event_id, venue_id) = (event_id.to_string(), new.venue_id.to_string());
    // The times of the presale came last, behind the version.
    let [name, description, starts_at, rest @ .., announced_at, presale_at] =
        of_details(&new.details);
    let first = [
        ColumnValue::Text(&event_id),
        name,
        description,
        ColumnValue::Text(&venue_id),
        starts_at,
        ColumnValue::Text(SalePhase::Announced.code()),
        version,
    ];
    let last = [version, announced_at, presale_at];
    let event: Vec<_> = first.into_iter().chain(rest).chain(last).collect();
    rows.take(Write::Event, &event)?;
    for (category, at) in new.plan.categories.iter().zip(0_u8..) {
        let row = [
            ColumnValue::Text(&event_id),
            ColumnValue::Number(i64::from(at)),
            ColumnValue::Text(&category.name),
            ColumnValue::Flag(new.prices.sells(at)),
            version,
        ];
        rows.take(Write::Category, &row)?;
    }
    for seat in new.plan.seats() {
        let category = new.plan.categories.get(usize::from(seat.category));
        let location = format!("{}/{}/{}", seat.section, seat.row, seat.label);
        let row = [
            ColumnValue::Text(&venue_id),
            ColumnValue::Number(i64::from(seat.seat.0)),
            ColumnValue::Text(&location),
            ColumnValue::Text(category.map(|category| category.name.as_str()).unwrap_or_default()),
            ColumnValue::Text(seat.section),
            ColumnValue::Text(seat.row),
            ColumnValue::Text(&seat.label),
            ColumnValue::Flag(seat.first_state() == SeatState::Free),
        ];
        rows.take(Write::Seat, &row)?;
    }
    Ok(())
}

/// What an event says of itself, in the order in which the tables name it. A start that is not known
/// is zero, as it always was; the rest is null.
fn of_details(details: &EventDetails) -> [ColumnValue<'_>; 14] {
    fn text(text: &str) -> ColumnValue<'_> {
        if text.is_empty() { ColumnValue::Null } else { ColumnValue::Text(text) }
    }
    let time = |at: Option<LogTime>| at.map_or(ColumnValue::Null, |at| number(at.0));
    [
        ColumnValue::Text(&details.name),
        ColumnValue::Text(&details.description),
        number(details.starts_at.map_or(0, |at| at.0)),
        text(&details.artist),
        text(&details.venue_name),
        text(&details.venue_address),
        text(&details.time_zone),
        time(details.doors_at),
        time(details.ends_at),
        time(details.opens_at),
        time(details.closes_at),
        details.age_min.map_or(ColumnValue::Null, |age| number(u64::from(age))),
        time(details.announced_at),
        time(details.presale_at),
    ]
}

/// A fact about prices does not say how many categories there are: what is not there is not changed.
fn write_prices<R: Rows>(
    event_id: &str,
    prices: &PriceTable,
    version: ColumnValue<'_>,
    rows: &mut R,
) -> Result<(), R::Error> {
    (0..CATEGORIES_MAX as u8).try_for_each(|category| {
        let row = [
            ColumnValue::Text(event_id),
            ColumnValue::Number(i64::from(category)),
            ColumnValue::Flag(prices.sells(category)),
            version,
        ];
        rows.take(Write::Price, &row)
    })
}

/// The seats as they are now, and what happened to them.
fn write_seats<R: Rows>(
    record: &FactRecord,
    effects: &Effects<'_>,
    change: &SeatMove<'_>,
    rows: &mut R,
) -> Result<(), R::Error> {
    let event_id = record.event_id.to_string();
    // What staff take off sale or put back is nobody's, and of no session.
    let session = change.hold_id.map(|hold_id| hold_id.to_string()).unwrap_or_default();
    let reason = effects.refund.map_or(ColumnValue::Null, |why| ColumnValue::Text(why.code()));
    let owner = change.owner.map(|owner| owner.to_string());
    let until = effects.order.and_then(|order| order.until);
    let until = until.filter(|_| change.to == SeatState::Held).map(|LogTime(at)| at);
    for seat in change.seats {
        let row = [
            ColumnValue::Text(&event_id),
            owner.as_deref().map_or(ColumnValue::Null, ColumnValue::Text),
            ColumnValue::Number(i64::from(seat.0)),
            ColumnValue::Text(change.to.code()),
            until.map_or(ColumnValue::Null, number),
            ColumnValue::Text(&session),
            ColumnValue::Flag(change.is_redeemed),
            number(record.position.version()),
            ColumnValue::Text(record.fact.name()),
            number(record.at.0),
            reason,
        ];
        rows.take(Write::Reservation, &row[..8])?;
        rows.take(Write::History, &row)?;
    }
    Ok(())
}

fn number(number: u64) -> ColumnValue<'static> {
    ColumnValue::Number(signed(number))
}

/// Databases count from below zero; nothing of ours comes near the end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
