//! Orders: buy, look, follow, refund; and commands that were too slow to answer.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::house::NOTE_BYTES_MAX;
use floodgate_domain::{
    Actor, Answer, BuyerId, Command, CommandId, OrderView, PaymentMethod, RefundReason, RefundWhy,
    Refusal,
};

use super::Routes;
use super::holds::order_of;
use super::respond::{answer, pending};
use crate::commands::{Commands, LateAnswer, Outcome, refused_or};
use crate::extract::{
    Advertiser, Artist, EventPath, Fan, Idempotent, Manager, Operator, OrderPath, Persona,
    Segments, Shopper, Staff,
};
use crate::lifecycle::Lifecycle;
use crate::model::house::RefundBody;
use crate::model::{DoneAnswer, Order, OrderPayment, PendingAnswer, PurchaseBody};
use crate::problem::{ApiError, Code, Problem};
use crate::sse::{event_stream, json_frame};
use crate::views::EventView;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(purchase))
        .routes(routes!(read))
        .routes(routes!(stream))
        .routes(routes!(refund))
        .routes(routes!(ask))
}

/// Looks at an order by one stream: a hash lookup each.
const STREAM_EVERY: Duration = Duration::from_millis(200);
/// How long a read waits for an order that was only just made.
const APPEAR_WITHIN: Duration = Duration::from_secs(1);

/// **purchaseTicket**: turns a hold into an order and starts the payment. Follow the order until
/// it is confirmed; a declined card may be replaced by another while the seats are held. While an
/// earlier payment of the buyer has no answer, paying again has to be meant: `despite_unanswered`.
#[utoipa::path(post, path = "/v1/events/{event_id}/orders", operation_id = "purchaseTicket",
    tag = "The three calls", security(("device" = [], "pass" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = PurchaseBody,
    responses((status = 201, body = Order), (status = 202, body = PendingAnswer),
        (status = 409, description = "hold_ended, payment_pending, payment_unanswered …",
            body = Problem)))]
pub(crate) async fn purchase(
    State(commands): State<Commands>,
    persona: Persona,
    path: EventPath,
    Idempotent { key, body }: Idempotent<PurchaseBody>,
) -> Result<Response, ApiError> {
    let malformed =
        |path: &str, message: &str| ApiError::new(Code::MalformedBody).field(path, message);
    let hold_id = body.hold_id.parse().map_err(|_| malformed("hold_id", "not a hold id"))?;
    // No pass is asked for: who holds may pay, even when their time in the shop is over.
    let shopper = Shopper { buyer: persona.acting(&path.entry, hold_id)? };
    let method = PaymentMethod::parse(&body.payment_method).ok_or_else(|| {
        malformed("payment_method", "a provider's token: printable, at most 64 characters")
    })?;
    if method.as_str().bytes().filter(u8::is_ascii_digit).count() >= 12 {
        let message = "this looks like a card number; send the provider's token instead";
        return Err(malformed("payment_method", message));
    }
    // An engine that knows no silence asks for no word about it, and could not read it.
    let despite_unanswered = body.despite_unanswered && path.entry.read().knows_silence;
    let command = Command::StartPurchase { hold_id, method, despite_unanswered };
    let outcome = commands.submit(path.event_id, shopper.actor(), &key, command).await?;
    answer(path.event_id, outcome, true, |reply| order_of(&path.entry, reply))
}

/// Whose an order is, or may be looked at by.
type IsTheirs = fn(&EventView, &OrderView, BuyerId) -> bool;

/// The order, if it is this device's.
fn own(path: &OrderPath, persona: &Persona, is_theirs: IsTheirs) -> Result<OrderView, ApiError> {
    let view = path.entry.read();
    let order = view.orders.get(&path.hold_id).ok_or(Refusal::UnknownHold)?;
    let is_one = persona.buyers()?.iter().any(|buyer| is_theirs(&view, order, *buyer));
    if is_one { Ok(*order) } else { Err(Refusal::NotYourHold.into()) }
}

/// The buyer's order as the views have it, waiting a moment for one that was only just made.
pub(super) async fn find(path: &OrderPath, persona: &Persona) -> Result<OrderView, ApiError> {
    find_where(path, persona, |_, order, buyer| order.buyer == buyer).await
}

/// The same for whomever else it is.
pub(super) async fn find_where(
    path: &OrderPath,
    persona: &Persona,
    is_theirs: IsTheirs,
) -> Result<OrderView, ApiError> {
    let appears = async {
        let mut pulse = tokio::time::interval(Duration::from_millis(10));
        loop {
            pulse.tick().await;
            if let Ok(order) = own(path, persona, is_theirs) {
                return order;
            }
        }
    };
    match own(path, persona, is_theirs) {
        Ok(order) => Ok(order),
        Err(error) if path.entry.read().orders.contains_key(&path.hold_id) => Err(error),
        Err(error) => tokio::time::timeout(APPEAR_WITHIN, appears).await.map_err(|_| error),
    }
}

fn shown(path: &OrderPath, order: &OrderView) -> Order {
    let view = path.entry.read();
    Order::of(&view, order, view.as_of.into())
}

/// One order as it stands.
#[utoipa::path(get, path = "/v1/events/{event_id}/orders/{order_id}", operation_id = "getOrder",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = Order)))]
pub(crate) async fn read(persona: Persona, path: OrderPath) -> Result<Json<Order>, ApiError> {
    let order = find(&path, &persona).await?;
    Ok(Json(shown(&path, &order)))
}

/// One order, pushed whenever it changes (`event: order`).
#[utoipa::path(get, path = "/v1/events/{event_id}/orders/{order_id}/stream",
    operation_id = "streamOrder", tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream",
        description = "Events named `order`, each an Order", body = String)))]
pub(crate) async fn stream(
    State(lifecycle): State<Lifecycle>,
    persona: Persona,
    path: OrderPath,
) -> Result<Response, ApiError> {
    find(&path, &persona).await?;
    let last = None::<(OrderView, Option<OrderPayment>)>;
    let start = (path, tokio::time::interval(STREAM_EVERY), last);
    let changes = futures::stream::unfold(start, async |(path, mut pulse, mut last)| {
        loop {
            pulse.tick().await;
            let now = path.entry.read().orders.get(&path.hold_id).copied()?;
            let order = shown(&path, &now);
            let seen = Some((now, order.payment.clone()));
            if last != seen {
                last = seen;
                return Some((json_frame("order", &order), (path, pulse, last)));
            }
        }
    });
    Ok(event_stream(&lifecycle, changes))
}

/// Refunds a confirmed order: the seats become free, the money is returned. The buyer reads the reason;
/// the note stays among staff. What the house gave away is taken back the same way.
#[utoipa::path(post, path = "/v1/events/{event_id}/orders/{order_id}/refund",
    operation_id = "refundOrder", tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("order_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    request_body = RefundBody, responses((status = 200, body = Order)))]
pub(crate) async fn refund(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: OrderPath,
    Idempotent { key, body }: Idempotent<RefundBody>,
) -> Result<Response, ApiError> {
    let wrong = |name: &str, why: String| ApiError::new(Code::MalformedBody).field(name, why);
    let reason = body.reason().map_err(|why| wrong("reason", why))?;
    let note = body.note.trim();
    if note.len() > NOTE_BYTES_MAX {
        return Err(wrong("note", format!("at most {NOTE_BYTES_MAX} bytes")));
    }
    // Whoever says nothing sends what every engine can read.
    let says = reason.is_some() || !note.is_empty();
    let reason = reason.unwrap_or(RefundReason::Other);
    let why = says.then(|| Box::new(RefundWhy { reason, note: note.to_owned() }));
    let command = Command::RefundOrder { hold_id: path.hold_id, why };
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    answer(path.event_id, outcome, false, |reply| order_of(&path.entry, reply))
}

/// The outcome of a command that was not decided in time, for who sent it: the device, or the staff
/// key of a staff call. 202 while it is not known here. Repeating the request itself with the same key always
/// returns the outcome.
#[utoipa::path(get, path = "/v1/events/{event_id}/commands/{command_id}",
    operation_id = "askCommand", tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("command_id" = String, Path)),
    responses((status = 200, body = Order), (status = 202, body = PendingAnswer),
        (status = 404, description = "not_found: somebody else's, or of another event",
            body = Problem)))]
pub(crate) async fn ask(
    State(commands): State<Commands>,
    fan: Fan,
    staff: Option<Staff<(Manager, Operator, Artist, Advertiser)>>,
    path: EventPath,
    names: Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let Segments((_, command_id)) = names;
    let command_id: CommandId = command_id
        .parse()
        .map_err(|error| ApiError::new(Code::InvalidId).field("command_id", format!("{error}")))?;
    let device = fan.device.map(|device| Actor::Buyer(device.buyer));
    let askers: Vec<Actor> = device.into_iter().chain(staff.map(|staff| staff.actor())).collect();
    if askers.is_empty() {
        return Err(ApiError::new(Code::DeviceRequired));
    }
    let reply = match commands.late(command_id, path.event_id, &askers) {
        LateAnswer::Decided(reply) => refused_or(*reply)?,
        LateAnswer::NotKnown => return Ok(pending(path.event_id, command_id)),
        LateAnswer::Foreign => return Err(ApiError::new(Code::NotFound)),
    };
    match &reply.answer {
        Answer::Order(_) => Ok(Json(order_of(&path.entry, &reply)?).into_response()),
        _ => Ok(Json(DoneAnswer::from(&reply)).into_response()),
    }
}
