//! Passkeys of fans: made on a device that is known, used on one that is not.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_people::{NewDevice, StoredPasskey};
use floodgate_sign_in::{NewPasskey, PasskeyError, PasskeyUse};

use super::Routes;
use super::providers::signed;
use crate::extract::{Fan, Idempotent, Newcomer, Segments};
use crate::model::Empty;
use crate::model::contact::{StateAnswer, language, zone};
use crate::model::passkey::{
    NewPasskeyBody, PasskeyList, PasskeyOptions, PasskeyQuestion, PasskeySignIn, ShownPasskey,
};
use crate::model::sign_in::{hex, number};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::sign_in::SignIns;
use crate::sign_in::challenge::{ChallengeFor, PasskeyChallenge};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(options))
        .routes(routes!(remove))
        .routes(routes!(question))
        .routes(routes!(sign_in))
}

fn refused(error: PasskeyError) -> ApiError {
    ApiError::new(Code::PasskeyRefused).field("passkey", error.0)
}

/// Bytes as the body has them; what is not is nobody's passkey.
fn bytes(text: &str) -> Result<Vec<u8>, ApiError> {
    let read = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    read.map_err(|_| refused(PasskeyError("its parts are base64url")))
}

/// The question that what the browser signed answers, if it is one of ours.
fn asked(
    sign_ins: &SignIns,
    purpose: ChallengeFor,
    client_data: &[u8],
) -> Result<PasskeyChallenge, ApiError> {
    let said: serde_json::Value = serde_json::from_slice(client_data).unwrap_or_default();
    let text = said["challenge"].as_str().unwrap_or_default();
    let read = sign_ins.challenges().read(purpose, text, time::now());
    read.ok_or_else(|| refused(PasskeyError("the question is too old, or not one of ours")))
}

/// The passkeys of the person of this device, the oldest first.
#[utoipa::path(get, path = "/v1/me/passkeys", operation_id = "listPasskeys", tag = "Fans",
    security(("device" = [])), responses((status = 200, body = PasskeyList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    fan: Fan,
) -> Result<Json<PasskeyList>, ApiError> {
    let buyer = fan.device()?.buyer;
    let all = people
        .look(move |work| match work.person_of(buyer)? {
            Some(person) => work.passkeys(person),
            None => Ok(Vec::new()),
        })
        .await?;
    let shown = all.into_iter().map(|passkey| ShownPasskey {
        passkey_id: hex(passkey.passkey),
        label: passkey.label,
        since: time::text(passkey.since),
        used_at: time::text(passkey.used_at),
    });
    Ok(Json(PasskeyList { passkeys: shown.collect() }))
}

/// What a browser makes a passkey with, for `navigator.credentials.create`. Works for five
/// minutes.
#[utoipa::path(post, path = "/v1/me/passkeys/options", operation_id = "askPasskey", tag = "Fans",
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PasskeyOptions)))]
pub(crate) async fn options(
    State(people): State<PeopleDesk>,
    State(sign_ins): State<SignIns>,
    visitor: Newcomer,
    Idempotent { .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let site = sign_ins.passkeys()?.clone();
    let buyer = visitor.buyer;
    let (handle, known) = people.look(move |work| work.passkey_handle(buyer)).await?;
    let challenge = sign_ins.challenges().ask(ChallengeFor::New(buyer), time::now());
    let options = PasskeyOptions {
        challenge: challenge.text(),
        host: site.host,
        user_handle: URL_SAFE_NO_PAD.encode(handle),
        known: known.iter().map(|credential| URL_SAFE_NO_PAD.encode(credential)).collect(),
    };
    Ok(visitor.greet(Json(options).into_response()))
}

/// Keeps a passkey that was made. From now on it signs in any device of its person.
#[utoipa::path(post, path = "/v1/me/passkeys", operation_id = "addPasskey", tag = "Fans",
    security(("device" = [])), params(("Idempotency-Key" = String, Header)),
    request_body = NewPasskeyBody, responses((status = 201, body = StateAnswer)))]
pub(crate) async fn add(
    State(people): State<PeopleDesk>,
    State(sign_ins): State<SignIns>,
    fan: Fan,
    visitor: Newcomer,
    Idempotent { body, .. }: Idempotent<NewPasskeyBody>,
) -> Result<Response, ApiError> {
    let buyer = fan.device()?.buyer;
    let site = sign_ins.passkeys()?;
    let client_data = bytes(&body.client_data)?;
    let challenge = asked(&sign_ins, ChallengeFor::New(buyer), &client_data)?;
    let attestation = bytes(&body.attestation)?;
    let made = site.check_new(&challenge.bytes, &client_data, &attestation).map_err(refused)?;
    let NewPasskey { credential, key, count } = made;
    let new = StoredPasskey { credential, key, uses: count };
    let time_zone = body.time_zone.map(zone).transpose()?.unwrap_or_else(|| "UTC".to_owned());
    let label = visitor.label;
    let device = NewDevice { buyer, label, language: language(body.language)?, time_zone };
    let now = time::now();
    let added = people
        .with(move |work| {
            if !work.spend_challenge(&challenge.bytes, challenge.until, now)? {
                return Ok(None);
            }
            work.add_passkey(&device, &new, now).map(Some)
        })
        .await?;
    match added {
        Some(true) => {
            Ok((StatusCode::CREATED, Json(StateAnswer { state: "added" })).into_response())
        }
        Some(false) => Err(refused(PasskeyError("it is known already, or there are ten"))),
        None => Err(refused(PasskeyError("the question was answered before"))),
    }
}

/// Takes a passkey away: it signs nobody in any more.
#[utoipa::path(delete, path = "/v1/me/passkeys/{passkey_id}", operation_id = "removePasskey",
    tag = "Fans", security(("device" = [])), params(("passkey_id" = String, Path)),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn remove(
    State(people): State<PeopleDesk>,
    fan: Fan,
    Segments(passkey): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let buyer = fan.device()?.buyer;
    let passkey = number("passkey_id", &passkey)?;
    people
        .with(move |work| match work.person_of(buyer)? {
            Some(person) => work.remove_passkey(person, passkey).map(|_| ()),
            None => Ok(()),
        })
        .await?;
    Ok(Json(StateAnswer { state: "removed" }))
}

/// What a passkey signs to sign a device in, for `navigator.credentials.get`. The same for
/// everybody: it says nothing of who has one.
#[utoipa::path(post, path = "/v1/sign-in/passkey/options", operation_id = "askPasskeySignIn",
    tag = "Fans", params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PasskeyQuestion)))]
pub(crate) async fn question(
    State(sign_ins): State<SignIns>,
    Idempotent { .. }: Idempotent<Empty>,
) -> Result<Json<PasskeyQuestion>, ApiError> {
    let host = sign_ins.passkeys()?.host.clone();
    let challenge = sign_ins.challenges().ask(ChallengeFor::SignIn, time::now());
    Ok(Json(PasskeyQuestion { challenge: challenge.text(), host }))
}

/// Signs a device in by a passkey: this device and those of the person are one from now on.
#[utoipa::path(post, path = "/v1/sign-in/passkey", operation_id = "signInByPasskey", tag = "Fans",
    params(("Idempotency-Key" = String, Header)), request_body = PasskeySignIn,
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn sign_in(
    State(people): State<PeopleDesk>,
    State(sign_ins): State<SignIns>,
    visitor: Newcomer,
    Idempotent { body, .. }: Idempotent<PasskeySignIn>,
) -> Result<Response, ApiError> {
    let site = sign_ins.passkeys()?;
    let credential = bytes(&body.credential)?;
    let given = PasskeyUse {
        client_data: bytes(&body.client_data)?,
        authenticator_data: bytes(&body.authenticator_data)?,
        signature: bytes(&body.signature)?,
    };
    let challenge = asked(&sign_ins, ChallengeFor::SignIn, &given.client_data)?;
    let wanted = credential.clone();
    let known = people.look(move |work| work.passkey(&wanted)).await?;
    let known = known.ok_or_else(|| refused(PasskeyError("it is not known here")))?;
    let proof = site.check_use(&challenge.bytes, &given, &known.key, known.uses);
    let proof = proof.map_err(refused)?;
    let (buyer, label, now) = (visitor.buyer, visitor.label.clone(), time::now());
    let signed_in = people
        .with(move |work| {
            if !work.spend_challenge(&challenge.bytes, challenge.until, now)? {
                return Ok(None);
            }
            work.sign_in_by_passkey((&credential, proof.count), (buyer, &label), now)
        })
        .await?;
    let again = PasskeyError("the question was answered before, or the passkey is gone");
    signed(signed_in.ok_or_else(|| refused(again))?)?;
    people.devices_changed();
    Ok(visitor.greet(Json(StateAnswer { state: "signed_in" }).into_response()))
}
