//! The line's progress, recorded in the log: who was called stays called, and can be notified.
//!
//! The frontier moves ten times a second on every gateway; the log records it about once a
//! second per event, from whichever gateway comes first. The others see the fact and wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use floodgate_domain::{Command, EventId, Frontier, SalePhase};

use crate::admission::Admission;
use crate::commands::Commands;
use crate::views::Views;

/// What the log has is left alone for so long after it moved.
const CALL_EVERY: Duration = Duration::from_secs(1);
/// How often to look: gateways differ by their start, so the first one to look is a different
/// one each time and the others mostly find the fact there already.
const LOOK_EVERY: Duration = Duration::from_millis(230);

/// What this gateway knows of one event's line in the log.
#[derive(Debug, Clone, Copy)]
struct Line {
    called: Frontier,
    /// When the log moved, or this gateway last asked it to.
    since: Instant,
}

/// The lines of all events that are not over; the log bounds those.
#[derive(Debug, Default)]
struct Lines(HashMap<EventId, Line>);

impl Lines {
    /// Whether it is time to record `frontier`, given that the log has `called`.
    fn is_due(
        &mut self,
        event_id: EventId,
        frontier: Frontier,
        called: Frontier,
        now: Instant,
    ) -> bool {
        let long_ago = now.checked_sub(CALL_EVERY).unwrap_or(now);
        let fresh = Line { called, since: long_ago };
        let line = self.0.entry(event_id).or_insert(fresh);
        if line.called != called {
            *line = Line { called, since: now };
        }
        let is_due = frontier > called && now.duration_since(line.since) >= CALL_EVERY;
        if is_due {
            line.since = now;
        }
        is_due
    }

    fn forget(&mut self, event_id: EventId) {
        self.0.remove(&event_id);
    }
}

/// Records how far the lines have moved, until it is dropped.
pub(super) async fn record_frontiers(commands: Commands, views: Arc<Views>, admission: Admission) {
    let mut pulse = tokio::time::interval(LOOK_EVERY);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lines = Lines::default();
    loop {
        pulse.tick().await;
        // Views that are behind would call again what was called long ago.
        if !views.is_ready() {
            continue;
        }
        for (event_id, entry) in views.all() {
            let (phase, called) = {
                let view = entry.read();
                (view.phase, view.places_called)
            };
            if matches!(phase, SalePhase::Closed | SalePhase::Cancelled) {
                lines.forget(event_id);
                continue;
            }
            let frontier =
                admission.room().view(event_id).map_or(Frontier::default(), |room| room.frontier);
            if lines.is_due(event_id, frontier, called, Instant::now()) {
                // A call that is lost is made again, with a later frontier, in a second.
                commands.append(event_id, Command::CallPlaces { below: frontier });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: EventId = EventId(1);

    #[tokio::test]
    async fn many_gateways_call_about_once_a_second() {
        let start = Instant::now();
        let mut gateways: Vec<Lines> = (0..8).map(|_| Lines::default()).collect();
        let (mut in_log, mut calls) = (Frontier(0), 0);
        // A minute of a line that moves all the time; each gateway looks at its own moments.
        for ms in 0..60_000_u64 {
            let now = start + Duration::from_millis(ms);
            for (number, lines) in (0..).zip(&mut gateways) {
                let looks = (ms + number * 29) % 230 == 0;
                if looks && lines.is_due(EVENT, Frontier(ms + 1), in_log, now) {
                    // The log has it, and everybody reads of it before the next millisecond.
                    in_log = Frontier(ms + 1);
                    calls += 1;
                }
            }
        }
        assert!((45..=61).contains(&calls), "{calls} calls in a minute");
    }

    #[tokio::test]
    async fn a_lost_call_is_made_again_and_a_standing_line_is_silent() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut lines = Lines::default();
        assert!(
            lines.is_due(EVENT, Frontier(5), Frontier(0), at(0)),
            "the first news goes out at once"
        );
        assert!(!lines.is_due(EVENT, Frontier(9), Frontier(0), at(999)));
        assert!(lines.is_due(EVENT, Frontier(9), Frontier(0), at(1000)), "the log never got it");
        assert!(!lines.is_due(EVENT, Frontier(9), Frontier(9), at(1100)));
        assert!(!lines.is_due(EVENT, Frontier(9), Frontier(9), at(99_000)));
        assert!(lines.is_due(EVENT, Frontier(10), Frontier(9), at(99_001)));
    }
}
