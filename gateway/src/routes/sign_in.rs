//! Several devices of one person: signing in by a link, the list of devices, and being forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{BuyerId, Channel, Command, PersonId, Refusal, SalePhase};
use floodgate_people::Link;

use super::Routes;
use super::follow::say;
use super::providers::signed;
use crate::commands::Commands;
use crate::extract::{Fan, Idempotent, Manager, Newcomer, Segments, Staff};
use crate::model::Empty;
use crate::model::contact::{
    ContactList, PersonPatch, StateAnswer, TokenBody, address, channel, language, malformed, zone,
};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(ask))
        .routes(routes!(open))
        .routes(routes!(devices, remove_all))
        .routes(routes!(remove))
        .routes(routes!(forget_me, change))
        .routes(routes!(forget))
}

/// Where to send a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// email or sms.
    #[schema(example = "email")]
    channel: String,
    #[schema(example = "ada@example.org", max_length = 254)]
    address: String,
}

/// Sends a link that signs in whichever device opens it. The answer is the same whether or not
/// anybody has this address here.
#[utoipa::path(post, path = "/v1/sign-in", operation_id = "askSignIn", tag = "Fans",
    params(("Idempotency-Key" = String, Header)), request_body = SignInBody,
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn ask(
    State(people): State<PeopleDesk>,
    Idempotent { body, .. }: Idempotent<SignInBody>,
) -> Result<Json<StateAnswer>, ApiError> {
    let on = channel(&body.channel, &[Channel::Email, Channel::Sms])?;
    let address = address(on, &body.address)?;
    people.with(move |work| work.ask_sign_in(&address, time::now())).await?;
    Ok(Json(StateAnswer { state: "sent_if_known" }))
}

/// Opens such a link: this device and those of the person are one from now on, with what each has.
/// Works once, for a quarter of an hour.
#[utoipa::path(post, path = "/v1/sign-in/open", operation_id = "signIn", tag = "Fans",
    params(("Idempotency-Key" = String, Header)), request_body = TokenBody,
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn open(
    State(people): State<PeopleDesk>,
    visitor: Newcomer,
    Idempotent { body, .. }: Idempotent<TokenBody>,
) -> Result<Response, ApiError> {
    let Some(Link::SignIn { link }) = people.link(&body.token)? else {
        return Err(ApiError::new(Code::LinkUnknown));
    };
    let (buyer, label) = (visitor.buyer, visitor.label.clone());
    let signed_in = people.with(move |work| work.sign_in(link, buyer, &label, time::now())).await?;
    signed(signed_in)?;
    people.devices_changed();
    Ok(visitor.greet(Json(StateAnswer { state: "signed_in" }).into_response()))
}

/// A device of the person who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownDevice {
    #[schema(example = "byr_0000000000001")]
    device_id: String,
    #[schema(example = "Firefox on Android")]
    label: String,
    #[schema(format = DateTime)]
    since: String,
    /// When it was last seen, to the hour; absent where that is not known.
    #[schema(format = DateTime)]
    used_at: Option<String>,
    is_this_one: bool,
}

/// The devices of the person who asks, the oldest first; none where nobody has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceList {
    devices: Vec<ShownDevice>,
}

/// The devices that share orders and tickets with this one.
#[utoipa::path(get, path = "/v1/me/devices", operation_id = "listDevices", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = DeviceList)))]
pub(crate) async fn devices(
    State(people): State<PeopleDesk>,
    fan: Fan,
) -> Result<Json<DeviceList>, ApiError> {
    let buyer = fan.device()?.buyer;
    let all = people
        .look(move |work| match work.person_of(buyer)? {
            Some(person) => work.devices(person),
            None => Ok(Vec::new()),
        })
        .await?;
    let shown = all.into_iter().map(|device| ShownDevice {
        device_id: device.buyer.to_string(),
        label: device.label,
        since: time::text(device.since),
        used_at: device.used_at.map(|at| time::text(at.max(device.since))),
        is_this_one: device.buyer == buyer,
    });
    Ok(Json(DeviceList { devices: shown.collect() }))
}

/// Signs every device of the person out, this one too: each sees what it bought itself, and
/// nothing else any more.
#[utoipa::path(delete, path = "/v1/me/devices", operation_id = "removeDevices", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = StateAnswer)))]
pub(crate) async fn remove_all(
    State(people): State<PeopleDesk>,
    fan: Fan,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    people
        .with(move |work| match work.person_of(buyer)? {
            Some(person) => work.remove_devices(person, None).map(|_| ()),
            None => Ok(()),
        })
        .await?;
    people.devices_changed();
    Ok(Json(StateAnswer { state: "removed" }))
}

/// Signs a device out: it sees what it bought itself, and nothing else any more. A lost one, for
/// example, or this one.
#[utoipa::path(delete, path = "/v1/me/devices/{device_id}", operation_id = "removeDevice",
    tag = "Fans", security(("device" = [])), params(("device_id" = String, Path)),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn remove(
    State(people): State<PeopleDesk>,
    fan: Fan,
    Segments(device): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    let other: BuyerId = device
        .parse()
        .map_err(|error| ApiError::new(Code::InvalidId).field("device_id", format!("{error}")))?;
    people
        .with(move |work| match work.person_of(buyer)? {
            Some(person) => work.remove_device(person, other).map(|_| ()),
            None => Ok(()),
        })
        .await?;
    people.devices_changed();
    Ok(Json(StateAnswer { state: "removed" }))
}

/// Forgets the person of this device: addresses, devices, messages, consents, and the key they
/// were sealed under. Orders and tickets stay with the devices that bought them, under their
/// pseudonyms.
#[utoipa::path(delete, path = "/v1/me", operation_id = "forgetMe", tag = "Fans",
    security(("device" = [])), params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn forget_me(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    State(views): State<Arc<Views>>,
    fan: Fan,
    Idempotent { .. }: Idempotent<Empty>,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    if let Some(person) = people.look(move |work| work.person_of(buyer)).await? {
        erase(&people, &commands, &views, person).await?;
    }
    Ok(Json(StateAnswer { state: "forgotten" }))
}

/// Changes the language and the time zone of the person of this device.
#[utoipa::path(patch, path = "/v1/me", operation_id = "changeMe", tag = "Fans",
    security(("device" = [])), params(("Idempotency-Key" = String, Header)),
    request_body = PersonPatch, responses((status = 200, body = ContactList)))]
pub(crate) async fn change(
    State(people): State<PeopleDesk>,
    fan: Fan,
    Idempotent { body, .. }: Idempotent<PersonPatch>,
) -> Result<Json<ContactList>, ApiError> {
    let buyer = fan.device()?.buyer;
    if body.language.is_none() && body.time_zone.is_none() {
        return Err(malformed("language", "send language, time_zone or both".to_owned()));
    }
    let language = body.language.map(|text| language(Some(text))).transpose()?;
    let time_zone = body.time_zone.map(zone).transpose()?;
    let view = people
        .with(move |work| {
            if let Some(view) = work.person_view(buyer)? {
                let language = language.unwrap_or(view.language);
                let time_zone = time_zone.unwrap_or(view.time_zone);
                work.set_locale(view.person, &language, &time_zone)?;
            }
            work.person_view(buyer)
        })
        .await?;
    Ok(Json(ContactList::of(view)))
}

/// Whom to forget: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgetBody {
    /// An e-mail address or a telephone number.
    #[schema(example = "ada@example.org", max_length = 254)]
    address: Option<String>,
    /// A pseudonym of theirs, `byr_…`, as in topics and tables.
    user_id: Option<String>,
}

/// How many were forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForgetAnswer {
    persons: usize,
    contacts: u64,
    devices: u64,
    messages: u64,
}

/// Forgets whoever has left an address, or the person behind a pseudonym. Asking again finds
/// nobody.
#[utoipa::path(post, path = "/v1/staff/forget", operation_id = "forgetPerson", tag = "Staff",
    security(("staff" = ["manager"])), params(("Idempotency-Key" = String, Header)),
    request_body = ForgetBody, responses((status = 200, body = ForgetAnswer)))]
pub(crate) async fn forget(
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    State(views): State<Arc<Views>>,
    _: Staff<Manager>,
    Idempotent { body, .. }: Idempotent<ForgetBody>,
) -> Result<Json<ForgetAnswer>, ApiError> {
    let found = match (body.address, body.user_id) {
        (Some(text), None) => {
            let on = if text.contains('@') { Channel::Email } else { Channel::Sms };
            let address = address(on, &text)?;
            people.look(move |work| work.persons_at(&address)).await?
        }
        (None, Some(text)) => {
            let buyer: BuyerId =
                text.parse().map_err(|error| malformed("user_id", format!("{error}")))?;
            people.look(move |work| work.person_of(buyer)).await?.into_iter().collect()
        }
        _ => return Err(malformed("address", "send address or user_id, one of them".to_owned())),
    };
    let mut answer = ForgetAnswer { persons: found.len(), contacts: 0, devices: 0, messages: 0 };
    for person in found {
        let forgotten = erase(&people, &commands, &views, person).await?;
        answer.contacts += forgotten.contacts;
        answer.devices += forgotten.devices;
        answer.messages += forgotten.messages;
    }
    Ok(Json(answer))
}

/// Takes a device out of every audience. Where it is counted only the log knows, so each event is asked
/// whose sale has ever let anybody in.
async fn uncount(commands: &Commands, views: &Views, buyer: BuyerId) -> Result<(), ApiError> {
    for (event_id, entry) in views.all() {
        if matches!(entry.read().phase, SalePhase::Announced | SalePhase::Cancelled) {
            continue;
        }
        match say(commands, (event_id, buyer), Command::WithdrawCohort, time::now().0).await {
            // Never there: there is nothing to take back.
            Err(error) if error.code() == Refusal::NoPass.code() => {}
            said => said?,
        }
    }
    Ok(())
}

/// Takes back what the person agreed to, so that the log says it too, and then deletes them.
async fn erase(
    people: &PeopleDesk,
    commands: &Commands,
    views: &Views,
    person: PersonId,
) -> Result<floodgate_people::Forgotten, ApiError> {
    let given = people.look(move |work| work.consents_of(person)).await?;
    for (event_id, buyer, scope, channel) in given {
        if views.get(event_id).is_some() {
            let command = Command::WithdrawConsent { scope, channel };
            say(commands, (event_id, buyer), command, time::now().0).await?;
        }
    }
    let devices = people.look(move |work| work.devices(person)).await?;
    for device in devices {
        uncount(commands, views, device.buyer).await?;
    }
    let forgotten = people.with(move |work| work.forget(person)).await?;
    people.purge().await?;
    people.devices_changed();
    Ok(forgotten)
}
