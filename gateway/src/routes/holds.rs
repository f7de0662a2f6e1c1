//! Holds: acquire, extend, release.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{
    Actor, Answer, BuyerId, CategorySet, Command, Refusal, Reply, SeatGroup, SeatId, SeatList,
};

use super::Routes;
use super::respond::answer;
use crate::commands::Commands;
use crate::extract::{EventPath, Idempotent, OrderPath, Persona, Shopper};
use crate::model::{Acquire, Best, Empty, Order, PendingAnswer, SeatName};
use crate::presence;
use crate::problem::{ApiError, Code, Problem};
use crate::time;
use crate::views::{Entry, EventView};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(acquire)).routes(routes!(release)).routes(routes!(extend))
}

/// What the body asks for, as a command.
fn command(view: &EventView, asked: &Acquire) -> Result<Command, ApiError> {
    match (&asked.best, asked.seats.is_empty()) {
        (Some(best), true) => Ok(Command::HoldBest(SeatGroup {
            accessible: asked.accessible,
            amount_max: best.amount_max,
            ..SeatGroup::of(best.count, categories(view, best)?)
        })),
        (None, _) => named_seats(view, asked),
        (Some(_), false) => {
            let message = "name seats or ask for the best, not both";
            Err(ApiError::new(Code::MalformedBody).field("best", message))
        }
    }
}

fn categories(view: &EventView, best: &Best) -> Result<CategorySet, ApiError> {
    if best.categories.is_empty() {
        return Ok(CategorySet::ANY);
    }
    let mut set = 0;
    for name in &best.categories {
        let at = view.plan.categories.iter().position(|category| category.name == *name);
        let at = at.ok_or_else(|| ApiError::from(Refusal::NoSuchCategory).field("best", name))?;
        set |= CategorySet::only(at as u8).0;
    }
    Ok(CategorySet(set))
}

fn named_seats(view: &EventView, asked: &Acquire) -> Result<Command, ApiError> {
    let mut seats = SeatList::new();
    for (at, name) in asked.seats.iter().enumerate() {
        let seat = match name {
            SeatName::Number(number) => Some(SeatId(*number)),
            SeatName::Name(name) => view.seat_named(name),
        };
        let seat = seat.ok_or_else(|| {
            ApiError::from(Refusal::UnknownSeat)
                .field(format!("seats[{at}]"), "this venue has no seat of that name")
        })?;
        if !seats.push(seat) {
            return Err(Refusal::HoldTooLarge.into());
        }
    }
    Ok(Command::HoldSeats { seats, accessible: asked.accessible })
}

/// The order an answer carries.
pub(crate) fn order_of(entry: &Entry, reply: &Reply) -> Result<Order, ApiError> {
    match &reply.answer {
        Answer::Order(order) => {
            let view = entry.read();
            Ok(Order::of(&view, order, reply.into()))
        }
        _ => Err(ApiError::internal(&"an order without a view")),
    }
}

/// **acquireLock**: holds the given seats, or the best available together. The hold is yours
/// exclusively until it expires.
#[utoipa::path(post, path = "/v1/events/{event_id}/holds", operation_id = "acquireLock",
    tag = "The three calls", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = Acquire, examples(
        ("best" = (value = json!({"best": {"count": 2}}))),
        ("with a wheelchair space" = (value = json!({"best": {"count": 2}, "accessible": true}))),
        ("for a price at most" = (value = json!({"best": {"count": 2, "amount_max": 60_000}}))),
        ("seats" = (value = json!({"seats": [199999, "436/24/61"]}))))),
    responses((status = 201, body = Order),
        (status = 202, body = PendingAnswer),
        (status = 409, description = "seat_taken, sold_out, only_accessible_left, no_wheelchair_space, \
            price_above_limit, not_enough_together …",
            body = Problem)))]
pub(crate) async fn acquire(
    State(commands): State<Commands>,
    shopper: Shopper,
    path: EventPath,
    Idempotent { key, body }: Idempotent<Acquire>,
) -> Result<Response, ApiError> {
    let command = command(&path.entry.read(), &body)?;
    let outcome = commands.submit(path.event_id, shopper.actor(), &key, command).await?;
    let answer = answer(path.event_id, outcome, true, |reply| order_of(&path.entry, reply));
    answer.map_err(|error| {
        presence::tried(&commands, path.event_id, &path.entry, shopper.buyer);
        let view = path.entry.read();
        presence::explained(with_wait(error, &view, shopper.buyer), &view, shopper.buyer)
    })
}

/// How long somebody has to wait who gave seats back unpaid.
fn with_wait(error: ApiError, view: &EventView, buyer: BuyerId) -> ApiError {
    match view.cooling.get(&buyer) {
        Some(until) if error.code() == Refusal::CoolingDown.code() => {
            error.retry_after_ms(until.0.saturating_sub(time::now().0))
        }
        _ => error,
    }
}

/// A little more time, as often as the event's rules allow.
#[utoipa::path(post, path = "/v1/events/{event_id}/holds/{hold_id}/extend",
    operation_id = "extendHold", tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("hold_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order)))]
pub(crate) async fn extend(
    State(commands): State<Commands>,
    _: Shopper,
    persona: Persona,
    path: OrderPath,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let command = Command::ExtendHold { hold_id: path.hold_id };
    let actor = Actor::Buyer(persona.acting(&path.entry, path.hold_id)?);
    let outcome = commands.submit(path.event_id, actor, &key, command).await?;
    answer(path.event_id, outcome, false, |reply| order_of(&path.entry, reply))
}

/// Releases the seats.
#[utoipa::path(delete, path = "/v1/events/{event_id}/holds/{hold_id}",
    operation_id = "releaseHold", tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("hold_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order)))]
pub(crate) async fn release(
    State(commands): State<Commands>,
    _: Shopper,
    persona: Persona,
    path: OrderPath,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let command = Command::ReleaseHold { hold_id: path.hold_id };
    let actor = Actor::Buyer(persona.acting(&path.entry, path.hold_id)?);
    let outcome = commands.submit(path.event_id, actor, &key, command).await?;
    answer(path.event_id, outcome, false, |reply| order_of(&path.entry, reply))
}
