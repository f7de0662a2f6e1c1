//! The sandbox provider's own pages: not ours, in a real sale they are the provider's.

use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{HoldId, OrderStatus, PaymentResult, Refusal};

use super::answer;
use super::orders::find;
use crate::extract::{Fan, OrderPath, Wish};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::views::EventView;

/// What the gateway needs of a sandbox provider.
pub trait PaymentSandbox: Send + Sync + std::fmt::Debug + 'static {
    /// The provider's token for a published test card; `None` for any other number.
    fn tokenise(&self, card_number: &str) -> Option<&'static str>;
    /// Whether paying this way makes the buyer's bank ask him.
    fn asks_buyer(&self, method: &str) -> bool;
}

/// How long a bank's page waits for an order that another gateway has just shown.
const APPEAR_WITHIN: Duration = Duration::from_secs(1);

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/sandbox/payment-methods", post(tokenise))
        .route("/v1/sandbox/challenges/{event_id}/{order_id}", post(resolve))
        .route("/sandbox/challenge/{event_id}/{order_id}", get(page))
}

/// Whether the payment under way waits for the buyer's answer to his bank. It follows from the
/// facts, so every gateway says the same and no restart forgets it.
pub(crate) fn asks_buyer(
    sandbox: Option<&dyn PaymentSandbox>,
    view: &EventView,
    hold_id: HoldId,
) -> bool {
    let method = view.methods.get(&hold_id);
    sandbox.zip(method).is_some_and(|(sandbox, method)| sandbox.asks_buyer(method.as_str()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    /// One of the published test cards.
    #[schema(example = "4000000000000077")]
    card_number: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Method {
    #[schema(example = "pm_sandbox_approve")]
    payment_method: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChallengeAnswer {
    approve: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Resolved {
    resolved: bool,
}

/// A token for a published test card: …0077 approves, …0002 declines, …3220 asks the buyer,
/// …0259 authorises too late, …0119 never answers.
#[utoipa::path(post, path = "/v1/sandbox/payment-methods", operation_id = "sandboxTokenise",
    tag = "Sandbox payments", params(("Idempotency-Key" = String, Header)),
    request_body = Card, responses((status = 200, body = Method)))]
pub(crate) async fn tokenise(
    State(state): State<GatewayState>,
    _: Fan,
    Wish { body, .. }: Wish<Card>,
) -> Result<Json<Method>, ApiError> {
    let sandbox = state.sandbox.as_ref().ok_or_else(|| ApiError::new(Code::NotFound))?;
    let digits: String = body.card_number.chars().filter(char::is_ascii_digit).collect();
    let payment_method = sandbox.tokenise(&digits).ok_or_else(|| {
        let message = "not a test card; the payment page lists those the sandbox knows";
        ApiError::new(Code::MalformedBody).field("card_number", message)
    })?;
    Ok(Json(Method { payment_method: payment_method.to_owned() }))
}

/// What the bank's question has come to.
enum Asked {
    /// It is open for this attempt.
    Open(u8),
    /// The payment under way is not one a bank asks about, or there is none.
    Never,
    Answered(OrderStatus),
}

fn asked(state: &GatewayState, path: &OrderPath) -> Asked {
    let view = path.entry.read();
    let Some(order) = view.orders.get(&path.hold_id) else { return Asked::Never };
    match order.status {
        OrderStatus::PaymentPending
            if asks_buyer(state.sandbox.as_deref(), &view, path.hold_id) =>
        {
            Asked::Open(order.attempt)
        }
        OrderStatus::Held | OrderStatus::PaymentPending => Asked::Never,
        status => Asked::Answered(status),
    }
}

/// The same, waiting a moment for what another gateway knows already, unless `is_told` says that
/// it is known here too.
async fn asked_soon(
    state: &GatewayState,
    path: &OrderPath,
    is_told: impl Fn(&Asked) -> bool,
) -> Asked {
    let asks = async {
        let mut pulse = tokio::time::interval(Duration::from_millis(10));
        while !is_told(&asked(state, path)) {
            pulse.tick().await;
        }
    };
    // Late is not wrong: what is known here now decides then.
    let _ = tokio::time::timeout(APPEAR_WITHIN, asks).await;
    asked(state, path)
}

fn nothing_asked() -> ApiError {
    ApiError::new(Code::NotFound).field("order_id", "no bank waits for an answer about this order")
}

/// The buyer's answer to his bank, as the bank tells it to whichever gateway it reaches. It goes
/// into the log under the name every teller of this result uses, so telling it twice is one result.
#[utoipa::path(post, path = "/v1/sandbox/challenges/{event_id}/{order_id}",
    operation_id = "sandboxResolveChallenge", tag = "Sandbox payments",
    security(("device" = [])),
    params(("event_id" = String, Path), ("order_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    request_body = ChallengeAnswer,
    responses((status = 200, body = Resolved), (status = 202, body = crate::model::PendingAnswer),
        (status = 409, description = "stale_attempt: it was answered otherwise, or ended",
            body = crate::problem::Problem)))]
pub(crate) async fn resolve(
    State(state): State<GatewayState>,
    fan: Fan,
    path: OrderPath,
    Wish { body, .. }: Wish<ChallengeAnswer>,
) -> Result<Response, ApiError> {
    state.sandbox.as_ref().ok_or_else(|| ApiError::new(Code::NotFound))?;
    // The bank knows its customer; here his device stands for him.
    find(&path, fan).await?;
    let (result, then) = match body.approve {
        true => (PaymentResult::Authorised, OrderStatus::Confirmed),
        false => (PaymentResult::Declined, OrderStatus::Declined),
    };
    let is_told = |asked: &Asked| match asked {
        Asked::Open(_) => true,
        Asked::Answered(status) => *status == then,
        Asked::Never => false,
    };
    let attempt = match asked_soon(&state, &path, is_told).await {
        Asked::Open(attempt) => attempt,
        Asked::Never => return Err(nothing_asked()),
        // The same answer again: its result stands.
        Asked::Answered(status) if status == then => {
            return Ok(Json(Resolved { resolved: true }).into_response());
        }
        Asked::Answered(_) => return Err(Refusal::StaleAttempt.into()),
    };
    let told = result.envelope(path.event_id, (path.hold_id, attempt));
    let outcome = state.submit_named(told, None).await?;
    answer(path.event_id, outcome, false, |_| Ok(Resolved { resolved: true }))
}

/// The bank's page. Its script asks, the answer goes to the call above.
async fn page(State(state): State<GatewayState>, path: OrderPath) -> Result<Response, ApiError> {
    match asked_soon(&state, &path, |asked| matches!(asked, Asked::Open(_))).await {
        Asked::Open(_) => Ok(Html(include_str!("challenge.html")).into_response()),
        Asked::Never | Asked::Answered(_) => Err(nothing_asked()),
    }
}
