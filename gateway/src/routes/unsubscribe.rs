//! Ending messages by the link in one of them: no account, no device, one press; and by mail
//! programs themselves (RFC 8058).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{BuyerId, Channel, Command, ConsentScope, EventId};
use floodgate_people::Link;

use super::Routes;
use super::follow::say;
use crate::commands::Commands;
use crate::extract::Segments;
use crate::model::contact::{StateAnswer, Unsubscribing};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(read, end))
}

struct Subscription {
    event_id: EventId,
    buyer: BuyerId,
    scope: ConsentScope,
    channel: Channel,
}

fn subscription(people: &PeopleDesk, token: &str) -> Result<Subscription, ApiError> {
    match people.link(token)? {
        Some(Link::Unsubscribe { event_id, buyer, scope, channel }) => {
            Ok(Subscription { event_id, buyer, scope, channel })
        }
        _ => Err(ApiError::new(Code::LinkUnknown)),
    }
}

/// What the link of a message ends. Reading it ends nothing: mail scanners open every link.
#[utoipa::path(get, path = "/v1/unsubscribe/{token}", operation_id = "getSubscription",
    tag = "Fans", params(("token" = String, Path)),
    responses((status = 200, body = Unsubscribing)))]
pub(crate) async fn read(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    Segments(token): Segments<String>,
) -> Result<Json<Unsubscribing>, ApiError> {
    let Subscription { event_id, buyer, scope, channel } = subscription(&people, &token)?;
    let given = people.look(move |work| work.consents(event_id, buyer)).await?;
    let is_given =
        given.iter().any(|(consent, _)| consent.scope == scope && consent.channel == channel);
    let details = views.get(event_id).map(|entry| entry.read().details.clone());
    let details = details.unwrap_or_default();
    Ok(Json(Unsubscribing {
        state: if is_given { "active" } else { "withdrawn" },
        channel: channel.code(),
        scope: scope.code(),
        event_name: details.name,
        artist: Some(details.artist).filter(|artist| !artist.is_empty()),
    }))
}

/// Ends it, for good and at once. Again changes nothing. Mail programs send
/// `List-Unsubscribe=One-Click` as a form; the body is not looked at.
#[utoipa::path(post, path = "/v1/unsubscribe/{token}", operation_id = "unsubscribe", tag = "Fans",
    params(("token" = String, Path)), responses((status = 200, body = StateAnswer)))]
pub(crate) async fn end(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    Segments(token): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let Subscription { event_id, buyer, scope, channel } = subscription(&people, &token)?;
    let command = Command::WithdrawConsent { scope, channel };
    say(&commands, (event_id, buyer), command, time::now().0).await?;
    Ok(Json(StateAnswer { state: "withdrawn" }))
}
