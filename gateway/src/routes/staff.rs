//! Staff: whose key this is, and how their request came here.

use axum::Json;
use axum::extract::State;
use axum::http::Version;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Advertiser, Artist, Idempotent, Manager, Operator, Staff, Visitor};
use crate::model::contact::StateAnswer;
use crate::model::{ConnectionAnswer, StaffMe};
use crate::problem::{ApiError, Code};
use crate::staff::StaffKeys;
use crate::staff::session::{SESSION_MS, SessionKey, cookie};
use crate::time;
use crate::trust::Trust;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(sign_in, sign_out))
        .routes(routes!(connection))
}

type Everybody = (Manager, Operator, Artist, Advertiser);

/// Whose key this is, and what it may do, so that a console shows only what its user can use.
#[utoipa::path(get, path = "/v1/staff/me", operation_id = "getStaffMe", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn me(staff: Staff<Everybody>) -> Json<StaffMe> {
    Json(StaffMe { staff_id: staff.id.to_string(), role: staff.role.code() })
}

/// A key, shown once for a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    #[schema(max_length = 256)]
    key: String,
}

/// Signs a browser in: a cookie that scripts cannot read stands for the key for half a day. Programs
/// send the key itself.
#[utoipa::path(post, path = "/v1/staff/session", operation_id = "signInStaff", tag = "Staff",
    params(("Idempotency-Key" = String, Header)), request_body = KeyBody,
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn sign_in(
    State(keys): State<StaffKeys>,
    State(sessions): State<SessionKey>,
    visitor: Visitor,
    Idempotent { body, .. }: Idempotent<KeyBody>,
) -> Result<Response, ApiError> {
    let found = keys
        .key(&body.key)
        .ok_or_else(|| ApiError::new(Code::KeyRequired).field("key", "unknown key"))?;
    let until = time::now().plus(SESSION_MS);
    let token = sessions.token(found.id, &found.digest, until);
    let me = StaffMe { staff_id: found.id.to_string(), role: found.role.code() };
    Ok(with_cookie(Json(me), &token, visitor.is_https))
}

/// Ends the session of this browser.
#[utoipa::path(delete, path = "/v1/staff/session", operation_id = "signOutStaff", tag = "Staff",
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn sign_out(visitor: Visitor) -> Response {
    with_cookie(Json(StateAnswer { state: "signed_out" }), "", visitor.is_https)
}

fn with_cookie(body: impl IntoResponse, token: &str, is_https: bool) -> Response {
    let mut response = body.into_response();
    if let Some(cookie) = cookie(token, is_https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// How this request came here: which proxies are trusted, what they wrote, whose address counts.
/// `floodgate doctor --through` asks for it.
#[utoipa::path(get, path = "/v1/staff/connection", operation_id = "getConnection", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = ConnectionAnswer)))]
pub(crate) async fn connection(
    _: Staff<Everybody>,
    State(trust): State<Trust>,
    visitor: Visitor,
    version: Version,
    headers: HeaderMap,
) -> Json<ConnectionAnswer> {
    Json(ConnectionAnswer {
        peer: visitor.peer.to_string(),
        is_trusted: trust.trusts(visitor.peer),
        trusted_hops: visitor.hops,
        header: trust.header.name(),
        written: trust.written(&headers),
        address: visitor.address.to_string(),
        is_https: visitor.is_https,
        protocol: format!("{version:?}"),
    })
}
