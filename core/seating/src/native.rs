//! Our own compact form, as bytes or as base64 text.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use floodgate_domain::Plan;
use floodgate_domain::plan::SectionKind;
use floodgate_domain::plan::wire::{PLAN_VERSION, decode_plan, encode_plan};

use crate::assemble::{conclude, count};
use crate::report::{Findings, ImportReport, IssueCode, Rejected};
use crate::{Format, Imported};

/// The native form as text, as the HTTP interface takes it.
#[must_use]
pub fn to_base64(plan: &Plan) -> String {
    let mut bytes = Vec::new();
    encode_plan(plan, &mut bytes);
    STANDARD.encode(bytes)
}

pub(crate) fn read(bytes: &[u8]) -> Result<Imported, Rejected> {
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
    let plan =
        decode_plan(native).map_err(|error| malformed(format!("not a native plan: {error}")))?;
    let mut findings = Findings::default();
    find_double_seats(&plan, &mut findings);
    let report = ImportReport {
        format: Format::Native.name().to_owned(),
        adjacency: "given by the plan's runs".to_owned(),
        coordinates: "given".to_owned(),
        row_quality: "given by the plan's ranks".to_owned(),
        aisle_count: count(aisles(&plan)),
        ..ImportReport::default()
    };
    conclude(plan, report, findings)
}

/// Where a row's next run is of the same category, only an aisle can be the reason.
fn aisles(plan: &Plan) -> usize {
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    rows.flat_map(|row| row.runs.windows(2))
        .filter(|pair| pair[0].category == pair[1].category)
        .count()
}

fn find_double_seats(plan: &Plan, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for seat in plan.seats() {
        if plan.sections[seat.section_index].kind == SectionKind::GeneralAdmission {
            continue;
        }
        if !seen.insert((seat.section, seat.row, seat.label.clone())) {
            let at = format!("seat {}", seat.seat.0);
            let (section, row, label) = (seat.section, seat.row, seat.label);
            let message = format!("there are two seats {section} / {row} / {label}");
            findings.error(IssueCode::DuplicateSeat, at, message);
        }
    }
}
