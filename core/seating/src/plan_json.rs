//! The plan as the HTTP interface shows it: still by runs, so that a large house stays small.

use serde::Serialize;

use floodgate_domain::VenueId;
use floodgate_domain::plan::{Labels, Plan, Run, SectionKind, Shape};

/// A whole plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanJson {
    pub venue_id: String,
    pub name: String,
    pub seat_count: u32,
    /// Width and height of the drawing, in plan units.
    pub size: [i32; 2],
    pub categories: Vec<CategoryJson>,
    pub sections: Vec<SectionJson>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategoryJson {
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionJson {
    pub name: String,
    /// `seated` or `general`.
    pub kind: &'static str,
    pub rows: Vec<RowJson>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowJson {
    pub label: String,
    /// Smaller is better.
    pub rank: u32,
    pub runs: Vec<RunJson>,
}

/// Seats that touch; exactly one of `line` and `points` is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunJson {
    pub category: u8,
    /// The number of the run's first seat in the plan.
    pub first_seat: u32,
    pub labels: LabelsJson,
    /// `[x, y, dx, dy]`: seat `i` is at `x + dx * i / 256`, `y + dy * i / 256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<[i32; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<Vec<(i32, i32)>>,
    /// `[seat within the run, bits]` for seats that have any.
    pub flags: Vec<(u16, u8)>,
}

/// How the seats of a run are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LabelsJson {
    Numbers { first: i32, step: i32, count: u16 },
    Texts(Vec<String>),
}

impl PlanJson {
    /// The plan as shown under this venue id.
    #[must_use]
    pub fn from(plan: &Plan, venue_id: VenueId) -> Self {
        let mut first_seat = 0;
        let mut sections = Vec::with_capacity(plan.sections.len());
        for section in &plan.sections {
            let mut rows = Vec::with_capacity(section.rows.len());
            for row in &section.rows {
                let mut runs = Vec::with_capacity(row.runs.len());
                for run in &row.runs {
                    runs.push(run_json(run, first_seat));
                    // Bounded by SEATS_PER_PLAN_MAX.
                    first_seat += run.labels.len() as u32;
                }
                rows.push(RowJson { label: row.label.clone(), rank: row.rank, runs });
            }
            sections.push(SectionJson {
                name: section.name.clone(),
                kind: match section.kind {
                    SectionKind::Seated => "seated",
                    SectionKind::GeneralAdmission => "general",
                },
                rows,
            });
        }
        let categories = plan.categories.iter().map(|category| {
            let [red, green, blue] = category.color;
            CategoryJson {
                name: category.name.clone(),
                color: format!("#{red:02x}{green:02x}{blue:02x}"),
            }
        });
        PlanJson {
            venue_id: venue_id.to_string(),
            name: plan.name.clone(),
            seat_count: plan.seat_count(),
            size: [plan.size.0, plan.size.1],
            categories: categories.collect(),
            sections,
        }
    }
}

fn run_json(run: &Run, first_seat: u32) -> RunJson {
    let (line, points) = match &run.shape {
        Shape::Line { x, y, dx, dy } => (Some([*x, *y, *dx, *dy]), None),
        Shape::Points(points) => (None, Some(points.clone())),
    };
    RunJson {
        category: run.category,
        first_seat,
        labels: match &run.labels {
            &Labels::Numbers { first, step, count } => LabelsJson::Numbers { first, step, count },
            Labels::Texts(texts) => LabelsJson::Texts(texts.clone()),
        },
        line,
        points,
        flags: run.flags.iter().map(|(at, flags)| (*at, flags.0)).collect(),
    }
}
