//! pretix seating plans: what is read, what is inferred, what is refused.

use floodgate_seating::{Format, IssueCode, import};

use crate::{HALL, check_accepted, rows};

#[test]
fn a_hall_with_every_flaw_that_can_be_sold() {
    let imported = import(Format::Pretix, HALL.as_bytes()).unwrap();
    check_accepted(&imported);
    assert_eq!(rows(&imported), ["Hall/A: 1 2 3|4 5|6", "Hall/A: 7|8", "Hall/3: 1|1a|2",]);
    insta::assert_snapshot!(imported.report, @r"
    Small hall: 11 seats in 3 rows and 1 section
      format       pretix
      categories   Front 8, NOT AVAILABLE 1, Back 1, Without category 1
      adjacency    from the drawing: a gap of more than 1.6 seats is an aisle
      neighbours   2 aisles, 8 runs of seats that touch, 6 single seats
      drawing      given
      row quality  distance to the focal point: the area `S T A G E`
      focal point  460,739 of the plan's units; the option focus moves it
      flags        0 accessible, 0 companion, 0 restricted view, 0 not for sale
      native form  163 bytes
      note         3 row objects carry 2 names; each object stays a row of its own, and seats touch only within one
      warning category_not_for_sale at categories[1]: the category is named `NOT AVAILABLE`; its seats are not for sale unless it gets a price
      warning duplicate_category at categories[2]: `Front` is declared before; the first color is kept
      warning unknown_category at zones[0].rows[1].seats[1]: category `Back` is not declared; it is added
      warning empty_row at zones[0].rows[2]: row `B` has no seats and is left out
      warning no_category at zones[0].rows[3].seats[0]: seat `1` has no category; it is put into `Without category`
      warning duplicate_guid at zones[0].rows[1].seats[0]: guid `h-A-1` belongs to zones[0].rows[0].seats[0] too; section, row and seat distinguish them
      warning overlap at zones[0].rows[3].seats[1]: seat `1a` is drawn on top of seat `1` at zones[0].rows[3].seats[0]
    ");
}

/// The area named as the stage is at the bottom, so the last row is the best.
#[test]
fn rows_are_ranked_by_the_named_stage() {
    let imported = import(Format::Pretix, HALL.as_bytes()).unwrap();
    let ranks: Vec<u32> = imported.plan.sections[0].rows.iter().map(|r| r.rank).collect();
    assert!(ranks[2] < ranks[0] && ranks[2] < ranks[1], "{ranks:?}");

    let without = HALL.replace("S T A G E", "BAR");
    let imported = import(Format::Pretix, without.as_bytes()).unwrap();
    let ranks: Vec<u32> = imported.plan.sections[0].rows.iter().map(|r| r.rank).collect();
    assert!(ranks[2] > ranks[0], "{ranks:?}");
    assert!(imported.report.row_quality.contains("lowest row"));
}

#[test]
fn a_repeated_seat_is_refused_even_with_another_guid() {
    let repeated = HALL.replace(r#""seat_number": "7""#, r#""seat_number": "2""#);
    let rejected = import(Format::Pretix, repeated.as_bytes()).unwrap_err();
    assert_eq!(rejected.problem_counts[&IssueCode::DuplicateSeat], 1);
    insta::assert_snapshot!(rejected.problems[0], @"error duplicate_seat at zones[0].rows[1].seats[0]: there are two seats Hall / A / 2; the other is zones[0].rows[0].seats[1]");
}

#[test]
fn what_is_no_plan_is_refused_with_a_place() {
    for (bytes, at, word) in [
        ("", "line 1", "EOF"),
        ("{\"name\": \"x\"}", "line 1", "missing field `zones`"),
        ("{\"zones\":\n[{\"rows\": [{\"seats\": []}]}]}", "line 2", "missing field `position`"),
        ("{\"zones\": 3}", "line 1", "invalid type"),
        ("{\"zones\": []}", "", "no seats"),
    ] {
        let rejected = import(Format::Pretix, bytes.as_bytes()).unwrap_err();
        let problem = &rejected.problems[0];
        assert_eq!(problem.at, at, "{bytes}");
        assert!(problem.message.contains(word), "{bytes}: {problem}");
    }
}

#[test]
fn endless_lists_are_not_read_to_their_end() {
    let zones = format!("{{\"zones\": [{}", "{\"rows\":[]},".repeat(5000));
    let categories = format!("{{\"zones\": [], \"categories\": [{}", "{\"name\":1},".repeat(2000));
    for (text, max) in [(zones, 4096), (categories, 1024)] {
        let rejected = import(Format::Pretix, text.as_bytes()).unwrap_err();
        let message = &rejected.problems[0].message;
        assert!(message.contains(&format!("more than {max} items")), "{message}");
    }
}

#[test]
fn wild_positions_are_refused() {
    let wild = |x: &str| {
        let changed = HALL.replace(r#""x": 150"#, &format!(r#""x": {x}"#));
        import(Format::Pretix, changed.as_bytes())
    };
    assert!(wild("-150.5").is_ok());
    for x in ["1e300", "1e12"] {
        let rejected = wild(x).unwrap_err();
        assert!(rejected.to_string().contains("times as wide"), "{rejected}");
    }
    assert!(wild("1e999").is_err());
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let large = vec![b' '; floodgate_seating::INPUT_BYTES_MAX + 1];
    let rejected = import(Format::Pretix, &large).unwrap_err();
    assert_eq!(rejected.problems[0].code, IssueCode::TooLarge);
}

#[test]
fn formats_are_distinguished() {
    let plan = import(Format::Pretix, HALL.as_bytes()).unwrap().plan;
    let base64 = floodgate_seating::to_base64(&plan);
    let mut native = Vec::new();
    floodgate_domain::plan::wire::encode_plan(&plan, &mut native);
    for (bytes, format) in [
        (HALL.as_bytes(), Format::Pretix),
        (base64.as_bytes(), Format::Native),
        (&native, Format::Native),
        (b"section,row,seat\n1,1,1\n", Format::Csv),
        (b"\xef\xbb\xbf {", Format::Pretix),
        (b"", Format::Csv),
    ] {
        assert_eq!(Format::detect(bytes), format, "{:?}", &bytes[..bytes.len().min(9)]);
        assert_eq!(Format::parse(format.name()), Some(format));
    }
    assert_eq!(import(Format::Native, base64.as_bytes()).unwrap().plan, plan);
    assert_eq!(Format::parse("svg"), None);
}
