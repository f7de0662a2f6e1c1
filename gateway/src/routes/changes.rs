//! Who changed what about an event, when and why.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::StaffId;

use super::Routes;
use crate::extract::{EventPath, Manager, Operator, Query, Staff};
use crate::model::{DialValues, LogPosition};
use crate::problem::ApiError;
use crate::time;
use crate::views::Change;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(changes))
}

/// Changes a page may list.
const PAGE_MAX: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// At most 100.
    limit: Option<usize>,
    /// `next` of the previous page.
    before: Option<u64>,
}

/// Changes by staff, newest first: the last 512 of an event, the rest is in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeList {
    changes: Vec<ChangeAnswer>,
    /// Pass as `before` for the next page; absent at the end.
    next: Option<u64>,
    as_of: LogPosition,
}

/// One change, and the dials it set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeAnswer {
    at: String,
    /// Offset of the command it follows from.
    offset: u64,
    /// dials_set, or the kinds of older commands: sale_opened, policy_set …
    #[schema(example = "dials_set")]
    change: String,
    /// The staff key's id; absent where the command did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// api, settings_file or system.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<&'static str>,
    reason: String,
    dials: DialValues,
}

impl ChangeAnswer {
    fn of(change: &Change) -> Self {
        let dials = &change.dials;
        let through = |by| match by {
            StaffId::SYSTEM => "system",
            StaffId::SETTINGS_FILE => "settings_file",
            _ => "api",
        };
        ChangeAnswer {
            at: time::text(change.at),
            offset: change.position.offset,
            change: snake_case(change.fact),
            by: change.by.map(|by| by.to_string()),
            through: change.by.map(through),
            reason: dials.reason.clone(),
            dials: DialValues::of(dials),
        }
    }
}

/// `DialsSet` as `dials_set`.
fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Who changed what about this event, when and why. Newest first.
#[utoipa::path(get, path = "/v1/events/{event_id}/changes", operation_id = "listChanges",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ChangesQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = ChangeList)))]
pub(crate) async fn changes(
    _: Staff<(Manager, Operator)>,
    path: EventPath,
    Query(ChangesQuery { limit, before }): Query<ChangesQuery>,
) -> Result<Json<ChangeList>, ApiError> {
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let view = path.entry.read();
    let mut rest = view.changes.newest(before);
    let page: Vec<&Change> = rest.by_ref().take(limit).collect();
    let next = rest.next().and(page.last()).map(|last| last.position.version());
    let changes = page.into_iter().map(ChangeAnswer::of).collect();
    Ok(Json(ChangeList { changes, next, as_of: view.as_of.into() }))
}
