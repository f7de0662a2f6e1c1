//! Seating plans in foreign formats.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::plan::wire::encode_plan;
use floodgate_domain::{Plan, VenueId};
use floodgate_seating::{Focus, Format, ImportOptions, Mend, import_with};

use super::Routes;
use crate::extract::{IdempotentPlan, Manager, Staff};
use crate::model::{PlanPreview, PlanReport, PlanUpload, SeatingPlan};
use crate::problem::{ApiError, Code};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(check)).routes(routes!(preview))
}

/// A plan that can be sold.
#[derive(Debug)]
pub(crate) struct ImportedPlan {
    pub(crate) plan: Plan,
    pub(crate) venue_id: VenueId,
    pub(crate) report: PlanReport,
}

/// Reads an uploaded plan; plans without a name get `name`.
pub(crate) fn import(upload: &PlanUpload, name: &str) -> Result<ImportedPlan, ApiError> {
    let malformed =
        |path: &str, message: String| ApiError::new(Code::MalformedBody).field(path, message);
    let format = Format::parse(&upload.format)
        .ok_or_else(|| malformed("plan.format", "pretix, csv or native".into()))?;
    let focus = upload.focus.as_deref().map(|text| {
        let fix = || malformed("plan.focus", "top, bottom, left, right, middle, or x,y".into());
        Focus::parse(text).ok_or_else(fix)
    });
    let mends = upload.mends.iter().cloned().map(Mend::from).collect();
    let options = ImportOptions { focus: focus.transpose()?, mends };
    let imported =
        import_with(format, upload.content.as_bytes(), &options).map_err(|rejected| {
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
    let report = PlanReport::try_from(&imported.report).map_err(|e| ApiError::internal(&e))?;
    Ok(ImportedPlan { plan, venue_id, report })
}

/// What is in a plan and what is wrong with it; nothing is stored.
#[utoipa::path(post, path = "/v1/venues/check", operation_id = "checkVenue", tag = "Staff",
    security(("staff" = ["manager"])), params(("Idempotency-Key" = String, Header)),
    request_body(content = PlanUpload, example = json!({
        "format": "csv", "content": "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n"})),
    responses((status = 200, body = PlanReport)))]
pub(crate) async fn check(
    _: Staff<Manager>,
    IdempotentPlan { body, .. }: IdempotentPlan<PlanUpload>,
) -> Result<Json<PlanReport>, ApiError> {
    let imported = tokio::task::spawn_blocking(move || import(&body, ""))
        .await
        .map_err(|error| ApiError::internal(&error))??;
    Ok(Json(imported.report))
}

/// A plan as it was read, with every seat, its row and its neighbours, to be looked at and mended
/// before anything is sold on it; nothing is stored.
#[utoipa::path(post, path = "/v1/venues/preview", operation_id = "previewVenue", tag = "Staff",
    security(("staff" = ["manager"])), params(("Idempotency-Key" = String, Header)),
    request_body(content = PlanUpload, example = json!({
        "format": "csv", "content": "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n",
        "mends": [{"mend": "aisle", "section": "A", "row": "1", "after": "1"}]})),
    responses((status = 200, body = PlanPreview)))]
pub(crate) async fn preview(
    _: Staff<Manager>,
    IdempotentPlan { body, .. }: IdempotentPlan<PlanUpload>,
) -> Result<Response, ApiError> {
    let json = tokio::task::spawn_blocking(move || {
        let imported = import(&body, "")?;
        let plan = SeatingPlan::of(&imported.plan, imported.venue_id);
        let preview = PlanPreview { report: imported.report, plan };
        // Megabytes: not on a thread that serves others.
        serde_json::to_vec(&preview).map_err(|error| ApiError::internal(&error))
    })
    .await
    .map_err(|error| ApiError::internal(&error))??;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
