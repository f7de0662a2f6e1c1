//! Staff: who they are, and how their request came here.

use axum::Json;
use axum::extract::State;
use axum::http::Version;
use axum::response::Response;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::staff_sessions::with_cookie;
use crate::extract::{Advertiser, Artist, Manager, Operator, Staff, Visitor};
use crate::model::{ConnectionAnswer, StaffMe};
use crate::people::PeopleDesk;
use crate::problem::ApiError;
use crate::staff::StaffKeys;
use crate::staff::session::cookie;
use crate::staff::sessions::StaffSessions;
use crate::time;
use crate::trust::Trust;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(connection))
}

type Everybody = (Manager, Operator, Artist, Advertiser);

/// Whose key this is, and what it may do, so that a console shows only what its user can use.
#[utoipa::path(get, path = "/v1/staff/me", operation_id = "getStaffMe", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn me(
    State(keys): State<StaffKeys>,
    State(sessions): State<StaffSessions>,
    State(people): State<PeopleDesk>,
    staff: Staff<Everybody>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let me = Json(StaffMe { staff_id: staff.id.to_string(), role: staff.role.code() });
    let now = time::now();
    let shown = sessions.admit(&headers, &keys, now).filter(|_| people.is_kept());
    let renewed = match shown {
        Some(token) => sessions.renew(&people, token, now).await?,
        None => None,
    };
    // A page asks this when it is opened: the moment at which its cookie is renewed.
    let cookie = renewed.and_then(|token| {
        let left = token.until.0.saturating_sub(now.0);
        cookie(&sessions.key().seal(&token), left, visitor.is_https)
    });
    Ok(with_cookie(me, cookie))
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
