//! What every problem means, for people and for programs.

use axum::Json;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::caching::Public;
use crate::extract::Segments;
use crate::model::{ProblemCode, ProblemList};
use crate::problem::{ApiError, Code, Problem, explain, rows};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// Every code a problem may have, with its status, whether to retry, and what to do. Codes are only
/// added.
#[utoipa::path(get, path = "/problems", operation_id = "listProblems", tag = "Machines",
    responses((status = 200, body = ProblemList)))]
pub(crate) async fn list() -> Public<Json<ProblemList>> {
    let problems = rows().map(ProblemCode::from).collect();
    Public::seconds(300, Json(ProblemList { problems }))
}

/// What a problem's `type` points to: its status and what to do about it.
#[utoipa::path(get, path = "/problems/{code}", operation_id = "explainProblem", tag = "Machines",
    params(("code" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, description = "not_found: this code does not exist", body = Problem)))]
pub(crate) async fn read(Segments(code): Segments<String>) -> Result<Response, ApiError> {
    let row = explain(&code).ok_or_else(|| ApiError::new(Code::NotFound))?;
    let text = format!("{code} (HTTP {})\n\n{}\n", row.status.as_u16(), row.advice);
    Ok(Public::seconds(300, text).into_response())
}
