//! Sessions of staff in browsers: made, listed, ended.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{LogTime, StaffId};
use floodgate_people::{NewStaffSession, SessionMark, Work};

use super::Routes;
use crate::extract::newcomer::label;
use crate::extract::{Advertiser, Artist, Idempotent, Manager, Operator, Segments, Staff, Visitor};
use crate::model::StaffMe;
use crate::model::contact::StateAnswer;
use crate::model::sign_in::{hex, number};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::staff::session::{SESSION_MS, SessionOrigin, SessionToken, cookie};
use crate::staff::sessions::StaffSessions;
use crate::staff::{StaffKeys, StaffRole};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(sign_in, sign_out))
        .routes(routes!(list, sign_out_everywhere))
        .routes(routes!(end))
}

type Everybody = (Manager, Operator, Artist, Advertiser);

/// A key, shown once for a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    #[schema(max_length = 256)]
    key: String,
}

/// Signs a browser in: a cookie that scripts cannot read stands for the key for half a day.
/// Programs send the key itself.
#[utoipa::path(post, path = "/v1/staff/session", operation_id = "signInStaff", tag = "Staff",
    params(("Idempotency-Key" = String, Header)), request_body = KeyBody,
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn sign_in(
    State(keys): State<StaffKeys>,
    State(sessions): State<StaffSessions>,
    State(people): State<PeopleDesk>,
    visitor: Visitor,
    headers: HeaderMap,
    Idempotent { body, .. }: Idempotent<KeyBody>,
) -> Result<Response, ApiError> {
    let found = keys
        .key(&body.key)
        .ok_or_else(|| ApiError::new(Code::KeyRequired).field("key", "unknown key"))?;
    let me = StaffMe { staff_id: found.id.to_string(), role: found.role.code() };
    let whose = (found.id, found.role, SessionOrigin::of_key(&found.digest));
    let cookie = begin(&people, &sessions, whose, (label(&headers), visitor.is_https)).await?;
    Ok(with_cookie(Json(me), cookie))
}

/// Begins a session: the cookie that keeps it.
pub(super) async fn begin(
    people: &PeopleDesk,
    sessions: &StaffSessions,
    (staff, role, origin): (StaffId, StaffRole, SessionOrigin),
    (label, is_https): (String, bool),
) -> Result<Option<HeaderValue>, ApiError> {
    let (session, now) = (rand::random::<u64>() >> 1, time::now());
    let until = now.plus(SESSION_MS);
    let new = NewStaffSession { session, staff, role: role.code(), label, ends_at: until };
    // Without a store of people, sessions end by themselves and are in no list.
    if people.is_kept() {
        people.with(move |work| work.begin_session(&new, now)).await?;
        sessions.note(SessionMark { session, has_ended: false, generation: 0, rotated_at: now });
    }
    let token = SessionToken { session, staff, role, generation: 0, until, origin };
    Ok(cookie(&sessions.key().seal(&token), SESSION_MS, is_https))
}

/// Ends the session of this browser.
#[utoipa::path(delete, path = "/v1/staff/session", operation_id = "signOutStaff", tag = "Staff",
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn sign_out(
    State(keys): State<StaffKeys>,
    State(sessions): State<StaffSessions>,
    State(people): State<PeopleDesk>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    let shown = sessions.admit(&headers, &keys, time::now());
    if let Some(SessionToken { session, staff, .. }) = shown.filter(|_| people.is_kept()) {
        let end = move |work: &mut Work<'_>| work.end_sessions(staff, Some(session), time::now());
        match people.with(end).await {
            Ok(_) => sessions.end(session),
            // Whoever leaves a browser has left it, whatever the store is up to.
            Err(_) => sessions.end_later(session),
        }
    }
    let gone = cookie("", 0, visitor.is_https);
    with_cookie(Json(StateAnswer { state: "signed_out" }), gone)
}

pub(super) fn with_cookie(body: impl IntoResponse, cookie: Option<HeaderValue>) -> Response {
    let mut response = body.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A browser in which one of staff is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownSession {
    #[schema(example = "00c0ffee00c0ffee")]
    session_id: String,
    #[schema(example = "Firefox on Linux")]
    label: String,
    #[schema(format = DateTime)]
    since: String,
    /// To the hour.
    #[schema(format = DateTime)]
    used_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    is_this_one: bool,
}

/// Where one of staff is signed in, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    sessions: Vec<ShownSession>,
}

/// The browsers in which whoever asks is signed in. A session ends after half a day; the cookie is
/// renewed every hour, so that a copy of it is good no longer.
#[utoipa::path(get, path = "/v1/staff/sessions", operation_id = "listStaffSessions", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = SessionList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    State(keys): State<StaffKeys>,
    State(sessions): State<StaffSessions>,
    staff: Staff<Everybody>,
    headers: HeaderMap,
) -> Result<Json<SessionList>, ApiError> {
    let (id, now) = (staff.id, time::now());
    let here = sessions.admit(&headers, &keys, now).map(|token| token.session);
    let all = people.look(move |work| work.sessions_of(id, now)).await?;
    let shown = all.into_iter().map(|session| ShownSession {
        session_id: hex(session.session),
        label: session.label,
        since: time::text(session.since),
        used_at: time::text(LogTime(session.used_at.0.max(session.since.0))),
        ends_at: time::text(session.ends_at),
        is_this_one: here == Some(session.session),
    });
    Ok(Json(SessionList { sessions: shown.collect() }))
}

/// Ends every session of whoever asks, this one too. Keys go on: their owner removes them.
#[utoipa::path(delete, path = "/v1/staff/sessions", operation_id = "signOutStaffEverywhere",
    tag = "Staff", security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn sign_out_everywhere(
    State(people): State<PeopleDesk>,
    State(sessions): State<StaffSessions>,
    staff: Staff<Everybody>,
) -> Result<Json<StateAnswer>, ApiError> {
    end_of(&people, &sessions, staff.id, None).await?;
    Ok(Json(StateAnswer { state: "signed_out" }))
}

/// Ends one session of whoever asks.
#[utoipa::path(delete, path = "/v1/staff/sessions/{session_id}", operation_id = "endStaffSession",
    tag = "Staff", security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    params(("session_id" = String, Path)), responses((status = 200, body = StateAnswer)))]
pub(crate) async fn end(
    State(people): State<PeopleDesk>,
    State(sessions): State<StaffSessions>,
    staff: Staff<Everybody>,
    Segments(session): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let session = number("session_id", &session)?;
    end_of(&people, &sessions, staff.id, Some(session)).await?;
    Ok(Json(StateAnswer { state: "signed_out" }))
}

async fn end_of(
    people: &PeopleDesk,
    sessions: &StaffSessions,
    staff: StaffId,
    only: Option<u64>,
) -> Result<(), ApiError> {
    let now = time::now();
    let ended = people
        .with(move |work| {
            let theirs = work.sessions_of(staff, now)?;
            work.end_sessions(staff, only, now)?;
            Ok(theirs)
        })
        .await?;
    for session in ended {
        if only.is_none_or(|only| only == session.session) {
            sessions.end(session.session);
        }
    }
    Ok(())
}
