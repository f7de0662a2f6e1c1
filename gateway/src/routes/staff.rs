//! Staff: whose key this is, and how their request came here.

use axum::Json;
use axum::extract::State;
use axum::http::Version;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Advertiser, Artist, Manager, Operator, Staff, Visitor};
use crate::model::{ConnectionAnswer, StaffMe};
use crate::trust::Trust;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(connection))
}

type Everybody = (Manager, Operator, Artist, Advertiser);

/// Whose key this is, and what it may do, so that a console shows only what its user can use.
#[utoipa::path(get, path = "/v1/staff/me", operation_id = "getStaffMe", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn me(staff: Staff<Everybody>) -> Json<StaffMe> {
    Json(StaffMe { staff_id: staff.id.to_string(), role: staff.role.code() })
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
