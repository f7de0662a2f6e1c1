//! The seating plan: sections, rows, and runs of adjacent seats.
//!
//! A plan is stored by runs, not by seats: 200,000 seats take well under a megabyte.
//! Adjacency is data. Seats of one [`Run`] are adjacent; seats of different runs are not, whatever
//! their labels say. Seats are numbered ([`crate::SeatId`]) in plan order.
//!
//! [`wire`] holds the compact native form; readers of foreign formats live outside this crate.

pub mod check;
pub mod wire;

use crate::ids::VenueId;
use crate::seats::{SeatId, SeatState};

/// Limits that keep a plan's tables and its wire form bounded.
pub const SEATS_PER_PLAN_MAX: u32 = 1 << 20;
/// One bit a category in a [`CategorySet`].
pub const CATEGORIES_MAX: usize = 64;
/// Far above any real house; bounds the work of reading a hostile plan.
pub const SECTIONS_MAX: usize = 4096;
/// Two bytes count a run's seats.
pub const SEATS_PER_RUN_MAX: usize = 4096;
/// Labels are shown on tickets and maps; longer ones are mistakes.
pub const LABEL_BYTES_MAX: usize = 64;
/// Exported plans are often named after a venue, a hall and a show together.
pub const PLAN_NAME_BYTES_MAX: usize = 256;

/// A place to sell: what is where, in which category, next to what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    pub name: String,
    pub categories: Vec<Category>,
    pub sections: Vec<Section>,
    /// Outer size of the drawing in plan units (1/100 of a seat pitch is typical): width, height.
    pub size: (i32, i32),
    /// What everybody looks at, in plan units: the nearer a seat, the better. None: rows have their
    /// ranks, and seats of a row are alike.
    pub focus: Option<(i32, i32)>,
}

/// A price category as the venue names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Category {
    pub name: String,
    /// Red, green, blue.
    pub color: [u8; 3],
}

/// A block of the house with a name people look for at the gate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    pub name: String,
    pub kind: SectionKind,
    pub rows: Vec<Row>,
}

/// Numbered seats, or a standing area with a capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SectionKind {
    #[default]
    Seated,
    /// A general-admission area. Its places are the seats of its runs, which carry no
    /// labels; any of them will do, together or not.
    GeneralAdmission,
}

/// A row: its label, how good it is, and its runs from one end to the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    pub label: String,
    /// Smaller is better; equal ranks are served in plan order.
    pub rank: u32,
    pub runs: Vec<Run>,
}

/// Seats of one category that touch each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Index into [`Plan::categories`].
    pub category: u8,
    pub labels: Labels,
    pub shape: Shape,
    /// Exceptions only: (seat within the run, its flags).
    pub flags: Vec<(u16, SeatFlags)>,
}

/// How the seats of a run are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// `first`, `first + step`, … for `count` seats.
    Numbers { first: i32, step: i32, count: u16 },
    /// One text a seat.
    Texts(Vec<String>),
}

impl Default for Labels {
    fn default() -> Self {
        Labels::Numbers { first: 1, step: 1, count: 0 }
    }
}

/// Where the seats of a run are drawn, in plan units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// On a straight line; `dx`, `dy` are in 1/256 plan units so that slants do not drift.
    Line { x: i32, y: i32, dx: i32, dy: i32 },
    /// One point a seat.
    Points(Vec<(i32, i32)>),
}

impl Default for Shape {
    fn default() -> Self {
        Shape::Line { x: 0, y: 0, dx: 0, dy: 0 }
    }
}

/// What is special about a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SeatFlags(pub u8);

impl SeatFlags {
    /// A wheelchair space; a pool of its own, never given to a general request.
    pub const ACCESSIBLE: SeatFlags = SeatFlags(1);
    /// The seat beside a wheelchair space; the same pool.
    pub const COMPANION: SeatFlags = SeatFlags(2);
    /// Sold as such: something is in the way.
    pub const RESTRICTED_VIEW: SeatFlags = SeatFlags(4);
    /// Not for sale in this plan (technics, kills).
    pub const BLOCKED: SeatFlags = SeatFlags(8);
    /// In the shade while the event is on, by the house's own word; known since version 6 of the rules.
    pub const SHADED: SeatFlags = SeatFlags(16);
    /// Every bit with a meaning; others are mistakes.
    pub const ALL: SeatFlags = SeatFlags(31);

    #[must_use]
    pub const fn has(self, flag: SeatFlags) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub const fn with(self, flag: SeatFlags) -> Self {
        SeatFlags(self.0 | flag.0)
    }

    #[must_use]
    pub const fn without(self, flag: SeatFlags) -> Self {
        SeatFlags(self.0 & !flag.0)
    }
}

/// A set of price categories, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CategorySet(pub u64);

impl CategorySet {
    pub const ANY: CategorySet = CategorySet(u64::MAX);

    #[must_use]
    pub const fn only(category: u8) -> Self {
        CategorySet(1 << (category & 63))
    }

    #[must_use]
    pub const fn contains(self, category: u8) -> bool {
        self.0 & (1 << (category & 63)) != 0
    }
}

impl Labels {
    /// How many seats are named.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Labels::Numbers { count, .. } => usize::from(*count),
            Labels::Texts(texts) => texts.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of the seat at `at`, if there is one.
    #[must_use]
    pub fn label(&self, at: usize) -> Option<String> {
        match self {
            Labels::Numbers { first, step, count } => {
                let at = i64::try_from(at).ok().filter(|&at| at < i64::from(*count))?;
                Some((i64::from(*first) + i64::from(*step) * at).to_string())
            }
            Labels::Texts(texts) => texts.get(at).cloned(),
        }
    }
}

impl Shape {
    /// Where the seat at `at` is drawn, in plan units.
    #[must_use]
    pub fn point(&self, at: usize) -> (i32, i32) {
        match self {
            Shape::Line { x, y, dx, dy } => {
                let at = i64::try_from(at).unwrap_or(0);
                let on = |start: i32, step: i32| {
                    let moved = i64::from(start) + i64::from(step) * at / 256;
                    i32::try_from(moved).unwrap_or(start)
                };
                (on(*x, *dx), on(*y, *dy))
            }
            Shape::Points(points) => points.get(at).copied().unwrap_or((0, 0)),
        }
    }
}

/// A gap of more than so many tenths of a step between two seats is an aisle. Drawings place seats
/// by hand and on curves, so steps within a run vary by a quarter; an aisle is at least a missing
/// seat wide.
pub const AISLE_TENTHS: i64 = 16;

impl Row {
    /// Whether the first seat of run `at` is beside the last seat of the run before it. Runs end at
    /// aisles and where the category changes, so two of one category never touch; two of
    /// different categories do where they are drawn no further apart than the seats within them.
    #[must_use]
    pub fn touches(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.runs.get(before));
        let (Some(before), Some(run)) = (before, self.runs.get(at)) else {
            return false;
        };
        let Some(last) = before.labels.len().checked_sub(1) else {
            return false;
        };
        let step = self.runs.iter().filter_map(Run::first_step).min().unwrap_or(0);
        let gap = square_of_distance(before.shape.point(last), run.shape.point(0));
        run.category != before.category
            && step > 0
            && gap * 100 <= step * i128::from(AISLE_TENTHS * AISLE_TENTHS)
    }
}

fn square_of_distance(a: (i32, i32), b: (i32, i32)) -> i128 {
    let along = |a: i32, b: i32| i128::from(a) - i128::from(b);
    along(a.0, b.0).pow(2) + along(a.1, b.1).pow(2)
}

impl Run {
    /// How far its first two seats are drawn apart, squared; `None` when there are none, or on one spot.
    fn first_step(&self) -> Option<i128> {
        let step = square_of_distance(self.shape.point(0), self.shape.point(1));
        (self.labels.len() > 1 && step > 0).then_some(step)
    }

    /// The flags of the seat at `at`; most seats have none.
    #[must_use]
    pub fn flags_of(&self, at: usize) -> SeatFlags {
        self.flags
            .iter()
            .find(|(seat, _)| usize::from(*seat) == at)
            .map_or(SeatFlags::default(), |(_, flags)| *flags)
    }
}

/// One seat in full, for people: tickets, tables, lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatDetail<'a> {
    pub seat: SeatId,
    pub section_index: usize,
    pub section: &'a str,
    pub row: &'a str,
    /// Empty for a general-admission place.
    pub label: String,
    pub category: u8,
    pub flags: SeatFlags,
    pub point: (i32, i32),
}

impl SeatDetail<'_> {
    /// Where the seat stands when its event begins.
    #[must_use]
    pub fn first_state(&self) -> SeatState {
        if self.flags.has(SeatFlags::BLOCKED) { SeatState::NotForSale } else { SeatState::Free }
    }
}

impl Plan {
    /// Seats of every kind, general-admission places included.
    #[must_use]
    pub fn seat_count(&self) -> u32 {
        let seats: usize = self.runs().map(|(_, _, run)| run.labels.len()).sum();
        u32::try_from(seats).unwrap_or(u32::MAX)
    }

    /// Whether any seat has the flag.
    #[must_use]
    pub fn has_flag(&self, flag: SeatFlags) -> bool {
        self.runs().any(|(_, _, run)| run.flags.iter().any(|(_, flags)| flags.has(flag)))
    }

    /// Every run in plan order with its section's index and its row.
    pub fn runs(&self) -> impl Iterator<Item = (usize, &Row, &Run)> {
        self.sections.iter().enumerate().flat_map(|(at, section)| {
            section.rows.iter().flat_map(move |row| row.runs.iter().map(move |run| (at, row, run)))
        })
    }

    /// Every seat in plan order, which is the order of [`SeatId`].
    pub fn seats(&self) -> impl Iterator<Item = SeatDetail<'_>> {
        let mut number = 0_u32;
        self.runs().flat_map(move |(section_index, row, run)| {
            let section = &self.sections[section_index];
            let first = number;
            let count = u32::try_from(run.labels.len()).unwrap_or(0);
            number = number.saturating_add(count);
            (0..count).map(move |at| {
                let within = at as usize;
                let label = match section.kind {
                    SectionKind::Seated => run.labels.label(within).unwrap_or_default(),
                    SectionKind::GeneralAdmission => String::new(),
                };
                SeatDetail {
                    seat: SeatId(first + at),
                    section_index,
                    section: &section.name,
                    row: &row.label,
                    label,
                    category: run.category,
                    flags: run.flags_of(within),
                    point: run.shape.point(within),
                }
            })
        })
    }

    /// The venue's id: the first eight bytes of a digest of the native form, so that the same
    /// plan is the same venue wherever it is uploaded. `digest` comes from the caller, since
    /// this crate hashes nothing.
    #[must_use]
    pub fn venue_id(digest: &[u8; 32]) -> VenueId {
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        VenueId(u64::from_be_bytes(head))
    }
}
