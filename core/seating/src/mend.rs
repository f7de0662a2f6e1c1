//! Mending a plan that was read: what its file does not say, or says wrongly, and a person knows.
//!
//! Owns the mendings and what each changes. Never guesses: one that names what is not there, or
//! changes nothing, is refused with the fix. They are applied in order, each to what those before
//! it made. Start at [`apply`]; `open_row` takes a row apart and puts it together again.

use serde::Deserialize;

use floodgate_domain::Plan;
use floodgate_domain::plan::{CATEGORIES_MAX, Category, SeatFlags, Section, SectionKind};

use crate::names::clean;
use crate::open_row::OpenRow;
use crate::palette::color_of;
use crate::report::{Findings, IssueCode};

/// More are another file: each is one thing that a person has seen and said.
pub const MENDS_MAX: usize = 1_000;

/// One thing about a plan that its file does not say, or says wrongly. Names are the plan's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "mend", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mend {
    /// An aisle after this seat: it and the next in its row are not neighbours.
    Aisle { section: String, row: String, after: String },
    /// No aisle after this seat: it and the next in its row are neighbours.
    Together { section: String, row: String, after: String },
    /// Another name for a section.
    RenameSection { section: String, to: String },
    /// Another name for a category.
    RenameCategory { category: String, to: String },
    /// Another category for seats; one that is not there yet is made.
    Category {
        section: String,
        row: Option<String>,
        from: Option<String>,
        until: Option<String>,
        to: String,
    },
    /// Something special about seats, or, with `on: false`, nothing special any more.
    Mark {
        section: String,
        row: Option<String>,
        from: Option<String>,
        until: Option<String>,
        #[serde(rename = "as")]
        mark: Marked,
        #[serde(default = "yes")]
        on: bool,
    },
}

const fn yes() -> bool {
    true
}

/// What can be special about a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marked {
    Accessible,
    Companion,
    RestrictedView,
    NotForSale,
    Shaded,
}

impl Marked {
    const fn flag(self) -> SeatFlags {
        match self {
            Marked::Accessible => SeatFlags::ACCESSIBLE,
            Marked::Companion => SeatFlags::COMPANION,
            Marked::RestrictedView => SeatFlags::RESTRICTED_VIEW,
            Marked::NotForSale => SeatFlags::BLOCKED,
            Marked::Shaded => SeatFlags::SHADED,
        }
    }
}

/// The seats that a mending is about: a section, one of its rows, or a part of that row.
#[derive(Debug, Clone, Copy)]
struct Choice<'a> {
    section: &'a str,
    row: Option<&'a str>,
    from: Option<&'a str>,
    until: Option<&'a str>,
}

/// Applies each; faults name it by its number. How many aisles there are more, or fewer.
pub(crate) fn apply(plan: &mut Plan, mends: &[Mend], findings: &mut Findings) -> i64 {
    if mends.len() > MENDS_MAX {
        let message = format!("{} mendings; at most {MENDS_MAX} are applied", mends.len());
        findings.error(IssueCode::CannotMend, "mends", message);
        return 0;
    }
    let mut aisles = 0;
    for (mend, at) in mends.iter().zip(0..) {
        let place = format!("mends[{at}]");
        match apply_one(plan, mend, &place, findings) {
            Ok(change) => aisles += change,
            Err(message) => findings.error(IssueCode::CannotMend, place, message),
        }
    }
    drop_unused_categories(plan);
    aisles
}

fn apply_one(
    plan: &mut Plan,
    mend: &Mend,
    place: &str,
    findings: &mut Findings,
) -> Result<i64, String> {
    match mend {
        Mend::Aisle { section, row, after } => {
            change_row(plan, section, row, |row| row.cut(after))?;
            Ok(1)
        }
        Mend::Together { section, row, after } => {
            change_row(plan, section, row, |row| row.join(after))?;
            Ok(-1)
        }
        Mend::RenameSection { section, to } => {
            let to = clean(to, place, findings).into_owned();
            if to.is_empty() || plan.sections.iter().any(|section| section.name == to) {
                return Err(format!("`{to}` is no name for it: it is empty, or another's"));
            }
            section_of(plan, section)?.name = to;
            Ok(0)
        }
        Mend::RenameCategory { category, to } => {
            let to = clean(to, place, findings).into_owned();
            if to.is_empty() || plan.categories.iter().any(|category| category.name == to) {
                let fix = "to put seats into a category that is there, use `category`";
                return Err(format!("`{to}` is empty, or another category's name; {fix}"));
            }
            let found = plan.categories.iter_mut().find(|one| one.name == *category);
            found.ok_or_else(|| format!("there is no category `{category}`"))?.name = to;
            Ok(0)
        }
        Mend::Category { section, row, from, until, to } => {
            let to = clean(to, place, findings).into_owned();
            let choice = Choice::of(section, row, from, until)?;
            let number = category_of(plan, to)?;
            change_seats(plan, choice, |seat| {
                let is_other = seat.category != number;
                seat.category = number;
                is_other
            })
        }
        Mend::Mark { section, row, from, until, mark, on } => {
            let choice = Choice::of(section, row, from, until)?;
            let flag = mark.flag();
            change_seats(plan, choice, |seat| {
                let is_other = seat.flags.has(flag) != *on;
                seat.flags = if *on { seat.flags.with(flag) } else { seat.flags.without(flag) };
                is_other
            })
        }
    }
}

impl<'a> Choice<'a> {
    fn of(
        section: &'a str,
        row: &'a Option<String>,
        from: &'a Option<String>,
        until: &'a Option<String>,
    ) -> Result<Self, String> {
        if row.is_none() && (from.is_some() || until.is_some()) {
            return Err("`from` and `until` are seats of a row: name the `row` as well".into());
        }
        let (row, from, until) = (row.as_deref(), from.as_deref(), until.as_deref());
        Ok(Choice { section, row, from, until })
    }
}

fn section_of<'a>(plan: &'a mut Plan, name: &str) -> Result<&'a mut Section, String> {
    let found = plan.sections.iter_mut().find(|section| section.name == name);
    found.ok_or_else(|| format!("there is no section `{name}`"))
}

/// Takes one row apart, changes it, and puts it together again.
fn change_row(
    plan: &mut Plan,
    section: &str,
    row: &str,
    change: impl FnOnce(&mut OpenRow) -> Result<(), String>,
) -> Result<(), String> {
    let section = section_of(plan, section)?;
    if section.kind == SectionKind::GeneralAdmission {
        return Err(format!("`{}` has no rows: its places have no numbers", section.name));
    }
    let found = section.rows.iter_mut().find(|one| one.label == row);
    let found = found.ok_or_else(|| format!("`{}` has no row `{row}`", section.name))?;
    let mut open = OpenRow::of(found);
    change(&mut open)?;
    found.runs = open.runs();
    Ok(())
}

/// Changes the seats of a choice, one at least; `change` says whether it did.
fn change_seats(
    plan: &mut Plan,
    choice: Choice<'_>,
    mut change: impl FnMut(&mut crate::open_row::OpenSeat) -> bool,
) -> Result<i64, String> {
    let section = section_of(plan, choice.section)?;
    let rows = section.rows.iter_mut();
    let rows = rows.filter(|row| choice.row.is_none_or(|label| row.label == label));
    let (mut found, mut changed) = (false, false);
    for row in rows {
        found = true;
        let mut open = OpenRow::of(row);
        for seat in open.part(choice.from, choice.until)? {
            changed |= change(seat);
        }
        row.runs = open.runs();
    }
    if !found {
        let row = choice.row.unwrap_or_default();
        return Err(format!("`{}` has no row `{row}`", choice.section));
    }
    if !changed {
        return Err("all of these seats are so already: leave it out".into());
    }
    Ok(0)
}

/// The number of the category with this name, made where it is not there.
fn category_of(plan: &mut Plan, name: String) -> Result<u8, String> {
    if name.is_empty() {
        return Err("`to` is empty: name the category".into());
    }
    let known = plan.categories.iter().position(|category| category.name == name);
    let at = known.unwrap_or(plan.categories.len());
    if at >= CATEGORIES_MAX {
        return Err(format!("a plan has at most {CATEGORIES_MAX} categories"));
    }
    if known.is_none() {
        plan.categories.push(Category { name, color: color_of(at) });
    }
    // Below CATEGORIES_MAX.
    Ok(at as u8)
}

/// A category that no seat has would be priced for nothing.
fn drop_unused_categories(plan: &mut Plan) {
    let mut is_used = vec![false; plan.categories.len()];
    for (_, _, run) in plan.runs() {
        if let Some(used) = is_used.get_mut(usize::from(run.category)) {
            *used = true;
        }
    }
    let mut numbers = Vec::with_capacity(is_used.len());
    let mut next = 0_u8;
    for &used in &is_used {
        numbers.push(next);
        next += u8::from(used);
    }
    let rows = plan.sections.iter_mut().flat_map(|section| &mut section.rows);
    for run in rows.flat_map(|row| &mut row.runs) {
        run.category = numbers.get(usize::from(run.category)).copied().unwrap_or(run.category);
    }
    let mut used = is_used.iter();
    plan.categories.retain(|_| used.next().copied().unwrap_or(true));
}
