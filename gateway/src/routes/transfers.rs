//! Ticket transfers: offered by the owner, taken by somebody else, or made by
//! staff.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::WaitingRoom;
use floodgate_domain::{Actor, BuyerId, Command, Refusal, SeatId};

use super::Routes;
use super::respond::answer;
use super::tickets::{shown, tickets_of};
use crate::admission::Admission;
use crate::commands::{Commands, RequestKey};
use crate::extract::{
    EventPath, Fan, Idempotent, Manager, OrderPath, Papers, Persona, Segments, Staff,
};
use crate::model::{DoneAnswer, Empty, TakeTicket, TakenTicket, TicketOffer, TransferTicket};
use crate::problem::{ApiError, Code};
use crate::ticket::{Offer, ShownTicket, TicketKey};
use crate::time;

/// How long an offer is valid: long enough for a friend who is away, over before it is forgotten.
const OFFER_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(offer)).routes(routes!(take)).routes(routes!(transfer))
}

fn seat(names: &Segments<(String, String, String)>) -> Result<SeatId, ApiError> {
    let Segments((_, _, seat)) = names;
    seat.parse()
        .map(SeatId)
        .map_err(|_| ApiError::new(Code::InvalidId).field("seat_id", "a number"))
}

/// Offers one of your tickets to whoever you send the answer to. It stays yours until somebody
/// takes it; offering it again returns an offer that expires later, and the first one taken counts.
#[utoipa::path(post, path = "/v1/events/{event_id}/orders/{order_id}/tickets/{seat_id}/offer",
    operation_id = "offerTicket", tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path), ("seat_id" = u32, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TicketOffer)))]
pub(crate) async fn offer(
    State(signer): State<TicketKey>,
    persona: Persona,
    path: OrderPath,
    names: Segments<(String, String, String)>,
    _: Idempotent<Empty>,
) -> Result<Json<TicketOffer>, ApiError> {
    let seat = seat(&names)?;
    if !tickets_of(&path, &persona).await?.contains(&seat) {
        return Err(Refusal::NotYourTicket.into());
    }
    let view = path.entry.read();
    if view.tickets.is_redeemed(path.hold_id, seat) {
        return Err(Refusal::TicketUsed.into());
    }
    let ticket = shown(&view, path.event_id, path.hold_id, seat);
    // Of the devices of one person, that which has it.
    let buyer = view.orders.get(&path.hold_id).map(|order| order.buyer);
    let from = view.tickets.owner(path.hold_id, seat).or(buyer).ok_or(Refusal::UnknownHold)?;
    let until = time::now().plus(u64::try_from(OFFER_FOR.as_millis()).unwrap_or(u64::MAX));
    let offer = signer.offer(&Offer { ticket, from, until });
    let page = format!("/events/{}#take={offer}", path.event_id);
    Ok(Json(TicketOffer { offer, page, until: time::text(until) }))
}

/// Takes an offered ticket: it belongs to this device from now on, and the previous owner's code
/// no longer admits anybody. A visitor without a device gets one.
#[utoipa::path(post, path = "/v1/events/{event_id}/tickets/take", operation_id = "takeTicket",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = TakeTicket, responses((status = 200, body = TakenTicket)))]
pub(crate) async fn take(
    State(signer): State<TicketKey>,
    State(admission): State<Admission>,
    State(commands): State<Commands>,
    fan: Fan,
    papers: Papers,
    path: EventPath,
    Idempotent { key, body }: Idempotent<TakeTicket>,
) -> Result<Response, ApiError> {
    let wrong = |why| ApiError::new(Code::InvalidToken).field("offer", why);
    let Offer { ticket, from, until } = signer
        .read_offer(&body.offer)
        .filter(|offer| offer.ticket.event_id == path.event_id)
        .ok_or_else(|| wrong("not an offer of this event; copy the whole address"))?;
    if until < time::now() {
        return Err(wrong("this offer has ended; ask for a new one"));
    }
    let device = fan.device.unwrap_or_else(WaitingRoom::fresh_device);
    let ShownTicket { event_id, hold_id, seat, edition } = ticket;
    let command = Command::TransferTicket { hold_id, seat, edition, to: device.buyer };
    // Taking it again under the same key gets the same answer; another key is another attempt.
    let key = RequestKey { name: format!("take {} {}", device.buyer, key.name), ..key };
    let taker = Actor::Buyer(device.buyer);
    let giver = Actor::Buyer(from);
    let outcome = commands.submit_for(taker, event_id, giver, &key, command).await?;
    let sealed = device.seal(admission.keys());
    let cookie = papers.device_cookie(&sealed);
    let mut response = answer(event_id, outcome, false, |reply| {
        let order_id = hold_id.order().to_string();
        Ok(TakenTicket { order_id, seat_id: seat.0, device: sealed, as_of: reply.into() })
    })?;
    if let Some(value) = cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Transfers a ticket on behalf of an owner who lost their device or cannot do it themselves.
#[utoipa::path(post, path = "/v1/events/{event_id}/orders/{order_id}/tickets/{seat_id}/transfer",
    operation_id = "transferTicket", tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("order_id" = String, Path), ("seat_id" = u32, Path),
        ("Idempotency-Key" = String, Header)),
    request_body = TransferTicket, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn transfer(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: OrderPath,
    names: Segments<(String, String, String)>,
    Idempotent { key, body }: Idempotent<TransferTicket>,
) -> Result<Response, ApiError> {
    let (seat, event_id, hold_id) = (seat(&names)?, path.event_id, path.hold_id);
    let to: BuyerId = body.to.parse().map_err(|_| {
        ApiError::new(Code::MalformedBody)
            .field("to", "a buyer's id, as in facts and orders (byr_…)")
    })?;
    let edition = path.entry.read().tickets.edition(hold_id, seat);
    let command = Command::TransferTicket { hold_id, seat, edition, to };
    let outcome = commands.submit(event_id, staff.actor(), &key, command).await?;
    answer(event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}
