//! A provider's own pages, and calls of those pages. The provider defines them; who
//! calls, and whether an order is theirs, is checked here.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{Actor, PaymentResult, Subject};
use floodgate_payments::web::{Content, PageAnswer, PageMethod, PageRequest, Purchase};

use super::super::Routes;
use super::super::orders::find;
use super::super::respond::answer;
use crate::commands::{Commands, RequestKey};
use crate::csp;
use crate::extract::{Idempotent, OrderPath, Persona, Segments};
use crate::model::{PendingAnswer, Recorded};
use crate::payments::PaymentProvider;
use crate::problem::{ApiError, Code, Problem};

/// How long a page waits for what another gateway has just shown.
const APPEAR_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(read, call))
        .routes(routes!(read_about_order, call_about_order))
}

/// One of the payment provider's own pages or files.
#[utoipa::path(get, path = "/v1/payments/pages/{page}", operation_id = "getPaymentPage",
    tag = "Payments", params(("page" = String, Path, description = "The provider's name for it")),
    responses((status = 200, description = "Defined by the provider: a page, a script, or JSON",
        content((String = "text/html; charset=utf-8"), (String = "text/javascript; charset=utf-8"),
            (Value = "application/json")))))]
pub(crate) async fn read(
    State(payments): State<PaymentProvider>,
    Segments(page): Segments<String>,
) -> Result<Response, ApiError> {
    shown(ask(&payments, PageMethod::Get, &page, b"", None)?)
}

/// A call of one of those pages, such as test cards for tokens: see `getPaymentForm`.
#[utoipa::path(post, path = "/v1/payments/pages/{page}", operation_id = "callPaymentPage",
    tag = "Payments",
    params(("page" = String, Path, description = "The provider's name for it"),
        ("Idempotency-Key" = String, Header)),
    request_body = Value,
    responses((status = 200, description = "Defined by the provider: a page, a script, or JSON",
        content((String = "text/html; charset=utf-8"), (String = "text/javascript; charset=utf-8"),
            (Value = "application/json")))))]
pub(crate) async fn call(
    State(payments): State<PaymentProvider>,
    Segments(page): Segments<String>,
    Idempotent { body, .. }: Idempotent<Value>,
) -> Result<Response, ApiError> {
    shown(ask(&payments, PageMethod::Post, &page, body.to_string().as_bytes(), None)?)
}

/// One of the provider's pages about an order; only its buyer gets it.
#[utoipa::path(get, path = "/v1/payments/pages/{page}/events/{event_id}/orders/{order_id}",
    operation_id = "getOrderPaymentPage", tag = "Payments", security(("device" = [])),
    params(("page" = String, Path, description = "The provider's name for it"),
        ("event_id" = String, Path), ("order_id" = String, Path)),
    responses((status = 200, description = "Defined by the provider: a page, a script, or JSON",
        content((String = "text/html; charset=utf-8"), (String = "text/javascript; charset=utf-8"),
            (Value = "application/json")))))]
pub(crate) async fn read_about_order(
    State(payments): State<PaymentProvider>,
    persona: Persona,
    path: OrderPath,
    names: Segments<(String, String, String)>,
) -> Result<Response, ApiError> {
    let Segments((page, ..)) = names;
    find(&path, &persona).await?;
    let (answer, _) = ask_soon(&payments, PageMethod::Get, &page, b"", &path).await?;
    shown(answer)
}

/// A call of such a page. What it says about the payment is recorded under the same id as any other
/// report of it, so reporting it twice has one result.
#[utoipa::path(post, path = "/v1/payments/pages/{page}/events/{event_id}/orders/{order_id}",
    operation_id = "callOrderPaymentPage", tag = "Payments", security(("device" = [])),
    params(("page" = String, Path, description = "The provider's name for it"),
        ("event_id" = String, Path), ("order_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    request_body = Value,
    responses((status = 200, body = Recorded), (status = 202, body = PendingAnswer),
        (status = 409, description = "stale_attempt: another result was recorded, or it ended",
            body = Problem)))]
pub(crate) async fn call_about_order(
    State(payments): State<PaymentProvider>,
    State(commands): State<Commands>,
    persona: Persona,
    path: OrderPath,
    names: Segments<(String, String, String)>,
    Idempotent { key, body }: Idempotent<Value>,
) -> Result<Response, ApiError> {
    let Segments((page, ..)) = names;
    find(&path, &persona).await?;
    let owner = Actor::Buyer(persona.buyers()?[0]);
    let body = body.to_string();
    let (answer, attempt) =
        ask_soon(&payments, PageMethod::Post, &page, body.as_bytes(), &path).await?;
    match answer {
        PageAnswer::Report(result) => {
            record(&commands, &path, owner, (attempt, &result), &key).await
        }
        answer => shown(answer),
    }
}

async fn record(
    commands: &Commands,
    path: &OrderPath,
    owner: Actor,
    (attempt, result): (u8, &PaymentResult),
    key: &RequestKey,
) -> Result<Response, ApiError> {
    let envelope = result.envelope(subject(path), attempt);
    let envelope = envelope.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let outcome = commands.submit_named(owner, envelope, key.trace).await?;
    answer(path.event_id, outcome, false, |_| Ok(Recorded { recorded: true }))
}

fn subject(path: &OrderPath) -> Subject {
    Subject::Order { event_id: path.event_id, hold_id: path.hold_id }
}

fn ask(
    payments: &PaymentProvider,
    method: PageMethod,
    page: &str,
    body: &[u8],
    purchase: Option<&Purchase>,
) -> Result<PageAnswer, ApiError> {
    let provider = payments.provider().ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(provider.page(&PageRequest { method, page, body, purchase }))
}

/// The same about an order, waiting a moment for what another gateway knows already; with the
/// attempt it is about.
async fn ask_soon(
    payments: &PaymentProvider,
    method: PageMethod,
    page: &str,
    body: &[u8],
    path: &OrderPath,
) -> Result<(PageAnswer, u8), ApiError> {
    let deadline = tokio::time::Instant::now() + APPEAR_WITHIN;
    let mut pulse = tokio::time::interval(Duration::from_millis(10));
    loop {
        let now = pulse.tick().await;
        let purchase = purchase(path).ok_or_else(|| ApiError::new(Code::NotFound))?;
        let answer = ask(payments, method, page, body, Some(&purchase))?;
        if answer != PageAnswer::NotYet || now >= deadline {
            return Ok((answer, purchase.attempt));
        }
    }
}

/// The order as it is known here.
fn purchase(path: &OrderPath) -> Option<Purchase> {
    let view = path.entry.read();
    let order = view.orders.get(&path.hold_id)?;
    let action = view.payments.of(path.hold_id).and_then(|payment| payment.action.clone());
    Some(Purchase {
        subject: subject(path),
        status: order.status,
        attempt: order.attempt,
        amount: order.amount,
        currency: view.prices.currency,
        action,
        is_again: {
            let orders = view.orders_of(order.buyer).map(|order| order.hold_id);
            view.payments.are_unknown(orders)
        },
    })
}

fn shown(answer: PageAnswer) -> Result<Response, ApiError> {
    match answer {
        PageAnswer::Content(content) => Ok(dressed(content)),
        PageAnswer::Malformed(field, problem) => {
            Err(ApiError::new(Code::MalformedBody).field(field, problem))
        }
        // Nothing to record it about.
        PageAnswer::Report(_) | PageAnswer::NotYet | PageAnswer::NotFound => {
            Err(ApiError::new(Code::NotFound))
        }
    }
}

/// A page with what it may load, which is more than ours may where its provider needs it.
fn dressed(content: Content) -> Response {
    let Content { kind, body, origins } = content;
    let mut response = Body::from(body.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, csp::with(origins));
    response
}
