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

use floodgate_domain::{Actor, Command, EventDetails};

use super::Routes;
use super::respond::answer;
use crate::caching::Public;
use crate::commands::{Commands, Outcome, RequestKey};
use crate::extract::{EventPath, IdempotentPicture, Manager, Query, Segments, Staff};
use crate::model::DoneAnswer;
use crate::pictures::Pictures;
use crate::pictures::looks::Accents;
use crate::problem::{ApiError, Code};

pub(crate) fn routes() -> Routes {
    // Pages and mails name them; programs find their addresses in the event.
    OpenApiRouter::new()
        .routes(routes!(set))
        .routes(routes!(set_logo))
        .route("/pictures/{picture}", get(show))
        .route("/looks/{look}", get(sheet))
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
    let actor = staff.actor();
    change(&commands, (actor, &key), &path, |details| details.picture = Some(picture)).await
}

/// Sets the logo on an event's pages, under the same rules as its picture; one that is transparent gets
/// a white ground. `changeEvent` takes it away with `"look": {"logo": null}`.
#[utoipa::path(put, path = "/v1/events/{event_id}/logo", operation_id = "setLogo",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header),
        ("alternative" = String, Query,
            description = "Whose it is, for those who do not see it.", example = "The Town Hall",
            min_length = 1, max_length = 512)),
    request_body(content = PictureFile, content_type = "application/octet-stream",
        description = "A JPEG, PNG or WebP, known by what is in it; their own types are taken too"),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set_logo(
    State(commands): State<Commands>,
    State(pictures): State<Pictures>,
    staff: Staff<Manager>,
    path: EventPath,
    Query(PictureQuery { alternative }): Query<PictureQuery>,
    IdempotentPicture { key, file }: IdempotentPicture,
) -> Result<Response, ApiError> {
    let logo = pictures.add(file, alternative).await?;
    let actor = staff.actor();
    change(&commands, (actor, &key), &path, |details| details.look.logo = Some(logo)).await
}

/// What was changed while a picture was made stays: read only now.
async fn change(
    commands: &Commands,
    (actor, key): (Actor, &RequestKey),
    path: &EventPath,
    work: impl FnOnce(&mut EventDetails) + Send,
) -> Result<Response, ApiError> {
    let (mut details, revision) = {
        let view = path.entry.read();
        (view.details.clone(), view.details_revision)
    };
    work(&mut details);
    details.check()?;
    let command = Command::SetDetails { details: Box::new(details), revision };
    let outcome = commands.submit(path.event_id, actor, key, command).await?;
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

/// The sheet of two colours, for a page or for parts of one. Its address is all that is in it, so that
/// it is kept for good.
async fn sheet(Segments(name): Segments<String>) -> Result<Response, ApiError> {
    let whole = name.strip_suffix("-part").unwrap_or(&name);
    let accents = Accents::named(whole).ok_or_else(|| ApiError::new(Code::NotFound))?;
    let text = if whole == name { accents.sheet() } else { accents.sheet_of_parts() };
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    Ok(Public::immutable((kind, text)).into_response())
}
