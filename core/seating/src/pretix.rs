//! pretix seating-plan JSON: `zones[].rows[].seats[]`.
//!
//! Owns this format's shape. Unknown keys are ignored, since newer editors write
//! more of them; areas are drawings, of which only one named as the stage matters here. A
//! seat's place is zone + row + seat position.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};

use floodgate_domain::plan::{SECTIONS_MAX, SeatFlags};

use crate::assemble::assemble;
use crate::draft::{Categories, Draft, DraftRow, DraftSeat, DraftSection, FileLocation, Point};
use crate::names::clean;
use crate::palette::parse_color;
use crate::report::{Findings, IssueCode, Rejected};
use crate::{Format, ImportOptions, Imported};

/// The only names by which an area, or a zone without seats, is taken for the stage, spaces and case aside.
const STAGE_NAMES: [&str; 22] = [
    "stage",
    "thestage",
    "mainstage",
    "bühne",
    "hauptbühne",
    "scène",
    "scene",
    "escenario",
    "palco",
    "palcoscenico",
    "panggung",
    "сцена",
    "field",
    "playingfield",
    "pitch",
    "court",
    "spielfeld",
    "поле",
    "screen",
    "leinwand",
    "altar",
    "舞台",
];
/// Where seats of no category go; it has no price until someone gives it one.
const NO_CATEGORY: &str = "Without category";
/// Declarations are read beyond what a plan holds, so that the report can say what is double.
const CATEGORIES_READ_MAX: usize = 1024;

// `rows`, `seats` and positions are required: so every item has many bytes in the file, and
// what is in memory stays within a few times the largest file.
#[derive(Debug, Deserialize)]
struct PlanFile {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "at_most::<_, _, CATEGORIES_READ_MAX>")]
    categories: Vec<CategoryItem>,
    #[serde(deserialize_with = "at_most::<_, _, SECTIONS_MAX>")]
    zones: Vec<Zone>,
    size: Option<Size>,
}

#[derive(Debug, Deserialize)]
struct CategoryItem {
    name: Text,
    color: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Size {
    width: f64,
    height: f64,
}

#[derive(Debug, Clone, Copy, Deserialize, Default)]
struct Position {
    x: f64,
    y: f64,
}

#[derive(Debug, Deserialize)]
struct Zone {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    position: Position,
    rows: Vec<RowItem>,
    #[serde(default, deserialize_with = "stage_of")]
    areas: Option<(Position, String)>,
}

#[derive(Debug, Deserialize)]
struct RowItem {
    #[serde(default)]
    row_number: Text,
    /// Newer files have it; used when there is no number.
    #[serde(default)]
    row_label: Text,
    position: Position,
    seats: Vec<SeatItem>,
}

#[derive(Debug, Deserialize)]
struct SeatItem {
    #[serde(default)]
    seat_number: Text,
    seat_guid: Option<Text>,
    position: Position,
    category: Option<Text>,
}

#[derive(Debug, Deserialize)]
struct Area {
    #[serde(default)]
    position: Position,
    text: Option<AreaText>,
}

#[derive(Debug, Deserialize)]
struct AreaText {
    #[serde(default)]
    text: String,
    #[serde(default)]
    position: Position,
}

/// A text, or a number that an editor wrote instead.
#[derive(Debug, Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.trim().to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// Reads a list of at most `MAX` items: zones and categories are short in a file and larger in
/// memory, so their number is bounded while reading.
fn at_most<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                if list.len() == MAX {
                    return Err(A::Error::custom(format!("more than {MAX} items in a list")));
                }
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(ListVisitor::<T, MAX>(PhantomData))
}

/// Reads areas one by one and keeps only the first that is named as the stage.
fn stage_of<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<(Position, String)>, D::Error> {
    struct AreasVisitor;

    impl<'de> Visitor<'de> for AreasVisitor {
        type Value = Option<(Position, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of areas")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut areas: A) -> Result<Self::Value, A::Error> {
            while let Some(area) = areas.next_element::<Area>()? {
                let Some(text) = area.text.filter(|text| names_a_stage(&text.text)) else {
                    continue;
                };
                while areas.next_element::<IgnoredAny>()?.is_some() {}
                let position = Position {
                    x: area.position.x + text.position.x,
                    y: area.position.y + text.position.y,
                };
                return Ok(Some((position, text.text)));
            }
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(AreasVisitor)
}

fn names_a_stage(text: &str) -> bool {
    let letters: String =
        text.chars().filter(|c| !c.is_whitespace()).take(16).flat_map(char::to_lowercase).collect();
    STAGE_NAMES.contains(&letters.as_str())
}

pub(crate) fn read(bytes: &[u8], options: &ImportOptions) -> Result<Imported, Rejected> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let file: PlanFile = serde_json::from_slice(bytes).map_err(|error| {
        let at = format!("line {}", error.line());
        let message = format!("not a pretix seating plan: {error}");
        Rejected::because(IssueCode::Malformed, &at, message)
    })?;
    let mut findings = Findings::default();
    let mut draft = Draft {
        format: Format::Pretix,
        name: clean(&file.name, "name", &mut findings).into_owned(),
        size: file.size.map(|size| (size.width, size.height)),
        stage: None,
        categories: declared_categories(&file.categories, &mut findings),
        sections: Vec::new(),
        notes: Vec::new(),
    };
    for (zone, zone_number) in file.zones.into_iter().zip(0..) {
        let section = read_zone(zone, zone_number, &mut draft, &mut findings);
        draft.sections.push(section);
        if findings.is_hopeless() {
            return Err(findings.reject());
        }
    }
    note_split_rows(&mut draft);
    assemble(draft, findings, options)
}

fn declared_categories(items: &[CategoryItem], findings: &mut Findings) -> Categories {
    let mut categories = Categories::default();
    for (at, item) in items.iter().enumerate() {
        let at = format!("categories[{at}]");
        let name = &*clean(&item.name.0, &at, findings);
        if name.is_empty() {
            findings.error(IssueCode::BadValue, &at, "the category has no name");
        } else if categories.find(name).is_some() {
            let message = format!("`{name}` is declared before; the first color is kept");
            findings.warn(IssueCode::DuplicateCategory, &at, message);
        } else {
            let color = item.color.as_deref().and_then(parse_color);
            categories.find_or_add(name, color, &at, findings);
        }
    }
    categories
}

fn read_zone(zone: Zone, number: u32, draft: &mut Draft, findings: &mut Findings) -> DraftSection {
    if let Some((position, name)) = zone.areas
        && draft.stage.is_none()
    {
        draft.stage = Some((sum(&[zone.position, position]), format!("the area `{name}`")));
    }
    if zone.rows.is_empty() && names_a_stage(&zone.name.0) && draft.stage.is_none() {
        draft.stage = Some((sum(&[zone.position]), format!("the zone `{}`", zone.name.0)));
    }
    let mut rows = Vec::new();
    for (row, row_number) in zone.rows.into_iter().zip(0..) {
        let origin = FileLocation::Row { zone: number, row: row_number };
        let label = [row.row_number.0, row.row_label.0]
            .into_iter()
            .find(|label| !label.is_empty())
            .unwrap_or_default();
        let label = clean(&label, origin, findings).into_owned();
        if row.seats.is_empty() {
            let message = format!("row `{label}` has no seats and is left out");
            findings.warn(IssueCode::EmptyRow, origin, message);
            continue;
        }
        let corner = [zone.position, row.position];
        let mut seats = Vec::with_capacity(row.seats.len());
        for (seat, seat_number) in row.seats.into_iter().zip(0..) {
            let origin = FileLocation::Seat { zone: number, row: row_number, seat: seat_number };
            seats.push(read_seat(seat, origin, corner, &mut draft.categories, findings));
        }
        rows.push(DraftRow { label, seats, aisles: Vec::new() });
    }
    let name = clean(&zone.name.0, format!("zones[{number}]"), findings).into_owned();
    DraftSection { name, stand: String::new(), rows }
}

fn read_seat(
    seat: SeatItem,
    origin: FileLocation,
    corner: [Position; 2],
    categories: &mut Categories,
    findings: &mut Findings,
) -> DraftSeat {
    let label = clean(&seat.seat_number.0, origin, findings).into_owned();
    if label.is_empty() {
        findings.error(IssueCode::BadValue, origin, "the seat has no seat_number");
    }
    let name = seat.category.unwrap_or_default().0;
    let name = clean(&name, origin, findings);
    let category = if name.is_empty() {
        let message = format!("seat `{label}` has no category; it is put into `{NO_CATEGORY}`");
        findings.warn(IssueCode::NoCategory, origin, message);
        categories.find_or_add(NO_CATEGORY, None, origin, findings)
    } else if let Some(number) = categories.find(&name) {
        number
    } else {
        let message = format!("category `{name}` is not declared; it is added");
        findings.warn(IssueCode::UnknownCategory, origin, message);
        categories.find_or_add(&name, None, origin, findings)
    };
    DraftSeat {
        label,
        category,
        flags: SeatFlags::default(),
        point: Some(sum(&[corner[0], corner[1], seat.position])),
        origin,
        guid: seat.seat_guid.map(|guid| guid.0).filter(|guid| !guid.is_empty()),
    }
}

fn sum(positions: &[Position]) -> Point {
    positions.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.x, sum.1 + p.y))
}

/// Editors store one visible row as several objects where an aisle cuts it.
fn note_split_rows(draft: &mut Draft) {
    let mut labels: Vec<_> = draft
        .sections
        .iter()
        .zip(0_u32..)
        .flat_map(|(section, at)| section.rows.iter().map(move |row| (at, &row.label)))
        .collect();
    let objects = labels.len();
    labels.sort_unstable();
    labels.dedup();
    let names = labels.len();
    if names < objects {
        draft.notes.push(format!(
            "{objects} row objects carry {names} names; each object stays a row of its own, \
             and seats touch only within one"
        ));
    }
}
