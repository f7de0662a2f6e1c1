//! Seating plans in foreign formats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_seating::{ImportReport, Marked, Mend};

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
    /// Something special about such seats: accessible, companion, restricted_view,
    /// not_for_sale or shaded.
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
    Shaded,
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
                    PlanMark::Shaded => Marked::Shaded,
                };
                Mend::Mark { section, row, from, until, mark, on }
            }
        }
    }
}

/// What was read, assumed and noticed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanReport {
    pub(crate) format: String,
    pub(crate) name: String,
    pub(crate) seat_count: u32,
    pub(crate) row_count: u32,
    pub(crate) section_count: u32,
    pub(crate) run_count: u32,
    pub(crate) categories: Vec<CategorySeats>,
    /// Places within a row where neighbours do not touch.
    pub(crate) aisle_count: u32,
    /// Mendings that were applied.
    pub(crate) mend_count: u32,
    /// Seats without a neighbour in their run.
    pub(crate) single_count: u32,
    pub(crate) accessible_count: u32,
    pub(crate) companion_count: u32,
    pub(crate) restricted_view_count: u32,
    pub(crate) not_for_sale_count: u32,
    pub(crate) shaded_count: u32,
    /// How it was found which seats touch.
    pub(crate) adjacency: String,
    /// Where the drawing comes from.
    pub(crate) coordinates: String,
    /// What makes a row better than another.
    pub(crate) row_quality: String,
    /// The focal point in plan units; absent where only ranks are known.
    pub(crate) focus: Option<[i32; 2]>,
    pub(crate) notes: Vec<String>,
    pub(crate) native_bytes: u32,
    pub(crate) problems: Vec<PlanIssue>,
    /// How many of each kind there are, shown or not.
    pub(crate) problem_counts: BTreeMap<String, u32>,
}

/// A category and how many seats it has.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CategorySeats {
    pub(crate) name: String,
    pub(crate) seat_count: u32,
}

/// One thing to look at, and where it is in the file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlanIssue {
    /// warning or error.
    pub(crate) severity: String,
    pub(crate) code: String,
    /// `line 12`, `zones[0].rows[3].seats[1]`, or empty for the whole file.
    pub(crate) at: String,
    pub(crate) message: String,
}

impl TryFrom<&ImportReport> for PlanReport {
    type Error = serde_json::Error;

    /// Fails where the two have come apart, which every import would show.
    fn try_from(report: &ImportReport) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(report)?)
    }
}

/// A plan as it was read, before anything is made of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanPreview {
    pub(crate) report: PlanReport,
    pub(crate) plan: SeatingPlan,
}
