//! Entering and leaving the shop, and what a visitor has.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::Pass;
use floodgate_domain::{Actor, Answer, BuyerId, Command, OrderView, Refusal};

use super::Routes;
use super::respond::answer;
use crate::admission::Admission;
use crate::commands::{Commands, Outcome, RequestKey, refused_or};
use crate::extract::{ClientAddress, EventPath, Fan, Idempotent, Papers, Persona, Shopper};
use crate::model::{DoneAnswer, Empty, EnterAnswer, Me, Order};
use crate::people::places::{ended, visit_of};
use crate::presence;
use crate::problem::{ApiError, Problem};
use crate::time;
use crate::views::EndedVisit;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(enter))
        .routes(routes!(stay))
        .routes(routes!(leave))
        .routes(routes!(me))
}

/// Orders shown to their buyer: the newest ones.
const ORDERS_SHOWN: usize = 20;

/// Enters the shop when it is your turn; returns the pass. Entering again returns the same pass.
#[utoipa::path(post, path = "/v1/events/{event_id}/enter", operation_id = "enterShop",
    tag = "Fans", security(("device" = [], "queue_ticket" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = EnterAnswer),
        (status = 409, description = "not_your_turn, turn_lapsed, shop_full", body = Problem),
        (status = 429, description = "rate_limited: many of this network have just entered",
            body = Problem)))]
pub(crate) async fn enter(
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    persona: Persona,
    ClientAddress(address): ClientAddress,
    path: EventPath,
    papers: Papers,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let (buyers, event_id) = (persona.buyers()?, path.event_id);
    let ticket = papers.queue_ticket(admission.keys(), event_id, buyers)?;
    let is_in = visit_of(&path, buyers);
    let (buyer, place) = is_in.unwrap_or((ticket.buyer, ticket.place));
    let used_up = |left: &EndedVisit| left.place != ticket.place && left.uses_up(&ticket);
    // A place got beside the last visit, on whichever device. One it was made with is the log's to
    // judge, so that a repeated request gets its first outcome.
    if is_in.is_none() && ended(&path, buyers).iter().any(used_up) {
        return Err(Refusal::PlaceSpent.into());
    }
    let left = path.entry.read().left.get(&buyer).map(|left| left.place);
    // A repeated request gets its first outcome, however long ago its place was called.
    if is_in.map(|(_, place)| place).or(left) != Some(place) {
        admission.room().check_turn(event_id, place, time::now())?;
        admission.room().check_network(event_id, address, time::now())?;
    }
    let command = Command::Enter { place };
    let actor = Actor::Buyer(buyer);
    let reply = match commands.submit(event_id, actor, &key, command).await? {
        Outcome::Decided(reply) => refused_or(*reply)?,
        pending @ Outcome::Pending(_) => {
            return answer(event_id, pending, false, |_| Ok(()));
        }
    };
    let Answer::Entered { place, until } = reply.answer else {
        return Err(ApiError::internal(&"an entry without a place"));
    };
    if !reply.repeated {
        admission.room().note_entry(address, time::now());
    }
    let pass = Pass { event_id, buyer, place, until }.seal(admission.keys());
    let set_cookie = papers.pass_cookie(event_id, &pass);
    let outcome = Outcome::Decided(Box::new(reply));
    let mut response =
        answer(event_id, outcome, false, |reply| Ok(EnterAnswer::of(pass, place, until, reply)))?;
    if let Some(value) = set_cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Says that somebody is still there. Whoever is in the shop, has no order that runs and does nothing
/// for as long as the event's `idle` leaves it, so that others can come (`went_idle`). Holding,
/// paying, trying to hold and this count as doing something; streams and reads do not, since they are
/// the same for everybody. Nobody is idle while the sale is paused. `getMe` says when it is over.
#[utoipa::path(post, path = "/v1/events/{event_id}/stay", operation_id = "stayInShop",
    tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer),
        (status = 409, description = "went_idle, not_in_shop", body = Problem)))]
pub(crate) async fn stay(
    State(commands): State<Commands>,
    shopper: Shopper,
    path: EventPath,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    ask(&commands, &shopper, &path, &key, Command::Stay).await
}

/// A command of somebody in the shop; a refusal says how their visit ended, if it did.
async fn ask(
    commands: &Commands,
    shopper: &Shopper,
    path: &EventPath,
    key: &RequestKey,
    command: Command,
) -> Result<Response, ApiError> {
    let outcome = commands.submit(path.event_id, shopper.actor(), key, command).await?;
    let answer = answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)));
    answer.map_err(|error| presence::explained(error, &path.entry.read(), shopper.buyer))
}

/// Leaves the shop; held seats are released.
#[utoipa::path(post, path = "/v1/events/{event_id}/leave", operation_id = "leaveShop",
    tag = "Fans", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn leave(
    State(commands): State<Commands>,
    shopper: Shopper,
    path: EventPath,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    ask(&commands, &shopper, &path, &key, Command::Leave).await
}

/// What this device has at this event.
#[utoipa::path(get, path = "/v1/events/{event_id}/me", operation_id = "getMe", tag = "Fans",
    params(("event_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")), responses((status = 200, body = Me)))]
pub(crate) async fn me(
    State(admission): State<Admission>,
    fan: Fan,
    persona: Persona,
    path: EventPath,
    papers: Papers,
) -> Json<Me> {
    let ticket = papers.held_ticket(admission.keys(), &path, persona.all());
    let in_shop = visit_of(&path, persona.all()).map(|(buyer, _)| buyer);
    let view = path.entry.read();
    let buyer = in_shop.or(fan.device.map(|device| device.buyer));
    let visit = buyer.and_then(|buyer| view.visits.get(&buyer));
    let outside = buyer.filter(|_| ticket.is_none() && visit.is_none());
    let went_idle = outside.and_then(|buyer| presence::idle_since(&view, buyer));
    let visit_ended = outside.and_then(|buyer| view.left.get(&buyer)).map(|left| left.reason);
    let has_code = buyer.is_some_and(|buyer| view.codes.holders.contains(&buyer));
    let cooling = buyer.and_then(|buyer| view.cooling.get(&buyer));
    let cooling = cooling.filter(|until| **until > time::now());
    // What one device of a person has, all have.
    let of = |buyer: &BuyerId| view.orders_of(*buyer).take(ORDERS_SHOWN).copied();
    let orders: Vec<OrderView> = persona.all().iter().flat_map(of).take(ORDERS_SHOWN).collect();
    let received: BTreeSet<String> = persona
        .all()
        .iter()
        .flat_map(|buyer| view.tickets.received_by(*buyer))
        .filter(|(hold_id, _)| orders.iter().all(|order| order.hold_id != *hold_id))
        .map(|(hold_id, _)| hold_id.order().to_string())
        .take(ORDERS_SHOWN)
        .collect();
    let of = |order| Order::of(&view, order, view.as_of.into());
    Json(Me {
        device: buyer.is_some(),
        place: ticket.map(|ticket| ticket.place.0),
        pass_expires_at: visit.map(|visit| time::text(visit.pass_until)),
        idle_at: buyer.and_then(|buyer| view.idle_at(buyer)).map(time::text),
        has_code,
        went_idle_after_ms: went_idle,
        visit_ended: visit_ended.map(|reason| reason.code()),
        hold_again_at: cooling.map(|until| time::text(*until)),
        orders: orders.iter().map(of).collect(),
        received: received.into_iter().collect(),
        as_of: view.as_of.into(),
    })
}
