//! The sandbox provider's own pages: not ours, in a real sale they are the provider's.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_onsale::HoldId;

use crate::extract::{Fan, Wish};
use crate::problem::ApiError;
use crate::state::GatewayState;

/// What the gateway needs of a sandbox provider.
pub trait PaymentSandbox: Send + Sync + std::fmt::Debug + 'static {
    /// The provider's token for a published test card; `None` for any other number.
    fn tokenise(&self, card_number: &str) -> Option<String>;
    /// Whether the buyer's bank waits for an answer about this order.
    fn has_challenge(&self, hold_id: HoldId) -> bool;
    /// The buyer's answer to his bank; `false` when nothing was asked.
    fn resolve_challenge(&self, hold_id: HoldId, approve: bool) -> bool;
}

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/sandbox/payment-methods", post(tokenise))
        .route("/v1/sandbox/challenges/{hold_id}", post(resolve))
        .route("/sandbox/challenge/{hold_id}", get(page))
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
    let sandbox = state.sandbox.as_ref().ok_or_else(|| ApiError::new("not_found"))?;
    let digits: String = body.card_number.chars().filter(char::is_ascii_digit).collect();
    let payment_method = sandbox.tokenise(&digits).ok_or_else(|| {
        let message = "not a test card; the payment page lists those the sandbox knows";
        ApiError::new("malformed_body").field("card_number", message)
    })?;
    Ok(Json(Method { payment_method }))
}

fn challenged(state: &GatewayState, hold_id: &str) -> Result<HoldId, ApiError> {
    let hold_id = hold_id.parse().map_err(|_| ApiError::new("invalid_id"))?;
    let sandbox = state.sandbox.as_ref().ok_or_else(|| ApiError::new("not_found"))?;
    if sandbox.has_challenge(hold_id) { Ok(hold_id) } else { Err(ApiError::new("not_found")) }
}

/// The buyer's answer to his bank.
#[utoipa::path(post, path = "/v1/sandbox/challenges/{hold_id}",
    operation_id = "sandboxResolveChallenge", tag = "Sandbox payments",
    params(("hold_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = ChallengeAnswer, responses((status = 200, body = Resolved)))]
pub(crate) async fn resolve(
    State(state): State<GatewayState>,
    _: Fan,
    Path(hold_id): Path<String>,
    Wish { body, .. }: Wish<ChallengeAnswer>,
) -> Result<Json<Resolved>, ApiError> {
    let hold_id = challenged(&state, &hold_id)?;
    let sandbox = state.sandbox.as_ref().ok_or_else(|| ApiError::new("not_found"))?;
    Ok(Json(Resolved { resolved: sandbox.resolve_challenge(hold_id, body.approve) }))
}

/// The bank's page. Its script asks, the answer goes to the call above.
async fn page(
    State(state): State<GatewayState>,
    Path(hold_id): Path<String>,
) -> Result<Response, ApiError> {
    challenged(&state, &hold_id)?;
    Ok(Html(include_str!("challenge.html")).into_response())
}
