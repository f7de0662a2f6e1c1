//! The state of an event: from the stream, or decided in the log.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use floodgate_domain::{Answer, Command};

use crate::extract::{EventPath, Fan};
use crate::model::StatusAnswer;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new().route("/v1/events/{event_id}/status", get(read))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Consistency {
    /// Folded from the stream; `as_of` says how far.
    #[default]
    Eventual,
    /// Decided in the log, after everything that was there before.
    Strong,
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct StatusQuery {
    #[serde(default)]
    #[param(inline)]
    consistency: Consistency,
}

/// **getEventStatus**: phase and counts, with the position they are true as of.
#[utoipa::path(get, path = "/v1/events/{event_id}/status", operation_id = "getEventStatus",
    tag = "The three calls", params(("event_id" = String, Path), StatusQuery),
    responses((status = 200, body = StatusAnswer)))]
pub(crate) async fn read(
    State(state): State<GatewayState>,
    _: Fan,
    path: EventPath,
    query: Result<Query<StatusQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<StatusAnswer>, ApiError> {
    let Query(query) = query.map_err(|error| {
        ApiError::new(Code::InvalidQuery).field("consistency", error.body_text())
    })?;
    if query.consistency == Consistency::Eventual {
        return Ok(Json(StatusAnswer::eventual(&path.entry.read())));
    }
    let reply = state.ask(path.event_id, Command::ReadStatus).await?;
    match &reply.answer {
        Answer::Status(status) => Ok(Json(StatusAnswer::strong(&reply, status))),
        _ => Err(ApiError::internal(&"a status without counts")),
    }
}
