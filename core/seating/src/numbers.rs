//! Which seats of a row are adjacent, by what they are called.
//!
//! Owns the reading of labels as numbers, and adjacency in files without coordinates. The file's
//! own order counts where it shows how the row is numbered: odd and even seats on two sides. Where
//! it only contradicts the numbers, both readings are said.

use crate::draft::{Draft, DraftRow, DraftSeat};
use crate::report::{Findings, IssueCode};

/// Seats named in a message; more say no more.
const SHOWN_SEATS_MAX: usize = 12;

/// A label as something that counts: what stands before the number, the number, and which of
/// those with that number it is (`12`, then `12 bis`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    prefix: &'a str,
    number: i64,
    again: u8,
}

/// What stands before the number, and the number: `12` and `A12` count, a single letter counts as
/// its place in the alphabet.
pub(crate) fn countable(label: &str) -> Option<(&str, i64)> {
    let digits_at = label
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + label[at..].chars().next().map_or(1, char::len_utf8));
    let (prefix, digits) = label.split_at(digits_at);
    if let Ok(number) = digits.parse() {
        return Some((prefix, number));
    }
    let &[letter] = label.as_bytes() else {
        return None;
    };
    letter.is_ascii_alphabetic().then(|| ("", i64::from(letter.to_ascii_uppercase() - b'A')))
}

/// Where a row stands among those of its section, if its label counts: `AA` comes after `Z`, and
/// `A bis` between `A` and `B`.
pub(crate) fn row_place(label: &str) -> Option<(&str, i64, u8)> {
    let (label, again) = without_bis(label);
    let bytes = label.as_bytes();
    if let [first, rest @ ..] = bytes
        && first.is_ascii_alphabetic()
        && rest.len() < 3
        && rest.iter().all(|other| other == first)
    {
        let (_, number) = countable(&label[..1])?;
        return Some(("", number + 26 * rest.len() as i64, again));
    }
    countable(label).map(|(prefix, number)| (prefix, number, again))
}

fn without_bis(label: &str) -> (&str, u8) {
    let lower = label.to_ascii_lowercase();
    for (suffix, again) in [("bis", 1), ("ter", 2), ("quater", 3)] {
        if lower.ends_with(suffix) {
            let rest = label[..label.len() - suffix.len()].trim_end_matches([' ', '-', '.']);
            let is_number = rest.bytes().next_back().is_some_and(|last| last.is_ascii_digit());
            let is_letter = rest.len() == 1 && rest.len() + suffix.len() < label.len();
            if is_number || is_letter {
                return (rest, again);
            }
        }
    }
    (label, 0)
}

fn number_of(label: &str) -> Option<Number<'_>> {
    let (label, again) = without_bis(label);
    countable(label).map(|(prefix, number)| Number { prefix, number, again })
}

/// Orders each row and finds its aisles: seats touch when their numbers follow each other (by two
/// where a row, or a side of it, has only odd or only even numbers). Rows whose labels do not count
/// keep the file's order and are taken as unbroken; returns how many those are.
pub(crate) fn by_numbers(draft: &mut Draft, findings: &mut Findings) -> u32 {
    let mut uncounted_rows = 0;
    for section in &mut draft.sections {
        for row in &mut section.rows {
            let numbers: Option<Vec<Number<'_>>> =
                row.seats.iter().map(|seat| number_of(&seat.label)).collect();
            let Some(numbers) = numbers else {
                uncounted_rows += 1;
                continue;
            };
            if let Some(aisles) = two_sides(&numbers) {
                row.aisles = aisles;
                let reading = "odd and even numbers lie on two sides, in the order of the file";
                say_both(&section.name, row, reading, "by number", findings);
                continue;
            }
            let is_sorted = numbers.is_sorted() || numbers.iter().rev().is_sorted();
            if !is_sorted {
                say_both(&section.name, row, "by number", "in the order of the file", findings);
            }
            sort(row);
        }
    }
    uncounted_rows
}

/// Puts the rows of each section in the order of their labels where all of them count, since a file
/// may list them from the back; says so.
pub(crate) fn front_rows_first(draft: &mut Draft, findings: &mut Findings) {
    for section in &mut draft.sections {
        let places: Option<Vec<_>> = section
            .rows
            .iter()
            .map(|row| row_place(&row.label).map(|(prefix, ..)| prefix))
            .collect();
        let is_one_kind = places.is_some_and(|all| all.windows(2).all(|two| two[0] == two[1]));
        let place =
            |row: &DraftRow| row_place(&row.label).map(|(_, number, again)| (number, again));
        if !is_one_kind || section.rows.is_sorted_by_key(place) {
            continue;
        }
        let (Some(first), Some(last)) = (section.rows.first(), section.rows.last()) else {
            continue;
        };
        let message = format!(
            "the rows of {} are listed from {} to {}; the lowest is taken as the front and as the \
             best, not the first of the file; give x and y, or the option focus, if that is wrong",
            section.name, first.label, last.label
        );
        if let Some(seat) = first.seats.first() {
            findings.warn(IssueCode::OrderOfRows, seat.origin, message);
        }
        section.rows.sort_by_key(place);
    }
}

fn sort(row: &mut DraftRow) {
    let key = |seat: &DraftSeat| {
        // Every label counts, as was just seen.
        number_of(&seat.label).map(|n| (n.prefix.to_owned(), n.number, n.again))
    };
    row.seats.sort_by_cached_key(key);
    let numbers: Vec<Number<'_>> =
        row.seats.iter().filter_map(|seat| number_of(&seat.label)).collect();
    let steps = numbers.windows(2).map(|pair| pair[1].number.saturating_sub(pair[0].number));
    let is_one_parity = numbers.len() > 2 && steps.clone().all(|step| step % 2 == 0);
    let apart = if is_one_parity && steps.clone().any(|step| step != 0) { 2 } else { 1 };
    row.aisles =
        (1..numbers.len()).filter(|&at| !touch(numbers[at - 1], numbers[at], apart)).collect();
}

/// Whether the second follows the first: the same number again, or so many further.
fn touch(a: Number<'_>, b: Number<'_>, apart: i64) -> bool {
    let step = b.number.saturating_sub(a.number);
    a.prefix == b.prefix && (step == apart || step == 0 && a.again != b.again)
}

/// The aisles of a row that is listed from end to end with its odd numbers on one side and its even
/// ones on the other, as 6 4 2 1 3 5 or 1 3 5 6 4 2; nothing if it is not.
fn two_sides(numbers: &[Number<'_>]) -> Option<Vec<usize>> {
    let is_odd = |at: usize| numbers[at].number.rem_euclid(2) == 1;
    let seam = (1..numbers.len()).find(|&at| is_odd(at) != is_odd(at - 1))?;
    let is_one_prefix = numbers.iter().all(|number| number.prefix == numbers[0].prefix);
    let (left, right) = numbers.split_at(seam);
    let sides_are_pure = (seam + 1..numbers.len()).all(|at| is_odd(at) == is_odd(seam));
    let goes_one_way = |side: &[Number<'_>]| {
        let numbers = side.iter().map(|number| number.number);
        numbers.clone().is_sorted() || numbers.rev().is_sorted()
    };
    let is_whole = numbers.is_sorted() || numbers.iter().rev().is_sorted();
    if !is_one_prefix || !sides_are_pure || is_whole || numbers.len() < 4 {
        return None;
    }
    if !goes_one_way(left) || !goes_one_way(right) {
        return None;
    }
    let touch_by_two = |at: usize| {
        let (a, b) = (numbers[at - 1], numbers[at]);
        touch(a, b, 2) || touch(b, a, 2)
    };
    let meets = numbers[seam].number.abs_diff(numbers[seam - 1].number) == 1;
    let is_aisle = |&at: &usize| if at == seam { !meets } else { !touch_by_two(at) };
    Some((1..numbers.len()).filter(is_aisle).collect())
}

fn say_both(section: &str, row: &DraftRow, taken: &str, other: &str, findings: &mut Findings) {
    let Some(first) = row.seats.first() else { return };
    let shown: Vec<&str> =
        row.seats.iter().take(SHOWN_SEATS_MAX).map(|seat| seat.label.as_str()).collect();
    let more = if row.seats.len() > SHOWN_SEATS_MAX { " …" } else { "" };
    let message = format!(
        "row {section} / {} is listed as {}{more}; its seats are read as neighbours {taken}, not \
         {other}; give x and y if that is wrong",
        row.label,
        shown.join(" ")
    );
    findings.warn(IssueCode::OrderOfSeats, first.origin, message);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use floodgate_domain::plan::SeatFlags;

    use super::*;
    use crate::Format;
    use crate::draft::{Categories, DraftSection, FileLocation};

    /// The labels in walking order with `|` where an aisle is; rows that do not count; warnings.
    fn walked(labels: &str) -> (String, u32, u32) {
        let seats = labels.split(',').map(|label| DraftSeat {
            label: label.to_owned(),
            category: 0,
            flags: SeatFlags::default(),
            point: None,
            origin: FileLocation::Line(2),
            guid: None,
        });
        let row = DraftRow { label: "A".into(), seats: seats.collect(), aisles: Vec::new() };
        let mut draft = Draft {
            format: Format::Csv,
            name: String::new(),
            size: None,
            stage: None,
            categories: Categories::default(),
            sections: vec![DraftSection { rows: vec![row], ..DraftSection::default() }],
            notes: Vec::new(),
        };
        let mut findings = Findings::default();
        let uncounted = by_numbers(&mut draft, &mut findings);
        let row = draft.rows().next().unwrap();
        let mut text = String::new();
        for (at, seat) in row.seats.iter().enumerate() {
            let gap = if row.aisles.contains(&at) { "|" } else { " " };
            text += if at == 0 { "" } else { gap };
            text += &seat.label;
        }
        (text, uncounted, findings.count_of(IssueCode::OrderOfSeats))
    }

    #[test]
    fn numbers_that_follow_each_other_touch() {
        for (labels, expected) in [
            ("1,2,3,4", "1 2 3 4"),
            ("4,3,2,1", "1 2 3 4"),
            ("1,2,3,4,31,32", "1 2 3 4|31 32"),
            ("10,11,13,15", "10 11|13|15"),
            ("1,3,5,7,11", "1 3 5 7|11"),
            ("A1,A2,B1,B2", "A1 A2|B1 B2"),
            ("a,b,d", "a b|d"),
            ("5", "5"),
            ("1,2,2 bis,3", "1 2 2 bis 3"),
            ("1,2bis,2ter,4", "1 2bis 2ter|4"),
            ("1,3,3 bis,5", "1 3 3 bis 5"),
        ] {
            assert_eq!(walked(labels), (expected.to_owned(), 0, 0), "{labels}");
        }
        assert_eq!(walked("left,middle,right"), ("left middle right".to_owned(), 1, 0));
    }

    #[test]
    fn odd_and_even_on_two_sides_are_neighbours_as_the_file_lists_them() {
        for (labels, expected) in [
            ("6,4,2,1,3,5", "6 4 2 1 3 5"),
            ("5,3,1,2,4,6", "5 3 1 2 4 6"),
            ("1,3,5,6,4,2", "1 3 5 6 4 2"),
            ("8,4,2,1,3,5", "8|4 2 1 3 5"),
            ("1,3,5,7,2,4,6,8", "1 3 5 7|2 4 6 8"),
            ("4,2,2 bis,1,3", "4 2 2 bis 1 3"),
        ] {
            assert_eq!(walked(labels), (expected.to_owned(), 0, 1), "{labels}");
        }
    }

    #[test]
    fn another_order_that_contradicts_the_numbers_is_said() {
        assert_eq!(walked("4,3,1,2"), ("1 2 3 4".to_owned(), 0, 1));
        assert_eq!(walked("2,1,3"), ("1 2 3".to_owned(), 0, 1));
    }

    #[test]
    fn labels_count_by_their_last_number() {
        for (label, expected) in [
            ("12", Some(("", 12))),
            ("A-7", Some(("A-", 7))),
            ("ряд3", Some(("ряд", 3))),
            ("13A", None),
            ("c", Some(("", 2))),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(countable(label), expected, "{label}");
        }
    }

    #[test]
    fn rows_have_a_place() {
        let place = |label| row_place(label).unwrap();
        let ordered = ["A", "A bis", "B", "Z", "AA", "BB"];
        assert!(ordered.map(place).is_sorted());
        assert!(["1", "1bis", "2", "10"].map(place).is_sorted());
        assert_eq!(row_place("Loge"), None);
    }
}
