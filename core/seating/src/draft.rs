//! What a foreign file says, before anything is inferred from it.
//!
//! Owns the shape that every reader of a foreign format fills, and the one table of
//! categories. Never judges geometry.

use std::collections::HashMap;
use std::fmt;

use floodgate_domain::plan::{CATEGORIES_MAX, Category, SeatFlags};

use crate::Format;
use crate::names::judge_category;
use crate::palette::color_of;
use crate::report::{Findings, IssueCode};

/// Where in the file something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileLocation {
    Line(u32),
    Row { zone: u32, row: u32 },
    Seat { zone: u32, row: u32, seat: u32 },
}

impl fmt::Display for FileLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileLocation::Line(line) => write!(f, "line {line}"),
            FileLocation::Row { zone, row } => write!(f, "zones[{zone}].rows[{row}]"),
            FileLocation::Seat { zone, row, seat } => {
                write!(f, "zones[{zone}].rows[{row}].seats[{seat}]")
            }
        }
    }
}

/// A position in the file's own units.
pub(crate) type Point = (f64, f64);

#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) format: Format,
    pub(crate) name: String,
    /// The drawing's size, if the file gives one.
    pub(crate) size: Option<Point>,
    /// Where a stage is known to be, and in words how.
    pub(crate) stage: Option<(Point, String)>,
    pub(crate) categories: Categories,
    pub(crate) sections: Vec<DraftSection>,
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct DraftSection {
    pub(crate) name: String,
    /// The side of the house it belongs to, if the file has a column for it.
    pub(crate) stand: String,
    pub(crate) rows: Vec<DraftRow>,
}

#[derive(Debug)]
pub(crate) struct DraftRow {
    pub(crate) label: String,
    pub(crate) seats: Vec<DraftSeat>,
    /// Seats (by position in `seats`) that do not touch the one before; set by `aisles`.
    pub(crate) aisles: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct DraftSeat {
    pub(crate) label: String,
    pub(crate) category: u8,
    pub(crate) flags: SeatFlags,
    pub(crate) point: Option<Point>,
    pub(crate) origin: FileLocation,
    pub(crate) guid: Option<String>,
}

impl Draft {
    pub(crate) fn rows(&self) -> impl Iterator<Item = &DraftRow> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut DraftRow> {
        self.sections.iter_mut().flat_map(|section| &mut section.rows)
    }

    pub(crate) fn seats(&self) -> impl Iterator<Item = &DraftSeat> {
        self.rows().flat_map(|row| &row.seats)
    }
}

/// The categories in the order they were first met, at most [`CATEGORIES_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Categories {
    pub(crate) list: Vec<Category>,
    by_name: HashMap<String, u8>,
    full_reported: bool,
}

impl Categories {
    pub(crate) fn find(&self, name: &str) -> Option<u8> {
        self.by_name.get(name).copied()
    }

    /// The category's number; a new one gets the color given or one of the palette.
    /// One too many is reported once and counted as the first category.
    pub(crate) fn find_or_add(
        &mut self,
        name: &str,
        color: Option<[u8; 3]>,
        at: impl fmt::Display,
        findings: &mut Findings,
    ) -> u8 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = self.list.len();
        if number >= CATEGORIES_MAX {
            if !self.full_reported {
                self.full_reported = true;
                let message = format!("there are more than {CATEGORIES_MAX} categories");
                findings.error(IssueCode::TooLarge, at, message);
            }
            return 0;
        }
        judge_category(name, at, findings);
        self.list.push(Category {
            name: name.to_owned(),
            color: color.unwrap_or_else(|| color_of(number)),
        });
        // CATEGORIES_MAX is 64.
        let number = number as u8;
        self.by_name.insert(name.to_owned(), number);
        number
    }
}
