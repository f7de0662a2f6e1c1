//! Seats that a buyer could not distinguish: the same section, row and label, or ones that look so.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use floodgate_domain::text::likeness;

/// The seats met so far, by what their names look like, each with what the caller wants back.
#[derive(Debug)]
pub(crate) struct Doubles<'a, T> {
    seats: HashMap<(u32, u32, Cow<'a, str>), T>,
    /// Sections and rows look alike in the same way, so one list of numbers serves both.
    numbers: HashMap<Cow<'a, str>, u32>,
}

impl<T> Default for Doubles<'_, T> {
    fn default() -> Self {
        Doubles { seats: HashMap::new(), numbers: HashMap::new() }
    }
}

impl<'a, T> Doubles<'a, T> {
    /// Adds a seat of this section and row; says which earlier one looks like it.
    pub(crate) fn add(&mut self, names: (&'a str, &'a str), label: &'a str, seat: T) -> Option<T> {
        self.add_likeness(names, likeness(label), seat)
    }

    /// The same, for a label whose likeness is known.
    pub(crate) fn add_likeness(
        &mut self,
        names: (&'a str, &'a str),
        label: Cow<'a, str>,
        seat: T,
    ) -> Option<T> {
        let (section, row) = (self.number(names.0), self.number(names.1));
        self.seats.insert((section, row, label), seat)
    }

    fn number(&mut self, name: &'a str) -> u32 {
        // Fewer than the file has bytes.
        let next = self.numbers.len() as u32;
        *self.numbers.entry(likeness(name)).or_insert(next)
    }
}

/// What is wrong with a second seat, and where the first one is.
pub(crate) fn double_message(
    (section, row, label): (&str, &str, &str),
    is_same: bool,
    first: impl fmt::Display,
) -> String {
    if is_same {
        format!("there are two seats {section} / {row} / {label}; the other is {first}")
    } else {
        format!(
            "the seat looks like {section} / {row} / {label} at {first}, and nobody could \
             distinguish the two; rename one"
        )
    }
}
