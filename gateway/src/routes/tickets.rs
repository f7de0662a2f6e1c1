//! Tickets: bought seats, signed, with a QR code.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{BuyerId, EventId, HoldId, OrderStatus, Refusal, SeatId};

use super::Routes;
use super::orders::find_where;
use crate::caching::Public;
use crate::extract::{OrderPath, Persona, Segments};
use crate::model::{Seat, Ticket, TicketPublicKey, Tickets};
use crate::problem::{ApiError, Code};
use crate::ticket::{ShownTicket, TicketKey, qr_svg};
use crate::views::EventView;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(qr)).routes(routes!(key))
}

/// A confirmed order and those of its seats whose tickets are those of this device's person: a ticket may have been
/// handed on.
pub(super) async fn tickets_of(
    path: &OrderPath,
    persona: &Persona,
) -> Result<Vec<SeatId>, ApiError> {
    let order = find_where(path, persona, |view, order, buyer| {
        order.buyer == buyer || view.tickets_of(order, buyer).next().is_some()
    });
    let order = order.await?;
    match order.status {
        OrderStatus::Confirmed => {
            let view = path.entry.read();
            let of = |buyer: &BuyerId| view.tickets_of(&order, *buyer).collect::<Vec<_>>();
            let mut seats: Vec<SeatId> = persona.all().iter().flat_map(of).collect();
            seats.sort_unstable();
            Ok(seats)
        }
        _ => Err(Refusal::NotConfirmed.into()),
    }
}

/// The tickets of a confirmed order, as far as they are yours now.
#[utoipa::path(get, path = "/v1/events/{event_id}/orders/{order_id}/tickets",
    operation_id = "getTickets", tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = Tickets)))]
pub(crate) async fn list(
    State(signer): State<TicketKey>,
    persona: Persona,
    path: OrderPath,
) -> Result<Json<Tickets>, ApiError> {
    let seats = tickets_of(&path, &persona).await?;
    let view = path.entry.read();
    let (event_id, hold_id) = (path.event_id, path.hold_id);
    let base = format!("/v1/events/{event_id}/orders/{}/tickets", hold_id.order());
    let tickets = seats.into_iter().map(|seat| Ticket {
        ticket_id: format!("{}-{}", hold_id.order().to_string().replace("ord_", "tkt_"), seat.0),
        seat: Seat::of(&view, seat),
        redeemed: view.tickets.is_redeemed(hold_id, seat),
        token: signer.token(&shown(&view, event_id, hold_id, seat)),
        qr: format!("{base}/{}/qr.svg", seat.0),
    });
    Ok(Json(Tickets { tickets: tickets.collect() }))
}

/// A ticket as it is good now.
pub(super) fn shown(
    view: &EventView,
    event_id: EventId,
    hold_id: HoldId,
    seat: SeatId,
) -> ShownTicket {
    ShownTicket { event_id, hold_id, seat, edition: view.tickets.edition(hold_id, seat) }
}

/// A ticket's QR code as SVG.
#[utoipa::path(get, path = "/v1/events/{event_id}/orders/{order_id}/tickets/{seat_id}/qr.svg",
    operation_id = "getTicketQr", tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path), ("seat_id" = u32, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub(crate) async fn qr(
    State(signer): State<TicketKey>,
    persona: Persona,
    path: OrderPath,
    names: Segments<(String, String, String)>,
) -> Result<Response, ApiError> {
    let seats = tickets_of(&path, &persona).await?;
    let Segments((_, _, seat)) = names;
    let seat = seat.parse().map(SeatId).map_err(|_| ApiError::new(Code::InvalidId))?;
    if !seats.contains(&seat) {
        return Err(Refusal::UnknownSeat.into());
    }
    let ticket = shown(&path.entry.read(), path.event_id, path.hold_id, seat);
    let token = signer.token(&ticket);
    let svg = qr_svg(&token).ok_or_else(|| ApiError::internal(&"a token without QR"))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// The public key for checking tickets at the gate.
#[utoipa::path(get, path = "/.well-known/floodgate-ticket-key.json",
    operation_id = "getTicketKey", tag = "Machines",
    responses((status = 200, body = TicketPublicKey)))]
pub(crate) async fn key(State(signer): State<TicketKey>) -> Public<Json<TicketPublicKey>> {
    let (kty, crv, purpose) = ("OKP", "Ed25519", "sig");
    Public::seconds(60, Json(TicketPublicKey { kty, crv, purpose, x: signer.public() }))
}
