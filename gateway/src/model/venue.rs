//! Seating plans in foreign formats.

use serde::Deserialize;
use utoipa::ToSchema;

/// A seating plan in one of the supported formats.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanUpload {
    /// pretix, csv or native.
    #[schema(example = "csv")]
    pub(crate) format: String,
    /// The text; base64 for native.
    #[schema(example = "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n")]
    pub(crate) content: String,
}
