//! Pictures of events: uploaded by staff, served to everybody under an address that never changes
//! what it shows.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::Command;

use super::Routes;
use super::respond::answer;
use crate::caching::Public;
use crate::commands::{Commands, Outcome};
use crate::extract::{EventPath, IdempotentPicture, Manager, Query, Segments, Staff};
use crate::model::DoneAnswer;
use crate::pictures::Pictures;
use crate::problem::ApiError;

pub(crate) fn routes() -> Routes {
    // Pages and mails name them; programs find their addresses in the event.
    OpenApiRouter::new().routes(routes!(set)).route("/pictures/{picture}", get(show))
}

/// The words for those who do not see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PictureQuery {
    alternative: String,
}

/// A picture as a file.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes a body")]
pub(crate) struct PictureFile(Vec<u8>);

/// Sets what an event looks like: a JPEG, PNG or WebP picture of at most 8 MiB and 24 million pixels.
/// What is served is made anew from it, in three widths and without what cameras add; the event names
/// it under `picture`. `changeEvent` takes it away with `"picture": null`.
#[utoipa::path(put, path = "/v1/events/{event_id}/picture", operation_id = "setPicture",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header),
        ("alternative" = String, Query,
            description = "What it shows, for those who do not see it.", example = "The band on stage",
            min_length = 1, max_length = 512)),
    request_body(content = PictureFile, content_type = "application/octet-stream",
        description = "A JPEG, PNG or WebP, known by what is in it; their own types are taken too"),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set(
    State(commands): State<Commands>,
    State(pictures): State<Pictures>,
    staff: Staff<Manager>,
    path: EventPath,
    Query(PictureQuery { alternative }): Query<PictureQuery>,
    IdempotentPicture { key, file }: IdempotentPicture,
) -> Result<Response, ApiError> {
    let picture = pictures.add(file, alternative).await?;
    // What was changed while it was made stays: read only now.
    let (mut details, revision) = {
        let view = path.entry.read();
        (view.details.clone(), view.details_revision)
    };
    details.picture = Some(picture);
    details.check()?;
    let command = Command::SetDetails { details: Box::new(details), revision };
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}

/// One of ours. Its address is a digest, so that it is kept for good wherever it went.
async fn show(
    State(pictures): State<Pictures>,
    Segments(name): Segments<String>,
) -> Result<Response, ApiError> {
    let file = pictures.get(&name).await?;
    Ok(Public::immutable(([(header::CONTENT_TYPE, "image/jpeg")], file)).into_response())
}
