//! Staff: whose key this is.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Advertiser, Artist, Manager, Operator, Staff};
use crate::model::StaffMe;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(me))
}

/// Whose key this is, and what it may do, so that a console shows only what its user can use.
#[utoipa::path(get, path = "/v1/staff/me", operation_id = "getStaffMe", tag = "Staff",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = StaffMe)))]
pub(crate) async fn me(staff: Staff<(Manager, Operator, Artist, Advertiser)>) -> Json<StaffMe> {
    Json(StaffMe { staff_id: staff.id.to_string(), role: staff.role.code() })
}
