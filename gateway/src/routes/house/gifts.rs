//! Seats given away: an order of the house, whose tickets guests take.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{
    Answer, BuyerId, Command, Gift, HoldId, OrderStatus, OrderView, Refusal, SeatId, SeatList,
    StaffId,
};

use super::super::Routes;
use super::super::respond::answer;
use super::super::tickets::shown;
use super::{in_the_way, named, note};
use crate::commands::{Commands, Outcome};
use crate::extract::{EventPath, Idempotent, Manager, OrderPath, Segments, Staff};
use crate::model::house::{GiftBody, GiftOrder, GiftTicket};
use crate::model::{PendingAnswer, Seat};
use crate::problem::{ApiError, Code, Problem};
use crate::ticket::{Offer, TicketKey, qr_svg};
use crate::time;
use crate::views::{EventView, Hand};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(give)).routes(routes!(qr))
}

/// How long a guest's page works: long enough for who is on holiday, and whoever gave the ticket can
/// always make another.
const OFFER_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Gives seats away: an order over nothing, of the house, of seats that are free or off sale. Nobody's
/// limits count it. Each ticket comes with a page for its guest; whoever opens that first has it. To
/// take seats back, refund the order.
#[utoipa::path(post, path = "/v1/events/{event_id}/comps", operation_id = "giveSeats",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = GiftBody,
    responses((status = 201, body = GiftOrder), (status = 202, body = PendingAnswer),
        (status = 409, description = "seats_in_use …", body = Problem)))]
pub(crate) async fn give(
    State(commands): State<Commands>,
    State(signer): State<TicketKey>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<GiftBody>,
) -> Result<Response, ApiError> {
    let mut seats = SeatList::new();
    for (at, name) in body.seats.iter().enumerate() {
        if !seats.push(named::one(&path.entry.read(), name, &format!("seats[{at}]"))?) {
            let fix = "an order has at most 16 seats; give the others with another call";
            return Err(ApiError::from(Refusal::HoldTooLarge).field("seats", fix));
        }
    }
    let note = note(&body.note)?;
    let command = Command::GiveSeats(Box::new(Gift { seats, note: note.clone() }));
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    let said = answer(path.event_id, outcome, true, |reply| {
        let Answer::Order(order) = &reply.answer else {
            return Err(ApiError::internal(&"a gift without an order"));
        };
        let view = path.entry.read();
        // Late views have not read of it yet; the answer itself says all but who gave it.
        let hand = Hand { by: Some(staff_id(staff.actor())), at: reply.at, note };
        let hand = view.house.gift(order.hold_id).unwrap_or(&hand);
        Ok(GiftOrder { as_of: reply.into(), ..gift(&view, &signer, order, hand) })
    });
    said.map_err(|error| in_the_way(error, &path.entry.read(), seats.iter(), 0))
}

fn staff_id(actor: floodgate_domain::Actor) -> StaffId {
    match actor {
        floodgate_domain::Actor::Staff(staff) => staff,
        _ => StaffId::SYSTEM,
    }
}

/// The QR code of a ticket that is still the house's, to print it for a guest without a telephone.
/// Whoever shows it is let in, so it is either printed or taken by its page, not both.
#[utoipa::path(get, path = "/v1/events/{event_id}/comps/{order_id}/tickets/{seat_id}/qr.svg",
    operation_id = "getCompQr", tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("order_id" = String, Path), ("seat_id" = u32, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub(crate) async fn qr(
    State(signer): State<TicketKey>,
    _: Staff<Manager>,
    path: OrderPath,
    names: Segments<(String, String, String)>,
) -> Result<Response, ApiError> {
    let Segments((_, _, seat)) = names;
    let seat = seat.parse().map(SeatId).map_err(|_| ApiError::new(Code::InvalidId))?;
    let view = path.entry.read();
    let order = view.orders.get(&path.hold_id).ok_or(Refusal::UnknownHold)?;
    if order.buyer != BuyerId::HOUSE || state_of(&view, order, seat) != "house" {
        return Err(Refusal::NotYourTicket.into());
    }
    let token = signer.token(&shown(&view, path.event_id, path.hold_id, seat));
    let svg = qr_svg(&token).ok_or_else(|| ApiError::internal(&"a token without QR"))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// An order of the house as staff see it.
pub(super) fn of(
    view: &EventView,
    signer: &TicketKey,
    hold_id: HoldId,
    hand: &Hand,
) -> Option<GiftOrder> {
    view.orders.get(&hold_id).map(|order| gift(view, signer, order, hand))
}

fn gift(view: &EventView, signer: &TicketKey, order: &OrderView, hand: &Hand) -> GiftOrder {
    GiftOrder {
        order_id: order.hold_id.order().to_string(),
        status: order.status.code(),
        tickets: order.seats.iter().map(|seat| ticket(view, signer, order, seat)).collect(),
        by: hand.by.unwrap_or(StaffId::SYSTEM).to_string(),
        note: hand.note.clone(),
        at: time::text(hand.at),
        as_of: view.as_of.into(),
    }
}

fn ticket(view: &EventView, signer: &TicketKey, order: &OrderView, seat: SeatId) -> GiftTicket {
    let state = state_of(view, order, seat);
    let (event_id, hold_id) = (view.id, order.hold_id);
    let until = time::now().plus(u64::try_from(OFFER_FOR.as_millis()).unwrap_or(u64::MAX));
    let is_here = state == "house";
    let page = is_here.then(|| {
        let ticket = shown(view, event_id, hold_id, seat);
        let offer = signer.offer(&Offer { ticket, from: BuyerId::HOUSE, until });
        format!("/events/{event_id}#take={offer}")
    });
    let base = format!("/v1/events/{event_id}/comps/{}/tickets", hold_id.order());
    GiftTicket {
        seat: Seat::of(view, seat),
        state,
        page,
        until: is_here.then(|| time::text(until)),
        qr: is_here.then(|| format!("{base}/{}/qr.svg", seat.0)),
    }
}

/// What has become of a ticket that was given away.
fn state_of(view: &EventView, order: &OrderView, seat: SeatId) -> &'static str {
    let hold_id = order.hold_id;
    let owner = view.tickets.owner(hold_id, seat).unwrap_or(order.buyer);
    match order.status {
        OrderStatus::Confirmed if view.tickets.is_redeemed(hold_id, seat) => "admitted",
        OrderStatus::Confirmed if owner == BuyerId::HOUSE => "house",
        OrderStatus::Confirmed => "guest",
        _ => "returned",
    }
}
