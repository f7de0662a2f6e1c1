//! Approving, pausing, resuming and stopping an announcement.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{AnnouncementStep, Command};

use super::super::Routes;
use super::super::respond::pending;
use super::{Writers, named, report_of};
use crate::commands::{Commands, Outcome, refused_or};
use crate::extract::{EventPath, Idempotent, Segments, Staff};
use crate::model::Empty;
use crate::model::announcement::AnnouncementReport;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(steer))
}

/// Lets an announcement go out (`approve`, a manager's), holds back what has not gone out
/// (`pause`), goes on (`resume`), or ends it for good (`stop`), at all events it was made at. What was
/// handed to a mail server is gone.
#[utoipa::path(post, path = "/v1/events/{event_id}/announcements/{announcement_id}/{step}",
    operation_id = "steerAnnouncement", tag = "Artists",
    security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("announcement_id" = String, Path),
        ("step" = String, Path, description = "approve, pause, resume or stop"),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = AnnouncementReport)))]
pub(crate) async fn steer(
    State(commands): State<Commands>,
    State(store): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    staff: Staff<Writers>,
    path: EventPath,
    names: Segments<(String, String, String)>,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let Segments((_, id, step)) = names;
    let id = named(&id)?;
    let step = AnnouncementStep::parse(&step).ok_or_else(|| {
        ApiError::new(Code::NotFound).field("step", "approve, pause, resume or stop")
    })?;
    if step == AnnouncementStep::Approve && staff.role != StaffRole::Manager {
        return Err(ApiError::new(Code::WrongRole).field("step", "a manager approves"));
    }
    let command = Command::SteerAnnouncement { id, step };
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command.clone()).await?;
    let reply = match outcome {
        Outcome::Pending(command_id) => return Ok(pending(path.event_id, command_id)),
        Outcome::Decided(reply) => refused_or(*reply)?,
    };
    path.entry.reaches(reply.offset, commands.deadline()).await;
    for (event_id, entry) in super::tour::of_artist(&views, &path) {
        if entry.read().announcements.get(id).is_none() {
            continue;
        }
        // One that is in another state there is refused, and stays as it is.
        let outcome = commands.submit(event_id, staff.actor(), &key, command.clone()).await?;
        if let Outcome::Pending(command_id) = outcome {
            return Ok(pending(event_id, command_id));
        }
    }
    Ok(Json(report_of((&store, &views), &path, id).await?).into_response())
}
