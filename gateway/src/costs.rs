//! What each call costs, measured in ordinary requests: what the limits of an address, a network
//! and a device count.
//!
//! A call that is not in the table is an ordinary one. Staff whose key is good are not limited;
//! whoever shows a wrong key pays for ten.

use floodgate_admission::Cost;
use http::Method;

use crate::extract::query::parameter;

/// In tenths of an ordinary request, and why it differs from one.
const COSTS: &[(&str, u32)] = &[
    // A page brings twenty of them; each is bytes that are kept.
    ("GET /assets/{*path}", 1),
    // A list of events brings as many as it has.
    ("GET /pictures/{picture}", 1),
    ("GET /livez", 2),
    ("GET /readyz", 2),
    ("GET /healthz", 2),
    // KeptAnswer too, and everybody who waits asks for it again and again.
    ("GET /v1/events/{event_id}/queue", 2),
    // Signed by the provider, checked before anything else, and 64 at once.
    ("POST /v1/payments/webhooks/{provider}", 0),
    // A connection for as long as it lasts.
    ("GET /v1/events/{event_id}/queue/stream", 20),
    ("GET /v1/events/{event_id}/availability/stream", 20),
    ("GET /v1/events/{event_id}/orders/{order_id}/stream", 20),
    // Large answers.
    ("GET /openapi.json", 20),
    ("GET /v1/events", 20),
    // Looks at every event.
    ("GET /v1/me/orders", 20),
    ("GET /v1/events/{event_id}/availability", 20),
    ("GET /v1/events/{event_id}/tickets/revoked", 20),
    ("GET /v1/events/{event_id}/plan", 50),
    // An index is asked, and a thread waits for it.
    ("GET /v1/search", 20),
    ("GET /v1/events/{event_id}/seats/search", 20),
    // Signatures and drawings for each ticket.
    ("GET /v1/events/{event_id}/orders/{order_id}/tickets", 20),
    ("GET /v1/events/{event_id}/orders/{order_id}/tickets/{seat_id}/qr.svg", 20),
    ("POST /v1/payments/pages/{page}", 20),
    // A message to an address that may be somebody else's; each address has a limit of its own too.
    ("POST /v1/me/contacts", 100),
    ("POST /v1/sign-in", 100),
    // A provider is asked, and a thread waits for it.
    ("POST /v1/sign-in/provider", 50),
    ("POST /v1/sign-in/provider/return", 100),
    // A guess, if it is not the right one.
    ("POST /v1/events/{event_id}/me/code", 100),
    // Everything that is counted, written out anew.
    ("GET /metrics", 100),
    // A record in the log, for whoever reads "strong".
    (STRONG_STATUS, 50),
];
const STRONG_STATUS: &str = "GET /v1/events/{event_id}/status";

/// What a wrong staff key costs on top.
const WRONG_KEY: Cost = Cost(100);

/// What a call costs: its method, its address as routes write it, its query.
pub(crate) fn cost(method: &Method, route: &str, query: Option<&str>) -> Cost {
    let found = COSTS.iter().find(|(call, _)| {
        call.split_once(' ').is_some_and(|(by, path)| by == method.as_str() && path == route)
    });
    match found {
        Some((STRONG_STATUS, _)) if parameter(query, "consistency") != Some("strong") => {
            Cost::ORDINARY
        }
        Some((_, tenths)) => Cost(*tenths),
        None => Cost::ORDINARY,
    }
}

/// The same for somebody who shows a key that is none.
pub(crate) fn with_a_wrong_key(Cost(tenths): Cost) -> Cost {
    Cost(tenths + WRONG_KEY.0)
}

/// Whether a call is answered with a stream.
pub(crate) fn is_stream(method: &Method, route: &str) -> bool {
    method == Method::GET && route.ends_with("/stream")
}

#[cfg(test)]
pub(crate) fn calls() -> impl Iterator<Item = &'static str> {
    COSTS.iter().map(|(call, _)| *call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_calls_cost_more_and_small_ones_less() {
        let status = "/v1/events/{event_id}/status";
        let rows = [
            (Method::GET, status, Some("consistency=strong"), 50),
            (Method::GET, status, Some("at_least=3&consistency=strong"), 50),
            (Method::GET, status, Some("consistency=eventual"), 10),
            (Method::GET, status, None, 10),
            (Method::GET, "/assets/{*path}", None, 1),
            (Method::GET, "/v1/events/{event_id}/queue", None, 2),
            (Method::POST, "/v1/events/{event_id}/queue", None, 10),
            (Method::GET, "none", None, 10),
        ];
        for (method, route, query, tenths) in rows {
            assert_eq!(cost(&method, route, query), Cost(tenths), "{method} {route} {query:?}");
        }
        assert_eq!(with_a_wrong_key(Cost::ORDINARY), Cost(110));
    }
}
