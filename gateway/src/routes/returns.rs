//! Mail that came back, and complaints: its address is not written to again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Idempotent, Manager, Operator, Staff};
use crate::model::contact::malformed;
use crate::people::PeopleDesk;
use crate::people::preview::MailReports;
use crate::problem::ApiError;
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(report))
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

/// What a mail reported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReturnsTaken {
    /// Messages of ours it says came back for good.
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
    State(reports): State<Arc<dyn MailReports>>,
    _: Staff<(Operator, Manager)>,
    Idempotent { body, .. }: Idempotent<MailBody>,
) -> Result<Json<ReturnsTaken>, ApiError> {
    if body.content.chars().count() > MAIL_CHARS_MAX {
        let fix = format!("at most {MAIL_CHARS_MAX} characters: leave out what follows the report");
        return Err(malformed("content", fix));
    }
    let found = reports.returned(&body.content);
    let returned = found.len();
    let suppressed = people
        .with(move |work| {
            let mut suppressed = 0;
            for one in found {
                suppressed += usize::from(work.came_back(&one.message, one.reason, time::now())?);
            }
            Ok(suppressed)
        })
        .await?;
    Ok(Json(ReturnsTaken { returned, suppressed }))
}
