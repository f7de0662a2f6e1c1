//! The plan as the HTTP interface shows it: still by runs, so that a large venue stays small.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::VenueId;
use floodgate_domain::plan::{Labels, Plan, Run, SectionKind, Shape};

/// A whole plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeatingPlan {
    pub(crate) venue_id: String,
    pub(crate) name: String,
    pub(crate) seat_count: u32,
    /// Width and height of the drawing, in plan units.
    pub(crate) size: [i32; 2],
    /// What everybody looks at, in plan units: the nearer a seat, the better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) focus: Option<[i32; 2]>,
    pub(crate) categories: Vec<PlanCategory>,
    pub(crate) sections: Vec<PlanSection>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanCategory {
    pub(crate) name: String,
    /// `#rrggbb`.
    pub(crate) color: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanSection {
    pub(crate) name: String,
    /// `seated` or `general`.
    pub(crate) kind: &'static str,
    pub(crate) rows: Vec<PlanRow>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanRow {
    pub(crate) label: String,
    /// Smaller is better.
    pub(crate) rank: u32,
    pub(crate) runs: Vec<PlanRun>,
}

/// Adjacent seats; exactly one of `line` and `points` is present.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanRun {
    pub(crate) category: u8,
    /// The number of the run's first seat in the plan.
    pub(crate) first_seat: u32,
    pub(crate) labels: SeatLabels,
    /// `[x, y, dx, dy]`: seat `i` is at `x + dx * i / 256`, `y + dy * i / 256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<[i32; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<[i32; 2]>>)]
    pub(crate) points: Option<Vec<(i32, i32)>>,
    /// `[seat within the run, bits]` for seats that have any: 1 a wheelchair space, 2 the seat
    /// beside one, 4 a restricted view, 8 not for sale.
    #[schema(value_type = Vec<[u16; 2]>)]
    pub(crate) flags: Vec<(u16, u8)>,
}

/// The labels of the seats of a run: `first`, `first + step`, … for `count` seats, or a text a seat.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SeatLabels {
    Numbers { first: i32, step: i32, count: u16 },
    Texts(Vec<String>),
}

impl SeatingPlan {
    /// The plan as shown under this venue id.
    pub(crate) fn of(plan: &Plan, venue_id: VenueId) -> Self {
        let mut first_seat = 0;
        let mut sections = Vec::with_capacity(plan.sections.len());
        for section in &plan.sections {
            let mut rows = Vec::with_capacity(section.rows.len());
            for row in &section.rows {
                let mut runs = Vec::with_capacity(row.runs.len());
                for run in &row.runs {
                    runs.push(run_of(run, first_seat));
                    // Bounded by SEATS_PER_PLAN_MAX.
                    first_seat += run.labels.len() as u32;
                }
                rows.push(PlanRow { label: row.label.clone(), rank: row.rank, runs });
            }
            sections.push(PlanSection {
                name: section.name.clone(),
                kind: match section.kind {
                    SectionKind::Seated => "seated",
                    SectionKind::GeneralAdmission => "general",
                },
                rows,
            });
        }
        SeatingPlan {
            venue_id: venue_id.to_string(),
            name: plan.name.clone(),
            seat_count: plan.seat_count(),
            size: [plan.size.0, plan.size.1],
            focus: plan.focus.map(|(x, y)| [x, y]),
            categories: categories(plan),
            sections,
        }
    }
}

/// The categories of a plan, in their order.
pub(super) fn categories(plan: &Plan) -> Vec<PlanCategory> {
    let categories = plan.categories.iter().map(|category| {
        let [red, green, blue] = category.color;
        PlanCategory {
            name: category.name.clone(),
            color: format!("#{red:02x}{green:02x}{blue:02x}"),
        }
    });
    categories.collect()
}

fn run_of(run: &Run, first_seat: u32) -> PlanRun {
    let (line, points) = match &run.shape {
        Shape::Line { x, y, dx, dy } => (Some([*x, *y, *dx, *dy]), None),
        Shape::Points(points) => (None, Some(points.clone())),
    };
    PlanRun {
        category: run.category,
        first_seat,
        labels: match &run.labels {
            &Labels::Numbers { first, step, count } => SeatLabels::Numbers { first, step, count },
            Labels::Texts(texts) => SeatLabels::Texts(texts.clone()),
        },
        line,
        points,
        flags: run.flags.iter().map(|(at, flags)| (*at, flags.0)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{json, to_value};

    use floodgate_domain::plan::{Category, Row, SeatFlags, Section};

    use super::*;

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
            focus: Some((150, -20)),
        };
        let labels = json!({"first": 9, "step": -2, "count": 3});
        let line = json!([10, 20, 25_600, -256]);
        let expected = json!({
            "venue_id": "ven_000000000007Z",
            "name": "House",
            "seat_count": 8,
            "size": [300, 200],
            "focus": [150, -20],
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
        assert_eq!(to_value(SeatingPlan::of(&plan, VenueId(255))).unwrap(), expected);
    }
}
