//! What a person knows better than the file.

use floodgate_domain::Plan;
use floodgate_domain::plan::SeatFlags;
use floodgate_seating::{Format, ImportOptions, ImportReport, Mend, import_with};

/// Two rows of six, with categories that change in row 2; the file has no drawing.
const HOUSE: &str = "section,row,seat,category\n\
    A,1,1,Near\nA,1,2,Near\nA,1,3,Near\nA,1,4,Near\nA,1,5,Near\nA,1,6,Near\n\
    A,2,1,Near\nA,2,2,Near\nA,2,3,Near\nA,2,4,Far\nA,2,5,Far\nA,2,6,Far\n\
    B,1,1,Far\n";

fn mended(mends: &str) -> Result<(Plan, ImportReport), String> {
    let mends: Vec<Mend> = serde_json::from_str(mends).map_err(|error| error.to_string())?;
    let options = ImportOptions { mends, ..ImportOptions::default() };
    match import_with(Format::Csv, HOUSE.as_bytes(), &options) {
        Ok(imported) => Ok((imported.plan, imported.report)),
        Err(rejected) => {
            let said = rejected.problems.iter().filter(|issue| issue.at.starts_with("mends"));
            Err(said.map(|issue| format!("{}: {}", issue.at, issue.message)).collect())
        }
    }
}

/// Runs of a row, each as its labels and the name of its category.
fn runs(plan: &Plan, section: &str, row: &str) -> Vec<(Vec<String>, String)> {
    let section = plan.sections.iter().find(|one| one.name == section).unwrap();
    let row = section.rows.iter().find(|one| one.label == row).unwrap();
    let labels = |run: &floodgate_domain::plan::Run| {
        (0..run.labels.len()).filter_map(|at| run.labels.label(at)).collect()
    };
    let category =
        |run: &floodgate_domain::plan::Run| plan.categories[usize::from(run.category)].name.clone();
    row.runs.iter().map(|run| (labels(run), category(run))).collect()
}

fn row(plan: &Plan, section: &str, row: &str) -> String {
    let runs = runs(plan, section, row);
    let texts = runs.iter().map(|(labels, category)| format!("{} {category}", labels.join(" ")));
    texts.collect::<Vec<_>>().join(" | ")
}

#[test]
fn aisles_come_and_go_and_everything_else_stays() {
    let (before, report) = mended("[]").unwrap();
    assert_eq!((report.aisle_count, report.mend_count), (0, 0));
    let cut = r#"{"mend":"aisle","section":"A","row":"1","after":"2"}"#;
    let (after, report) = mended(&format!("[{cut}]")).unwrap();
    assert_eq!(row(&after, "A", "1"), "1 2 Near | 3 4 5 6 Near");
    assert_eq!((report.aisle_count, report.mend_count), (1, 1));
    let points = |plan: &Plan| plan.seats().map(|seat| seat.point).collect::<Vec<_>>();
    assert_eq!(points(&after), points(&before), "seats are drawn where they were");
    assert_eq!(row(&after, "A", "2"), row(&before, "A", "2"));

    let join = r#"{"mend":"together","section":"A","row":"1","after":"2"}"#;
    let (again, report) = mended(&format!("[{cut},{join}]")).unwrap();
    assert_eq!((again, report.aisle_count), (before, 0));
}

#[test]
fn categories_and_marks_are_those_of_the_seats_that_are_named() {
    let (plan, _) = mended(
        r#"[{"mend":"category","section":"A","row":"2","from":"6","until":"5","to":"Side"},
            {"mend":"category","section":"B","to":"Side"},
            {"mend":"mark","section":"A","row":"1","from":"1","until":"1","as":"accessible"},
            {"mend":"mark","section":"A","row":"2","as":"not_for_sale"},
            {"mend":"mark","section":"A","row":"2","until":"5","as":"not_for_sale","on":false}]"#,
    )
    .unwrap();
    assert_eq!(row(&plan, "A", "2"), "1 2 3 Near | 4 Far | 5 6 Side");
    let flagged = |flag| {
        let seats = plan.seats().filter(|seat| seat.flags.has(flag));
        seats
            .map(|seat| format!("{} {} {}", seat.section, seat.row, seat.label))
            .collect::<Vec<_>>()
    };
    assert_eq!(flagged(SeatFlags::ACCESSIBLE), ["A 1 1"]);
    assert_eq!(flagged(SeatFlags::BLOCKED), ["A 2 6"]);
}

#[test]
fn names_change_and_a_category_without_seats_goes() {
    let (plan, report) = mended(
        r#"[{"mend":"rename_section","section":"A","to":" Stalls  left"},
            {"mend":"rename_category","category":"Near","to":"Front"},
            {"mend":"category","section":"Stalls left","to":"Front"},
            {"mend":"category","section":"B","to":"Front"}]"#,
    )
    .unwrap();
    assert_eq!(plan.sections[0].name, "Stalls left");
    let categories: Vec<_> = plan.categories.iter().map(|category| &*category.name).collect();
    assert_eq!(categories, ["Front"]);
    assert_eq!(report.categories.len(), 1);
    assert_eq!(row(&plan, "Stalls left", "2"), "1 2 3 4 5 6 Front", "they touched before");
}

#[test]
fn what_cannot_be_mended_is_said_with_its_number_and_the_fix() {
    let said = |mend: &str| mended(&format!("[{mend}]")).unwrap_err();
    for (mend, fix) in [
        (r#"{"mend":"aisle","section":"C","row":"1","after":"2"}"#, "no section `C`"),
        (r#"{"mend":"aisle","section":"A","row":"9","after":"2"}"#, "no row `9`"),
        (r#"{"mend":"aisle","section":"A","row":"1","after":"9"}"#, "no seat `9`"),
        (r#"{"mend":"aisle","section":"A","row":"1","after":"6"}"#, "the last of its row"),
        (r#"{"mend":"aisle","section":"A","row":"2","after":"3"}"#, "another category begins"),
        (r#"{"mend":"together","section":"A","row":"1","after":"2"}"#, "no aisle after seat `2`"),
        (r#"{"mend":"rename_section","section":"A","to":"B"}"#, "another's"),
        (r#"{"mend":"rename_category","category":"Near","to":"Far"}"#, "use `category`"),
        (r#"{"mend":"rename_category","category":"Up","to":"Down"}"#, "no category `Up`"),
        (r#"{"mend":"category","section":"A","row":"1","to":"Near"}"#, "so already"),
        (r#"{"mend":"category","section":"A","from":"1","to":"Far"}"#, "name the `row`"),
        (r#"{"mend":"mark","section":"A","as":"companion","on":false}"#, "so already"),
    ] {
        let said = said(mend);
        assert!(said.starts_with("mends[0]: ") && said.contains(fix), "{mend}: {said}");
    }
    assert!(said(r#"{"mend":"bend"}"#).contains("unknown variant `bend`"));
    assert!(said(r#"{"mend":"rename_section","section":"A","to":"C","x":1}"#).contains("unknown"));
    let many = vec![r#"{"mend":"rename_section","section":"A","to":"A"}"#; 1_001].join(",");
    assert!(mended(&format!("[{many}]")).unwrap_err().contains("at most 1000"));
}
