//! A row taken apart into its seats, so that a mending can change one of them.
//!
//! Owns the way from runs to seats and back, and where neighbours are parted. Never knows a plan.

use std::collections::BTreeSet;

use floodgate_domain::plan::{Row, Run, SeatFlags};

use crate::fit;

/// One seat by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpenSeat {
    pub(crate) label: String,
    pub(crate) category: u8,
    pub(crate) flags: SeatFlags,
    point: (i32, i32),
}

/// The seats of a row, and those that do not touch the one before.
#[derive(Debug)]
pub(crate) struct OpenRow {
    seats: Vec<OpenSeat>,
    aisles: BTreeSet<usize>,
}

impl OpenRow {
    pub(crate) fn of(row: &Row) -> Self {
        let mut open = OpenRow { seats: Vec::new(), aisles: BTreeSet::new() };
        for (run, at) in row.runs.iter().zip(0..) {
            if at > 0 && !row.touches(at) {
                open.aisles.insert(open.seats.len());
            }
            open.seats.extend((0..run.labels.len()).map(|seat| OpenSeat {
                label: run.labels.label(seat).unwrap_or_default(),
                category: run.category,
                flags: flags_of(run, seat),
                point: run.shape.point(seat),
            }));
        }
        open
    }

    /// Its runs: cut at aisles and where the category changes.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut from = 0;
        for at in 1..=self.seats.len() {
            let ends = match self.seats.get(at) {
                Some(seat) => {
                    self.aisles.contains(&at) || seat.category != self.seats[at - 1].category
                }
                None => true,
            };
            if ends {
                runs.push(run_of(&self.seats[from..at]));
                from = at;
            }
        }
        runs
    }

    /// Parts this seat from the next.
    pub(crate) fn cut(&mut self, after: &str) -> Result<(), String> {
        let next = self.next_after(after)?;
        if self.seats[next].category != self.seats[next - 1].category {
            return Err(format!(
                "after seat `{after}` another category begins; whether they touch shows in the \
                 drawing alone"
            ));
        }
        if !self.aisles.insert(next) {
            return Err(format!("there is an aisle after seat `{after}` already: leave it out"));
        }
        Ok(())
    }

    /// Makes this seat and the next neighbours.
    pub(crate) fn join(&mut self, after: &str) -> Result<(), String> {
        let next = self.next_after(after)?;
        if self.seats[next].category != self.seats[next - 1].category {
            return Err(format!(
                "after seat `{after}` another category begins: give both one category first"
            ));
        }
        if !self.aisles.remove(&next) {
            return Err(format!("there is no aisle after seat `{after}`: leave it out"));
        }
        Ok(())
    }

    /// Its seats between two of them, both included, in the order of the row; all without.
    pub(crate) fn part(
        &mut self,
        from: Option<&str>,
        until: Option<&str>,
    ) -> Result<&mut [OpenSeat], String> {
        let one = from.map_or(Ok(0), |label| self.place(label))?;
        let last = self.seats.len().saturating_sub(1);
        let other = until.map_or(Ok(last), |label| self.place(label))?;
        // People name both ends in the order they see them, which need not be ours.
        let (first, end) = (one.min(other), one.max(other) + 1);
        Ok(self.seats.get_mut(first..end).unwrap_or_default())
    }

    fn place(&self, label: &str) -> Result<usize, String> {
        let found = self.seats.iter().position(|seat| seat.label == label);
        found.ok_or_else(|| format!("the row has no seat `{label}`"))
    }

    fn next_after(&self, label: &str) -> Result<usize, String> {
        let next = self.place(label)? + 1;
        let is_last = next == self.seats.len();
        if is_last { Err(format!("seat `{label}` is the last of its row")) } else { Ok(next) }
    }
}

fn flags_of(run: &Run, seat: usize) -> SeatFlags {
    let found = run.flags.iter().find(|(at, _)| usize::from(*at) == seat);
    found.map(|(_, flags)| *flags).unwrap_or_default()
}

fn run_of(seats: &[OpenSeat]) -> Run {
    let flags = seats.iter().zip(0..=u16::MAX);
    let flags = flags.filter(|(seat, _)| seat.flags != SeatFlags::default());
    Run {
        category: seats[0].category,
        labels: fit::labels(seats.iter().map(|seat| seat.label.as_str())),
        shape: fit::shape(seats.iter().map(|seat| seat.point).collect()),
        flags: flags.map(|(seat, at)| (at, seat.flags)).collect(),
    }
}
