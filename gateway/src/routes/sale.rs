//! The phases and rules of a sale.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::dials::WORDS_BYTES_MAX;
use floodgate_domain::{Command, PhaseDial, Policy};

use super::answer;
use super::events::{PriceEntry, price_table};
use crate::extract::{EventPath, Manager, Operator, StaffMember, Wish};
use crate::model::DoneAnswer;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events/{event_id}/sale/open", post(open))
        .route("/v1/events/{event_id}/sale/pause", post(pause))
        .route("/v1/events/{event_id}/sale/close", post(close))
        .route("/v1/events/{event_id}/cancel", post(cancel))
        .route("/v1/events/{event_id}/prices", put(set_prices))
        .route("/v1/events/{event_id}/policy", put(set_policy))
}

/// Rules of a sale; what is absent stays as it is. Durations as texts such as "5m" or "90s".
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PolicyPatch {
    #[schema(example = "5m")]
    hold: Option<String>,
    extensions_max: Option<u8>,
    extension: Option<String>,
    payment: Option<String>,
    /// After a decline, how long the seats wait for another card.
    retry: Option<String>,
    payment_attempts_max: Option<u8>,
    seats_per_buyer_max: Option<u16>,
    seats_per_hold_max: Option<u8>,
    holds_per_buyer_max: Option<u8>,
    cooldown: Option<String>,
    pass_required: Option<bool>,
    shoppers_max: Option<u32>,
    /// How long a shopper may stay.
    pass: Option<String>,
    buyers_max: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    currency: String,
    /// By category name.
    prices: BTreeMap<String, PriceEntry>,
}

impl PolicyPatch {
    pub(crate) fn of(policy: &Policy) -> Self {
        let text = |ms| Some(humantime::format_duration(Duration::from_millis(ms)).to_string());
        PolicyPatch {
            hold: text(policy.hold_ms),
            extensions_max: Some(policy.extensions_max),
            extension: text(policy.extension_ms),
            payment: text(policy.payment_ms),
            retry: text(policy.retry_ms),
            payment_attempts_max: Some(policy.payment_attempts_max),
            seats_per_buyer_max: Some(policy.seats_per_buyer_max),
            seats_per_hold_max: Some(policy.seats_per_hold_max),
            holds_per_buyer_max: Some(policy.holds_per_buyer_max),
            cooldown: text(policy.cooldown_ms),
            pass_required: Some(policy.pass_required),
            shoppers_max: Some(policy.shoppers_max),
            pass: text(policy.pass_ms),
            buyers_max: Some(policy.buyers_max),
        }
    }

    /// `policy` with what this patch names.
    pub(crate) fn apply(&self, policy: Policy) -> Result<Policy, ApiError> {
        let ms = |name: &str, text: &Option<String>, before: u64| match text {
            None => Ok(before),
            Some(text) => humantime::parse_duration(text)
                .ok()
                .and_then(|duration| u64::try_from(duration.as_millis()).ok())
                .ok_or_else(|| {
                    let message = "a duration such as 5m or 90s";
                    ApiError::new(Code::MalformedBody).field(format!("policy.{name}"), message)
                }),
        };
        Ok(Policy {
            hold_ms: ms("hold", &self.hold, policy.hold_ms)?,
            extensions_max: self.extensions_max.unwrap_or(policy.extensions_max),
            extension_ms: ms("extension", &self.extension, policy.extension_ms)?,
            payment_ms: ms("payment", &self.payment, policy.payment_ms)?,
            retry_ms: ms("retry", &self.retry, policy.retry_ms)?,
            payment_attempts_max: self.payment_attempts_max.unwrap_or(policy.payment_attempts_max),
            seats_per_buyer_max: self.seats_per_buyer_max.unwrap_or(policy.seats_per_buyer_max),
            seats_per_hold_max: self.seats_per_hold_max.unwrap_or(policy.seats_per_hold_max),
            holds_per_buyer_max: self.holds_per_buyer_max.unwrap_or(policy.holds_per_buyer_max),
            cooldown_ms: ms("cooldown", &self.cooldown, policy.cooldown_ms)?,
            pass_required: self.pass_required.unwrap_or(policy.pass_required),
            shoppers_max: self.shoppers_max.unwrap_or(policy.shoppers_max),
            pass_ms: ms("pass", &self.pass, policy.pass_ms)?,
            buyers_max: self.buyers_max.unwrap_or(policy.buyers_max),
        })
    }
}

/// Why a phase changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Why {
    /// For those who look back; kept in the log with who did it. At most 500 bytes.
    reason: String,
}

/// Turns the phase, as one of the dials: with who and why.
async fn turn(
    state: &GatewayState,
    path: &EventPath,
    staff: StaffMember,
    wish: &Wish<Why>,
    phase: PhaseDial,
) -> Result<Response, ApiError> {
    let reason = &wish.body.reason;
    if reason.len() > WORDS_BYTES_MAX {
        return Err(ApiError::new(Code::MalformedBody).field("reason", "at most 500 bytes"));
    }
    tell(state, path, staff, wish, Command::turn_phase(phase, reason)).await
}

/// One command of staff that answers with nothing but its position.
async fn tell<T>(
    state: &GatewayState,
    path: &EventPath,
    staff: StaffMember,
    wish: &Wish<T>,
    command: Command,
) -> Result<Response, ApiError> {
    let outcome = state.submit(path.event_id, staff.actor(), &wish.named, command).await?;
    answer(path.event_id, outcome, false, |reply| {
        Ok(DoneAnswer { status: "done", as_of: reply.into() })
    })
}

/// Opens the sale, or goes on after a pause.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/open", operation_id = "openSale",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Why, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn open(
    State(state): State<GatewayState>,
    Operator(staff): Operator,
    path: EventPath,
    wish: Wish<Why>,
) -> Result<Response, ApiError> {
    turn(&state, &path, staff, &wish, PhaseDial::Open).await
}

/// No new holds and no new shoppers; what is held may be paid.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/pause", operation_id = "pauseSale",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Why, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn pause(
    State(state): State<GatewayState>,
    Operator(staff): Operator,
    path: EventPath,
    wish: Wish<Why>,
) -> Result<Response, ApiError> {
    turn(&state, &path, staff, &wish, PhaseDial::Pause).await
}

/// No new holds ever; what is held may be paid.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/close", operation_id = "closeSale",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Why, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn close(
    State(state): State<GatewayState>,
    Manager(staff): Manager,
    path: EventPath,
    wish: Wish<Why>,
) -> Result<Response, ApiError> {
    turn(&state, &path, staff, &wish, PhaseDial::Close).await
}

/// Releases everything held and refunds everything sold.
#[utoipa::path(post, path = "/v1/events/{event_id}/cancel", operation_id = "cancelEvent",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Why, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn cancel(
    State(state): State<GatewayState>,
    Manager(staff): Manager,
    path: EventPath,
    wish: Wish<Why>,
) -> Result<Response, ApiError> {
    turn(&state, &path, staff, &wish, PhaseDial::Cancel).await
}

/// New prices for what is not held yet.
#[utoipa::path(put, path = "/v1/events/{event_id}/prices", operation_id = "setPrices",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Prices, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set_prices(
    State(state): State<GatewayState>,
    Manager(staff): Manager,
    path: EventPath,
    wish: Wish<Prices>,
) -> Result<Response, ApiError> {
    let plan = path.entry.read().plan.clone();
    let prices = price_table(&wish.body.currency, &wish.body.prices, |name| {
        plan.categories.iter().position(|category| category.name == name)
    })?;
    tell(&state, &path, staff, &wish, Command::SetPrices(Box::new(prices))).await
}

/// New rules for holds to come; those running keep what they were given. How many may be in the
/// shop is a dial, turned with a reason by `PUT …/queue`.
#[utoipa::path(put, path = "/v1/events/{event_id}/policy", operation_id = "setPolicy",
    tag = "Staff", security(("staff" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = PolicyPatch, responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set_policy(
    State(state): State<GatewayState>,
    Operator(staff): Operator,
    path: EventPath,
    wish: Wish<PolicyPatch>,
) -> Result<Response, ApiError> {
    let before = path.entry.read().policy;
    let policy = wish.body.apply(before)?;
    if policy.shoppers_max != before.shoppers_max {
        let fix = "turn it with PUT /v1/events/{event_id}/queue, which asks for a reason";
        return Err(ApiError::new(Code::MalformedBody).field("policy.shoppers_max", fix));
    }
    tell(&state, &path, staff, &wish, Command::SetPolicy(Box::new(policy))).await
}
