//! Seats as people name them: by number, by name, by row, by section.

use floodgate_domain::seats::SEATS_PER_SET_MAX;
use floodgate_domain::{Refusal, SeatId, SeatSet};

use crate::model::house::HouseSeatsBody;
use crate::model::{Seat, SeatName};
use crate::problem::{ApiError, Code};
use crate::views::EventView;

/// Commands that one request may become.
const SETS_MAX: usize = 16;

/// The seat called so.
pub(super) fn one(view: &EventView, name: &SeatName, path: &str) -> Result<SeatId, ApiError> {
    let seat = match name {
        SeatName::Number(number) => Some(SeatId(*number)),
        SeatName::Name(name) => view.seat_named(name.trim()),
    };
    let is_there = |seat: &SeatId| (seat.0 as usize) < view.seats.len();
    seat.filter(is_there).ok_or_else(|| unknown(path, "this venue has no seat of that name"))
}

/// Everything a body names, in as few sets as it takes.
pub(super) fn all(view: &EventView, body: &HouseSeatsBody) -> Result<Vec<SeatSet>, ApiError> {
    let mut seats = Vec::new();
    for (at, name) in body.seats.iter().enumerate() {
        seats.push(one(view, name, &format!("seats[{at}]"))?);
    }
    for (at, name) in body.rows.iter().enumerate() {
        let found = name.trim().rsplit_once('/').map(|(section, row)| {
            view.seats_where(|in_section, in_row| in_section == section && in_row == row)
        });
        let found = found.filter(|found| !found.is_empty());
        let path = format!("rows[{at}]");
        seats.extend(found.ok_or_else(|| unknown(&path, "no such `section/row` in this venue"))?);
    }
    for (at, name) in body.sections.iter().enumerate() {
        let found = view.seats_where(|in_section, _| in_section == name.trim());
        if found.is_empty() {
            return Err(unknown(&format!("sections[{at}]"), "no section of that name"));
        }
        seats.extend(found);
    }
    seats.sort_unstable();
    seats.dedup();
    if seats.is_empty() {
        return Err(Refusal::NoSeatsNamed.into());
    }
    if seats.len() > SEATS_PER_SET_MAX * SETS_MAX {
        let most = SEATS_PER_SET_MAX * SETS_MAX;
        let fix = format!("{} seats; name at most {most}, such as one section", seats.len());
        return Err(ApiError::new(Code::MalformedBody).field("seats", fix));
    }
    // Each is between one and as many as a set may have.
    Ok(seats.chunks(SEATS_PER_SET_MAX).filter_map(|set| SeatSet::of(set.to_vec())).collect())
}

fn unknown(path: &str, why: &str) -> ApiError {
    ApiError::from(Refusal::UnknownSeat).field(path, why)
}

/// `section/row/seat`, as it is written everywhere.
pub(super) fn name_of(view: &EventView, seat: SeatId) -> String {
    let Seat { section, row, seat, .. } = Seat::of(view, seat);
    format!("{section}/{row}/{seat}")
}
