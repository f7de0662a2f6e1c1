//! The dials of an event: show them, preview a change, set them.
//!
//! `model/dials.rs` is the domain's table in JSON and OpenAPI. Another dial needs nothing
//! here.

mod preview;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::dials::{DialKind, DialValue, TEXT_BYTES_MAX};
use floodgate_domain::{Command, DialChange, EventId, PhaseDial, Refusal};

use self::preview::Preview;
use super::Routes;
use super::respond::answer;
use crate::admission::Admission;
use crate::commands::Commands;
use crate::extract::{EventPath, Idempotent, Manager, Operator, Query, Staff};
use crate::model::{ChangeBody, DialAnswer, DialValues, DoneAnswer, LogPosition};
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;
use crate::views::{EventView, Views};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(read, set))
}

/// The value of every dial of a sale except its phase, which is the sale's own. Facts come first:
/// the waiting room follows them within a tick, and whoever sets a dial sees the new value at once.
fn standing(
    admission: &Admission,
    event_id: EventId,
    view: &EventView,
) -> Result<DialChange, Refusal> {
    let mut standing = admission.room().dials(event_id).ok_or(Refusal::UnknownEvent)?;
    standing.take_over(&view.changes.turned);
    standing.take_over(&view.policy.dials());
    standing.phase = None;
    Ok(standing)
}

/// All dials of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DialList {
    event_id: String,
    dials: Vec<DialAnswer>,
    /// The longest reason of a change, in bytes.
    reason_bytes_max: usize,
    as_of: LogPosition,
}

/// Every dial: its value, what it does, and its valid values.
#[utoipa::path(get, path = "/v1/events/{event_id}/dials", operation_id = "getDials",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path),
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = DialList)))]
pub(crate) async fn read(
    State(admission): State<Admission>,
    _: Staff<(Manager, Operator)>,
    path: EventPath,
) -> Result<Json<DialList>, ApiError> {
    let view = path.entry.read();
    let standing = standing(&admission, path.event_id, &view)?;
    let mut values = DialValues::standing(&standing, view.phase);
    Ok(Json(DialList {
        event_id: path.event_id.to_string(),
        dials: DialAnswer::all(&mut values),
        reason_bytes_max: TEXT_BYTES_MAX,
        as_of: view.as_of.into(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SetQuery {
    /// `true` changes nothing and returns how long the line would take.
    #[serde(default)]
    preview: bool,
}

/// Sets dials, on every gateway: all that are given, or none. The change is one fact with its actor
/// and reason, and survives restarts. `?preview=true` only returns its effect on the waiting time.
#[utoipa::path(patch, path = "/v1/events/{event_id}/dials", operation_id = "setDials",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header), SetQuery),
    request_body(content = ChangeBody,
        example = json!({"pace_per_minute": 60000, "message": "Doors at six", "reason": "rain"})),
    responses((status = 200, body = SetAnswer)))]
pub(crate) async fn set(
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    Query(SetQuery { preview }): Query<SetQuery>,
    Idempotent { key, body }: Idempotent<ChangeBody>,
) -> Result<Response, ApiError> {
    let change = body.change()?;
    if change.phase == Some(PhaseDial::Close) && staff.role != StaffRole::Manager {
        return Err(ApiError::new(Code::WrongRole).field("phase", "a manager closes a sale"));
    }
    if preview {
        let preview = Preview::of(&admission, &path, &change)?;
        return Ok(Json(SetAnswer::Preview(Box::new(preview))).into_response());
    }
    let command = Command::SetDials(Box::new(change));
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    answer(path.event_id, outcome, false, |reply| Ok(SetAnswer::Done(DoneAnswer::from(reply))))
}

/// Done, or with `?preview=true` the effect it would have.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SetAnswer {
    Done(DoneAnswer),
    Preview(Box<Preview>),
}

/// Shows where the dials that are numbers stand, as metrics under the same names.
pub(super) fn measure(admission: &Admission, views: &Views) {
    for (event_id, entry) in views.all() {
        let Ok(standing) = standing(admission, event_id, &entry.read()) else { continue };
        for (dial, value) in standing.turned() {
            let value = match (dial.kind, value) {
                (DialKind::Number { .. }, DialValue::Number(number)) => number as f64,
                (DialKind::Duration { .. }, DialValue::Number(ms)) => ms as f64 / 1_000.0,
                _ => continue,
            };
            let labels = [("dial", dial.name.to_owned()), ("event_id", event_id.to_string())];
            metrics::gauge!("floodgate_dial", &labels).set(value);
        }
    }
}
