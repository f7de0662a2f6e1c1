//! What managers do by hand: seats off sale and back, seats given away, orders found.

mod gifts;
mod named;
mod orders;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::house::NOTE_BYTES_MAX;
use floodgate_domain::{Actor, Command, HoldId, HouseSeats, OrderName, Refusal, SeatId, SeatSet};

use super::Routes;
use super::respond::answer;
use crate::commands::{Commands, Outcome, RequestKey};
use crate::extract::{EventPath, Idempotent, Manager, Query, Staff};
use crate::model::PendingAnswer;
use crate::model::house::{BlockedSeats, HouseList, HouseSeatsAnswer, HouseSeatsBody};
use crate::problem::{ApiError, Code, Problem};
use crate::ticket::TicketKey;
use crate::views::{EventView, Hand};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(block))
        .routes(routes!(unblock))
        .routes(routes!(list))
        .merge(gifts::routes())
        .merge(orders::routes())
}

/// Runs of seats that one answer lists: some hundred kilobytes.
const BLOCKED_MAX: usize = 2_000;
/// Orders of the house that one answer lists, of sixteen tickets each at most.
const GIVEN_MAX: usize = 50;

/// A note of staff, within its bound.
fn note(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    if text.len() <= NOTE_BYTES_MAX {
        return Ok(text.to_owned());
    }
    let fix = format!("at most {NOTE_BYTES_MAX} bytes");
    Err(ApiError::new(Code::MalformedBody).field("note", fix))
}

/// Takes seats off sale: by number or name, whole rows, whole sections. Those that are off sale already
/// stay so. Nothing is held or sold among them, or none of them is changed and the answer names what
/// stands in the way. More than 4,096 seats are decided 4,096 at a time: where a part is refused because
/// somebody was faster, the answer says how many went before it.
#[utoipa::path(post, path = "/v1/events/{event_id}/seats/block", operation_id = "blockSeats",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = HouseSeatsBody,
    responses((status = 200, body = HouseSeatsAnswer), (status = 202, body = PendingAnswer),
        (status = 409, description = "seats_in_use …", body = Problem)))]
pub(crate) async fn block(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<HouseSeatsBody>,
) -> Result<Response, ApiError> {
    let seats = named::all(&path.entry.read(), &body)?;
    let work = (seats, note(&body.note)?, Command::BlockSeats as Turn);
    turn(&commands, staff.actor(), (&path, &key), work, "blocked").await
}

/// Puts seats back on sale, those that the plan keeps off too. What is on sale, held or sold stays as
/// it is. A seat without a price is still not for sale.
#[utoipa::path(post, path = "/v1/events/{event_id}/seats/unblock", operation_id = "unblockSeats",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = HouseSeatsBody,
    responses((status = 200, body = HouseSeatsAnswer), (status = 202, body = PendingAnswer)))]
pub(crate) async fn unblock(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<HouseSeatsBody>,
) -> Result<Response, ApiError> {
    let seats = named::all(&path.entry.read(), &body)?;
    let work = (seats, note(&body.note)?, Command::UnblockSeats as Turn);
    turn(&commands, staff.actor(), (&path, &key), work, "on_sale").await
}

/// A command about seats of the house.
type Turn = fn(Box<HouseSeats>) -> Command;

/// Sends one command for each set of seats, each under a key that follows from the request's.
async fn turn(
    commands: &Commands,
    actor: Actor,
    (path, key): (&EventPath, &RequestKey),
    (sets, note, command): (Vec<SeatSet>, String, Turn),
    status: &'static str,
) -> Result<Response, ApiError> {
    let count = |sets: &[SeatSet]| sets.iter().map(|set| set.as_slice().len() as u32).sum::<u32>();
    let all = count(&sets);
    let mut last = None;
    for (at, seats) in sets.iter().enumerate() {
        let key = RequestKey { name: format!("{} part {at}", key.name), ..key.clone() };
        let house = HouseSeats { seats: seats.clone(), note: note.clone() };
        let outcome = commands.submit(path.event_id, actor, &key, command(Box::new(house))).await?;
        let is_decided = matches!(outcome, Outcome::Decided(_));
        if let Outcome::Decided(reply) = &outcome {
            path.entry.reaches(reply.offset, commands.deadline()).await;
        }
        let say = |reply: &floodgate_domain::Reply| {
            Ok(HouseSeatsAnswer { status, seats: all, as_of: reply.into() })
        };
        let said = answer(path.event_id, outcome, false, say).map_err(|error| {
            in_the_way(error, &path.entry.read(), seats.iter(), count(&sets[..at]))
        })?;
        if !is_decided {
            return Ok(said);
        }
        last = Some(said);
    }
    last.ok_or_else(|| Refusal::NoSeatsNamed.into())
}

/// Seats that are named where some stand in the way.
const IN_THE_WAY_MAX: usize = 10;

/// Names the seats that somebody has, as the view knows them, and what was done before.
fn in_the_way(
    error: ApiError,
    view: &EventView,
    seats: impl Iterator<Item = SeatId>,
    before: u32,
) -> ApiError {
    if error.code() != Refusal::SeatsInUse.code() {
        return error;
    }
    let error = match before {
        0 => error,
        _ => error.field("seats", format!("the first {before} were changed before this")),
    };
    let taken = |seat: &SeatId| view.is_taken(*seat);
    let named = seats.filter(taken).take(IN_THE_WAY_MAX);
    named.fold(error, |error, seat| {
        let state = view.seats.get(seat.0 as usize).map_or("taken", |state| state.code());
        error.field("seats", format!("{} is {state}", named::name_of(view, seat)))
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OlderQuery {
    /// `next` of the previous page.
    older: Option<String>,
}

/// The order a page goes on behind.
fn older(text: Option<&str>) -> Result<Option<HoldId>, ApiError> {
    let order = text.map(str::parse::<OrderName>).transpose();
    let order = order
        .map_err(|error| ApiError::new(Code::InvalidQuery).field("older", error.to_string()))?;
    Ok(order.map(|OrderName(hold_id)| hold_id))
}

/// What is off sale, in the plan or by whom and why, and what was given away, with the pages where
/// guests take their tickets. Such a page works for two weeks; asking again makes new ones, and the
/// first that is used counts.
#[utoipa::path(get, path = "/v1/events/{event_id}/house", operation_id = "getHouse", tag = "Staff",
    security(("staff" = ["manager"])),
    params(("event_id" = String, Path), OlderQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = HouseList)))]
pub(crate) async fn list(
    State(signer): State<TicketKey>,
    _: Staff<Manager>,
    path: EventPath,
    Query(query): Query<OlderQuery>,
) -> Result<Json<HouseList>, ApiError> {
    let before = older(query.older.as_deref())?;
    let view = path.entry.read();
    let mut rest = view.house.given(before);
    let page: Vec<(HoldId, &Hand)> = rest.by_ref().take(GIVEN_MAX).collect();
    let next = rest.next().and(page.last()).map(|(hold_id, _)| hold_id.order().to_string());
    let given = page.iter().filter_map(|(hold_id, hand)| gifts::of(&view, &signer, *hold_id, hand));
    let blocked = view.house.blocked();
    Ok(Json(HouseList {
        blocked_count: blocked.len() as u32,
        blocked: runs(&view),
        given: given.collect(),
        next,
        as_of: view.as_of.into(),
    }))
}

/// Seats off sale that follow each other in a row, under the same hand.
fn runs(view: &EventView) -> Vec<BlockedSeats> {
    let mut runs: Vec<(SeatId, u32, &Arc<Hand>)> = Vec::new();
    for (seat, hand) in view.house.blocked() {
        let goes_on = runs.last_mut().filter(|(first, count, same)| {
            let follows = first.0 + *count == seat.0 && view.are_in_one_run(*first, seat);
            follows && Arc::ptr_eq(same, hand)
        });
        if let Some((_, count, _)) = goes_on {
            *count += 1;
        } else if runs.len() < BLOCKED_MAX {
            runs.push((seat, 1, hand));
        } else {
            break;
        }
    }
    let run = |(first, count, hand): (SeatId, u32, &Arc<Hand>)| {
        BlockedSeats::of(view, first, count, hand)
    };
    runs.into_iter().map(run).collect()
}
