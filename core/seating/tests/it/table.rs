//! CSV: columns, spellings, lines in messages.

use floodgate_domain::plan::SeatFlags;
use floodgate_seating::{Format, Imported, IssueCode, Rejected, import};

use crate::{check_accepted, rows};

fn read(text: &str) -> Result<Imported, Rejected> {
    let result = import(Format::Csv, text.as_bytes());
    if let Ok(imported) = &result {
        check_accepted(imported);
    }
    result
}

#[test]
fn the_smallest_table() {
    let imported = read("section,row,seat\nA,1,1\nA,1,2\nA,1,4\nA,2,1\n").unwrap();
    assert_eq!(rows(&imported), ["A/1: 1 2|4", "A/2: 1"]);
    insta::assert_snapshot!(imported.report, @r"
    unnamed plan: 4 seats in 2 rows and 1 section
      format       csv
      categories   Standard 4
      adjacency    assumed from numbers: seats touch when their numbers follow each other; compare with the house
      neighbours   1 aisle, 3 runs of seats that touch, 2 single seats
      drawing      laid out by us (blocks facing a stage); the file has none
      row quality  distance to the focal point: the stage of our drawing
      focal point  250,-300 of the plan's units; the option focus moves it
      flags        0 accessible, 0 companion, 0 restricted view, 0 not for sale
      native form  64 bytes
      note         there is no category column; every seat is in `Standard`
    ");
}

#[test]
fn a_full_table_with_a_drawing() {
    let table = "Seat;Row;Section;Y;X;Category;Flags\n\
                 3;1;Floor;1,5;20;Gold;\n\
                 1;1;Floor;1,5;0;Gold;wheelchair\n\
                 2;1;Floor;1,5;10;Gold;companion\n\
                 4;1;Floor;1,5;50;Gold;restricted_view|blocked\n\
                 5;1;Floor;1,5;60;Silver;4\n";
    let imported = read(table).unwrap();
    assert_eq!(rows(&imported), ["Floor/1: 1 2 3|4|5"]);
    let flags: Vec<u8> = imported.plan.seats().map(|seat| seat.flags.0).collect();
    assert_eq!(flags, [1, 2, 0, 12, 4]);
    insta::assert_snapshot!(imported.report, @r"
    unnamed plan: 5 seats in 1 row and 1 section
      format       csv
      categories   Gold 4, Silver 1
      adjacency    from the drawing: a gap of more than 1.6 seats is an aisle
      neighbours   1 aisle, 3 runs of seats that touch, 2 single seats
      drawing      given
      row quality  distance to the focal point: assumed at the top edge
      focal point  400,-100 of the plan's units; the option focus moves it
      flags        1 accessible, 1 companion, 2 restricted view, 1 not for sale
      native form  79 bytes
      warning focus_assumed: nothing in the file says where the stage is, and it is assumed at the top edge; say where with the option focus: top, bottom, left, right, middle or x,y
    ");
}

#[test]
fn stands_blocks_and_wheelchairs() {
    let table = "\u{feff}stand,block,row,seat,wheelchair\n\
                 north,10,1,1,0\n\
                 north,10,1,2,1\n\
                 south,10,1,1,0\n\
                 east,20,1,1,no\n\
                 west,SB_1,1,1,yes\n";
    let imported = read(table).unwrap();
    let names: Vec<_> = imported.plan.sections.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["north 10", "south 10", "east 20", "west SB_1"]);
    assert_eq!(imported.report.accessible_count, 2);
    // North lies above south, west left of east.
    let points: Vec<_> = imported.plan.seats().map(|seat| seat.point).collect();
    assert!(points[0].1 < points[2].1 && points[4].0 < points[3].0, "{points:?}");
}

#[test]
fn seats_of_one_row_may_be_scattered() {
    let imported = read("block,row,seat\nA,1,2\nB,1,1\nA,1,1\nA,1,3\n").unwrap();
    assert_eq!(rows(&imported), ["A/1: 1 2 3", "B/1: 1"]);
}

#[test]
fn labels_that_do_not_count_are_kept_as_they_are() {
    let imported = read("section,row,seat\nBox,1,left\nBox,1,right\nBox,2,07\nBox,2,08\n").unwrap();
    assert_eq!(rows(&imported), ["Box/1: left right", "Box/2: 07 08"]);
    assert!(imported.report.notes[1].contains("1 rows have labels that do not count"));
}

#[test]
fn what_can_be_sold_with_a_warning() {
    for (table, code, at) in [
        ("section,row,seat,color\nA,1,1,red\n", IssueCode::UnknownColumn, "line 1"),
        ("section,row,seat,category\nA,1,1,X\nA,1,2,\n", IssueCode::NoCategory, "line 3"),
        ("section,row,seat,x,y\nA,1,1,0,0\nA,1,2,,\n", IssueCode::MissingCoordinates, ""),
        ("section,row,seat,x,y\nA,1,1,0,0\nA,1,2,9,0\nA,2,1,1,1\n", IssueCode::Overlap, "line 4"),
        ("section,row,seat,guid\nA,1,1,g\nA,1,2,g\n", IssueCode::DuplicateGuid, "line 3"),
    ] {
        let report = read(table).unwrap().report;
        assert_eq!(report.problem_counts.get(&code), Some(&1), "{report}");
        assert_eq!(report.problems[0].at, at, "{report}");
    }
}

#[test]
fn what_cannot_be_sold_is_refused_with_its_line() {
    let seats = |count: u32| (1..=count).map(|n| format!("A,1,{n},c{n}\n")).collect::<String>();
    let many_categories = format!("section,row,seat,category\n{}", seats(65));
    let long_row = format!("section,row,seat,x\n{}", seats(4097).replace('c', ""));
    for (table, code, at) in [
        ("", IssueCode::MissingColumn, "line 1"),
        ("block,seat\nA,1\n", IssueCode::MissingColumn, "line 1"),
        ("section,row,row,seat\nA,1,1,1\n", IssueCode::BadValue, "line 1"),
        ("section,row,seat\n", IssueCode::Unsellable, ""),
        ("section,row,seat\nA,1,1\n\nA,1,1\n", IssueCode::DuplicateSeat, "line 4"),
        ("section,row,seat\nA,1,\n", IssueCode::BadValue, "line 2"),
        ("section,row,seat\nA\n", IssueCode::BadValue, "line 2"),
        ("section,row,seat,x,y\nA,1,1,zero,0\n", IssueCode::BadValue, "line 2"),
        ("section,row,seat,x,y\nA,1,1,nan,0\n", IssueCode::BadValue, ""),
        ("section,row,seat,flags\nA,1,1,kil\n", IssueCode::BadValue, "line 2"),
        ("section,row,seat,wheelchair\nA,1,1,maybe\n", IssueCode::BadValue, "line 2"),
        (&many_categories, IssueCode::TooLarge, "line 66"),
        (&long_row, IssueCode::Unsellable, "sections[0].rows[0].runs[0]"),
    ] {
        let rejected = read(table).unwrap_err();
        let problem = &rejected.problems[0];
        assert_eq!((problem.code, problem.at.as_str()), (code, at), "{rejected}");
    }
}

#[test]
fn other_encodings_are_named() {
    let table = b"section,row,seat\nA,1,1\r\n\n\nM\xfcller,1,1\n";
    let rejected = import(Format::Csv, table).unwrap_err();
    assert_eq!(rejected.problems[0].at, "line 5");
    assert!(rejected.problems[0].message.contains("UTF-8"), "{rejected}");
}

#[test]
fn more_seats_than_a_plan_holds_are_refused() {
    let mut table = "section,row,seat\n".to_owned();
    for seat in 0..=floodgate_domain::plan::SEATS_PER_PLAN_MAX {
        table += &format!("A,{},{}\n", seat / 1000, seat % 1000);
    }
    let rejected = import(Format::Csv, table.as_bytes()).unwrap_err();
    assert_eq!(rejected.problems[0].code, IssueCode::TooLarge);
}

#[test]
fn flags_have_the_engines_bits() {
    let imported = read("section,row,seat,companion\nA,1,1,x\nA,1,2,\n").unwrap();
    let flags: Vec<_> = imported.plan.seats().map(|seat| seat.flags).collect();
    assert_eq!(flags, [SeatFlags::COMPANION, SeatFlags::default()]);
}
