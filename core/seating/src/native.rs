//! Our own compact form, as bytes or as base64 text.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use floodgate_domain::Plan;
use floodgate_domain::plan::wire::{PLAN_VERSION, decode_plan, encode_plan};
use floodgate_domain::plan::{Labels, SectionKind};
use floodgate_domain::text::likeness;

use crate::assemble::{conclude, count, rank};
use crate::doubles::{Doubles, double_message};
use crate::focus::{Focus, extent};
use crate::layout::PITCH;
use crate::names::{clean, judge_category};
use crate::report::{Findings, ImportReport, IssueCode, Rejected};
use crate::{Format, ImportOptions, Imported};

/// The native form as text, as the HTTP interface takes it.
#[must_use]
pub fn to_base64(plan: &Plan) -> String {
    let mut bytes = Vec::new();
    encode_plan(plan, &mut bytes);
    STANDARD.encode(bytes)
}

pub(crate) fn read(bytes: &[u8], options: &ImportOptions) -> Result<Imported, Rejected> {
    let malformed = |message: String| Rejected::because(IssueCode::Malformed, "", message);
    let decoded;
    let native = if bytes.first() == Some(&PLAN_VERSION) {
        bytes
    } else {
        let text: Vec<u8> =
            bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        decoded = STANDARD
            .decode(text)
            .map_err(|error| malformed(format!("neither the native form nor base64: {error}")))?;
        &decoded
    };
    let mut plan =
        decode_plan(native).map_err(|error| malformed(format!("not a native plan: {error}")))?;
    let mut findings = Findings::default();
    clean_names(&mut plan, &mut findings);
    find_double_seats(&plan, &mut findings);
    if let Some(asked) = options.focus {
        look_at(&mut plan, asked);
    }
    let row_quality = match (options.focus, plan.focus) {
        (Some(_), _) => "distance to the focal point: as asked for",
        (None, Some(_)) => "distance to the focal point: given by the plan",
        (None, None) => "given by the plan's ranks",
    };
    let report = ImportReport {
        format: Format::Native.name().to_owned(),
        adjacency: "given by the plan's runs".to_owned(),
        coordinates: "given".to_owned(),
        row_quality: row_quality.to_owned(),
        aisle_count: count(aisles(&plan)),
        ..ImportReport::default()
    };
    conclude(plan, options, report, findings)
}

/// Ranks rows anew, by another focal point.
fn look_at(plan: &mut Plan, asked: Focus) {
    let points = plan.seats().map(|seat| (f64::from(seat.point.0), f64::from(seat.point.1)));
    let (x, y) = asked.within(extent(points), PITCH);
    let focus = (x.round() as i32, y.round() as i32);
    plan.focus = Some(focus);
    for row in plan.sections.iter_mut().flat_map(|section| &mut section.rows) {
        let (Some(first), Some(last)) = (row.runs.first(), row.runs.last()) else { continue };
        let end = last.labels.len().saturating_sub(1);
        let (a, b) = (first.shape.point(0), last.shape.point(end));
        let half = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) / 2) as i32;
        row.rank = rank((half(a.0, b.0), half(a.1, b.1)), focus);
    }
}

/// Where a row's next run is of the same category, only an aisle can be the reason.
fn aisles(plan: &Plan) -> usize {
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    rows.flat_map(|row| row.runs.windows(2))
        .filter(|pair| pair[0].category == pair[1].category)
        .count()
}

fn find_double_seats(plan: &Plan, findings: &mut Findings) {
    let mut seen = Doubles::default();
    for seat in plan.seats() {
        if plan.sections[seat.section_index].kind == SectionKind::GeneralAdmission {
            continue;
        }
        let names = (seat.section, seat.row);
        let label = Cow::Owned(likeness(&seat.label).into_owned());
        let this = (names, seat.label, seat.seat.0);
        let double = seen.add_likeness(names, label, this.clone());
        if let Some((first, label, number)) = double {
            let is_same = (first, &label) == (names, &this.1);
            let first_at = format!("seat {number}");
            let message = double_message((first.0, first.1, &label), is_same, first_at);
            findings.error(IssueCode::DuplicateSeat, format!("seat {}", this.2), message);
        }
    }
}

/// Brings every name into the form that all formats have.
fn clean_names(plan: &mut Plan, findings: &mut Findings) {
    let mut clean_one = |name: &mut String, at: &dyn Fn() -> String| {
        let cleaned = clean(name, Place(at), findings);
        if let Cow::Owned(cleaned) = cleaned {
            *name = cleaned;
        }
    };
    clean_one(&mut plan.name, &|| "name".to_owned());
    for (category, at) in plan.categories.iter_mut().zip(0..) {
        clean_one(&mut category.name, &|| format!("categories[{at}]"));
    }
    for (section, at) in plan.sections.iter_mut().zip(0..) {
        let path = || format!("sections[{at}]");
        clean_one(&mut section.name, &path);
        for (row, at) in section.rows.iter_mut().zip(0..) {
            let path = || format!("{}.rows[{at}]", path());
            clean_one(&mut row.label, &path);
            for (run, at) in row.runs.iter_mut().zip(0..) {
                let path = || format!("{}.runs[{at}]", path());
                if let Labels::Texts(texts) = &mut run.labels {
                    texts.iter_mut().for_each(|text| clean_one(text, &path));
                }
            }
        }
    }
    for (category, at) in plan.categories.iter().zip(0..) {
        judge_category(&category.name, format!("categories[{at}]"), findings);
    }
}

/// A path that is written only when it is needed.
struct Place<'a>(&'a dyn Fn() -> String);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0())
    }
}
