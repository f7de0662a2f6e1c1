//! Seating plans in foreign formats.

use serde::Deserialize;
use utoipa::ToSchema;

/// A seating plan in one of the supported formats.
///
/// `csv`: a line of names, then a line a seat. Names in any order: `section` (or `block`, `zone`,
/// `stand`), `row` and `seat` are needed; `category`, `x` and `y` (where to draw it), `accessible`,
/// `companion` and `flags` may be there. `pretix`: a plan of the pretix seating editor, as JSON:
/// `zones`, each with `rows` of `seats`, and `categories`. `native`: Floodgate's own form, as base64.
/// `checkVenue` reads a plan without making anything and says what it noticed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanUpload {
    /// pretix, csv or native.
    #[schema(example = "csv")]
    pub(crate) format: String,
    /// The text; base64 for native.
    #[schema(example = "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n")]
    pub(crate) content: String,
    /// Where the stage is: top, bottom, left, right, middle, or x,y in the file's units; absent: as
    /// the file shows it. The report says which focal point was taken.
    #[schema(example = "bottom")]
    pub(crate) focus: Option<String>,
}
