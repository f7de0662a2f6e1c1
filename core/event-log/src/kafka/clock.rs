//! What the brokers' clock says, as this process can know it.
//!
//! Brokers stamp records; their clock decides when holds end. Each acknowledgement says when a
//! record was stamped, which was somewhere between sending it and hearing of it: how far the
//! brokers' clock is from ours at least follows. Whoever waits for an instant of the log waits by
//! that; by our own clock an owner would ask a broker that is behind for the same instant again and
//! again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;

/// Less is no news: clocks set by NTP differ by milliseconds, and holds end to the second.
const NOTED_MS: i64 = 1_000;

/// How far the brokers' clock is ahead of ours, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct BrokerClock {
    // Relaxed: an estimate that nothing else hangs on.
    ahead_ms: AtomicI64,
}

impl BrokerClock {
    /// A record that was sent at `sent` by our clock was stamped `stamped`, and we hear of it now.
    pub(super) fn note(&self, sent: LogTime, stamped: LogTime) {
        let ahead = ahead_ms(sent, stamped, wall());
        let before = self.ahead_ms.swap(ahead, Ordering::Relaxed);
        let (was, is) = (before.abs() >= NOTED_MS, ahead.abs() >= NOTED_MS);
        if was || is {
            metrics::gauge!("floodgate_log_clock_off_seconds").set(-ahead as f64 / 1_000.0);
        }
        match (was, is) {
            (false, true) => tracing::warn!(
                ahead_ms = ahead,
                "the brokers' clock is not ours; holds end by theirs. Set both by NTP"
            ),
            (true, false) => tracing::info!("the brokers' clock and ours agree again"),
            _ => {}
        }
    }

    /// Our clock, corrected by what is known of theirs.
    pub(super) fn now(&self) -> LogTime {
        LogTime(wall().0.saturating_add_signed(self.ahead_ms.load(Ordering::Relaxed)))
    }

    /// How far our clock is ahead of theirs, where it is worth a word.
    pub(super) fn off_by_ms(&self) -> Option<i64> {
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        (ahead.abs() >= NOTED_MS).then_some(-ahead)
    }
}

/// How far a clock is ahead of ours at least, that said `stamped` between `sent` and `heard`.
fn ahead_ms(sent: LogTime, stamped: LogTime, heard: LogTime) -> i64 {
    let ms = |time: LogTime| i64::try_from(time.0).unwrap_or(i64::MAX / 2);
    let (least, most) = (ms(stamped) - ms(heard), ms(stamped) - ms(sent));
    // Our own clock may have been set back meanwhile.
    0.clamp(least.min(most), most.max(least))
}

/// Milliseconds since 1970 by this machine.
pub(super) fn wall() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_is_taken_for_a_difference() {
        let rows = [
            // Stamped while it was under way.
            (1_000, 1_005, 1_010, 0),
            (1_000, 1_000, 1_000, 0),
            (1_000, 9_000, 20_000, 0),
            // An hour ahead, and an hour behind.
            (5_000_000, 8_600_004, 5_000_010, 3_599_994),
            (5_000_000, 1_400_004, 5_000_010, -3_599_996),
            // Ours was set back by a second while the record was under way.
            (5_000, 5_001, 4_000, 1),
        ];
        for (sent, stamped, heard, expected) in rows {
            let found = ahead_ms(LogTime(sent), LogTime(stamped), LogTime(heard));
            assert_eq!(found, expected, "{sent} {stamped} {heard}");
        }
    }

    #[test]
    fn waiting_goes_by_their_clock() {
        let clock = BrokerClock::default();
        assert_eq!(clock.off_by_ms(), None);
        let sent = wall();
        clock.note(sent, LogTime(sent.0 - 3_600_000));
        assert!(clock.off_by_ms().is_some_and(|ms| (3_599_000..=3_600_000).contains(&ms)));
        assert!(clock.now().0 < wall().0 - 3_590_000);
        let sent = wall();
        clock.note(sent, sent);
        assert_eq!(clock.off_by_ms(), None);
    }
}
