//! A plan in the form that was asked for.

use serde::Serialize;
use utoipa::ToSchema;

use super::plan::SeatingPlan;
use super::plan_columns::PlanColumns;

/// By rows for programs, or by columns for pages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PlanAnswer {
    Rows(SeatingPlan),
    Columns(Box<PlanColumns>),
}

/// In which form a plan is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PlanForm {
    Rows,
    Columns,
}
