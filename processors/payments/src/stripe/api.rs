//! Requests to Stripe: form-encoded, under a pinned version, each with a time limit.

use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;

use super::intent::Form;
use super::secrets::Secret;
use crate::error::ProviderError;
use crate::provider::CALL_WITHIN;

/// The version whose OpenAPI document the requests were checked against.
const VERSION: &str = "2026-08-26.dahlia";
/// A host that is there answers a greeting at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// One request: banks that are slow to authorise take some ten seconds.
const REQUEST_WITHIN: Duration = Duration::from_secs(20);
/// Left for whatever an operation does beside its requests.
const RESERVE: Duration = Duration::from_secs(2);
/// An intent with everything expanded has some 10 KB.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// Stripe keeps the first answer under a key for a day, its own failures too. An operation whose first
/// try failed there gets a new name, as often as this.
const NAMES_MAX: u32 = 4;

/// How long an operation may still take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget(Instant);

impl Budget {
    pub(super) fn start() -> Self {
        Budget(Instant::now() + CALL_WITHIN - RESERVE)
    }

    fn left(self) -> Result<Duration, ProviderError> {
        let left = self.0.saturating_duration_since(Instant::now()).min(REQUEST_WITHIN);
        if left.is_zero() { Err(ProviderError::new("no time left")) } else { Ok(left) }
    }
}

/// What Stripe answered: it did it, or it will not.
#[derive(Debug)]
pub(super) enum Reply {
    Done {
        body: Value,
        /// Whether this is the answer of an earlier request of the same name.
        is_replayed: bool,
    },
    Refused(Refusal),
}

/// A lawful no.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    pub(super) code: String,
    param: String,
    message: String,
}

impl Refusal {
    fn read(status: u16, body: &Value) -> Self {
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        let (code, param, message) = (text("code"), text("param"), text("message"));
        Refusal { status, code, param, message }
    }

    /// Whether it is about the buyer's card: the bank said no, or the token is none of Stripe's.
    pub(super) fn is_the_buyers(&self) -> bool {
        let is_their_token = self.param == "payment_method"
            || matches!(self.code.as_str(), "payment_method_unexpected_state");
        self.status == 402 || is_their_token
    }

    /// A no that this code does not know what to do about. It says nothing about the money, so it
    /// is asked again.
    pub(super) fn unexpected(&self, operation: &str) -> ProviderError {
        let Refusal { status, code, message, .. } = self;
        ProviderError::new(format!("{operation}: {status} {code} {message}"))
    }
}

/// Stripe's address, and the key to an account.
#[derive(Debug)]
pub(super) struct Api {
    agent: Agent,
    base: String,
    key: Secret,
}

/// An answer on the wire.
struct Raw {
    status: u16,
    is_replayed: bool,
    retry_after: Option<Duration>,
    body: Value,
}

impl Api {
    /// `None` where the address would carry the key in the open.
    pub(super) fn new(base: &str, key: Secret) -> Option<Self> {
        let local = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
        let is_safe = base.starts_with("https://") || local.iter().any(|at| base.starts_with(at));
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        let base = base.trim_end_matches('/').to_owned();
        is_safe.then(|| Api { agent: config.into(), base, key })
    }

    pub(super) fn is_live(&self) -> bool {
        self.key.expose().contains("_live_")
    }

    pub(super) fn get(&self, path: &str, budget: Budget) -> Result<Reply, ProviderError> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request
            .header("Authorization", format!("Bearer {}", self.key.expose()))
            .header("Stripe-Version", VERSION)
            .config()
            .timeout_global(Some(budget.left()?))
            .build();
        reply(raw(request.call())?)
    }

    /// Does something at most once under a name.
    pub(super) fn post(
        &self,
        path: &str,
        form: &Form,
        key: &str,
        budget: Budget,
    ) -> Result<Reply, ProviderError> {
        let mut name = key.to_owned();
        for number in 2..=NAMES_MAX {
            let answer = self.send(path, form, &name, budget)?;
            let is_kept_failure = answer.is_replayed && answer.status >= 500;
            if !is_kept_failure {
                return reply(answer);
            }
            name = format!("{key}/{number}");
        }
        reply(self.send(path, form, &name, budget)?)
    }

    fn send(
        &self,
        path: &str,
        form: &Form,
        key: &str,
        budget: Budget,
    ) -> Result<Raw, ProviderError> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request
            .header("Authorization", format!("Bearer {}", self.key.expose()))
            .header("Stripe-Version", VERSION)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Idempotency-Key", key)
            .config()
            .timeout_global(Some(budget.left()?))
            .build();
        raw(request.send(form.encoded()))
    }
}

fn raw(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Raw, ProviderError> {
    let unanswered = |error: ureq::Error| ProviderError::new(error.to_string());
    let mut answer = answer.map_err(unanswered)?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let is_replayed = header("idempotent-replayed") == Some("true");
    let retry_after = header("retry-after").and_then(|text| text.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    let body = serde_json::from_slice(&body.map_err(unanswered)?).unwrap_or_default();
    Ok(Raw { status, is_replayed, retry_after, body })
}

/// What an answer says about the operation, or that it says nothing about it.
fn reply(answer: Raw) -> Result<Reply, ProviderError> {
    let Raw { status, is_replayed, retry_after, body } = answer;
    match status {
        200..=299 => Ok(Reply::Done { body, is_replayed }),
        // Ours: the key is wrong, or the account may not. Nothing about a buyer.
        401 | 403 => Err(Refusal::read(status, &body).unexpected("not allowed")),
        // Somebody else is at it, too many requests, or trouble there.
        409 | 429 | 500.. => {
            let problem = Refusal::read(status, &body).unexpected("try again");
            Err(ProviderError { retry_after, ..problem })
        }
        _ => Ok(Reply::Refused(Refusal::read(status, &body))),
    }
}
