//! What ends by itself has to end, soon after its time.
//!
//! Time in a log passes with its commands, and a mass expiry is spread over several of them. So
//! something is overdue when its time is over and more commands have come since than would be
//! needed to end everything that ever had a deadline.

use std::collections::{BTreeSet, HashMap};

use floodgate_domain::{AnnouncementId, BuyerId, EventId, HoldId, LogTime};

use crate::books::messages::STARTS;
use crate::findings::Findings;

/// How finely deadlines are kept, twice: whoever is later than this is late.
const SLACK_MS: u64 = 128;
/// Deadlines that one command may settle at least.
const PER_STEP: u64 = 1024;

/// What has a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Due {
    Order(HoldId),
    /// Seats that were set aside.
    Seats(HoldId),
    /// The beginning of a presale by itself.
    Presale,
    /// The opening of a sale by itself, and its end.
    Opening,
    Closing,
    /// The start of an announcement.
    Announcement(AnnouncementId),
    /// The visit of somebody who holds nothing: by their pass, or because they do nothing.
    Visit(BuyerId),
}

/// All deadlines of one partition.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    by_time: BTreeSet<(LogTime, EventId, Due)>,
    by_name: HashMap<(EventId, Due), LogTime>,
    /// Deadlines there ever were.
    set: u64,
    /// What is overdue longest, and how many commands have come since it was.
    overdue: Option<(LogTime, EventId, Due)>,
    steps: u64,
}

impl Deadlines {
    /// Sets or moves a deadline; `None` takes it away.
    pub(crate) fn set(&mut self, event_id: EventId, due: Due, until: Option<LogTime>) {
        let name = (event_id, due);
        if self.by_name.get(&name).copied() == until {
            return;
        }
        if let Some(before) = self.by_name.remove(&name) {
            self.by_time.remove(&(before, event_id, due));
        }
        if let Some(until) = until {
            self.set += 1;
            self.by_name.insert(name, until);
            self.by_time.insert((until, event_id, due));
        }
    }

    /// A command has come: what ended with it has been taken away.
    pub(crate) fn step(&mut self, now: LogTime, found: &mut Findings) {
        let first = self.by_time.first().copied().filter(|one| one.0.plus(SLACK_MS) < now);
        if first != self.overdue {
            self.overdue = first;
            self.steps = 0;
        }
        let Some((until, event_id, due)) = first else { return };
        self.steps += 1;
        let is_late = self.steps > 2 + self.set / PER_STEP;
        if is_late {
            let invariant = match due {
                Due::Presale | Due::Opening | Due::Closing => "sale-on-time",
                Due::Announcement(_) => STARTS,
                Due::Order(_) | Due::Seats(_) | Due::Visit(_) => "hold-ends",
            };
            found.check(invariant, false, || {
                format!("{due:?} of {event_id} was due at {}", until.0)
            });
            self.set(event_id, due, None);
        }
    }
}
