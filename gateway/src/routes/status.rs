//! The state of an event: from the stream, or decided in the log.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{Answer, Command};

use super::Routes;
use crate::commands::Commands;
use crate::extract::{EventPath, Query};
use crate::model::StatusAnswer;
use crate::problem::ApiError;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(read))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Consistency {
    /// Folded from the stream, up to `as_of`.
    #[default]
    Eventual,
    /// Decided in the log, after everything before it.
    Strong,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatusQuery {
    #[serde(default)]
    #[param(inline)]
    consistency: Consistency,
}

/// **getEventStatus**: phase and counts, as of a position in the log.
#[utoipa::path(get, path = "/v1/events/{event_id}/status", operation_id = "getEventStatus",
    tag = "The three calls", params(("event_id" = String, Path), StatusQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new")),
    responses((status = 200, body = StatusAnswer)))]
pub(crate) async fn read(
    State(commands): State<Commands>,
    path: EventPath,
    Query(StatusQuery { consistency }): Query<StatusQuery>,
) -> Result<Json<StatusAnswer>, ApiError> {
    if consistency == Consistency::Eventual {
        return Ok(Json(StatusAnswer::eventual(&path.entry.read())));
    }
    let reply = commands.ask(path.event_id, Command::ReadStatus).await?;
    match &reply.answer {
        Answer::Status(status) => Ok(Json(StatusAnswer::strong(&reply, status))),
        _ => Err(ApiError::internal(&"a status without counts")),
    }
}
