//! Links by which others read the numbers of an event: made, listed and withdrawn by managers.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{CommandId, EventId, LogTime};
use floodgate_people::ShareLink;

use super::super::Routes;
use crate::commands::command_id;
use crate::extract::{EventPath, Idempotent, Manager, Segments, Staff};
use crate::model::contact::StateAnswer;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code, Problem};
use crate::share_links::{ShareLinks, ShareToken};
use crate::time;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, share)).routes(routes!(withdraw))
}

const DAY_MS: u64 = 24 * 3_600_000;
/// How long a link may work: through a season's on-sales, and no longer.
const DAYS_MAX: u32 = 90;
const LABEL_BYTES_MAX: usize = 80;

/// Whom a link is for, and how long it works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareBody {
    /// At most 80 bytes; for the list alone.
    #[serde(default)]
    label: String,
    /// From 1 to 90.
    #[schema(minimum = 1, maximum = 90)]
    days: u32,
}

/// A link to the numbers of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareAnswer {
    share_id: String,
    label: String,
    /// Who made it: the id of a staff key.
    by: String,
    made_at: String,
    until: String,
    /// Where its reader looks. What is behind `#share=` is the header `Floodgate-Share` of a
    /// program.
    page: String,
}

/// Links that work, the oldest first; 50 at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareList {
    shares: Vec<ShareAnswer>,
}

fn shown(links: &ShareLinks, event_id: EventId, one: &ShareLink) -> ShareAnswer {
    let token = links.seal(&ShareToken { event_id, link: one.link, until: one.ends_at });
    ShareAnswer {
        share_id: format!("{:016x}", one.link),
        label: one.label.clone(),
        by: one.staff.to_string(),
        made_at: time::text(one.since),
        until: time::text(one.ends_at),
        page: format!("/events/{event_id}/insight#share={token}"),
    }
}

/// Makes a link by which anybody who has it reads the numbers of this event, and nothing else,
/// until it ends or is withdrawn. The same key gets the same link.
#[utoipa::path(post, path = "/v1/events/{event_id}/shares", operation_id = "shareAnalytics",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = ShareBody, example = json!({"label": "The promoter", "days": 14})),
    responses((status = 201, body = ShareAnswer),
        (status = 409, description = "too_many_links", body = Problem)))]
pub(crate) async fn share(
    State(people): State<PeopleDesk>,
    State(links): State<ShareLinks>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<ShareBody>,
) -> Result<Response, ApiError> {
    let ShareBody { label, days } = body;
    let wrong = |field, fix: String| Err(ApiError::new(Code::MalformedBody).field(field, fix));
    if !(1..=DAYS_MAX).contains(&days) {
        return wrong("days", format!("must be from 1 to {DAYS_MAX}"));
    }
    if label.len() > LABEL_BYTES_MAX {
        return wrong("label", format!("must be at most {LABEL_BYTES_MAX} bytes"));
    }
    let now = time::now();
    let CommandId(id) = command_id(staff.actor(), path.event_id, &key.name);
    // Below the sign, where every database has its numbers.
    let link = (id as u64) >> 1;
    let ends_at = LogTime(now.0 + u64::from(days) * DAY_MS);
    let (event, staff) = (path.event_id, staff.id);
    let new = ShareLink { link, event, staff, label: label.trim().to_owned(), since: now, ends_at };
    let made = people.with(move |work| work.add_share_link(&new)).await?;
    let Some(made) = made else {
        return Err(ApiError::new(Code::TooManyLinks));
    };
    links.note(made.link, true);
    Ok((StatusCode::CREATED, Json(shown(&links, event, &made))).into_response())
}

/// The links to the numbers of this event that work.
#[utoipa::path(get, path = "/v1/events/{event_id}/shares", operation_id = "listShares",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path)), responses((status = 200, body = ShareList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    State(links): State<ShareLinks>,
    _: Staff<Manager>,
    path: EventPath,
) -> Result<Json<ShareList>, ApiError> {
    let event_id = path.event_id;
    let all = people.look(move |work| work.share_links(event_id, time::now())).await?;
    Ok(Json(ShareList { shares: all.iter().map(|one| shown(&links, event_id, one)).collect() }))
}

/// Withdraws a link: its readers see nothing more within five seconds.
#[utoipa::path(delete, path = "/v1/events/{event_id}/shares/{share_id}",
    operation_id = "withdrawShare", tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("share_id" = String, Path)),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn withdraw(
    State(people): State<PeopleDesk>,
    State(links): State<ShareLinks>,
    _: Staff<Manager>,
    path: EventPath,
    names: Segments<(String, String)>,
) -> Result<Json<StateAnswer>, ApiError> {
    let Segments((_, share_id)) = names;
    let link = u64::from_str_radix(&share_id, 16).map_err(|_| ApiError::new(Code::InvalidId))?;
    let event_id = path.event_id;
    people.with(move |work| work.end_share_link(event_id, link)).await?;
    links.note(link, false);
    Ok(Json(StateAnswer { state: "withdrawn" }))
}
