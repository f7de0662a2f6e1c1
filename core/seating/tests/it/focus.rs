//! What a file means by its order, where its blocks are, and what everybody looks at.

use floodgate_domain::Plan;
use floodgate_seating::{
    Focus, Format, ImportOptions, Imported, IssueCode, generate, import, import_with, to_base64,
};

use crate::{check_accepted, rows};

fn read(table: &str) -> Imported {
    let imported = import(Format::Csv, table.as_bytes()).unwrap();
    check_accepted(&imported);
    imported
}

/// A house of ten rows of eleven seats, each at the place that `place` gives for (seat, row).
fn house(label: impl Fn(u32) -> String, place: impl Fn(f64, f64) -> (f64, f64)) -> String {
    let mut table = "section,row,seat,x,y\n".to_owned();
    for row in 0..10 {
        for seat in 0..11 {
            let (x, y) = place(f64::from(seat), f64::from(row));
            table += &format!("Stalls,{},{},{x},{y}\n", label(row), seat + 1);
        }
    }
    table
}

/// The labels of the best and the worst row.
fn best_and_worst(plan: &Plan) -> (String, String) {
    let rows = || plan.sections.iter().flat_map(|section| &section.rows);
    let best = rows().min_by_key(|row| row.rank).unwrap();
    let worst = rows().max_by_key(|row| row.rank).unwrap();
    (best.label.clone(), worst.label.clone())
}

fn said(imported: &Imported, code: IssueCode) -> u32 {
    imported.report.problem_counts.get(&code).copied().unwrap_or_default()
}

#[test]
fn odd_and_even_sides_are_neighbours_as_listed_and_both_readings_are_said() {
    let lines: String = [6, 4, 2, 1, 3, 5].map(|seat| format!("Parterre,A,{seat}\n")).concat();
    let imported = read(&format!("section,row,seat\n{lines}"));
    assert_eq!(rows(&imported), ["Parterre/A: 6 4 2 1 3 5"]);
    let problem = &imported.report.problems[0];
    assert_eq!((problem.code, problem.at.as_str()), (IssueCode::OrderOfSeats, "line 2"));
    assert!(problem.message.contains("6 4 2 1 3 5") && problem.message.contains("by number"));
    // They are drawn in that order too.
    let xs: Vec<i32> = imported.plan.seats().map(|seat| seat.point.0).collect();
    assert!(xs.is_sorted(), "{xs:?}");
}

#[test]
fn rows_listed_from_the_back_are_not_the_best_for_it() {
    let lines: String = (1..=14).rev().map(|row| format!("D,{row},1\nD,{row},2\n")).collect();
    let imported = read(&format!("block,row,seat\n{lines}"));
    assert_eq!(best_and_worst(&imported.plan), ("1".into(), "14".into()));
    assert_eq!(said(&imported, IssueCode::OrderOfRows), 1, "{}", imported.report);
    let lines: String = ["B", "A bis", "A"].map(|row| format!("D,{row},1\nD,{row},2\n")).concat();
    let imported = read(&format!("block,row,seat\n{lines}"));
    assert_eq!(best_and_worst(&imported.plan), ("A".into(), "B".into()));
}

#[test]
fn a_stage_below_is_seen_from_the_rows() {
    let numbers = |row: u32| (row + 1).to_string();
    let names = |row: u32| format!("row {}", "abcdefghij".as_bytes()[row as usize] as char);
    for (table, how) in [
        // The first row lies at the bottom of the drawing.
        (house(numbers, |x, row| (x, 20.0 - row)), "lowest row"),
        (house(numbers, |x, row| (x, row)), "lowest row"),
        // To the left.
        (house(numbers, |x, row| (row, x)), "lowest row"),
    ] {
        let imported = read(&table);
        assert_eq!(best_and_worst(&imported.plan), ("1".into(), "10".into()), "{table}");
        assert!(imported.report.row_quality.contains(how), "{}", imported.report);
        assert_eq!(said(&imported, IssueCode::FocusAssumed), 0);
    }
    // Names that do not count, in rows that bend round a stage at the bottom.
    let bent = |x: f64, row: f64| {
        let (sin, cos) = ((x - 5.0) / 12.0).sin_cos();
        ((12.0 + row) * sin, -(12.0 + row) * cos)
    };
    let imported = read(&house(names, bent));
    assert_eq!(best_and_worst(&imported.plan), ("row a".into(), "row j".into()));
    // Straight ones show nothing: it is assumed, and said.
    let table = house(names, |x, row| (x, 20.0 - row));
    let imported = read(&table);
    assert_eq!(said(&imported, IssueCode::FocusAssumed), 1);
    assert_eq!(best_and_worst(&imported.plan).0, "row j");
    // Whoever imports it says better.
    for asked in ["bottom", "5, 25"] {
        let options = ImportOptions { focus: Focus::parse(asked), ..Default::default() };
        let imported = import_with(Format::Csv, table.as_bytes(), &options).unwrap();
        assert_eq!(best_and_worst(&imported.plan).0, "row a", "{asked}");
        assert!(imported.report.focus.is_some());
        assert_eq!(said(&imported, IssueCode::FocusAssumed), 0);
    }
}

#[test]
fn blocks_around_a_field_look_at_its_middle() {
    let mut table = "section,row,seat,x,y\n".to_owned();
    for (side, across, away) in [
        ("N", (1.0, 0.0), (0.0, -1.0)),
        ("S", (1.0, 0.0), (0.0, 1.0)),
        ("E", (0.0, 1.0), (1.0, 0.0)),
    ] {
        for (row, seat) in (1..=5).flat_map(|row| (1..=9).map(move |seat| (row, seat))) {
            let (out, along) = (10.0 + f64::from(row), f64::from(seat) - 5.0);
            let x = across.0 * along + away.0 * out;
            let y = across.1 * along + away.1 * out;
            table += &format!("{side},{row},{seat},{x},{y}\n");
        }
    }
    let imported = read(&table);
    for section in &imported.plan.sections {
        assert!(section.rows.is_sorted_by_key(|row| row.rank), "{section:?}");
    }
}

#[test]
fn blocks_with_coordinates_of_their_own_are_laid_side_by_side() {
    let mut table = "section,row,seat,x,y\n".to_owned();
    for (block, row, seat) in (1..=6)
        .flat_map(|block| (1..=5).map(move |row| (block, row)))
        .flat_map(|(block, row)| (1..=8).map(move |seat| (block, row, seat)))
    {
        table += &format!("B{block},{row},{seat},{seat},{row}\n");
    }
    let imported = read(&table);
    assert_eq!(said(&imported, IssueCode::LocalCoordinates), 1, "{}", imported.report);
    assert_eq!(said(&imported, IssueCode::Overlap), 0, "{}", imported.report);
    let mut points: Vec<_> = imported.plan.seats().map(|seat| seat.point).collect();
    points.sort_unstable();
    points.dedup();
    assert_eq!(points.len(), 240);
    // A balcony drawn over the stalls is no heap.
    let upper = house(|row| (row + 1).to_string(), |x, row| (x + 0.5, row + 0.5));
    let both = house(|row| (row + 1).to_string(), |x, row| (x, row * 2.0))
        + &upper
            .lines()
            .skip(1)
            .take(20)
            .collect::<Vec<_>>()
            .join("\n")
            .replace("Stalls", "Balcony");
    assert_eq!(said(&read(&both), IssueCode::LocalCoordinates), 0);
}

#[test]
fn a_generated_plan_can_be_turned_round() {
    let text = to_base64(&generate::theatre());
    let options = ImportOptions { focus: Some(Focus::Bottom), ..Default::default() };
    let turned = import_with(Format::Native, text.as_bytes(), &options).unwrap().plan;
    let rank = |plan: &Plan, section: usize| plan.sections[section].rows[0].rank;
    assert!(rank(&turned, 0) > rank(&turned, 1));
    let as_it_is = import(Format::Native, text.as_bytes()).unwrap().plan;
    assert!(rank(&as_it_is, 0) < rank(&as_it_is, 1));
    assert_eq!(Focus::parse("upstairs"), None);
    assert_eq!(Focus::parse("1,nan"), None);
}
