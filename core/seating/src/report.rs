//! What a person should know about a plan before selling it.
//!
//! Owns codes, severities and counts. Never decides what is a problem. A plan with errors is
//! refused ([`Rejected`]); warnings go with it ([`ImportReport`]).

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use floodgate_domain::Plan;

/// Shown for each code; an exporter that is wrong once is wrong for every seat.
const SHOWN_PER_CODE_MAX: u32 = 10;

/// Does it refuse the plan?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Error,
}

/// What kind of problem; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueCode {
    /// The file is not what its format says.
    Malformed,
    /// A limit of file or plan is passed.
    TooLarge,
    /// A column that must be there is not.
    MissingColumn,
    /// A column nobody asked for.
    UnknownColumn,
    /// A value is missing or cannot be read.
    BadValue,
    /// Two seats with the same section, row and label.
    DuplicateSeat,
    /// One foreign id for two seats that differ otherwise.
    DuplicateGuid,
    /// A category is declared twice.
    DuplicateCategory,
    /// A seat names a category that is not declared.
    UnknownCategory,
    /// A seat names no category.
    NoCategory,
    /// Seats lie on top of each other.
    Overlap,
    /// A row without seats.
    EmptyRow,
    /// A line of a table without any value.
    EmptyLine,
    /// A value in a column that has no name.
    UnnamedColumn,
    /// A name with characters that no screen shows; they are left out.
    InvisibleCharacter,
    /// A row's order in the file is not that of its numbers; both readings are said.
    OrderOfSeats,
    /// A section's rows are listed from the back.
    OrderOfRows,
    /// Each block is drawn from its own corner.
    LocalCoordinates,
    /// Nothing in the file says where the stage is.
    FocusAssumed,
    /// A category named by an id of a program.
    CategoryIsId,
    /// The plan or a section named by an id of a program.
    NameIsId,
    /// A category whose name says that it is not for sale.
    CategoryNotForSale,
    /// Some seats have coordinates and some do not.
    MissingCoordinates,
    /// A mending that names what is not there, or changes nothing.
    CannotMend,
    /// The engine would refuse the plan.
    Unsellable,
}

impl IssueCode {
    const fn name(self) -> &'static str {
        match self {
            IssueCode::Malformed => "malformed",
            IssueCode::TooLarge => "too_large",
            IssueCode::MissingColumn => "missing_column",
            IssueCode::UnknownColumn => "unknown_column",
            IssueCode::BadValue => "bad_value",
            IssueCode::DuplicateSeat => "duplicate_seat",
            IssueCode::DuplicateGuid => "duplicate_guid",
            IssueCode::DuplicateCategory => "duplicate_category",
            IssueCode::UnknownCategory => "unknown_category",
            IssueCode::NoCategory => "no_category",
            IssueCode::Overlap => "overlap",
            IssueCode::EmptyRow => "empty_row",
            IssueCode::EmptyLine => "empty_line",
            IssueCode::UnnamedColumn => "unnamed_column",
            IssueCode::InvisibleCharacter => "invisible_character",
            IssueCode::OrderOfSeats => "order_of_seats",
            IssueCode::OrderOfRows => "order_of_rows",
            IssueCode::LocalCoordinates => "local_coordinates",
            IssueCode::FocusAssumed => "focus_assumed",
            IssueCode::CategoryIsId => "category_is_id",
            IssueCode::NameIsId => "name_is_id",
            IssueCode::CategoryNotForSale => "category_not_for_sale",
            IssueCode::MissingCoordinates => "missing_coordinates",
            IssueCode::CannotMend => "cannot_mend",
            IssueCode::Unsellable => "unsellable",
        }
    }
}

/// One thing wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueCode,
    /// `line 12`, `zones[0].rows[3].seats[1]`, or empty for the whole file.
    pub at: String,
    pub message: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity} {}", self.code.name())?;
        if !self.at.is_empty() {
            write!(f, " at {}", self.at)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Problems as they are found, bounded.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    shown: Vec<Issue>,
    counts: BTreeMap<IssueCode, u32>,
    has_errors: bool,
}

impl Findings {
    pub(crate) fn warn(
        &mut self,
        code: IssueCode,
        at: impl fmt::Display,
        message: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, &at, message.into());
    }

    pub(crate) fn error(
        &mut self,
        code: IssueCode,
        at: impl fmt::Display,
        message: impl Into<String>,
    ) {
        self.has_errors = true;
        self.add(Severity::Error, code, &at, message.into());
    }

    fn add(&mut self, severity: Severity, code: IssueCode, at: &dyn fmt::Display, message: String) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= SHOWN_PER_CODE_MAX {
            let at = at.to_string();
            self.shown.push(Issue { severity, code, at, message });
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.has_errors
    }

    #[cfg(test)]
    pub(crate) fn count_of(&self, code: IssueCode) -> u32 {
        self.counts.get(&code).copied().unwrap_or_default()
    }

    /// Whether so much is wrong that reading on would only repeat it.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.has_errors && self.counts.values().any(|&count| count > 10_000)
    }

    /// Errors first, each kind in the order of the file.
    fn into_parts(mut self) -> (Vec<Issue>, BTreeMap<IssueCode, u32>) {
        self.shown.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
        (self.shown, self.counts)
    }

    pub(crate) fn reject(self) -> Rejected {
        let (problems, problem_counts) = self.into_parts();
        Rejected { problems, problem_counts }
    }

    pub(crate) fn into_report(self, mut report: ImportReport) -> ImportReport {
        (report.problems, report.problem_counts) = self.into_parts();
        report
    }
}

/// Why a plan cannot be sold: at least one error, and the warnings found on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Rejected {
    pub problems: Vec<Issue>,
    /// How many of each kind there are, shown or not.
    pub problem_counts: BTreeMap<IssueCode, u32>,
}

impl Rejected {
    pub(crate) fn because(code: IssueCode, at: &str, message: String) -> Self {
        let mut findings = Findings::default();
        findings.error(code, at, message);
        findings.reject()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the plan cannot be sold")?;
        write_problems(f, &self.problems, &self.problem_counts)
    }
}

/// A category and how many seats it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryCount {
    pub name: String,
    pub seat_count: u32,
}

/// What was read and what was assumed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportReport {
    pub format: String,
    pub name: String,
    pub seat_count: u32,
    pub row_count: u32,
    pub section_count: u32,
    pub run_count: u32,
    pub categories: Vec<CategoryCount>,
    /// Places within a row where neighbours do not touch.
    pub aisle_count: u32,
    /// Mendings that were applied, as asked for.
    pub mend_count: u32,
    /// Seats without a neighbour in their run.
    pub single_count: u32,
    pub accessible_count: u32,
    pub companion_count: u32,
    pub restricted_view_count: u32,
    pub not_for_sale_count: u32,
    /// In the shade, where the plan says so.
    pub shaded_count: u32,
    /// How it was found which seats touch.
    pub adjacency: String,
    /// Where the drawing comes from.
    pub coordinates: String,
    /// What makes a row better than another.
    pub row_quality: String,
    /// The focal point in plan units; none where only ranks are known.
    pub focus: Option<[i32; 2]>,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
    pub native_bytes: u32,
    pub problems: Vec<Issue>,
    /// How many of each kind there are, shown or not.
    pub problem_counts: BTreeMap<IssueCode, u32>,
}

/// A plan and what was found while reading it.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub plan: Plan,
    pub report: ImportReport,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "unnamed plan" } else { &self.name };
        writeln!(
            f,
            "{name}: {} in {} and {}",
            counted(self.seat_count, "seat"),
            counted(self.row_count, "row"),
            counted(self.section_count, "section"),
        )?;
        writeln!(f, "  format       {}", self.format)?;
        let categories: Vec<_> = self
            .categories
            .iter()
            .map(|category| format!("{} {}", category.name, category.seat_count))
            .collect();
        writeln!(f, "  categories   {}", categories.join(", "))?;
        writeln!(f, "  adjacency    {}", self.adjacency)?;
        writeln!(
            f,
            "  neighbours   {}, {} of seats that touch, {}",
            counted(self.aisle_count, "aisle"),
            counted(self.run_count, "run"),
            counted(self.single_count, "single seat"),
        )?;
        if self.mend_count > 0 {
            let mends = counted(self.mend_count, "thing");
            writeln!(f, "  mended       {mends}, as asked for")?;
        }
        writeln!(f, "  drawing      {}", self.coordinates)?;
        writeln!(f, "  row quality  {}", self.row_quality)?;
        if let Some([x, y]) = self.focus {
            writeln!(f, "  focal point  {x},{y} of the plan's units; the option focus moves it")?;
        }
        let shaded = match self.shaded_count {
            0 => String::new(),
            count => format!(", {count} in the shade"),
        };
        writeln!(
            f,
            "  flags        {} accessible, {} companion, {} restricted view, {} not for sale{}",
            self.accessible_count,
            self.companion_count,
            self.restricted_view_count,
            self.not_for_sale_count,
            shaded,
        )?;
        writeln!(f, "  native form  {}", counted(self.native_bytes, "byte"))?;
        for note in &self.notes {
            writeln!(f, "  note         {note}")?;
        }
        write_problems(f, &self.problems, &self.problem_counts)
    }
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn write_problems(
    f: &mut fmt::Formatter<'_>,
    problems: &[Issue],
    counts: &BTreeMap<IssueCode, u32>,
) -> fmt::Result {
    for problem in problems {
        writeln!(f, "  {problem}")?;
    }
    for (code, &count) in counts {
        if count > SHOWN_PER_CODE_MAX {
            let more = count - SHOWN_PER_CODE_MAX;
            writeln!(f, "  … and {more} more of {}", code.name())?;
        }
    }
    Ok(())
}
