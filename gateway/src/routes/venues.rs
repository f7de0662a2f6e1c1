//! Seating plans as people have them.

use axum::Json;
use axum::Router;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use floodgate_domain::plan::wire::encode_plan;
use floodgate_domain::{Plan, VenueId};
use floodgate_seating::Format;

use crate::extract::{Manager, PlanWish};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new().route("/v1/venues/check", post(check))
}

/// A seating plan in one of the forms that can be read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanUpload {
    /// pretix, csv or native.
    #[schema(example = "csv")]
    format: String,
    /// The text; base64 for native.
    #[schema(example = "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n")]
    content: String,
}

/// A plan that can be sold.
#[derive(Debug)]
pub(crate) struct ImportedPlan {
    pub(crate) plan: Plan,
    pub(crate) venue_id: VenueId,
    pub(crate) report: serde_json::Value,
}

/// Reads an uploaded plan; `name` is given to plans without one of their own.
pub(crate) fn import(upload: &PlanUpload, name: &str) -> Result<ImportedPlan, ApiError> {
    let malformed =
        |path: &str, message: String| ApiError::new(Code::MalformedBody).field(path, message);
    let format = Format::parse(&upload.format)
        .ok_or_else(|| malformed("plan.format", "pretix, csv or native".into()))?;
    let bytes = match format {
        Format::Native => STANDARD
            .decode(&upload.content)
            .map_err(|error| malformed("plan.content", error.to_string()))?,
        _ => upload.content.clone().into_bytes(),
    };
    let imported = floodgate_seating::import(format, &bytes).map_err(|rejected| {
        let error = ApiError::from(floodgate_domain::Refusal::InvalidPlan);
        let lines = rejected.to_string();
        // The first lines say enough; the whole report comes from the check call.
        lines.lines().take(20).fold(error, |error, line| error.field("plan", line))
    })?;
    let mut plan = imported.plan;
    if plan.name.is_empty() {
        name.clone_into(&mut plan.name);
    }
    let mut native = Vec::new();
    encode_plan(&plan, &mut native);
    let venue_id = Plan::venue_id(&Sha256::digest(&native).into());
    let report = serde_json::to_value(&imported.report).map_err(|e| ApiError::internal(&e))?;
    Ok(ImportedPlan { plan, venue_id, report })
}

/// What a plan holds and what is wrong with it; nothing is kept.
#[utoipa::path(post, path = "/v1/venues/check", operation_id = "checkVenue", tag = "Staff",
    security(("staff" = [])), params(("Idempotency-Key" = String, Header)),
    request_body = PlanUpload,
    responses((status = 200, description = "The report", body = Object)))]
pub(crate) async fn check(
    _: Manager,
    PlanWish { body, .. }: PlanWish<PlanUpload>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let imported = tokio::task::spawn_blocking(move || import(&body, ""))
        .await
        .map_err(|error| ApiError::internal(&error))??;
    Ok(Json(imported.report))
}
