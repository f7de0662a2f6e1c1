//! Draft → plan and report.
//!
//! Owns the steps every foreign format goes through: duplicate names, adjacency, drawing, ranks,
//! runs, counts. Never reads bytes. Start at [`assemble`].

use std::collections::HashMap;

use floodgate_domain::Plan;
use floodgate_domain::plan::check::problems;
use floodgate_domain::plan::wire::encode_plan;
use floodgate_domain::plan::{Row, Run, SEATS_PER_PLAN_MAX, SeatFlags, Section, SectionKind};

use crate::doubles::{Doubles, double_message};
use crate::draft::{Draft, DraftRow, DraftSeat, FileLocation, Point};
use crate::focus::{self, Focus, extent, middle};
use crate::layout::PITCH;
use crate::names::judge_names;
use crate::numbers::{by_numbers, front_rows_first};
use crate::overlap::Overlaps;
use crate::report::{CategoryCount, Findings, ImportReport, IssueCode, Rejected};
use crate::{ImportOptions, Imported, aisles, fit, layout, local, mend};

/// Drawings are shown within this; in pitches it is far more than the largest house.
const EXTENT_MAX: f64 = 50_000_000.0;

/// How the file's positions become plan units.
#[derive(Debug, Clone, Copy)]
struct Frame {
    origin: Point,
    scale: f64,
    size: (i32, i32),
}

impl Frame {
    fn units(&self, point: Point) -> (i32, i32) {
        let unit = |at: f64, origin: f64| ((at - origin) * self.scale).round();
        // Seats are within EXTENT_MAX, as `frame` has checked; a focal point is brought into it.
        let near = |at: f64| at.clamp(-EXTENT_MAX, 2.0 * EXTENT_MAX) as i32;
        (near(unit(point.0, self.origin.0)), near(unit(point.1, self.origin.1)))
    }
}

/// Counts are bounded by SEATS_PER_PLAN_MAX or the input's bytes.
pub(crate) fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(crate) fn assemble(
    mut draft: Draft,
    mut findings: Findings,
    options: &ImportOptions,
) -> Result<Imported, Rejected> {
    let seat_count = draft.seats().count();
    if seat_count > SEATS_PER_PLAN_MAX as usize {
        let message = format!("{seat_count} seats; at most {SEATS_PER_PLAN_MAX} fit");
        findings.error(IssueCode::TooLarge, "", message);
    }
    find_double_names(&draft, &mut findings);
    if findings.has_errors() {
        return Err(findings.reject());
    }
    let mut report =
        ImportReport { format: draft.format.name().to_owned(), ..ImportReport::default() };
    let with_points = draft.seats().filter(|seat| seat.point.is_some()).count();
    let given = with_points == seat_count;
    if !given && with_points > 0 {
        let missing = seat_count - with_points;
        let message = format!("{missing} of {seat_count} seats have no x and y; none are used");
        findings.warn(IssueCode::MissingCoordinates, "", message);
    }
    let pitch = if given {
        report.adjacency = "from the drawing: a gap of more than 1.6 seats is an aisle".to_owned();
        report.coordinates = "given".to_owned();
        aisles::by_geometry(&mut draft)
    } else {
        assume_from_numbers(&mut draft, &mut report, &mut findings);
        Some(PITCH)
    };
    if given && let Some(pitch) = pitch {
        local::spread(&mut draft, pitch, &mut findings);
    }
    let stage = find_focus(&draft, pitch, options, &mut report, &mut findings);
    let frame = match frame(&draft, pitch) {
        Ok(frame) => frame,
        Err(message) => {
            findings.error(IssueCode::BadValue, "", message);
            return Err(findings.reject());
        }
    };
    if given {
        find_overlaps(&draft, &frame, &mut findings);
    }
    report.aisle_count = count(draft.rows().map(|row| row.aisles.len()).sum());
    report.notes = std::mem::take(&mut draft.notes);
    let plan = plan_of(draft, &frame, frame.units(stage));
    conclude(plan, options, report, findings)
}

/// Without a drawing: neighbours by number, places laid out.
fn assume_from_numbers(draft: &mut Draft, report: &mut ImportReport, findings: &mut Findings) {
    front_rows_first(draft, findings);
    let uncounted_rows = by_numbers(draft, findings);
    report.adjacency = "assumed from numbers: seats touch when their numbers follow each other; \
                        compare with the house"
        .to_owned();
    if uncounted_rows > 0 {
        draft.notes.push(format!(
            "{uncounted_rows} rows have labels that do not count; their seats are taken as \
             unbroken in the order of the file"
        ));
    }
    let laid_out = layout::lay_out(draft);
    report.coordinates = format!("laid out by us ({laid_out}); the file has none");
}

fn find_double_names(draft: &Draft, findings: &mut Findings) {
    let mut seats = Doubles::default();
    let mut guids: HashMap<&str, FileLocation> = HashMap::new();
    for section in &draft.sections {
        for row in &section.rows {
            let names = (&*section.name, &*row.label);
            for seat in &row.seats {
                let double = seats.add(names, &seat.label, (&*seat.label, names, seat.origin));
                if let Some((label, (section, row), first)) = double {
                    let is_same = (label, (section, row)) == (&*seat.label, names);
                    let message = double_message((section, row, label), is_same, first);
                    findings.error(IssueCode::DuplicateSeat, seat.origin, message);
                }
                let Some(guid) = &seat.guid else { continue };
                let first = guids.insert(guid, seat.origin);
                if let Some(first) = first.filter(|_| double.is_none()) {
                    let message = format!(
                        "guid `{guid}` belongs to {first} too; section, row and seat \
                         distinguish them"
                    );
                    findings.warn(IssueCode::DuplicateGuid, seat.origin, message);
                }
            }
        }
    }
}

/// Fits the drawing around its seats. Keeps the file's own size where all seats are within.
fn frame(draft: &Draft, pitch: Option<f64>) -> Result<Frame, String> {
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for seat in draft.seats() {
        let (x, y) = seat.point.unwrap_or_default();
        if !x.is_finite() || !y.is_finite() {
            return Err(format!("the seat at {} is drawn nowhere", seat.origin));
        }
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    // A house of lone seats has no pitch; its drawing gets a size that fits a page.
    let extent = (high.0 - low.0).max(high.1 - low.1);
    let scale = match pitch {
        Some(pitch) => PITCH / pitch,
        None if extent > 0.0 => 100.0 * PITCH / extent,
        None => 1.0,
    };
    let margin = PITCH / scale;
    let (mut origin, mut size) = ((0.0, 0.0), draft.size.unwrap_or_default());
    let is_within = low.0 >= 0.0 && low.1 >= 0.0 && high.0 <= size.0 && high.1 <= size.1;
    if !is_within {
        origin = (low.0 - margin, low.1 - margin);
        size = (high.0 - origin.0 + margin, high.1 - origin.1 + margin);
    }
    let (width, height) = (size.0 * scale, size.1 * scale);
    // Not `>`: what is not a number must not pass either.
    if !(width <= EXTENT_MAX && height <= EXTENT_MAX) {
        let times = (width.max(height) / PITCH).round();
        return Err(format!("the drawing is {times} times as wide as the gap between two seats"));
    }
    Ok(Frame { origin, scale, size: (width.ceil() as i32, height.ceil() as i32) })
}

fn find_overlaps(draft: &Draft, frame: &Frame, findings: &mut Findings) {
    let mut overlaps = Overlaps::default();
    let seats: Vec<&DraftSeat> = draft.seats().collect();
    for (seat, number) in seats.iter().zip(0..) {
        let point = frame.units(seat.point.unwrap_or_default());
        if let Some(other) = overlaps.add(point, number) {
            let other = seats[other as usize];
            let message = format!(
                "seat `{}` is drawn on top of seat `{}` at {}",
                seat.label, other.label, other.origin
            );
            findings.warn(IssueCode::Overlap, seat.origin, message);
        }
    }
}

/// The focal point in the file's units, the surest that is known.
fn find_focus(
    draft: &Draft,
    pitch: Option<f64>,
    options: &ImportOptions,
    report: &mut ImportReport,
    findings: &mut Findings,
) -> Point {
    let points = || draft.seats().filter_map(|seat| seat.point);
    let pitch = pitch.unwrap_or_default();
    let (point, from) = if let Some(asked) = options.focus {
        (asked.within(extent(points()), pitch), "as asked for".to_owned())
    } else if let Some((point, name)) = &draft.stage {
        (*point, name.clone())
    } else if let Some((point, how)) = focus::seen(draft, pitch) {
        (point, how.to_owned())
    } else {
        let message = "nothing in the file says where the stage is, and it is assumed at the top \
                       edge; say where with the option focus: top, bottom, left, right, middle or \
                       x,y";
        findings.warn(IssueCode::FocusAssumed, "", message);
        (Focus::Top.within(extent(points()), pitch), "assumed at the top edge".to_owned())
    };
    report.row_quality = format!("distance to the focal point: {from}");
    point
}

fn plan_of(draft: Draft, frame: &Frame, focus: (i32, i32)) -> Plan {
    let mut sections = Vec::with_capacity(draft.sections.len());
    for section in &draft.sections {
        let mut rows = Vec::with_capacity(section.rows.len());
        for row in &section.rows {
            let rank = rank(frame.units(middle(row)), focus);
            rows.push(Row { label: row.label.clone(), rank, runs: runs_of(row, frame) });
        }
        sections.push(Section { name: section.name.clone(), kind: SectionKind::Seated, rows });
    }
    let categories = draft.categories.list;
    Plan { name: draft.name, categories, sections, size: frame.size, focus: Some(focus) }
}

/// A row is as good as its middle is near.
pub(crate) fn rank(middle: (i32, i32), focus: (i32, i32)) -> u32 {
    let away = |a: i32, b: i32| f64::from(a) - f64::from(b);
    away(middle.0, focus.0).hypot(away(middle.1, focus.1)).round().min(1e9) as u32
}

/// A row's runs: cut at aisles and where the category changes.
fn runs_of(row: &DraftRow, frame: &Frame) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut aisles = row.aisles.iter().copied().peekable();
    let mut from = 0;
    for at in 1..=row.seats.len() {
        let aisle = aisles.next_if_eq(&at).is_some();
        let ends = match row.seats.get(at) {
            Some(seat) => aisle || seat.category != row.seats[at - 1].category,
            None => true,
        };
        if ends {
            runs.push(run_of(&row.seats[from..at], frame));
            from = at;
        }
    }
    runs
}

fn run_of(seats: &[DraftSeat], frame: &Frame) -> Run {
    let points = seats.iter().map(|seat| frame.units(seat.point.unwrap_or_default()));
    let flags = seats
        .iter()
        // Runs beyond 16 bits are refused by the check that follows.
        .zip(0..=u16::MAX)
        .filter(|(seat, _)| seat.flags != SeatFlags::default())
        .map(|(seat, at)| (at, seat.flags));
    Run {
        category: seats[0].category,
        labels: fit::labels(seats.iter().map(|seat| seat.label.as_str())),
        shape: fit::shape(points.collect()),
        flags: flags.collect(),
    }
}

/// Mends, counts, and lets the engine's own rules have the last word.
pub(crate) fn conclude(
    mut plan: Plan,
    options: &ImportOptions,
    mut report: ImportReport,
    mut findings: Findings,
) -> Result<Imported, Rejected> {
    if !options.mends.is_empty() {
        let change = mend::apply(&mut plan, &options.mends, &mut findings);
        let aisle_count = i64::from(report.aisle_count).saturating_add(change);
        report.aisle_count = u32::try_from(aisle_count).unwrap_or(0);
        report.mend_count = count(options.mends.len());
    }
    for problem in problems(&plan) {
        findings.error(IssueCode::Unsellable, problem.path, problem.message);
    }
    if findings.has_errors() {
        return Err(findings.reject());
    }
    judge_names(&plan, &mut findings);
    let mut by_category = vec![0; plan.categories.len()];
    for (_, _, run) in plan.runs() {
        let seats = run.labels.len();
        by_category[usize::from(run.category)] += count(seats);
        report.run_count += 1;
        report.single_count += u32::from(seats == 1);
        for (_, flags) in &run.flags {
            report.accessible_count += u32::from(flags.has(SeatFlags::ACCESSIBLE));
            report.companion_count += u32::from(flags.has(SeatFlags::COMPANION));
            report.restricted_view_count += u32::from(flags.has(SeatFlags::RESTRICTED_VIEW));
            report.shaded_count += u32::from(flags.has(SeatFlags::SHADED));
            report.not_for_sale_count += u32::from(flags.has(SeatFlags::BLOCKED));
        }
    }
    report.name.clone_from(&plan.name);
    report.focus = plan.focus.map(|(x, y)| [x, y]);
    report.seat_count = plan.seat_count();
    report.section_count = count(plan.sections.len());
    report.row_count = count(plan.sections.iter().map(|section| section.rows.len()).sum());
    let categories = plan.categories.iter().zip(by_category);
    report.categories = categories
        .map(|(category, seat_count)| CategoryCount { name: category.name.clone(), seat_count })
        .collect();
    let mut native = Vec::new();
    encode_plan(&plan, &mut native);
    report.native_bytes = count(native.len());
    let report = findings.into_report(report);
    Ok(Imported { plan, report })
}
