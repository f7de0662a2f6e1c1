//! Addresses people leave: taken down, confirmed by a link, shown to their owner, taken away.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::ContactId;
use floodgate_people::{AskOutcome, Confirmed, Link, NewContact};

use super::Routes;
use super::follow::record;
use crate::commands::Commands;
use crate::extract::{Fan, Idempotent, Newcomer, Segments};
use crate::model::contact::{
    ContactBody, ContactConfirmed, ContactList, ContactTaken, FollowedEvent, LeftContact,
    StateAnswer, TokenBody, malformed,
};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(remove)).routes(routes!(confirm))
}

/// The addresses of the person whose device this is.
#[utoipa::path(get, path = "/v1/me/contacts", operation_id = "listContacts", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = ContactList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    fan: Fan,
) -> Result<Json<ContactList>, ApiError> {
    let buyer = fan.device()?.buyer;
    let view = people.look(move |work| work.person_view(buyer)).await?;
    Ok(Json(ContactList::of(view)))
}

/// Leaves an address. A message with a link goes there; nothing else does before somebody has
/// opened it. The answer is the same whether or not anybody knows the address already.
#[utoipa::path(post, path = "/v1/me/contacts", operation_id = "addContact", tag = "Fans",
    params(("Idempotency-Key" = String, Header)),
    request_body = ContactBody,
    responses((status = 201, body = ContactTaken)))]
pub(crate) async fn add(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    State(views): State<Arc<Views>>,
    visitor: Newcomer,
    Idempotent { body, .. }: Idempotent<ContactBody>,
) -> Result<Response, ApiError> {
    let LeftContact { address, language, time_zone, wants } =
        body.read(|event_id| views.get(event_id).is_some())?;
    let (buyer, label) = (visitor.buyer, visitor.label.clone());
    let new = NewContact { buyer, address, language, time_zone, wants, label };
    let asked = people.with(move |work| work.ask(&new, time::now())).await?;
    let (contact, state) = match asked {
        AskOutcome::Unconfirmed(contact) => (contact, "unconfirmed"),
        AskOutcome::Confirmed(contact) => {
            let (on, wants) = people.look(move |work| work.open_wants(contact)).await?;
            record(&commands, buyer, on, &wants).await?;
            people.with(move |work| work.wants_are_recorded(contact)).await?;
            (contact, "confirmed")
        }
        AskOutcome::TooMany => {
            return Err(malformed("address", "ten are the most; take one away first".to_owned()));
        }
    };
    let taken = ContactTaken { contact_id: contact.to_string(), state };
    Ok(visitor.greet((StatusCode::CREATED, Json(taken)).into_response()))
}

/// Takes an address away; nothing is sent there any more.
#[utoipa::path(delete, path = "/v1/me/contacts/{contact_id}", operation_id = "removeContact",
    tag = "Fans", security(("device" = [])), params(("contact_id" = String, Path)),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn remove(
    State(people): State<PeopleDesk>,
    fan: Fan,
    Segments(contact): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    let contact: ContactId = contact
        .parse()
        .map_err(|error| ApiError::new(Code::InvalidId).field("contact_id", format!("{error}")))?;
    // Whether it was there or not, it is not now.
    people.with(move |work| work.remove_contact(buyer, contact)).await?;
    Ok(Json(StateAnswer { state: "removed" }))
}

/// Opens a link that was sent to an address: from now on messages go there, and what was ticked
/// when it was left is followed. Works once.
#[utoipa::path(post, path = "/v1/contacts/confirm", operation_id = "confirmContact", tag = "Fans",
    params(("Idempotency-Key" = String, Header)), request_body = TokenBody,
    responses((status = 200, body = ContactConfirmed)))]
pub(crate) async fn confirm(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    State(views): State<Arc<Views>>,
    fan: Fan,
    Idempotent { body, .. }: Idempotent<TokenBody>,
) -> Result<Json<ContactConfirmed>, ApiError> {
    let Some(Link::Confirm { contact, asked_at }) = people.link(&body.token)? else {
        return Err(ApiError::new(Code::LinkUnknown));
    };
    let by = fan.device.map(|device| device.buyer);
    let now = time::now();
    let confirmed = people.with(move |work| work.confirm(contact, asked_at, by, now)).await?;
    let (buyer, on, wants) = match confirmed {
        Confirmed::Now { buyer, channel, wants, .. } => (buyer, channel, wants),
        Confirmed::Spent => return Err(ApiError::new(Code::LinkSpent)),
        Confirmed::Unknown => return Err(ApiError::new(Code::LinkUnknown)),
    };
    record(&commands, buyer, on, &wants).await?;
    people.with(move |work| work.wants_are_recorded(contact)).await?;
    let mut events: Vec<FollowedEvent> = Vec::new();
    for want in &wants {
        let event_id = want.event_id.to_string();
        let scope = want.scope.code();
        if let Some(event) = events.iter_mut().find(|event| event.event_id == event_id) {
            event.scopes.push(scope);
            continue;
        }
        let event_name = views.get(want.event_id).map(|entry| entry.read().details.name.clone());
        let event_name = event_name.unwrap_or_default();
        events.push(FollowedEvent { event_id, event_name, scopes: vec![scope] });
    }
    Ok(Json(ContactConfirmed { state: "confirmed", channel: on.code(), events }))
}
