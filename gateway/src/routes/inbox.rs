//! Messages on the page: for everybody who has no address, or wants none.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Fan, Idempotent};
use crate::model::contact::{Inbox, ReadBody, ShownMessage, StateAnswer, malformed};
use crate::people::PeopleDesk;
use crate::problem::ApiError;
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// The newest messages to this device's person, the latest first.
#[utoipa::path(get, path = "/v1/me/messages", operation_id = "listMessages", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = Inbox)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    fan: Fan,
) -> Result<Json<Inbox>, ApiError> {
    let buyer = fan.device()?.buyer;
    let messages = people.look(move |work| work.inbox(buyer)).await?;
    let unread = messages.iter().filter(|message| !message.is_read).count();
    let shown = messages.into_iter().map(|message| {
        let entry = message.event_id.and_then(|event_id| views.get(event_id));
        let name = entry.map(|entry| entry.read().details.name.clone());
        ShownMessage::of(message, name)
    });
    Ok(Json(Inbox { messages: shown.collect(), unread }))
}

/// Marks a message and all before it as read.
#[utoipa::path(post, path = "/v1/me/messages/read", operation_id = "readMessages", tag = "Fans",
    security(("device" = [])), params(("Idempotency-Key" = String, Header)),
    request_body = ReadBody, responses((status = 200, body = StateAnswer)))]
pub(crate) async fn read(
    State(people): State<PeopleDesk>,
    fan: Fan,
    Idempotent { body, .. }: Idempotent<ReadBody>,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    let was_there = people
        .with(move |work| {
            let inbox = work.inbox(buyer)?;
            let Some(last) = inbox.iter().find(|message| message.message == body.up_to) else {
                return Ok(false);
            };
            work.mark_read(buyer, last.at, time::now()).map(|()| true)
        })
        .await?;
    if !was_there {
        return Err(malformed("up_to", "names no message in this inbox".to_owned()));
    }
    Ok(Json(StateAnswer { state: "read" }))
}
