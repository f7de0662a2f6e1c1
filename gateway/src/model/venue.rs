//! Seating plans in foreign formats.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_seating::{Marked, Mend};

use super::plan::SeatingPlan;

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
    /// What the file does not say, or says wrongly: applied in order to what was read. At most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(crate) mends: Vec<PlanMend>,
}

/// One thing about a plan that a person knows better than its file. Names are those of the preview.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "mend", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PlanMend {
    /// This seat and the next in its row are not neighbours.
    Aisle {
        section: String,
        row: String,
        after: String,
    },
    /// This seat and the next in its row are neighbours.
    Together {
        section: String,
        row: String,
        after: String,
    },
    RenameSection {
        section: String,
        to: String,
    },
    RenameCategory {
        category: String,
        to: String,
    },
    /// Another category for a section, one of its rows, or the seats of that row from one to another;
    /// one that is not there yet is made.
    Category {
        section: String,
        row: Option<String>,
        from: Option<String>,
        until: Option<String>,
        to: String,
    },
    /// Something special about such seats: accessible, companion, restricted_view or not_for_sale.
    /// `"on": false` takes it away.
    Mark {
        section: String,
        row: Option<String>,
        from: Option<String>,
        until: Option<String>,
        #[serde(rename = "as")]
        mark: PlanMark,
        #[serde(default = "yes")]
        on: bool,
    },
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanMark {
    Accessible,
    Companion,
    RestrictedView,
    NotForSale,
}

impl From<PlanMend> for Mend {
    fn from(mend: PlanMend) -> Self {
        match mend {
            PlanMend::Aisle { section, row, after } => Mend::Aisle { section, row, after },
            PlanMend::Together { section, row, after } => Mend::Together { section, row, after },
            PlanMend::RenameSection { section, to } => Mend::RenameSection { section, to },
            PlanMend::RenameCategory { category, to } => Mend::RenameCategory { category, to },
            PlanMend::Category { section, row, from, until, to } => {
                Mend::Category { section, row, from, until, to }
            }
            PlanMend::Mark { section, row, from, until, mark, on } => {
                let mark = match mark {
                    PlanMark::Accessible => Marked::Accessible,
                    PlanMark::Companion => Marked::Companion,
                    PlanMark::RestrictedView => Marked::RestrictedView,
                    PlanMark::NotForSale => Marked::NotForSale,
                };
                Mend::Mark { section, row, from, until, mark, on }
            }
        }
    }
}

/// A plan as it was read, before anything is made of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanPreview {
    /// What was read, assumed and noticed.
    #[schema(value_type = Object)]
    pub(crate) report: serde_json::Value,
    pub(crate) plan: SeatingPlan,
}
