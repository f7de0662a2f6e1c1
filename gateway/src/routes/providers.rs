//! Signing in by a provider of identities: to it and back. Staff get a session, fans their person.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use subtle::ConstantTimeEq;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::Channel;
use floodgate_people::{KnownIdentity, NewContact, NewDevice, SignedIn};
use floodgate_sign_in::Identity;

use super::Routes;
use super::staff_sessions::begin;
use crate::caching::Public;
use crate::extract::{Idempotent, Newcomer, Visitor};
use crate::model::contact::{language, malformed, zone};
use crate::model::sign_in::{
    AskProvider, ProviderReturn, ProviderWay, SignInWay, SignInWays, SignedInAnswer,
};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::sign_in::SignIns;
use crate::sign_in::flow::{self, ProviderFlow, Who};
use crate::staff::session::SessionOrigin;
use crate::staff::sessions::StaffSessions;
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(ways)).routes(routes!(ask)).routes(routes!(come_back))
}

/// The ways to sign in that are offered here, beside a link by e-mail.
#[utoipa::path(get, path = "/v1/sign-in/ways", operation_id = "listSignInWays", tag = "Fans",
    responses((status = 200, body = SignInWays)))]
pub(crate) async fn ways(State(sign_ins): State<SignIns>) -> Response {
    let parts = sign_ins.parts();
    let way = |name: &String| SignInWay { name: name.clone() };
    let ways = SignInWays {
        staff: parts.staff.as_ref().map(|staff| way(&staff.name)),
        fans: parts.fans.as_ref().map(|fans| way(&fans.name)),
        passkeys: sign_ins.offers_passkeys(),
    };
    Public::seconds(60, Json(ways)).into_response()
}

/// Begins a sign in by a provider: where the browser has to go. What it comes back with is for
/// `returnFromProvider`, from the same browser and within ten minutes.
#[utoipa::path(post, path = "/v1/sign-in/provider", operation_id = "askProvider", tag = "Fans",
    params(("Idempotency-Key" = String, Header)), request_body = AskProvider,
    responses((status = 200, body = ProviderWay)))]
pub(crate) async fn ask(
    State(sign_ins): State<SignIns>,
    visitor: Visitor,
    Idempotent { body, .. }: Idempotent<AskProvider>,
) -> Result<Response, ApiError> {
    let who = match body.who.as_str() {
        "staff" => Who::Staff,
        "fan" => Who::Fan,
        _ => return Err(malformed("who", "staff or fan".to_owned())),
    };
    let back = body.back.unwrap_or_else(|| "/me".to_owned());
    if !flow::is_page(&back) {
        return Err(malformed("back", "a page here, such as /me".to_owned()));
    }
    let flow = ProviderFlow::begin(who, body.keep_address, back, time::now());
    let way = ProviderWay { location: sign_ins.way(&flow).await? };
    let mut response = Json(way).into_response();
    set(&mut response, flow::cookie(&sign_ins.flows().seal(&flow), visitor.is_https));
    Ok(response)
}

/// Ends a sign in by a provider, with what came back in the address. Staff get a session; fans are
/// signed in on this device, and what it had comes along.
#[utoipa::path(post, path = "/v1/sign-in/provider/return", operation_id = "returnFromProvider",
    tag = "Fans", params(("Idempotency-Key" = String, Header)), request_body = ProviderReturn,
    responses((status = 200, body = SignedInAnswer)))]
pub(crate) async fn come_back(
    State(sign_ins): State<SignIns>,
    State(sessions): State<StaffSessions>,
    State(people): State<PeopleDesk>,
    newcomer: Newcomer,
    visitor: Visitor,
    headers: HeaderMap,
    Idempotent { body, .. }: Idempotent<ProviderReturn>,
) -> Result<Response, ApiError> {
    let flow = sign_ins.flows().shown(&headers, time::now());
    let flow = flow.ok_or_else(|| ApiError::new(Code::SignInRefused))?;
    // Before the provider hears of it: another's answer is not for this browser.
    let state = sign_ins.asked(&flow).state;
    if !bool::from(state.as_bytes().ct_eq(body.state.as_bytes())) {
        return Err(ApiError::new(Code::SignInRefused));
    }
    let locale = (language(body.language)?, body.time_zone.map(zone).transpose()?);
    let identity = sign_ins.identify(&flow, body.code, body.iss).await?;
    let mut response = match flow.who {
        Who::Staff => {
            let (staff, role) = sign_ins.staff(&identity)?;
            let digest = sign_ins.staff_digest().ok_or_else(|| ApiError::new(Code::RoleMissing))?;
            let origin = SessionOrigin::Provider(digest);
            tracing::info!(staff_id = %staff, role = role.code(), "staff signed in by their provider");
            let answer = SignedInAnswer {
                state: "signed_in",
                back: flow.back.clone(),
                role: Some(role.code()),
                address_kept: None,
            };
            let mut response = Json(answer).into_response();
            let cookie = begin(
                &people,
                &sessions,
                (staff, role, origin),
                (newcomer.label, visitor.is_https),
            );
            set(&mut response, cookie.await?);
            response
        }
        Who::Fan => {
            let kept = sign_fan_in(&people, &newcomer, &flow, &identity, locale).await?;
            let answer = SignedInAnswer {
                state: "signed_in",
                back: flow.back.clone(),
                role: None,
                address_kept: Some(kept),
            };
            newcomer.greet(Json(answer).into_response())
        }
    };
    set(&mut response, flow::cookie("", visitor.is_https));
    Ok(response)
}

fn set(response: &mut Response, cookie: Option<http::HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Whether their address is kept: only where they agreed and the provider has made sure of it.
async fn sign_fan_in(
    people: &PeopleDesk,
    newcomer: &Newcomer,
    flow: &ProviderFlow,
    identity: &Identity,
    (language, time_zone): (String, Option<String>),
) -> Result<bool, ApiError> {
    let Identity { issuer, subject, .. } = identity.clone();
    let known = KnownIdentity { issuer, subject };
    let time_zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
    let (buyer, label) = (newcomer.buyer, newcomer.label.clone());
    let device = NewDevice { buyer, label, language, time_zone };
    let email = identity.verified_email().filter(|_| flow.keeps_address);
    let address =
        email.and_then(|email| floodgate_people::Address::parse(Channel::Email, email).ok());
    let now = time::now();
    let work = move |work: &mut floodgate_people::Work<'_>| {
        let signed_in = work.sign_in_as(&known, &device, now)?;
        let Some(address) = address.filter(|_| matches!(signed_in, SignedIn::In(_))) else {
            return Ok((signed_in, false));
        };
        let NewDevice { buyer, label, language, time_zone } = device;
        let new = NewContact { buyer, address, language, time_zone, wants: Vec::new(), label };
        Ok((signed_in, work.keep_vouched(&new, now)?))
    };
    let (signed_in, kept) = people.with(work).await?;
    signed(signed_in)?;
    people.devices_changed();
    Ok(kept)
}

/// Whether a device is signed in, as a problem where it is not.
pub(super) fn signed(signed_in: SignedIn) -> Result<(), ApiError> {
    match signed_in {
        SignedIn::In(_) => Ok(()),
        SignedIn::Spent => Err(ApiError::new(Code::LinkSpent)),
        SignedIn::Unknown => Err(ApiError::new(Code::LinkUnknown)),
        SignedIn::Another => Err(ApiError::new(Code::SignedInAsAnother)),
    }
}
