//! What a payment provider sends by itself. Nothing in it counts before its signature is checked,
//! and it becomes the same command that the outbox would write, so that duplicates and
//! reordering change nothing.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{Actor, PaymentResult, Subject};
use floodgate_payments::Provider;
use floodgate_payments::web::{PaymentReport, Webhook, WebhookError};
use floodgate_people::ProductState;

use super::super::Routes;
use crate::commands::{Commands, Outcome};
use crate::extract::Segments;
use crate::extract::idempotent::{BodyLimits, collect};
use crate::model::WebhookTaken;
use crate::payments::PaymentProvider;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code, Problem};
use crate::time;

/// Bytes of a webhook: those of the providers we know stay below a tenth of it.
const WEBHOOK_BYTES_MAX: usize = 256 * 1024;
/// When a provider that sends again at once may do so.
const SOON_MS: u64 = 1_000;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(take))
}

/// For the payment provider: its notifications, signed by it.
#[utoipa::path(post, path = "/v1/payments/webhooks/{provider}",
    operation_id = "takePaymentWebhook", tag = "Payments",
    params(("provider" = String, Path)),
    request_body(content = String, description = "defined by the provider"),
    responses((status = 200, body = WebhookTaken),
        (status = 400, description = "webhook_unsigned, webhook_stale, malformed_body",
            body = Problem),
        (status = 503, description = "overloaded, provider_unavailable", body = Problem)))]
pub(crate) async fn take(
    State(payments): State<PaymentProvider>,
    State(commands): State<Commands>,
    State(people): State<PeopleDesk>,
    State(limits): State<BodyLimits>,
    Segments(name): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<WebhookTaken>, ApiError> {
    let provider = payments.provider().filter(|provider| provider.name() == name);
    let provider = provider.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let busy = || ApiError::new(Code::Overloaded).retry_after_ms(SOON_MS);
    // Before the body is read, so that a flood of bodies is bounded too.
    let _permit = payments.webhook_permit().ok_or_else(busy)?;
    let body = collect(body, limits.deadline, WEBHOOK_BYTES_MAX).await?;
    let checked = checked(Arc::clone(provider), headers, body).await;
    let outcome = match &checked {
        Ok(_) => "taken",
        Err(WebhookError::Unavailable(_)) => "unavailable",
        Err(_) => "refused",
    };
    metrics::counter!("floodgate_payments_webhooks_total", "outcome" => outcome).increment(1);
    let reports = checked?;
    for report in &reports {
        record((&commands, &people), report).await?;
    }
    Ok(Json(WebhookTaken { reports: reports.len() }))
}

/// What a webhook reports. The provider may ask back over the network, so not on a thread of the
/// runtime.
async fn checked(
    provider: Arc<dyn Provider>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Vec<PaymentReport>, WebhookError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let look = move || {
        let text =
            headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers: Vec<(&str, &str)> = text.collect();
        provider.webhook(&Webhook { headers: &headers, body: &body, now })
    };
    let failed = |_| WebhookError::Malformed("the provider's reader failed");
    tokio::task::spawn_blocking(look).await.map_err(failed)?
}

/// What was bought beside the log ends while a bank has its money, and goes on once it is back. Seats
/// stay whose they are: the show may be over, or a friend have the ticket, and banks change their mind
/// for months. So staff are shown it, and decide.
async fn disputed(people: &PeopleDesk, subject: Subject, is_gone: bool) -> Result<(), ApiError> {
    let (paid, disputed) = (ProductState::Paid, ProductState::Disputed);
    let (from, to) = if is_gone { (paid, disputed) } else { (disputed, paid) };
    let money = if is_gone { "taken" } else { "returned" };
    let what = match subject {
        Subject::Product { number, .. } => {
            let to = (number, from, to);
            people.with(move |work| work.move_product_order(to, None, time::now())).await?;
            "product"
        }
        Subject::Order { .. } => "order",
    };
    let labels = [("what", what), ("money", money)];
    metrics::counter!("floodgate_payments_disputes_total", &labels).increment(1);
    tracing::warn!(%subject, money, "a dispute moved money that had been paid");
    Ok(())
}

/// Writes a report into the log. A refusal is an outcome like any other: it was known already, or
/// came too late for anybody.
async fn record(
    (commands, people): (&Commands, &PeopleDesk),
    report: &PaymentReport,
) -> Result<(), ApiError> {
    let PaymentReport { subject, attempt, result } = report;
    if let PaymentResult::Disputed | PaymentResult::DisputeWon = result {
        return disputed(people, *subject, *result == PaymentResult::Disputed).await;
    }
    // What the log does not decide is asked for by whoever keeps it.
    let Some(envelope) = result.envelope(*subject, *attempt) else { return Ok(()) };
    match commands.submit_named(Actor::System, envelope, None).await? {
        Outcome::Decided(_) => Ok(()),
        // Perhaps it is not in the log: the provider sends it again.
        Outcome::Pending(_) => Err(ApiError::new(Code::Overloaded).retry_after_ms(SOON_MS)),
    }
}
