//! From an outcome to a response.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use floodgate_domain::{CommandId, EventId, Reply};

use crate::commands::{Outcome, refused_or};
use crate::model::PendingAnswer;
use crate::problem::ApiError;

/// Turns an outcome into an answer: `say` puts a decision into words.
pub(super) fn answer<T: Serialize>(
    event_id: EventId,
    outcome: Outcome,
    created: bool,
    say: impl FnOnce(&Reply) -> Result<T, ApiError>,
) -> Result<Response, ApiError> {
    let reply = match outcome {
        Outcome::Pending(command_id) => return Ok(pending(event_id, command_id)),
        Outcome::Decided(reply) => refused_or(*reply)?,
    };
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, Json(say(&reply)?)).into_response();
    let headers = response.headers_mut();
    if reply.repeated {
        let name = HeaderName::from_static("idempotent-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// 202: accepted, not decided yet, and where to ask.
pub(super) fn pending(event_id: EventId, command_id: CommandId) -> Response {
    let ask = format!("/v1/events/{event_id}/commands/{command_id}");
    let body =
        PendingAnswer { command_id: command_id.to_string(), status: "pending", ask: ask.clone() };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&ask) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
