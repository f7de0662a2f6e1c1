//! Messages that came back, and complaints: where nobody is, nothing is sent again.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Form, FromRequest, Request, State};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::idempotent::{BodyLimits, collect};
use crate::extract::{Idempotent, Manager, Operator, Staff};
use crate::model::contact::malformed;
use crate::people::PeopleDesk;
use crate::people::preview::{ChannelReports, ReturnedMessage};
use crate::problem::{ApiError, Code};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(report)).routes(routes!(text_report))
}

/// A report and the head of the mail it is about are some thousand.
const MAIL_CHARS_MAX: usize = 60_000;

/// A mail as it arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailBody {
    /// Headers and all, as a mail server hands it on.
    #[schema(max_length = 60_000, example = "From: mailer-daemon@example.net\n\nNobody is there.")]
    content: String,
}

/// What a report led to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReturnsTaken {
    /// Messages of ours that came back for good.
    returned: usize,
    /// Of them, those whose address is not written to any more.
    suppressed: usize,
}

/// Takes a mail that a server sent to `channels.email.bounces_to`: a delivery status notification
/// (RFC 3464) or a complaint (RFC 5965). An address that is gone, or whose owner complained, is never
/// written to again. Other mails change nothing, nor does the same one again.
#[utoipa::path(post, path = "/v1/channels/email/returns", operation_id = "reportReturnedMail",
    tag = "Staff", security(("staff" = ["operator", "manager"])),
    params(("Idempotency-Key" = String, Header)), request_body = MailBody,
    responses((status = 200, body = ReturnsTaken)))]
pub(crate) async fn report(
    State(people): State<PeopleDesk>,
    State(reports): State<Arc<dyn ChannelReports>>,
    _: Staff<(Operator, Manager)>,
    Idempotent { body, .. }: Idempotent<MailBody>,
) -> Result<Json<ReturnsTaken>, ApiError> {
    if body.content.chars().count() > MAIL_CHARS_MAX {
        let fix = format!("at most {MAIL_CHARS_MAX} characters: leave out what follows the report");
        return Err(malformed("content", fix));
    }
    take(&people, reports.returned(&body.content)).await.map(Json)
}

/// A report of a provider is some hundred bytes.
const REPORT_BYTES_MAX: usize = 16 * 1024;
const SIGNATURE: &str = "x-twilio-signature";

/// For the provider of text messages: what became of one, signed with the token of the account.
/// It is named to the provider with each message where `payments.public_url` is set. A number that
/// is gone, or whose owner asked for silence, is never written to again.
#[utoipa::path(post, path = "/v1/channels/sms/reports", operation_id = "reportTextMessage",
    tag = "Staff", params(("X-Twilio-Signature" = String, Header)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "defined by the provider: MessageSid, MessageStatus, ErrorCode"),
    responses((status = 200, body = ReturnsTaken)))]
pub(crate) async fn text_report(
    State(people): State<PeopleDesk>,
    State(reports): State<Arc<dyn ChannelReports>>,
    State(limits): State<BodyLimits>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ReturnsTaken>, ApiError> {
    let unsigned = || ApiError::new(Code::WebhookUnsigned);
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let signature = signature.ok_or_else(unsigned)?;
    let body = collect(body, limits.deadline, REPORT_BYTES_MAX).await?;
    let form = Request::post("/")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .map_err(|_| ApiError::new(Code::MalformedBody))?;
    let form = Form::<Vec<(String, String)>>::from_request(form, &()).await;
    let Form(form) = form.map_err(|_| ApiError::new(Code::MalformedBody))?;
    let returned = reports.text_report(&form, signature).map_err(|_| unsigned())?;
    take(&people, returned.into_iter().collect()).await.map(Json)
}

async fn take(people: &PeopleDesk, found: Vec<ReturnedMessage>) -> Result<ReturnsTaken, ApiError> {
    if found.is_empty() {
        return Ok(ReturnsTaken { returned: 0, suppressed: 0 });
    }
    people
        .with(move |work| {
            let mut taken = ReturnsTaken { returned: 0, suppressed: 0 };
            for ReturnedMessage { message, suppress } in found {
                let is_ours = work.came_back(&message, suppress, time::now())?;
                taken.returned += usize::from(is_ours);
                taken.suppressed += usize::from(is_ours && suppress.is_some());
            }
            Ok(taken)
        })
        .await
}
