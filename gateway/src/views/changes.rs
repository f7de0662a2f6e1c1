//! What staff changed about an event, with who and why; and the dials since then.

use std::collections::VecDeque;

use floodgate_domain::{DialChange, Effects, FactPosition, FactRecord, LogTime, StaffId};

/// Changes kept of an event, about a kilobyte each at most; older ones are in the log.
const CHANGES_MAX: usize = 512;
/// Entries of settings files remembered as done: more edits than a sale sees.
const ORIGINS_MAX: usize = 256;

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) position: FactPosition,
    pub(crate) at: LogTime,
    /// The fact's name.
    pub(crate) fact: &'static str,
    /// Who; older facts about prices and rules do not say it.
    pub(crate) by: Option<StaffId>,
    /// What was turned.
    pub(crate) dials: DialChange,
}

/// The changes of one event.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Oldest first.
    kept: VecDeque<Change>,
    /// Where the dials stand.
    pub(crate) turned: DialChange,
    /// Entries of settings files that have been done, the last one at the end.
    origins: VecDeque<(u64, FactPosition)>,
}

impl Changes {
    /// Enters a fact, if staff changed something by it.
    pub(crate) fn note(&mut self, record: &FactRecord, effects: &Effects<'_>) {
        let Effects { phase, prices, policy, details, by, .. } = *effects;
        let is_set = phase.is_some() || prices.is_some() || policy.is_some() || details.is_some();
        let is_change = is_set && effects.created.is_none();
        let dials = match effects.dials {
            Some(dials) => dials.clone(),
            None if is_change => DialChange::default(),
            None => return,
        };
        self.turn(&dials, record.position);
        // The phase that changed by a change of dials is in that, which knows who and why.
        let is_same = |last: &Change| last.position.offset == record.position.offset;
        if by.is_some() && self.kept.back().is_some_and(is_same) {
            self.kept.pop_back();
        }
        if self.kept.len() == CHANGES_MAX {
            self.kept.pop_front();
        }
        let FactRecord { position, at, .. } = *record;
        self.kept.push_back(Change { position, at, fact: record.fact.name(), by, dials });
    }

    fn turn(&mut self, dials: &DialChange, position: FactPosition) {
        self.turned.take_over(dials);
        if dials.origin != 0 {
            self.origins.retain(|(origin, _)| *origin != dials.origin);
            if self.origins.len() == ORIGINS_MAX {
                self.origins.pop_front();
            }
            self.origins.push_back((dials.origin, position));
        }
    }

    /// Changes before a position, newest first.
    pub(crate) fn newest(&self, before: Option<u64>) -> impl Iterator<Item = &Change> {
        let is_before =
            move |change: &&Change| before.is_none_or(|b| change.position.version() < b);
        self.kept.iter().rev().filter(is_before)
    }

    /// Whether an entry of a settings file has been done before.
    pub(crate) fn has_done(&self, origin: u64) -> bool {
        self.origins.iter().any(|(done, _)| *done == origin)
    }

    /// The entry of a settings file that was done last, and when.
    pub(crate) fn last_origin(&self) -> Option<(u64, FactPosition)> {
        self.origins.back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodgate_domain::{EventId, Fact, PhaseDial};

    fn record(offset: u64, index: u16, fact: Fact) -> FactRecord {
        let position = FactPosition { offset, index };
        FactRecord { position, at: LogTime(offset), event_id: EventId(1), fact }
    }

    fn note(changes: &mut Changes, record: &FactRecord) {
        changes.note(record, &record.fact.effects());
    }

    fn set(offset: u64, index: u16, dials: DialChange) -> FactRecord {
        record(offset, index, Fact::DialsSet { change: Box::new(dials), by: StaffId(7) })
    }

    #[test]
    fn a_change_says_its_phase_and_dials_add_up() {
        let none = DialChange::default();
        let mut changes = Changes::default();
        note(&mut changes, &record(0, 0, Fact::EventCreated(Box::default())));
        note(&mut changes, &record(1, 0, Fact::SaleOpened));
        note(&mut changes, &record(2, 0, Fact::SalePaused));
        let phase = Some(PhaseDial::Pause);
        note(
            &mut changes,
            &set(2, 1, DialChange { phase, pace_per_minute: Some(5), ..none.clone() }),
        );
        let message = Some("hello".to_owned());
        note(
            &mut changes,
            &set(3, 0, DialChange { message, puzzle_level: Some(3), ..none.clone() }),
        );
        note(&mut changes, &record(4, 0, Fact::EventCancelled));
        let names: Vec<_> = changes.newest(None).map(|c| (c.fact, c.by.is_some())).collect();
        let expected = [
            ("EventCancelled", false),
            ("DialsSet", true),
            ("DialsSet", true),
            ("SaleOpened", false),
        ];
        assert_eq!(names, expected);
        let turned = DialChange {
            phase,
            pace_per_minute: Some(5),
            puzzle_level: Some(3),
            message: Some("hello".to_owned()),
            ..none
        };
        assert_eq!(changes.turned, turned);
        let before = changes.newest(None).nth(1).map(|change| change.position.version());
        assert_eq!(changes.newest(before).count(), 2);
    }

    #[test]
    fn it_stays_bounded_and_knows_what_files_did() {
        let mut changes = Changes::default();
        for offset in 1..=2_000 {
            note(
                &mut changes,
                &set(offset, 0, DialChange { origin: offset, ..DialChange::default() }),
            );
        }
        assert_eq!(changes.newest(None).count(), CHANGES_MAX);
        assert!(changes.has_done(2_000) && !changes.has_done(1));
        note(&mut changes, &set(3_000, 0, DialChange { origin: 1_990, ..DialChange::default() }));
        assert_eq!(changes.last_origin(), Some((1_990, FactPosition { offset: 3_000, index: 0 })));
        assert!(changes.origins.len() <= ORIGINS_MAX);
    }
}
