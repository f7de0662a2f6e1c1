//! Real venues, where their files are at hand: they are not ours to ship.

use std::path::{Path, PathBuf};

use floodgate_seating::{Format, Imported, IssueCode, Rejected, import};

use crate::check_accepted;

/// The folder named by `FLOODGATE_VENUES`, or the one beside the workspace.
fn folder() -> PathBuf {
    std::env::var_os("FLOODGATE_VENUES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/venues"),
        PathBuf::from,
    )
}

fn venue(name: &str) -> Option<Result<Imported, Rejected>> {
    let path = folder().join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not here; set FLOODGATE_VENUES", path.display());
        return None;
    };
    let result = import(Format::detect(&bytes), &bytes);
    if let Ok(imported) = &result {
        check_accepted(imported);
    }
    Some(result)
}

#[test]
fn a_stadium_without_coordinates() {
    let Some(result) = venue("metalist-kharkiv-seats.csv") else {
        return;
    };
    let report = result.unwrap().report;
    assert_eq!((report.seat_count, report.row_count, report.section_count), (39_616, 1453, 58));
    // Nine rows have holes in their numbers, such as 1-4, 31-34.
    assert_eq!((report.aisle_count, report.single_count), (9, 0));
    assert!(report.native_bytes < 20_000, "{report}");
    assert!(report.adjacency.contains("assumed from numbers"));
    assert!(report.problems.is_empty(), "{report}");
}

#[test]
fn a_hall_with_wheelchair_places() {
    let Some(result) = venue("riethsporthalle-erfurt-seats.csv") else {
        return;
    };
    let report = result.unwrap().report;
    assert_eq!((report.seat_count, report.row_count, report.section_count), (1252, 63, 6));
    // Block D, row 6: 1-11, 13, 15, 17, 19.
    assert_eq!((report.accessible_count, report.single_count), (21, 4));
    assert_eq!(report.categories.len(), 3);
}

#[test]
fn a_theatre_with_double_guids() {
    let Some(result) = venue("teater-besar-tim-jakarta.pretix.json") else {
        return;
    };
    let report = result.unwrap().report;
    assert_eq!((report.seat_count, report.row_count, report.section_count), (1132, 97, 1));
    assert_eq!(report.problem_counts[&IssueCode::DuplicateGuid], 21);
    assert_eq!(report.problem_counts[&IssueCode::CategoryIsId], 5);
    assert_eq!(report.problem_counts[&IssueCode::CategoryNotForSale], 1);
    assert_eq!(report.problem_counts.len(), 3, "{report}");
    assert_eq!(
        (&*report.categories[0].name, report.categories[0].seat_count),
        ("NOT AVAILABLE", 112)
    );
    assert!(report.row_quality.contains("S T A G E"));
}

#[test]
fn a_plan_that_repeats_its_seats_is_refused() {
    let Some(result) = venue("demo-arena-unnamed.pretix.json") else {
        return;
    };
    // 738 seats, 318 different names.
    assert_eq!(result.unwrap_err().problem_counts[&IssueCode::DuplicateSeat], 420);
}
