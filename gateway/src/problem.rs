//! Every way to say no, in one table: status, code, whether trying again is safe, the fix.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::Refusal;
use floodgate_event_log::LogError;

/// Whether and how the same wish may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Retry {
    /// The answer will not change.
    No,
    /// Send the very same request with the same Idempotency-Key.
    SameKey,
    /// Later, as a new wish under a new Idempotency-Key.
    NewKey,
    /// After the time in Retry-After.
    Later,
}

/// A problem answer (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Where this code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/seat_taken")]
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) status: u16,
    /// What happened, and what to do about it.
    pub(crate) detail: String,
    /// Stable; made for programs.
    #[schema(example = "seat_taken")]
    pub(crate) code: &'static str,
    pub(crate) retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// Places in front of this one, for `not_your_turn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ahead: Option<u64>,
    /// What exactly is wrong with the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
}

/// One thing wrong with a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Problem>);

/// Codes of the gateway itself: status, code, retry, advice. Refusals of the engine have
/// their own table.
const TABLE: [(u16, &str, Retry, &str); 24] = [
    (400, "malformed_body", Retry::No, "The body is not what this call takes. See errors."),
    (400, "invalid_id", Retry::No, "An id in the address is not well formed. Copy it whole."),
    (400, "invalid_query", Retry::No, "A query parameter is not what this call takes."),
    (
        400,
        "idempotency_key_required",
        Retry::NewKey,
        "Send an Idempotency-Key header of 1 to 64 printable characters; use a new one for each wish.",
    ),
    (401, "key_required", Retry::No, "Send a staff key: Authorization: Bearer fgk_…"),
    (
        401,
        "device_required",
        Retry::No,
        "Join the queue first; then send Floodgate-Device or the cookie it set.",
    ),
    (
        401,
        "invalid_token",
        Retry::No,
        "A token was changed, is for another event or device, or has expired. Join the queue again.",
    ),
    (
        403,
        "wrong_role",
        Retry::No,
        "This key's role may not do that. Use a key with the right role.",
    ),
    (403, "pass_required", Retry::No, "Enter the shop first; then send Floodgate-Pass."),
    (404, "not_found", Retry::No, "There is nothing at this address. See /docs for all calls."),
    (405, "method_not_allowed", Retry::No, "This address takes other methods. See /docs."),
    (408, "body_too_slow", Retry::SameKey, "The body did not arrive in time. Send it at once."),
    (
        409,
        "not_your_turn",
        Retry::Later,
        "Your place is kept. Wait until the frontier has passed it.",
    ),
    (
        409,
        "puzzle_not_ready",
        Retry::Later,
        "Waiting takes as long as Retry-After says. Send the same challenge then.",
    ),
    (
        422,
        "puzzle_wrong",
        Retry::NewKey,
        "Get a new challenge with GET /v1/events/{event_id}/queue/challenge, from the same network and device, and solve that.",
    ),
    (
        422,
        "puzzle_expired",
        Retry::NewKey,
        "A challenge is good for two minutes. Get a new one with GET /v1/events/{event_id}/queue/challenge.",
    ),
    (
        422,
        "puzzle_spent",
        Retry::NewKey,
        "This challenge has given its place. For a new place get a new one with GET /v1/events/{event_id}/queue/challenge.",
    ),
    (
        428,
        "puzzle_required",
        Retry::NewKey,
        "Get a challenge with GET /v1/events/{event_id}/queue/challenge, solve it, and send challenge and solution with the join. With ?wait=true it takes a wait instead of work.",
    ),
    (413, "body_too_large", Retry::No, "The body is larger than this call takes."),
    (429, "rate_limited", Retry::Later, "Too many requests. Wait as long as Retry-After says."),
    (
        503,
        "overloaded",
        Retry::SameKey,
        "The server sheds load. The same request is safe in a moment.",
    ),
    (
        503,
        "log_unavailable",
        Retry::SameKey,
        "The log takes nothing now, and nothing was written. The same request is safe in a moment.",
    ),
    (
        503,
        "outcome_unknown",
        Retry::SameKey,
        "Whether this was written is not known. Send the same request with the same key.",
    ),
    (500, "internal", Retry::SameKey, "Something is wrong here, not with you. It was noted."),
];

impl ApiError {
    /// A problem of the gateway by its code.
    pub(crate) fn new(code: &'static str) -> Self {
        let row = TABLE.iter().find(|row| row.1 == code).unwrap_or(&TABLE[TABLE.len() - 1]);
        ApiError::build(row.0, row.1, row.2, row.3)
    }

    fn build(status: u16, code: &'static str, retry: Retry, detail: &str) -> Self {
        ApiError(Box::new(Problem {
            kind: format!("/problems/{code}"),
            title: code.replace('_', " "),
            status,
            detail: detail.to_owned(),
            code,
            retry,
            retry_after_ms: None,
            ahead: None,
            errors: Vec::new(),
        }))
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// Adds what exactly is wrong.
    pub(crate) fn field(mut self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldError { path: path.into(), message: message.into() });
        self
    }

    pub(crate) fn retry_after_ms(mut self, ms: u64) -> Self {
        self.0.retry_after_ms = Some(ms);
        self
    }

    pub(crate) fn ahead(mut self, ahead: u64) -> Self {
        self.0.ahead = Some(ahead);
        self
    }

    /// An error nobody outside should see the cause of.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        ApiError::new("internal")
    }
}

/// Everything said about a code, for its own page.
pub(crate) fn explain(code: &str) -> Option<(u16, &'static str)> {
    let own = TABLE.iter().find(|row| row.1 == code).map(|row| (row.0, row.3));
    let refusal = floodgate_domain::refusal::REFUSALS.into_iter().find(|r| r.code() == code);
    own.or_else(|| refusal.map(|refusal| (status_of(refusal), refusal.advice())))
}

fn status_of(refusal: Refusal) -> u16 {
    use Refusal as R;
    match refusal {
        R::UnknownEvent | R::UnknownHold | R::UnknownSeat | R::NoSuchCategory => 404,
        R::NotAllowed | R::NotYourHold | R::NoPass | R::PassExpired => 403,
        R::InvalidPlan
        | R::InvalidPrices
        | R::InvalidPolicy
        | R::KeyReused
        | R::SeatsRepeated
        | R::NoSeatsNamed
        | R::HoldTooLarge => 422,
        R::CoolingDown => 429,
        R::NeedsNewerEngine => 501,
        R::TooManyEvents | R::TooManyBuyers | R::TooManyOrders => 503,
        _ => 409,
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let retry = if refusal.retry_may_help() { Retry::NewKey } else { Retry::No };
        let error = ApiError::build(status_of(refusal), refusal.code(), retry, refusal.advice());
        match refusal {
            Refusal::ShopFull | Refusal::SalePaused | Refusal::SaleNotOpen => {
                error.retry_after_ms(1_000)
            }
            Refusal::CoolingDown => error.retry_after_ms(5_000),
            _ => error,
        }
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Overloaded => ApiError::new("overloaded").retry_after_ms(200),
            LogError::TooLarge { .. } => ApiError::new("body_too_large"),
            error if error.nothing_written() => {
                tracing::error!(%error, "the log takes nothing");
                ApiError::new("log_unavailable").retry_after_ms(1_000)
            }
            error => {
                tracing::error!(%error, "the outcome of an append is unknown");
                ApiError::new("outcome_unknown").retry_after_ms(1_000)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = *self.0;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = problem.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1));
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
