//! The gate: a ticket is shown, and admits somebody once.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::Command;

use super::Routes;
use super::respond::answer;
use crate::commands::Commands;
use crate::extract::{EventPath, Idempotent, Manager, Operator, Staff};
use crate::model::{RedeemTicket, RedeemedTicket, Seat};
use crate::problem::{ApiError, Code};
use crate::ticket::{ShownTicket, TicketKey};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(redeem))
}

/// Redeems a ticket: once, and only its newest edition. Refused as `ticket_used`,
/// `ticket_superseded` (it was transferred) or `ticket_revoked` (its order was refunded).
#[utoipa::path(post, path = "/v1/events/{event_id}/tickets/redeem", operation_id = "redeemTicket",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = RedeemTicket, responses((status = 200, body = RedeemedTicket)))]
pub(crate) async fn redeem(
    State(signer): State<TicketKey>,
    State(commands): State<Commands>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<RedeemTicket>,
) -> Result<Response, ApiError> {
    let wrong = |why| ApiError::new(Code::MalformedBody).field("token", why);
    let ticket = signer.read(body.token.trim());
    let ticket = ticket.ok_or_else(|| wrong("not a ticket of this installation; scan it again"))?;
    let ShownTicket { event_id, hold_id, seat, edition } = ticket;
    if event_id != path.event_id {
        return Err(wrong("a ticket of another event"));
    }
    let command = Command::RedeemTicket { hold_id, seat, edition };
    let outcome = commands.submit(event_id, staff.actor(), &key, command).await?;
    answer(event_id, outcome, false, |reply| {
        let seat = Seat::of(&path.entry.read(), seat);
        let order_id = hold_id.order().to_string();
        Ok(RedeemedTicket { status: "redeemed", order_id, seat, as_of: reply.into() })
    })
}
