//! The codes of problems.

use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{CodeRow, Retry};

/// A code that a problem may have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemCode {
    #[schema(example = "seat_taken")]
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) retry: Retry,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

impl From<CodeRow> for ProblemCode {
    fn from(row: CodeRow) -> Self {
        let CodeRow { code, status, retry, advice, .. } = row;
        ProblemCode { code, status: status.as_u16(), retry, advice }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemList {
    pub(crate) problems: Vec<ProblemCode>,
}
