//! Names of every format: what is kept, what is stripped, what is refused, and where.

use floodgate_domain::Plan;
use floodgate_domain::plan::wire::encode_plan;
use floodgate_domain::plan::{Category, Labels, Row, Run, Section, SectionKind, Shape};
use floodgate_seating::{Format, Imported, IssueCode, Rejected, generate, import, to_base64};

fn csv(lines: &str) -> Result<Imported, Rejected> {
    import(Format::Csv, format!("section,row,seat,category\n{lines}").as_bytes())
}

/// A plan of one row in our own form.
fn native(section: &str, labels: [&str; 2]) -> Result<Imported, Rejected> {
    let run = Run {
        category: 0,
        labels: Labels::Texts(labels.map(str::to_owned).to_vec()),
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let plan = Plan {
        categories: vec![Category { name: "Stalls".into(), color: [0; 3] }],
        sections: vec![Section {
            name: section.to_owned(),
            kind: SectionKind::Seated,
            rows: vec![Row { label: "A".into(), rank: 0, runs: vec![run] }],
        }],
        ..Plan::default()
    };
    let mut bytes = Vec::new();
    encode_plan(&plan, &mut bytes);
    import(Format::Native, &bytes)
}

fn pretix(zone: &str, labels: [&str; 2]) -> Result<Imported, Rejected> {
    let seats: Vec<String> = labels
        .iter()
        .zip(0..)
        .map(|(label, x)| {
            let position = format!("{{\"x\": {x}, \"y\": 0}}");
            format!(
                "{{\"seat_number\": \"{label}\", \"position\": {position}, \"category\": \"S\"}}"
            )
        })
        .collect();
    let text = format!(
        "{{\"name\": \"Hall\", \"categories\": [{{\"name\": \"S\"}}], \"zones\": [{{\"name\": \
         \"{zone}\", \"rows\": [{{\"row_number\": \"A\", \"position\": {{\"x\": 0, \"y\": 0}}, \
         \"seats\": [{}]}}]}}]}}",
        seats.join(",")
    );
    import(Format::Pretix, text.as_bytes())
}

/// The same row of two seats in each format.
fn in_each_format(section: &str, labels: [&str; 2]) -> [Result<Imported, Rejected>; 3] {
    let [one, two] = labels;
    let table = csv(&format!("{section},A,{one},S\n{section},A,{two},S\n"));
    [table, pretix(section, labels), native(section, labels)]
}

#[test]
fn seats_that_look_alike_are_doubles_and_both_places_are_named() {
    for labels in [
        ["é", "e\u{301}"],
        ["1", "1\u{200b}"],
        ["A", "\u{410}"],
        ["1", "\u{ff11}"],
        ["A 1", "A\u{a0}1"],
    ] {
        let places = [["line 3", "line 2"], ["seats[1]", "seats[0]"], ["seat 1", "seat 0"]];
        for (result, places) in in_each_format("Floor", labels).into_iter().zip(places) {
            let rejected = result.unwrap_err();
            let double = &rejected.problems[0];
            assert_eq!(double.code, IssueCode::DuplicateSeat, "{labels:?} {rejected}");
            assert!(double.at.contains(places[0]), "{rejected}");
            assert!(double.message.contains(places[1]), "{rejected}");
        }
    }
    // Blocks and rows count too.
    let rejected = csv("B,1,1,S\n\u{412},1,1,S\n").unwrap_err();
    assert_eq!(rejected.problems[0].at, "line 3");
}

#[test]
fn names_are_composed_so_that_one_block_is_one_block() {
    let imported = csv("Cafe\u{301},1,1,R\u{e9}gion\nCaf\u{e9},1,2,Re\u{301}gion\n").unwrap();
    assert_eq!(imported.plan.sections.len(), 1);
    assert_eq!(imported.plan.sections[0].name, "Caf\u{e9}");
    assert_eq!(imported.plan.categories.len(), 1);
    for imported in in_each_format("Cafe\u{301}", ["1", "2"]) {
        assert_eq!(imported.unwrap().plan.sections[0].name, "Caf\u{e9}");
    }
}

#[test]
fn what_nobody_sees_is_left_out_with_a_word_and_controls_are_refused() {
    for result in in_each_format("Fl\u{200b}oor", ["1", "2"]) {
        let imported = result.unwrap();
        assert_eq!(imported.plan.sections[0].name, "Floor");
        let counts = &imported.report.problem_counts;
        assert!(counts.contains_key(&IssueCode::InvisibleCharacter), "{}", imported.report);
    }
    // JSON writes a control character as an escape.
    for result in [csv("Fl\0oor,A,1,S\n"), pretix("Fl\\u0000oor", ["1", "2"])] {
        let rejected = result.unwrap_err();
        assert!(rejected.problems[0].message.contains("U+0000"), "{rejected}");
    }
    let rejected = native("Fl\u{7}oor", ["1", "2"]).unwrap_err();
    assert_eq!(rejected.problems[0].at, "sections[0]", "{rejected}");
    let rejected = csv("Floor,A,1,S\nFloor,A,2,S\u{1b}\n").unwrap_err();
    assert_eq!(rejected.problems[0].at, "line 3", "{rejected}");
}

#[test]
fn the_empty_cells_of_a_spreadsheet_do_no_harm() {
    let table = "section,row,seat,category,,,\nA,1,1,S,,,\nA,1,2,S,,,\n,,,,,,\n,,,,,,\n";
    let report = import(Format::Csv, table.as_bytes()).unwrap().report;
    assert_eq!(report.seat_count, 2);
    assert_eq!(report.problem_counts.get(&IssueCode::EmptyLine), Some(&2), "{report}");
    assert_eq!(report.problem_counts.len(), 1, "{report}");
    assert_eq!(report.problems[0].at, "line 4");
    // A value beyond the named columns is not lost without a word.
    for table in ["section,row,seat,\nA,1,1,\nA,1,2,x\n", "section,row,seat\nA,1,1\nA,1,2,x\n"] {
        let report = import(Format::Csv, table.as_bytes()).unwrap().report;
        assert_eq!(report.problems[0].code, IssueCode::UnnamedColumn, "{report}");
        assert_eq!(report.problems[0].at, "line 3");
    }
}

#[test]
fn categories_that_are_no_names_for_buyers_are_said_once() {
    let id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
    let lines = format!("A,1,1,Gold\nA,1,2,{id}\nA,1,3,{id}\nA,1,4,NOT AVAILABLE\n");
    let report = csv(&lines).unwrap().report;
    let said: Vec<_> = report.problems.iter().map(|p| (p.code, p.at.as_str())).collect();
    let expected = [(IssueCode::CategoryIsId, "line 3"), (IssueCode::CategoryNotForSale, "line 5")];
    assert_eq!(said, expected, "{report}");
    assert!(report.problems[1].message.contains("unless it gets a price"), "{report}");
}

#[test]
fn generated_venues_are_read_as_they_are_written() {
    for plan in [generate::theatre(), generate::bowl(1_000)] {
        // As a terminal or a file has it, with a line break at its end.
        let text = format!("{}\n", to_base64(&plan));
        assert_eq!(Format::detect(text.as_bytes()), Format::Native);
        let imported = import(Format::Native, text.as_bytes()).unwrap();
        assert_eq!(imported.plan, plan);
        assert!(imported.report.problems.is_empty(), "{}", imported.report);
    }
}
