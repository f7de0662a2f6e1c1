//! What makes a plan unsellable, whatever format it came from.
//!
//! Owns the structural rules that the engine's tables rely on: `CreateEvent` is refused when
//! [`problems`] finds any. Never looks at drawings or duplicate names; the plan readers do, since
//! only they know which line of a file is at fault.

use std::collections::BTreeSet;

use super::{
    CATEGORIES_MAX, LABEL_BYTES_MAX, Labels, PLAN_NAME_BYTES_MAX, Plan, Row, Run,
    SEATS_PER_PLAN_MAX, SEATS_PER_RUN_MAX, SECTIONS_MAX, SeatFlags, Section, SectionKind, Shape,
};

/// Enough to see what is wrong; a broken exporter repeats itself for every seat.
pub const PROBLEMS_MAX: usize = 100;

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// Such as `sections[3].rows[0].runs[1]`; empty when the whole plan is meant.
    pub path: String,
    pub message: String,
}

/// Collects problems up to [`PROBLEMS_MAX`].
#[derive(Debug, Default)]
struct Findings {
    problems: Vec<PlanProblem>,
}

impl Findings {
    fn is_full(&self) -> bool {
        self.problems.len() >= PROBLEMS_MAX
    }

    fn add(&mut self, path: &str, message: String) {
        if !self.is_full() {
            self.problems.push(PlanProblem { path: path.to_owned(), message });
        }
    }

    fn text(&mut self, path: &str, what: &str, text: &str, max: usize) {
        if text.len() > max {
            let length = text.len();
            self.add(path, format!("the {what} has {length} bytes; at most {max} are allowed"));
        }
    }
}

/// Everything that keeps a plan from being sold, at most [`PROBLEMS_MAX`]; none if it is sound.
#[must_use]
pub fn problems(plan: &Plan) -> Vec<PlanProblem> {
    let mut findings = Findings::default();
    check_whole(plan, &mut findings);
    check_categories(plan, &mut findings);
    let mut for_sale = false;
    for (section_at, section) in plan.sections.iter().enumerate() {
        let path = format!("sections[{section_at}]");
        findings.text(&path, "section's name", &section.name, LABEL_BYTES_MAX);
        for (row_at, row) in section.rows.iter().enumerate() {
            if findings.is_full() {
                return findings.problems;
            }
            let row_path = || format!("{path}.rows[{row_at}]");
            for_sale |= check_row(plan, section, row, &row_path, &mut findings);
        }
    }
    if plan.seat_count() > 0 && !for_sale {
        findings.add("", "every seat is marked as not for sale".into());
    }
    findings.problems
}

fn check_whole(plan: &Plan, findings: &mut Findings) {
    let seats: usize = plan.runs().map(|(_, _, run)| run.labels.len()).sum();
    if seats == 0 {
        findings.add("", "the plan has no seats".into());
    }
    if seats > SEATS_PER_PLAN_MAX as usize {
        findings.add(
            "",
            format!("the plan has {seats} seats; at most {SEATS_PER_PLAN_MAX} fit into one event"),
        );
    }
    let (rows, runs) = plan
        .sections
        .iter()
        .flat_map(|section| &section.rows)
        .fold((0, 0), |(rows, runs), row| (rows + 1, runs + row.runs.len()));
    // A plan's native form is read under the same bound; rows without seats must not break it.
    for (count, what) in [(rows, "rows"), (runs, "runs")] {
        if count > SEATS_PER_PLAN_MAX as usize {
            findings.add("", format!("the plan has {count} {what}, more than seats allowed"));
        }
    }
    if plan.sections.len() > SECTIONS_MAX {
        let count = plan.sections.len();
        findings.add(
            "sections",
            format!("the plan has {count} sections; at most {SECTIONS_MAX} are allowed"),
        );
    }
    if plan.size.0 < 0 || plan.size.1 < 0 {
        findings.add("size", "the drawing's size is negative".into());
    }
    findings.text("name", "plan's name", &plan.name, PLAN_NAME_BYTES_MAX);
}

fn check_categories(plan: &Plan, findings: &mut Findings) {
    if plan.categories.len() > CATEGORIES_MAX {
        let count = plan.categories.len();
        findings.add(
            "categories",
            format!("the plan has {count} categories; at most {CATEGORIES_MAX} are allowed"),
        );
    }
    let mut names = BTreeSet::new();
    for (at, category) in plan.categories.iter().enumerate() {
        let path = format!("categories[{at}]");
        let name = category.name.as_str();
        findings.text(&path, "category's name", name, LABEL_BYTES_MAX);
        if name.is_empty() {
            findings.add(&path, "the category has no name to price it by".into());
        } else if !names.insert(name) {
            findings.add(&path, format!("there are two categories named `{name}`"));
        }
    }
}

/// Checks a row; says whether it has a seat for sale. Paths are built only when needed.
fn check_row(
    plan: &Plan,
    section: &Section,
    row: &Row,
    path: &dyn Fn() -> String,
    findings: &mut Findings,
) -> bool {
    if row.label.len() > LABEL_BYTES_MAX {
        findings.text(&path(), "row's label", &row.label, LABEL_BYTES_MAX);
    }
    let mut for_sale = false;
    for (at, run) in row.runs.iter().enumerate() {
        for message in run_problems(plan, section.kind, run) {
            findings.add(&format!("{}.runs[{at}]", path()), message);
        }
        let blocked = run.flags.iter().filter(|(_, flags)| flags.has(SeatFlags::BLOCKED));
        for_sale |= blocked.count() < run.labels.len();
    }
    for_sale
}

fn run_problems(plan: &Plan, kind: SectionKind, run: &Run) -> Vec<String> {
    let mut messages = Vec::new();
    let count = run.labels.len();
    if count > SEATS_PER_RUN_MAX {
        messages
            .push(format!("the run has {count} seats; at most {SEATS_PER_RUN_MAX} are allowed"));
    }
    if usize::from(run.category) >= plan.categories.len() {
        let (category, last) = (run.category, plan.categories.len());
        messages.push(format!("category {category} does not exist; the plan has {last}"));
    }
    if let Shape::Points(points) = &run.shape
        && points.len() != count
    {
        let points = points.len();
        messages.push(format!("{count} seats are drawn at {points} points"));
    }
    messages.extend(label_problem(kind, &run.labels));
    messages.extend(flag_problem(run));
    messages
}

fn label_problem(kind: SectionKind, labels: &Labels) -> Option<String> {
    match labels {
        Labels::Numbers { first, step, count } => {
            let last = i64::from(*first) + i64::from(*step) * (i64::from(*count) - 1).max(0);
            if i32::try_from(last).is_err() {
                return Some(format!("the numbers run up to {last}"));
            }
            let repeats = *step == 0 && *count > 1 && kind == SectionKind::Seated;
            repeats.then(|| format!("all {count} seats have the number {first}"))
        }
        Labels::Texts(texts) => {
            if let Some(text) = texts.iter().find(|text| text.len() > LABEL_BYTES_MAX) {
                let length = text.len();
                return Some(format!(
                    "a seat's label has {length} bytes; at most {LABEL_BYTES_MAX} are allowed"
                ));
            }
            let unnamed = kind == SectionKind::Seated && texts.iter().any(String::is_empty);
            unnamed.then(|| "a seat has no label".to_owned())
        }
    }
}

fn flag_problem(run: &Run) -> Option<String> {
    let count = run.labels.len();
    let mut next = 0;
    for (at, flags) in &run.flags {
        let at = usize::from(*at);
        if at >= count {
            return Some(format!("seat {at} has flags, but the run has {count} seats"));
        }
        if at < next {
            return Some(format!("the flags of seat {at} stand twice or out of order"));
        }
        if flags.0 & !SeatFlags::ALL.0 != 0 {
            let bits = flags.0;
            return Some(format!("the flags of seat {at} are {bits}; the largest is 15"));
        }
        next = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Category;

    fn sound() -> Plan {
        let run = Run {
            category: 0,
            labels: Labels::Numbers { first: 1, step: 1, count: 4 },
            shape: Shape::default(),
            flags: vec![(1, SeatFlags::ACCESSIBLE), (3, SeatFlags::BLOCKED)],
        };
        Plan {
            categories: vec![Category { name: "A".into(), color: [0; 3] }],
            sections: vec![Section {
                name: "S".into(),
                kind: SectionKind::Seated,
                rows: vec![Row { label: "1".into(), rank: 0, runs: vec![run] }],
            }],
            ..Plan::default()
        }
    }

    fn run(plan: &mut Plan) -> &mut Run {
        &mut plan.sections[0].rows[0].runs[0]
    }

    fn numbers(first: i32, step: i32, count: u16) -> Labels {
        Labels::Numbers { first, step, count }
    }

    /// What is changed in a sound plan, where the problem is found, and a word of its message.
    type Case = (fn(&mut Plan), &'static str, &'static str);

    const RUN: &str = "sections[0].rows[0].runs[0]";
    const CASES: &[Case] = &[
        (|p| p.sections.clear(), "", "no seats"),
        (|p| run(p).labels = numbers(1, 1, 0), "", "no seats"),
        (|p| run(p).category = 1, RUN, "category 1 does not exist"),
        (|p| run(p).labels = numbers(1, 1, 4097), RUN, "4097 seats"),
        (|p| run(p).labels = numbers(i32::MAX, 1, 4), RUN, "2147483650"),
        (|p| run(p).labels = numbers(7, 0, 4), RUN, "have the number 7"),
        (|p| run(p).labels = Labels::Texts(vec![String::new(); 4]), RUN, "no label"),
        (|p| run(p).labels = Labels::Texts(vec!["x".repeat(65); 4]), RUN, "65 bytes"),
        (|p| run(p).shape = Shape::Points(vec![(0, 0)]), RUN, "4 seats are drawn at 1"),
        (|p| run(p).flags = vec![(4, SeatFlags(1))], RUN, "the run has 4 seats"),
        (|p| run(p).flags = vec![(0, SeatFlags(32))], RUN, "are 32"),
        (|p| run(p).flags = vec![(1, SeatFlags(1)); 2], RUN, "stand twice"),
        (|p| run(p).flags = (0..4).map(|at| (at, SeatFlags(8))).collect(), "", "every seat"),
        (|p| p.categories = vec![p.categories[0].clone(); 2], "categories[1]", "two categories"),
        (|p| p.categories[0].name.clear(), "categories[0]", "no name"),
        (|p| p.sections[0].name = "n".repeat(65), "sections[0]", "65 bytes"),
        (|p| p.sections[0].rows[0].label = "n".repeat(65), "sections[0].rows[0]", "65 bytes"),
        (|p| p.name = "n".repeat(257), "name", "257 bytes"),
        (|p| p.size = (-1, 0), "size", "negative"),
        (|p| p.sections = vec![p.sections[0].clone(); 4097], "sections", "4097 sections"),
        (
            |p| {
                run(p).labels = numbers(1, 1, 4096);
                p.sections[0].rows = vec![p.sections[0].rows[0].clone(); 257];
            },
            "",
            "1052672 seats",
        ),
    ];

    #[test]
    fn every_fault_is_found_where_it_is() {
        assert_eq!(problems(&sound()), []);
        for (at, (break_it, path, word)) in CASES.iter().enumerate() {
            let mut plan = sound();
            break_it(&mut plan);
            let found = problems(&plan);
            assert!(
                found.iter().any(|p| p.path == *path && p.message.contains(word)),
                "case {at} ({word}): {found:?}"
            );
        }
    }

    #[test]
    fn sixty_five_categories_are_too_many() {
        let mut plan = sound();
        plan.categories =
            (0..65).map(|at| Category { name: at.to_string(), color: [0; 3] }).collect();
        assert_eq!(problems(&plan)[0].path, "categories");
    }

    #[test]
    fn findings_are_bounded() {
        let mut plan = sound();
        run(&mut plan).category = 9;
        plan.sections[0].rows = vec![plan.sections[0].rows[0].clone(); 1000];
        assert_eq!(problems(&plan).len(), PROBLEMS_MAX);
    }

    #[test]
    fn a_standing_area_needs_no_names() {
        let mut plan = sound();
        plan.sections[0].kind = SectionKind::GeneralAdmission;
        run(&mut plan).labels = Labels::Texts(vec![String::new(); 4]);
        assert_eq!(problems(&plan), []);
    }
}
