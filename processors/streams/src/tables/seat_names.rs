//! The names of seats by their numbers, for a plan that is kept as small as it came.

use floodgate_domain::SeatId;
use floodgate_domain::plan::Plan;

/// One run of a plan, and where it is.
#[derive(Debug, Clone, Copy)]
struct Place {
    first_seat: u32,
    section: u32,
    row: u32,
    run: u32,
}

/// What a seat is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeatName<'a> {
    pub(super) section: &'a str,
    pub(super) row: &'a str,
    pub(super) label: String,
    pub(super) category: &'a str,
}

/// A plan, by the numbers of its seats.
#[derive(Debug)]
pub(super) struct SeatNames {
    plan: Plan,
    /// In the order of their first seats.
    places: Vec<Place>,
    count: u32,
}

impl SeatNames {
    pub(super) fn of(plan: &Plan) -> Self {
        let (mut places, mut count) = (Vec::new(), 0);
        for (section, of_section) in (0..).zip(&plan.sections) {
            for (row, of_row) in (0..).zip(&of_section.rows) {
                for (run, of_run) in (0..).zip(&of_row.runs) {
                    places.push(Place { first_seat: count, section, row, run });
                    // Bounded by SEATS_PER_PLAN_MAX.
                    count += of_run.labels.len() as u32;
                }
            }
        }
        SeatNames { plan: plan.clone(), places, count }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Empty names for a number that the plan does not have.
    pub(super) fn name(&self, seat: SeatId) -> SeatName<'_> {
        let nameless = SeatName { section: "", row: "", label: String::new(), category: "" };
        let at = self.places.partition_point(|place| place.first_seat <= seat.0);
        let Some(place) = at.checked_sub(1).map(|at| self.places[at]) else { return nameless };
        let section = &self.plan.sections[place.section as usize];
        let row = &section.rows[place.row as usize];
        let run = &row.runs[place.run as usize];
        let Some(label) = run.labels.label((seat.0 - place.first_seat) as usize) else {
            return nameless;
        };
        let category = self.plan.categories.get(usize::from(run.category));
        let category = category.map_or("", |category| category.name.as_str());
        SeatName { section: &section.name, row: &row.label, label, category }
    }
}
