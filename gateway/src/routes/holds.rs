//! Holds: acquire, extend, release.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, post};
use serde::Deserialize;
use utoipa::ToSchema;

use floodgate_domain::{Answer, CategorySet, Command, Refusal, Reply, SeatId, SeatList};

use super::answer;
use crate::extract::{EventPath, OrderPath, Shopper, Wish};
use crate::model::{Nothing, Order};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::views::{Entry, EventView};

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events/{event_id}/holds", post(acquire))
        .route("/v1/events/{event_id}/holds/{hold_id}", delete(release))
        .route("/v1/events/{event_id}/holds/{hold_id}/extend", post(extend))
}

/// A seat by its number in the plan, or by name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SeatName {
    Number(u32),
    /// `section/row/seat`
    Name(String),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    /// How many, together.
    #[schema(example = 2)]
    count: u8,
    /// Names of price categories; any when absent.
    #[serde(default)]
    categories: Vec<String>,
}

/// Either `seats` or `best`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acquire {
    #[serde(default)]
    seats: Vec<SeatName>,
    best: Option<Best>,
    /// Needed for wheelchair spaces and the seats beside them.
    #[serde(default)]
    accessible: bool,
}

/// What the body asks for, as a command.
fn command(view: &EventView, wish: &Acquire) -> Result<Command, ApiError> {
    match (&wish.best, wish.seats.is_empty()) {
        (Some(best), true) => {
            Ok(Command::HoldBest { count: best.count, categories: categories(view, best)? })
        }
        (None, _) => named_seats(view, wish),
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

fn named_seats(view: &EventView, wish: &Acquire) -> Result<Command, ApiError> {
    let mut seats = SeatList::new();
    for (at, name) in wish.seats.iter().enumerate() {
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
    Ok(Command::HoldSeats { seats, accessible: wish.accessible })
}

/// The order an answer tells of.
pub(crate) fn order_of(
    state: &GatewayState,
    entry: &Entry,
    reply: &Reply,
) -> Result<Order, ApiError> {
    match &reply.answer {
        Answer::Order(view) => Ok(Order::of(state, &entry.read(), view, reply.into())),
        _ => Err(ApiError::internal(&"an order without a view")),
    }
}

/// **acquireLock**: holds these very seats, or the best available together. The hold is yours
/// alone until it expires.
#[utoipa::path(post, path = "/v1/events/{event_id}/holds", operation_id = "acquireLock",
    tag = "The three calls", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = Acquire, examples(
        ("best" = (value = json!({"best": {"count": 2}}))),
        ("seats" = (value = json!({"seats": [12, "A/4/17"]}))))),
    responses((status = 201, body = Order),
        (status = 202, body = crate::model::PendingAnswer),
        (status = 409, description = "seat_taken, sold_out, not_enough_together …",
            body = crate::problem::Problem)))]
pub(crate) async fn acquire(
    State(state): State<GatewayState>,
    shopper: Shopper,
    path: EventPath,
    wish: Wish<Acquire>,
) -> Result<Response, ApiError> {
    let command = command(&path.entry.read(), &wish.body)?;
    let outcome = state.submit(path.event_id, shopper.actor(), &wish.named, command).await?;
    answer(path.event_id, outcome, true, |reply| order_of(&state, &path.entry, reply))
}

/// A little more time, as often as the event's rules allow.
#[utoipa::path(post, path = "/v1/events/{event_id}/holds/{hold_id}/extend",
    operation_id = "extendHold", tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("hold_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order)))]
pub(crate) async fn extend(
    State(state): State<GatewayState>,
    shopper: Shopper,
    path: OrderPath,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let command = Command::ExtendHold { hold_id: path.hold_id };
    let outcome = state.submit(path.event_id, shopper.actor(), &wish.named, command).await?;
    answer(path.event_id, outcome, false, |reply| order_of(&state, &path.entry, reply))
}

/// Gives the seats back.
#[utoipa::path(delete, path = "/v1/events/{event_id}/holds/{hold_id}",
    operation_id = "releaseHold", tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("hold_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order)))]
pub(crate) async fn release(
    State(state): State<GatewayState>,
    shopper: Shopper,
    path: OrderPath,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let command = Command::ReleaseHold { hold_id: path.hold_id };
    let outcome = state.submit(path.event_id, shopper.actor(), &wish.named, command).await?;
    answer(path.event_id, outcome, false, |reply| order_of(&state, &path.entry, reply))
}
