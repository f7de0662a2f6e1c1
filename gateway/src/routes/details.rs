//! What people plan an event by: changed by staff, and read by calendars.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::Command;

use super::Routes;
use super::respond::answer;
use crate::caching::Public;
use crate::commands::{Commands, Outcome};
use crate::extract::{EventPath, Idempotent, Manager, Staff};
use crate::model::{DetailsPatch, DoneAnswer, calendar};
use crate::problem::{ApiError, Code};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(change)).routes(routes!(entry))
}

/// Changes what an event says of itself: name, artist, venue, times, and when its sale opens and
/// closes by itself. Absent fields stay, `null` takes one away. Of two changes at once, the second is
/// refused with `details_changed`; whoever sends the `revision` they have read also learns of changes
/// before.
#[utoipa::path(patch, path = "/v1/events/{event_id}", operation_id = "changeEvent",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = DetailsPatch, example = json!({
        "starts_at": "2037-06-01T20:30:00+02:00", "closes_at": "2037-06-01T20:00:00+02:00",
        "description": null})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn change(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<DetailsPatch>,
) -> Result<Response, ApiError> {
    let (before, phase, known) = {
        let view = path.entry.read();
        (view.details.clone(), view.phase, view.details_revision)
    };
    let revision = body.revision.unwrap_or(known);
    let times = before.sale_times();
    let details = body.apply(before)?;
    if revision == known {
        details.sale_times().may_follow(times, time::now(), phase)?;
    }
    let command = Command::SetDetails { details: Box::new(details), revision };
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    // Whoever changes it again at once changes what they have just made of it.
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}

/// The event as an entry for calendars; it changes when the event does.
#[utoipa::path(get, path = "/v1/events/{event_id}/calendar.ics", operation_id = "getCalendarEntry",
    tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, description = "RFC 5545", content_type = "text/calendar",
        body = String)))]
pub(crate) async fn entry(path: EventPath) -> Result<Response, ApiError> {
    let text = calendar(&path.entry.read());
    let text =
        text.ok_or_else(|| ApiError::new(Code::NotFound).field("starts_at", "is not known yet"))?;
    let kind = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"event.ics\""),
    ];
    Ok(Public::seconds(60, (kind, text)).into_response())
}
