//! The frame of the OpenAPI 3.1 document: what all calls have in common. The calls come with their
//! routes.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, schema::Components};
use utoipa::{Modify, OpenApi};

use crate::problem::Problem;

const DESCRIPTION: &str = "\
Sells tickets in on-sales: a waiting room in front of a seat engine that cannot sell a \
seat twice.

The steps of a buyer: `getChallenge` says what the door asks for, a small puzzle or a wait; \
`joinQueue` returns a place, a device and a queue ticket; wait until the queue's frontier has \
passed the place (`getQueue`, `streamQueue`); `enterShop` returns a pass; `acquireLock` holds \
seats; `purchaseTicket` pays; `getOrder` until it is confirmed; `getTickets`.

Every POST, PUT and DELETE takes an `Idempotency-Key`: one key per request, the same key for its \
retries. The same key always gets the first outcome. A call that is not decided in time returns \
202 and says where to ask; repeating it with the same key is safe. Problems are RFC 9457 documents \
with a stable `code` and `retry`: no, same_key, new_key or later. Money is in minor units, fees \
included. Times are RFC 3339 in UTC. `as_of` is the position in the event's log that an answer \
reflects.

Streams end when their server stops, with `event: reconnect` and `retry:`. Reconnect after that \
time, and another server continues.";

#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "Floodgate", description = DESCRIPTION, license(name = "MIT OR Apache-2.0")),
    components(schemas(Problem)),
    tags(
        (name = "The three calls", description = "Status, lock, purchase: the heart of a sale."),
        (name = "Fans", description = "From the queue to the ticket."),
        (name = "Staff", description = "Create, price, open, pause, set dials. Keys by role."),
        (name = "Payments", description = "The provider's form, its own pages, its webhooks."),
        (name = "Machines", description = "Health, metrics, keys, this document."),
    ),
    modifiers(&Schemes)
)]
struct Api;

/// How callers authenticate.
#[derive(Debug)]
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Components::new);
        let header = |name: &str, what: &str| {
            let value = ApiKeyValue::with_description(name, what);
            SecurityScheme::ApiKey(ApiKey::Header(value))
        };
        let device = header("Floodgate-Device", "From joinQueue. Browsers have it as a cookie.");
        let ticket =
            header("Floodgate-Queue-Ticket", "From joinQueue. Browsers have it as a cookie.");
        let pass = header("Floodgate-Pass", "From enterShop. Browsers have it as a cookie.");
        components.add_security_scheme("device", device);
        components.add_security_scheme("queue_ticket", ticket);
        components.add_security_scheme("pass", pass);
        components
            .add_security_scheme("staff", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The document without its calls.
pub(crate) fn frame() -> Document {
    Api::openapi()
}
