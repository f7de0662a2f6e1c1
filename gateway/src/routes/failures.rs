//! Messages that were given up: looked at, and sent again by hand once the reason is gone.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::LogTime;
use floodgate_people::{FailedMessage, FailedQuery};

use super::Routes;
use crate::extract::{Idempotent, Manager, Operator, Query, Staff};
use crate::model::failure::{FailedAnswer, FailedList, FailedSelection, SentAgain};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(send_again))
}

/// Messages of one page.
const PAGE_MAX: u32 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FailedParameters {
    /// Only messages about this event.
    event_id: Option<String>,
    /// Only messages of this announcement.
    announcement_id: Option<String>,
    /// Only messages of this kind, such as `order_confirmed`.
    occasion: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: String,
}

/// Messages that were given up, and why, the oldest first, in pages of 100. A person is shown by the
/// pseudonym of a device, and no address is.
#[utoipa::path(get, path = "/v1/channels/failures", operation_id = "listFailedMessages",
    tag = "Staff", security(("staff" = ["manager", "operator"])), params(FailedParameters),
    responses((status = 200, body = FailedList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    _: Staff<(Manager, Operator)>,
    Query(asked): Query<FailedParameters>,
) -> Result<Json<FailedList>, ApiError> {
    let FailedParameters { event_id, announcement_id, occasion, cursor } = asked;
    let selection =
        FailedSelection { event_id, announcement_id, occasion, message_id: None, all: true };
    let query = selection.query()?;
    let (at, name) = position(&cursor)?;
    let found = people.look(move |work| work.failed(&query, (at, &name), PAGE_MAX)).await?;
    let is_full = found.len() == PAGE_MAX as usize;
    let next = found.last().filter(|_| is_full).map(cursor_of);
    let messages = found.into_iter().map(FailedAnswer::of).collect();
    Ok(Json(FailedList { messages, next }))
}

/// Sends messages that were given up again, at most 10,000 at once: those of an event, an announcement,
/// a kind, or one alone, or with `all` every one. Each keeps its name, so that its receiver knows it from
/// before. What is true for minutes only, and links that open something, stay given up.
#[utoipa::path(post, path = "/v1/channels/failures/resend", operation_id = "resendFailedMessages",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("Idempotency-Key" = String, Header)), request_body = FailedSelection,
    responses((status = 200, body = SentAgain)))]
pub(crate) async fn send_again(
    State(people): State<PeopleDesk>,
    _: Staff<(Manager, Operator)>,
    Idempotent { body, .. }: Idempotent<FailedSelection>,
) -> Result<Json<SentAgain>, ApiError> {
    let query: FailedQuery = body.chosen()?.query()?;
    let resent = people.with(move |work| work.send_again(&query, time::now())).await?;
    Ok(Json(SentAgain { resent }))
}

fn cursor_of(last: &FailedMessage) -> String {
    format!("{}-{}", last.at.0, last.message)
}

fn position(cursor: &str) -> Result<(LogTime, String), ApiError> {
    if cursor.is_empty() {
        return Ok((LogTime(0), String::new()));
    }
    let found = cursor.split_once('-').and_then(|(at, name)| Some((at.parse().ok()?, name)));
    let (at, name) = found.ok_or_else(|| {
        ApiError::new(Code::InvalidQuery).field("cursor", "the next of the page before".to_owned())
    })?;
    Ok((LogTime(at), name.to_owned()))
}
