//! CSV with a header: one seat per line.
//!
//! Owns this format's columns and their spellings. The order of columns is free; only `row`,
//! `seat` and a section (`section`, `block`, `zone` or `stand`) are required. Messages give lines.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::StringRecord;

use floodgate_domain::plan::{SEATS_PER_PLAN_MAX, SECTIONS_MAX, SeatFlags};

use crate::assemble::assemble;
use crate::draft::{Categories, Draft, DraftRow, DraftSeat, DraftSection, FileLocation};
use crate::names::clean;
use crate::report::{Findings, IssueCode, Rejected};
use crate::{Format, ImportOptions, Imported};

const ONLY_CATEGORY: &str = "Standard";
const NO_CATEGORY: &str = "Without category";

/// The column of each value.
#[derive(Debug, Default)]
struct Columns {
    stand: Option<usize>,
    section: Option<usize>,
    row: Option<usize>,
    seat: Option<usize>,
    category: Option<usize>,
    x: Option<usize>,
    y: Option<usize>,
    flags: Option<usize>,
    accessible: Option<usize>,
    companion: Option<usize>,
    guid: Option<usize>,
}

impl Columns {
    fn slot(&mut self, name: &str) -> Option<&mut Option<usize>> {
        Some(match name {
            "stand" => &mut self.stand,
            "section" | "block" | "zone" => &mut self.section,
            "row" | "row_number" | "row_label" => &mut self.row,
            "seat" | "seat_number" | "seat_label" | "number" => &mut self.seat,
            "category" | "category_name" | "seat_type" => &mut self.category,
            "x" => &mut self.x,
            "y" => &mut self.y,
            "flags" => &mut self.flags,
            "wheelchair" | "accessible" => &mut self.accessible,
            "companion" => &mut self.companion,
            "guid" | "seat_guid" => &mut self.guid,
            _ => return None,
        })
    }

    fn read(header: &StringRecord, findings: &mut Findings) -> Self {
        let mut columns = Columns::default();
        for (at, name) in header.iter().enumerate() {
            // Spreadsheets end lines with separators where cells once were.
            if name.is_empty() {
                continue;
            }
            let name = name.to_lowercase().replace([' ', '-'], "_");
            match columns.slot(&name) {
                Some(slot @ None) => *slot = Some(at),
                Some(Some(_)) => {
                    let message = format!("there is a second column for `{name}`");
                    findings.error(IssueCode::BadValue, "line 1", message);
                }
                None => {
                    let message = format!("column `{name}` is not known and is passed over");
                    findings.warn(IssueCode::UnknownColumn, "line 1", message);
                }
            }
        }
        for (missing, names) in [
            (columns.row.is_none(), "row"),
            (columns.seat.is_none(), "seat"),
            (
                columns.section.is_none() && columns.stand.is_none(),
                "section (or block, zone, stand)",
            ),
        ] {
            if missing {
                let message = format!(
                    "there is no column {names}; the first line must name the columns, such as \
                     section,row,seat,category,x,y,flags"
                );
                findings.error(IssueCode::MissingColumn, "line 1", message);
            }
        }
        columns
    }
}

/// One line's values, empty where there is no such column.
struct Line<'a> {
    record: &'a StringRecord,
    columns: &'a Columns,
    decimal_comma: bool,
    origin: FileLocation,
}

impl<'a> Line<'a> {
    fn text(&self, column: Option<usize>) -> &'a str {
        column.and_then(|at| self.record.get(at)).unwrap_or("")
    }

    fn coordinate(&self, column: Option<usize>, findings: &mut Findings) -> Option<f64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let parsed = if self.decimal_comma { text.replace(',', ".").parse() } else { text.parse() };
        if let Ok(value) = parsed {
            return Some(value);
        }
        let message = format!("`{text}` is not a coordinate");
        findings.error(IssueCode::BadValue, self.origin, message);
        None
    }

    fn is_set(&self, column: Option<usize>, findings: &mut Findings) -> bool {
        let text = self.text(column).to_lowercase();
        match text.as_str() {
            "" | "0" | "no" | "n" | "false" => false,
            "1" | "yes" | "y" | "true" | "x" => true,
            _ => {
                let message = format!("`{text}` is neither yes nor no");
                findings.error(IssueCode::BadValue, self.origin, message);
                false
            }
        }
    }

    fn flags(&self, findings: &mut Findings) -> SeatFlags {
        let mut flags = SeatFlags::default();
        let text = self.text(self.columns.flags).to_lowercase();
        for word in text.split([' ', '|', '+', ';', ',', '/']) {
            let flag = match word {
                "" => SeatFlags::default(),
                "accessible" | "wheelchair" => SeatFlags::ACCESSIBLE,
                "companion" => SeatFlags::COMPANION,
                "restricted" | "restricted_view" => SeatFlags::RESTRICTED_VIEW,
                "blocked" | "not_for_sale" | "kill" => SeatFlags::BLOCKED,
                "shade" | "shaded" => SeatFlags::SHADED,
                bits => match bits.parse() {
                    Ok(bits) if bits <= SeatFlags::ALL.0 => SeatFlags(bits),
                    _ => {
                        // Passing over a word could sell a seat that is not for sale.
                        let message = format!(
                            "`{word}` is not a flag; known are accessible, companion, \
                             restricted_view, not_for_sale, shaded"
                        );
                        findings.error(IssueCode::BadValue, self.origin, message);
                        SeatFlags::default()
                    }
                },
            };
            flags = flags.with(flag);
        }
        if self.is_set(self.columns.accessible, findings) {
            flags = flags.with(SeatFlags::ACCESSIBLE);
        }
        if self.is_set(self.columns.companion, findings) {
            flags = flags.with(SeatFlags::COMPANION);
        }
        flags
    }

    fn category(&self, categories: &mut Categories, findings: &mut Findings) -> u8 {
        let name = self.text(self.columns.category);
        if !name.is_empty() {
            return categories.find_or_add(name, None, self.origin, findings);
        }
        if self.columns.category.is_none() {
            return categories.find_or_add(ONLY_CATEGORY, None, self.origin, findings);
        }
        let message = format!("the seat has no category; it is put into `{NO_CATEGORY}`");
        findings.warn(IssueCode::NoCategory, self.origin, message);
        categories.find_or_add(NO_CATEGORY, None, self.origin, findings)
    }

    fn seat(&self, categories: &mut Categories, findings: &mut Findings) -> DraftSeat {
        let x = self.coordinate(self.columns.x, findings);
        let y = self.coordinate(self.columns.y, findings);
        DraftSeat {
            label: self.text(self.columns.seat).to_owned(),
            category: self.category(categories, findings),
            flags: self.flags(findings),
            point: x.zip(y),
            origin: self.origin,
            guid: Some(self.text(self.columns.guid))
                .filter(|guid| !guid.is_empty())
                .map(str::to_owned),
        }
    }
}

/// Sections and rows in the order in which the file first names them.
#[derive(Debug, Default)]
struct Groups {
    sections: Vec<DraftSection>,
    section_at: HashMap<(String, String), usize>,
    row_at: HashMap<(usize, String), usize>,
}

impl Groups {
    fn row(&mut self, line: &Line<'_>) -> &mut DraftRow {
        let stand = line.text(line.columns.stand);
        let section = line.text(line.columns.section);
        let next_section = self.sections.len();
        let section_at =
            *self.section_at.entry((stand.to_owned(), section.to_owned())).or_insert(next_section);
        if section_at == next_section {
            self.sections.push(DraftSection {
                name: format!("{stand} {section}").trim().to_owned(),
                stand: stand.to_owned(),
                rows: Vec::new(),
            });
        }
        let label = line.text(line.columns.row);
        let rows = &mut self.sections[section_at].rows;
        let row_at = *self.row_at.entry((section_at, label.to_owned())).or_insert(rows.len());
        if row_at == rows.len() {
            rows.push(DraftRow { label: label.to_owned(), seats: Vec::new(), aisles: Vec::new() });
        }
        &mut rows[row_at]
    }
}

pub(crate) fn read(bytes: &[u8], options: &ImportOptions) -> Result<Imported, Rejected> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let delimiter = delimiter_of(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut findings = Findings::default();
    let mut header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            return Err(Rejected::because(IssueCode::Malformed, "line 1", plain(&error)));
        }
    };
    clean_values(&mut header, FileLocation::Line(1), &mut findings);
    let columns = Columns::read(&header, &mut findings);
    if findings.has_errors() {
        return Err(findings.reject());
    }
    let mut categories = Categories::default();
    let mut groups = Groups::default();
    let mut lines = LineCount::new(bytes);
    let mut record = StringRecord::new();
    let mut seat_count = 0_u32;
    loop {
        let start = reader.position().byte();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = lines.line_at(start);
                findings.error(IssueCode::Malformed, FileLocation::Line(line), plain(&error));
                break;
            }
        }
        let origin = FileLocation::Line(lines.line_at(start));
        if record.iter().all(str::is_empty) {
            findings.warn(
                IssueCode::EmptyLine,
                origin,
                "the line has no values; it is passed over",
            );
            continue;
        }
        clean_record(&mut record, &header, origin, &mut findings);
        let line =
            Line { record: &record, columns: &columns, decimal_comma: delimiter != b',', origin };
        seat_count += 1;
        if !take_line(&line, seat_count, &mut groups, &mut categories, &mut findings) {
            break;
        }
    }
    let draft = Draft {
        format: Format::Csv,
        name: String::new(),
        size: None,
        stage: None,
        categories,
        sections: groups.sections,
        notes: one_category_note(&columns),
    };
    assemble(draft, findings, options)
}

/// Cleans a line's values; what stands where the first line names no column is said.
fn clean_record(
    record: &mut StringRecord,
    header: &StringRecord,
    origin: FileLocation,
    findings: &mut Findings,
) {
    clean_values(record, origin, findings);
    let names = header.iter().map(Some).chain(std::iter::repeat(None));
    let unnamed = record
        .iter()
        .zip(names)
        .find(|(value, name)| !value.is_empty() && name.is_none_or(str::is_empty));
    if let Some((value, _)) = unnamed {
        let message = format!("`{value}` stands in a column without a name and is passed over");
        findings.warn(IssueCode::UnnamedColumn, origin, message);
    }
}

fn clean_values(record: &mut StringRecord, origin: FileLocation, findings: &mut Findings) {
    let values: Vec<Cow<'_, str>> =
        record.iter().map(|value| clean(value, origin, findings)).collect();
    if values.iter().any(|value| matches!(value, Cow::Owned(_))) {
        let cleaned: StringRecord = values.iter().map(AsRef::as_ref).collect::<Vec<&str>>().into();
        *record = cleaned;
    }
}

/// Counts lines up to a record, empty ones included: the parser passes over those before a
/// record only after it has noted where it starts.
struct LineCount<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> LineCount<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        LineCount { bytes, at: 0, line: 1 }
    }

    /// The line of the first text at or after `start`, which never goes back.
    fn line_at(&mut self, start: u64) -> u32 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(&byte) = self.bytes.get(self.at) {
            if self.at >= start && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            // INPUT_BYTES_MAX lines fit into 32 bits.
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Adds one line's seat; says whether reading on makes sense.
fn take_line(
    line: &Line<'_>,
    seat_count: u32,
    groups: &mut Groups,
    categories: &mut Categories,
    findings: &mut Findings,
) -> bool {
    if seat_count > SEATS_PER_PLAN_MAX {
        let message = format!("there are more than {SEATS_PER_PLAN_MAX} seats");
        findings.error(IssueCode::TooLarge, line.origin, message);
        return false;
    }
    let section = line.text(line.columns.section).len() + line.text(line.columns.stand).len();
    for (name, length) in [
        ("section", section),
        ("row", line.text(line.columns.row).len()),
        ("seat", line.text(line.columns.seat).len()),
    ] {
        if length == 0 {
            findings.error(IssueCode::BadValue, line.origin, format!("the {name} is empty"));
        }
    }
    let seat = line.seat(categories, findings);
    groups.row(line).seats.push(seat);
    if groups.sections.len() > SECTIONS_MAX {
        let message = format!("there are more than {SECTIONS_MAX} sections");
        findings.error(IssueCode::TooLarge, line.origin, message);
        return false;
    }
    !findings.is_hopeless()
}

/// Spreadsheets write semicolons or tabs where the comma is a decimal sign.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| {
            let count = header.iter().filter(|byte| *byte == delimiter).count();
            // Of equals the earlier in the list wins.
            (count, *delimiter == b',')
        })
        .unwrap_or(b',')
}

fn one_category_note(columns: &Columns) -> Vec<String> {
    if columns.category.is_some() {
        return Vec::new();
    }
    vec![format!("there is no category column; every seat is in `{ONLY_CATEGORY}`")]
}

fn plain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8; save the file as UTF-8".to_owned(),
        _ => format!("not a CSV table: {error}"),
    }
}
