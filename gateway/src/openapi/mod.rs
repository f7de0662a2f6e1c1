//! The frame of the OpenAPI 3.1 document: what all calls have in common. The calls come with their
//! routes.

mod answers;
mod schemas;

use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, schema::Components};
use utoipa::{Modify, OpenApi};

use crate::model::PendingAnswer;
use crate::problem::Problem;

const DESCRIPTION: &str = "\
Sells tickets in on-sales: a waiting room in front of a seat engine that cannot sell a \
seat twice.

The steps of a buyer: `getChallenge` says what the door asks for, a small puzzle or a wait; \
`joinQueue` returns a place, a device and a queue ticket; wait until the queue's frontier has \
passed the place (`getQueue`, `streamQueue`); `enterShop` returns a pass; `acquireLock` holds \
seats; `purchaseTicket` pays; `getOrder` until it is confirmed; `getTickets`.

Every POST, PUT and DELETE takes an `Idempotency-Key`: one key per request, the same key for its \
retries. The same key always gets the first outcome: what was decided then, never a \
second decision. An order in it is shown as it stands now, so the key of a hold hears `released` \
once the hold was released. A call that is not decided in time returns \
202 and says where to ask; repeating it with the same key is safe. Problems are RFC 9457 documents \
with a stable `code` and `retry`: no, same_key, new_key or later. Money is in minor units, fees \
included. Times are RFC 3339 in UTC. `as_of` is the position in the event's log that an answer \
reflects.

Streams end when their server stops, with `event: reconnect` and `retry:`. Reconnect after that \
time, and another server continues.";

#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "Floodgate", description = DESCRIPTION, license(name = "MIT OR Apache-2.0")),
    components(schemas(Problem, PendingAnswer)),
    tags(
        (name = "The three calls", description = "Status, lock, purchase: the heart of a sale."),
        (name = "Fans", description = "From the queue to the ticket."),
        (name = "Artists", description = "Words for the people of an event: made, looked at, watched."),
        (name = "Advertisers", description = "Products of events: offered, bought, delivered."),
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

/// The document as it is served: every call with all the answers it may give, parameters with
/// their forms, and what follows from a call's keys in words.
pub(crate) fn complete(document: &Document) -> Value {
    // A type of the library's own, whose form cannot fail.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            parameters(operation);
            who(operation);
            answers::complete(path, method, operation);
        }
    }
    schemas::complete(&mut document["components"]["schemas"]);
    document
}

/// Ids, keys and pages have forms; a program that makes up values knows them from here.
fn parameters(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let Some((about, form)) = form(&name) else { continue };
        if parameter["description"].as_str().is_none_or(str::is_empty) {
            parameter["description"] = json!(about);
        }
        if parameter["schema"]["type"] == "string" {
            parameter["schema"]["pattern"] = json!(form);
        } else if parameter["schema"]["format"] == "int64" {
            // An offset is unsigned; its form has no name of its own.
            parameter["schema"]["maximum"] = json!(u64::MAX);
            parameter["schema"].as_object_mut().map(|schema| schema.remove("format"));
        }
    }
}

/// What a parameter of this name is, and the pattern of its text.
fn form(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "event_id" => ("The event.", "^evt_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "order_id" => ("The order.", "^ord_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "hold_id" => ("The hold.", "^hld_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "announcement_id" => ("The announcement.", "^ann_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "contact_id" => ("The address.", "^con_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "webhook_id" => ("The webhook.", "^whk_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "delivery_id" => ("The call.", "^whk_[0-9A-Z]{13}-[0-9a-z-]{1,40}$"),
        "product_order" => ("The number of the order.", "^[0-9]{1,9}$"),
        "device_id" => ("The device.", "^byr_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "session_id" => ("The session.", "^[0-9a-f]{16}$"),
        "file" => ("What, and as which kind.", "^(facts|orders|sales)\\.(csv|parquet)$"),
        "form" => ("By rows or by columns.", "^(rows|columns)$"),
        "share_id" => ("The link.", "^[0-9a-f]{16}$"),
        "compare" => ("Another event.", "^evt_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "buyer_key" => ("The key.", "^[0-9a-f]{16}$"),
        "passkey_id" => ("The passkey.", "^[0-9a-f]{16}$"),
        "step" => ("What is to become of it.", "^(approve|pause|resume|stop)$"),
        "token" => ("As in the link of a message.", "^[0-9A-Za-z_-]{1,64}$"),
        "command_id" => ("As in `ask` of an answer 202.", "^cmd_[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        "Idempotency-Key" => {
            ("One for each request, the same for its retries, such as a UUID.", "^[!-~]{1,64}$")
        }
        "at_least" => {
            ("Offset of an `as_of` you have seen: waits up to a second for an answer as new.", "")
        }
        "before" => ("`next` of the previous page.", ""),
        // Each list has a form of its own.
        "cursor" => ("`next` of the previous page.", ""),
        "after" => ("`next` of the previous page.", "^evt_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "older" => ("`next` of the previous page.", "^ord_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"),
        "seat_id" => ("The seat's number in the plan.", ""),
        "code" => ("A problem's code.", "^[a-z_]+$"),
        "provider" => ("The name of the payment provider.", "^[a-z]+$"),
        _ => return None,
    })
}

/// Adds in words which staff may, and that tokens of fans may come as cookies.
fn who(operation: &mut Value) {
    let ways = operation["security"].as_array().cloned().unwrap_or_default();
    let roles: Vec<&str> = ways
        .iter()
        .filter_map(|way| way["staff"].as_array())
        .flat_map(|roles| roles.iter().filter_map(Value::as_str))
        .collect();
    if roles.is_empty() {
        return;
    }
    let before = operation["description"].as_str().unwrap_or_default();
    let gap = if before.is_empty() { "" } else { "\n\n" };
    operation["description"] = json!(format!("{before}{gap}Staff: {}.", roles.join(", ")));
}
