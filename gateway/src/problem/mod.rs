//! Every error response. The table of codes is in `code`.

mod code;
mod from;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::Refusal;

pub(crate) use code::{Code, CodeRow, Retry, rows};

/// A problem answer (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Where this code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/seat_taken")]
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) status: u16,
    /// What happened, and what to do about it.
    pub(crate) detail: String,
    /// Stable; made for programs.
    #[schema(example = "seat_taken")]
    pub(crate) code: &'static str,
    pub(crate) retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// Places in front of this one, for `not_your_turn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ahead: Option<u64>,
    /// What exactly is wrong with the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
}

/// One thing wrong with a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// The code of a problem, beside the answer, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaidCode(pub(crate) &'static str);

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Problem>);

impl ApiError {
    /// A problem of the gateway.
    pub(crate) fn new(code: Code) -> Self {
        ApiError::build(code.row())
    }

    fn build(row: CodeRow) -> Self {
        ApiError(Box::new(Problem {
            kind: format!("/problems/{}", row.code),
            title: row.code.replace('_', " "),
            status: row.status.as_u16(),
            detail: row.advice.to_owned(),
            code: row.code,
            retry: row.retry,
            retry_after_ms: row.retry_after_ms,
            ahead: None,
            errors: Vec::new(),
        }))
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// Adds what exactly is wrong.
    pub(crate) fn field(mut self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldError { path: path.into(), message: message.into() });
        self
    }

    /// Says it with what is known of this case.
    pub(crate) fn detail(mut self, words: String) -> Self {
        self.0.detail = words;
        self
    }

    pub(crate) fn retry_after_ms(mut self, ms: u64) -> Self {
        self.0.retry_after_ms = Some(ms);
        self
    }

    pub(crate) fn ahead(mut self, ahead: u64) -> Self {
        self.0.ahead = Some(ahead);
        self
    }

    /// The engine's no.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        ApiError::build(code::row_of(refusal))
    }

    /// An error nobody outside should see the cause of.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        ApiError::new(Code::Internal)
    }
}

/// Everything said about a code, for its own page.
pub(crate) fn explain(code: &str) -> Option<CodeRow> {
    rows().find(|row| row.code == code)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = *self.0;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = problem.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1));
        let code = SaidCode(problem.code);
        let mut response = (status, Json(problem)).into_response();
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
