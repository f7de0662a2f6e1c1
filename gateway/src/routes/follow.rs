//! Following an event or its artist: consents, given and withdrawn in the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{
    Actor, BuyerId, Channel, Command, CommandId, Consent, ConsentScope, Envelope, EventId,
    GatewayId, LogTime,
};
use floodgate_people::Want;

use super::Routes;
use crate::commands::{Commands, Outcome, refused_or};
use crate::extract::{EventPath, Fan, Idempotent, Newcomer, Query};
use crate::model::contact::{
    AllFollows, Follow, FollowBody, FollowList, FollowOfEvent, StateAnswer, WORDING, channel,
    malformed, scopes,
};
use crate::people::{PeopleDesk, PushKey};
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, follow, unfollow)).routes(routes!(all))
}

/// Sends a command of a buyer under a name that follows from what it says and from `when`, so that
/// whoever says it again says it once.
pub(super) async fn say(
    commands: &Commands,
    (event_id, buyer): (EventId, BuyerId),
    command: Command,
    when: u64,
) -> Result<(), ApiError> {
    let name = format!("{command:?}");
    let parts: [&[u8]; 5] = [
        b"consent",
        &event_id.0.to_be_bytes(),
        &buyer.0.to_be_bytes(),
        name.as_bytes(),
        &when.to_be_bytes(),
    ];
    let envelope = Envelope {
        command_id: CommandId::derived(&parts),
        fingerprint: 0,
        event_id,
        actor: Actor::Buyer(buyer),
        reply_to: GatewayId::NOBODY,
        command,
    };
    match commands.submit_named(Actor::Buyer(buyer), envelope, None).await? {
        Outcome::Decided(reply) => refused_or(*reply).map(|_| ()),
        // In the log or on its way: the same request may be sent again.
        Outcome::Pending(_) => Err(ApiError::new(Code::OutcomeUnknown)),
    }
}

/// Records what was wanted.
pub(super) async fn record(
    commands: &Commands,
    buyer: BuyerId,
    channel: Channel,
    wants: &[Want],
) -> Result<(), ApiError> {
    for Want { event_id, scope, wording } in wants.iter().copied() {
        let consent = Consent { scope, channel, wording };
        let command = Command::GiveConsent { consent };
        say(commands, (event_id, buyer), command, time::now().0).await?;
    }
    Ok(())
}

/// A consent of a device of somebody: at which event, whose, to what, since when.
type Given = (EventId, BuyerId, Consent, LogTime);

/// Each thing once, however many devices of the person said it: as it was said first.
fn once(given: impl Iterator<Item = Given>) -> impl Iterator<Item = Given> {
    let mut seen = BTreeSet::new();
    given.filter(move |(event_id, _, consent, _)| {
        seen.insert((*event_id, consent.scope, consent.channel))
    })
}

fn shown(consent: Consent, at: LogTime) -> Follow {
    Follow {
        scope: consent.scope.code(),
        channel: consent.channel.code(),
        wording: consent.wording,
        since: time::text(at),
    }
}

/// What the person of this device follows of an event, and the words to show before they follow
/// more.
#[utoipa::path(get, path = "/v1/events/{event_id}/follow", operation_id = "getFollows",
    tag = "Fans", params(("event_id" = String, Path)),
    responses((status = 200, body = FollowList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    State(push_key): State<PushKey>,
    fan: Fan,
    path: EventPath,
) -> Result<Json<FollowList>, ApiError> {
    let given = match fan.device {
        None => Vec::new(),
        Some(device) => people.look(move |work| work.follows(device.buyer)).await?,
    };
    let here = given.into_iter().filter(|(event_id, ..)| *event_id == path.event_id);
    let artist = path.entry.read().details.artist.clone();
    Ok(Json(FollowList {
        follows: once(here).map(|(_, _, consent, at)| shown(consent, at)).collect(),
        artist: Some(artist).filter(|artist| !artist.is_empty()),
        wording: WORDING,
        push_key: push_key.text(),
    }))
}

/// All that the person of this device follows, whichever of their devices they said it on.
#[utoipa::path(get, path = "/v1/me/follows", operation_id = "listFollows", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = AllFollows)))]
pub(crate) async fn all(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    fan: Fan,
) -> Result<Json<AllFollows>, ApiError> {
    let own = fan.device()?.buyer;
    let found = people.look(move |work| work.follows(own)).await?;
    let follows = once(found.into_iter()).filter_map(|(event_id, _, consent, at)| {
        let details = views.get(event_id)?.read().details.clone();
        Some(FollowOfEvent {
            event_id: event_id.to_string(),
            event_name: details.name,
            artist: Some(details.artist).filter(|artist| !artist.is_empty()),
            follow: shown(consent, at),
        })
    });
    Ok(Json(AllFollows { follows: follows.collect() }))
}

/// Follows an event, its artist, or both on one channel: a consent, which is recorded with the
/// words that were shown. An address has to be confirmed before; the inbox of the pages needs
/// none.
#[utoipa::path(put, path = "/v1/events/{event_id}/follow", operation_id = "followEvent",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = FollowBody, responses((status = 200, body = StateAnswer)))]
pub(crate) async fn follow(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    visitor: Newcomer,
    path: EventPath,
    Idempotent { body, .. }: Idempotent<FollowBody>,
) -> Result<Response, ApiError> {
    let on = channel(&body.channel, &Channel::ALL)?;
    let scopes = scopes(&body.scopes)?;
    if scopes.is_empty() {
        return Err(malformed("scopes", "name event, artist or both".to_owned()));
    }
    if scopes.contains(&ConsentScope::Artist) && path.entry.read().details.artist.is_empty() {
        return Err(malformed("scopes", "this event names no artist".to_owned()));
    }
    let buyer = visitor.buyer;
    if on != Channel::Page {
        let view = people.look(move |work| work.person_view(buyer)).await?;
        let is_theirs = view
            .into_iter()
            .flat_map(|view| view.contacts)
            .any(|contact| contact.address.channel() == on && contact.confirmed_at.is_some());
        if !is_theirs {
            return Err(ApiError::new(Code::ContactRequired));
        }
    }
    let event_id = path.event_id;
    let want = |scope| Want { event_id, scope, wording: WORDING.number };
    let wants: Vec<Want> = scopes.into_iter().map(want).collect();
    record(&commands, buyer, on, &wants).await?;
    Ok(visitor.greet(Json(StateAnswer { state: "followed" }).into_response()))
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnfollowQuery {
    /// event or artist.
    scope: String,
    /// page, email, sms or web_push.
    channel: String,
}

/// Takes a consent back, on whichever device of the person it was given. Taking back what was never
/// given changes nothing.
#[utoipa::path(delete, path = "/v1/events/{event_id}/follow", operation_id = "unfollowEvent",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), UnfollowQuery),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn unfollow(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    fan: Fan,
    path: EventPath,
    Query(query): Query<UnfollowQuery>,
) -> Result<Json<StateAnswer>, ApiError> {
    let own = fan.device()?.buyer;
    let scope = ConsentScope::parse(&query.scope)
        .ok_or_else(|| ApiError::new(Code::InvalidQuery).field("scope", "event or artist"))?;
    let channel = Channel::parse(&query.channel).ok_or_else(|| {
        ApiError::new(Code::InvalidQuery).field("channel", "page, email, sms or web_push")
    })?;
    let given = people.look(move |work| work.follows(own)).await?;
    let is_it = |(event_id, _, consent, _): &Given| {
        *event_id == path.event_id && consent.scope == scope && consent.channel == channel
    };
    let of_others = given.into_iter().filter(is_it).map(|(_, buyer, ..)| buyer);
    // Its own always: the store may not have what was said a moment ago.
    let buyers: BTreeSet<BuyerId> = of_others.chain([own]).collect();
    for buyer in buyers {
        let command = Command::WithdrawConsent { scope, channel };
        say(&commands, (path.event_id, buyer), command, time::now().0).await?;
    }
    Ok(Json(StateAnswer { state: "withdrawn" }))
}
