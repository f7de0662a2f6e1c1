//! Revoked tickets, for gates that check without a network.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::caching::Public;
use crate::extract::EventPath;
use crate::kept::knows;
use crate::ticket::{RevocationList, TicketKey};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Tickets of an event that are good no more: refunded ones, and those of former owners. Signed with
/// the key of tickets; it names orders and seats, and no person. A gate keeps the list with the
/// greatest version, and refuses a ticket whose edition is below the one listed. Text: `FGR1.` and
/// the base64url of form 4, event u64, version u64, instant of the last change in ms u64, count u32, then of
/// each ticket order u64, seat u32, first edition that is still good u16 (65535: none); all
/// big-endian, ascending by order and seat; then the Ed25519 signature of what precedes it.
#[utoipa::path(get, path = "/v1/events/{event_id}/tickets/revoked",
    operation_id = "getRevokedTickets", tag = "Machines", params(("event_id" = String, Path)),
    responses((status = 200, description = "The signed list", content_type = "text/plain", body = String),
        (status = 304, description = "Still the list of that ETag")))]
pub(crate) async fn list(
    State(signer): State<TicketKey>,
    path: EventPath,
    headers: HeaderMap,
) -> Response {
    let view = path.entry.read();
    let version = view.revoked.version().to_string();
    let mut response = if knows(&headers, &version) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let of_event = || RevocationList::of(path.event_id, &view.revoked);
        let text = view.revoked.signed(|| signer.revoked(&of_event()));
        text.to_string().into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    // At a gate, a list of half a minute ago is as good as new, and an old one better than none.
    Public::seconds_or_older(30, response).into_response()
}
