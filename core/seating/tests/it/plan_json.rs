//! The plan as pages and clients read it.

use serde_json::{json, to_value};

use floodgate_domain::VenueId;
use floodgate_domain::plan::{
    Category, Labels, Plan, Row, Run, SeatFlags, Section, SectionKind, Shape,
};
use floodgate_seating::PlanJson;

#[test]
fn every_part_has_its_place() {
    let numbered = Run {
        category: 0,
        labels: Labels::Numbers { first: 9, step: -2, count: 3 },
        shape: Shape::Line { x: 10, y: 20, dx: 25_600, dy: -256 },
        flags: vec![(1, SeatFlags::ACCESSIBLE.with(SeatFlags::RESTRICTED_VIEW))],
    };
    let named = Run {
        category: 0,
        labels: Labels::Texts(vec!["12".into(), "12A".into()]),
        shape: Shape::Points(vec![(1, 2), (3, 4)]),
        flags: Vec::new(),
    };
    let section = |name: &str, kind, label: &str, runs: &[&Run]| Section {
        name: name.into(),
        kind,
        rows: vec![Row {
            label: label.into(),
            rank: 7,
            runs: runs.iter().map(|&run| run.clone()).collect(),
        }],
    };
    let plan = Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0, 160, 255] }],
        sections: vec![
            section("Stalls", SectionKind::Seated, "A", &[&numbered, &named]),
            section("Floor", SectionKind::GeneralAdmission, "", &[&numbered]),
        ],
        size: (300, 200),
    };
    let labels = json!({"first": 9, "step": -2, "count": 3});
    let line = json!([10, 20, 25_600, -256]);
    let expected = json!({
        "venue_id": "ven_000000000007Z",
        "name": "House",
        "seat_count": 8,
        "size": [300, 200],
        "categories": [{"name": "All", "color": "#00a0ff"}],
        "sections": [
            {"name": "Stalls", "kind": "seated", "rows": [{"label": "A", "rank": 7, "runs": [
                {"category": 0, "first_seat": 0, "labels": labels, "line": line,
                 "flags": [[1, 5]]},
                {"category": 0, "first_seat": 3, "labels": ["12", "12A"],
                 "points": [[1, 2], [3, 4]], "flags": []},
            ]}]},
            {"name": "Floor", "kind": "general", "rows": [{"label": "", "rank": 7, "runs": [
                {"category": 0, "first_seat": 5, "labels": labels, "line": line,
                 "flags": [[1, 5]]},
            ]}]},
        ],
    });
    assert_eq!(to_value(PlanJson::from(&plan, VenueId(255))).unwrap(), expected);
}
