//! The plan by columns: a tenth as large on the wire as by rows, for pages. A column is one number
//! a run, and says how far the run differs from the one before it in its section.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::VenueId;
use floodgate_domain::plan::{Labels, Plan, Run, SectionKind, Shape};

use super::plan::{PlanCategory, categories};

/// The same plan as `SeatingPlan`. Seats are numbered through, run by run.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct PlanColumns {
    pub(crate) venue_id: String,
    pub(crate) name: String,
    pub(crate) seat_count: u32,
    pub(crate) size: [i32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) focus: Option<[i32; 2]>,
    pub(crate) categories: Vec<PlanCategory>,
    /// Name, `seated` or `general`, and how many rows.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub(crate) sections: Vec<(String, &'static str, usize)>,
    /// Of all rows, in order.
    pub(crate) labels: Vec<String>,
    /// How much more than the row before.
    pub(crate) ranks: Vec<i64>,
    /// Runs of each row.
    pub(crate) runs: Vec<usize>,
    /// Of all runs: their category, and their labels by number.
    pub(crate) category: Vec<u8>,
    pub(crate) count: Vec<usize>,
    pub(crate) first: Vec<i32>,
    pub(crate) step: Vec<i32>,
    /// Of all runs, `line` of `SeatingPlan`: how much more than the run at the same place in the row
    /// before, in the same section, or else than the run before. A run with points counts as zeros.
    #[schema(value_type = Vec<Vec<i64>>)]
    pub(crate) line: [Vec<i64>; 4],
    /// By number of the run, where its seats have names, places or flags of their own.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub(crate) texts: Vec<(usize, Vec<String>)>,
    #[schema(value_type = Vec<Vec<Object>>)]
    pub(crate) points: Vec<(usize, Vec<(i32, i32)>)>,
    #[schema(value_type = Vec<Vec<Object>>)]
    pub(crate) flags: Vec<(usize, Vec<(u16, u8)>)>,
}

impl PlanColumns {
    /// The plan as shown under this venue id.
    pub(crate) fn of(plan: &Plan, venue_id: VenueId) -> Self {
        let mut columns = PlanColumns {
            venue_id: venue_id.to_string(),
            name: plan.name.clone(),
            seat_count: plan.seat_count(),
            size: [plan.size.0, plan.size.1],
            focus: plan.focus.map(|(x, y)| [x, y]),
            categories: categories(plan),
            ..PlanColumns::default()
        };
        let mut rank = 0;
        let mut last = [0; 4];
        for section in &plan.sections {
            let kind = match section.kind {
                SectionKind::Seated => "seated",
                SectionKind::GeneralAdmission => "general",
            };
            columns.sections.push((section.name.clone(), kind, section.rows.len()));
            let mut above: Vec<[i64; 4]> = Vec::new();
            for row in &section.rows {
                columns.labels.push(row.label.clone());
                columns.ranks.push(i64::from(row.rank) - rank);
                rank = i64::from(row.rank);
                columns.runs.push(row.runs.len());
                let mut lines = Vec::with_capacity(row.runs.len());
                for (at, run) in row.runs.iter().enumerate() {
                    let from = above.get(at).copied().unwrap_or(last);
                    last = columns.add(run, from);
                    lines.push(last);
                }
                above = lines;
            }
        }
        columns
    }

    /// Puts down a run, by how far its line is from another, and gives its line.
    fn add(&mut self, run: &Run, from: [i64; 4]) -> [i64; 4] {
        let number = self.category.len();
        self.category.push(run.category);
        self.count.push(run.labels.len());
        let (first, step) = match &run.labels {
            &Labels::Numbers { first, step, .. } => (first, step),
            Labels::Texts(texts) => {
                self.texts.push((number, texts.clone()));
                (0, 0)
            }
        };
        self.first.push(first);
        self.step.push(step);
        let line = match &run.shape {
            Shape::Line { x, y, dx, dy } => [*x, *y, *dx, *dy].map(i64::from),
            Shape::Points(points) => {
                self.points.push((number, points.clone()));
                [0; 4]
            }
        };
        for ((column, is), was) in self.line.iter_mut().zip(line).zip(from) {
            column.push(is - was);
        }
        if !run.flags.is_empty() {
            let flags = run.flags.iter().map(|(at, flags)| (*at, flags.0)).collect();
            self.flags.push((number, flags));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{json, to_value};

    use floodgate_domain::plan::{Category, Row, SeatFlags, Section};

    use super::*;
    use crate::kept::KeptAnswer;

    fn run(x: i32, y: i32) -> Run {
        Run {
            category: 0,
            labels: Labels::Numbers { first: 9, step: -2, count: 3 },
            shape: Shape::Line { x, y, dx: 25_600, dy: -256 },
            flags: Vec::new(),
        }
    }

    /// The page reads the same text: `gateway/web-test/columns.test.mjs`.
    #[test]
    fn a_plan_by_columns() {
        let named = Run {
            category: 1,
            labels: Labels::Texts(vec!["12".into(), "12A".into()]),
            shape: Shape::Points(vec![(1, 2), (3, 4)]),
            flags: vec![(1, SeatFlags::ACCESSIBLE)],
        };
        let row = |label: &str, rank, runs| Row { label: label.into(), rank, runs };
        let rows = vec![
            row("A", 7, vec![run(10, 20), run(90, 20)]),
            row("B", 9, vec![run(12, 30), named]),
        ];
        let section = |name: &str, kind, rows| Section { name: name.into(), kind, rows };
        let floor = vec![row("", 9, vec![run(0, 0)])];
        let color = |name: &str| Category { name: name.into(), color: [0, 160, 255] };
        let plan = Plan {
            name: "House".into(),
            categories: vec![color("All"), color("Some")],
            sections: vec![
                section("Stalls", SectionKind::Seated, rows),
                section("Floor", SectionKind::GeneralAdmission, floor),
            ],
            size: (300, 200),
            focus: None,
        };
        let expected = json!({
            "venue_id": "ven_000000000007Z", "name": "House", "seat_count": 14, "size": [300, 200],
            "categories": [{"name": "All", "color": "#00a0ff"}, {"name": "Some", "color": "#00a0ff"}],
            "sections": [["Stalls", "seated", 2], ["Floor", "general", 1]],
            "labels": ["A", "B", ""], "ranks": [7, 2, 0], "runs": [2, 2, 1],
            "category": [0, 0, 0, 1, 0], "count": [3, 3, 3, 2, 3],
            "first": [9, 9, 9, 0, 9], "step": [-2, -2, -2, 0, -2],
            "line": [[10, 80, 2, -90, 0], [20, 0, 10, -20, 0], [25_600, 0, 0, -25_600, 25_600],
                [-256, 0, 0, 256, -256]],
            "texts": [[3, ["12", "12A"]]], "points": [[3, [[1, 2], [3, 4]]]], "flags": [[3, [[1, 1]]]],
        });
        assert_eq!(to_value(PlanColumns::of(&plan, VenueId(255))).unwrap(), expected);
    }

    /// What a phone pays for a stadium: the pages' own goal is 100 kB.
    #[test]
    fn two_hundred_thousand_seats_are_small() {
        let plan = floodgate_seating::generate::bowl(200_000);
        let json = serde_json::to_vec(&PlanColumns::of(&plan, VenueId(1))).unwrap();
        let kept = KeptAnswer::new("application/json", json);
        assert!(kept.bytes_on_the_wire() <= 25_000, "{} bytes", kept.bytes_on_the_wire());
    }
}
