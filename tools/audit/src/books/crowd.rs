//! The line and the cohorts of one event, kept from the facts alone.

use std::collections::{HashMap, HashSet};

use floodgate_domain::{Cohort, Fact, Place};

/// What the facts have said of an event's line.
#[derive(Debug, Default)]
pub(crate) struct CrowdBook {
    called: u64,
    asked: HashSet<Place>,
    cohorts: HashMap<Cohort, u64>,
}

/// An invariant that was looked at: its id, whether it holds, and the words if not.
pub(crate) type Finding = (&'static str, bool, String);

impl CrowdBook {
    /// How far the line was called.
    pub(crate) fn called(&self) -> u64 {
        self.called
    }

    pub(crate) fn has_asked(&self, place: Place) -> bool {
        self.asked.contains(&place)
    }

    /// Enters a fact; `places` were given out. `None` for facts about anything else.
    pub(crate) fn enter(&mut self, fact: &Fact, places: u64) -> Option<Finding> {
        match fact {
            Fact::PlacesCalled { below } => {
                let moves_on = self.called < below.0 && below.0 <= places;
                let words =
                    format!("places below {} called after {}, of {places}", below.0, self.called);
                self.called = self.called.max(below.0);
                Some(("line-moves-on", moves_on, words))
            }
            Fact::TurnAwaited { place, .. } => {
                let is_first = self.asked.insert(*place) && place.0 < places;
                Some(("line-moves-on", is_first, format!("place {} asked again", place.0)))
            }
            Fact::CohortJoined { cohort } => {
                *self.cohorts.entry(*cohort).or_default() += 1;
                Some(("cohorts-add-up", true, String::new()))
            }
            Fact::CohortLeft { cohort } => {
                let count = self.cohorts.entry(*cohort).or_default();
                let was_in = *count > 0;
                *count = count.saturating_sub(1);
                Some(("cohorts-add-up", was_in, "a cohort was left by more than joined".into()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use floodgate_domain::{BuyerId, Frontier};

    use super::*;

    #[test]
    fn broken_lines_are_noticed() {
        let cohort = Cohort::new(None, None);
        let called = |below| Fact::PlacesCalled { below: Frontier(below) };
        let asked = |place| Fact::TurnAwaited { buyer: BuyerId(1), place: Place(place) };
        let rows = [
            (called(5), true),
            (called(5), false),
            (called(4), false),
            (called(10), true),
            (called(11), false),
            (asked(3), true),
            (asked(3), false),
            (asked(10), false),
            (Fact::CohortLeft { cohort }, false),
            (Fact::CohortJoined { cohort }, true),
            (Fact::CohortLeft { cohort }, true),
            (Fact::CohortLeft { cohort }, false),
        ];
        let mut book = CrowdBook::default();
        for (at, (fact, expected)) in rows.iter().enumerate() {
            let (_, holds, words) = book.enter(fact, 10).expect("a fact about the crowd");
            assert_eq!(holds, *expected, "row {at}: {fact:?} {words}");
        }
        assert!(book.enter(&Fact::TimeMarked, 10).is_none());
    }
}
