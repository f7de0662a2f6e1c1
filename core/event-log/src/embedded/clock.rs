//! The log's clock: wall time as long as the wall clock behaves, elapsed time where it jumps.
//!
//! Holds end by this clock. One that followed every jump of the wall clock would end them all at
//! once after a jump ahead, and none of them after a jump back, until the wall clock had caught up.
//! So it goes by the time that has elapsed, and comes back to the wall clock at a tenth of its
//! pace.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;

/// A difference that time servers correct in one step, and nobody notices.
const ADOPTED: i64 = 1_000_000;
/// How much faster or slower than elapsed time it may go: a hold of eight minutes ends within 48
/// seconds of its length, and an hour is made up for in ten.
const SLEW: i64 = 10;

/// Time as the log has it, in microseconds since 1970. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    micros: i64,
    /// Whether the wall clock says something else.
    is_off: bool,
}

impl Reading {
    /// The reading after so much elapsed time, when the wall clock says `wall`.
    fn after(self, elapsed: Duration, wall: i64) -> Reading {
        let elapsed = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX / 4);
        let expected = self.micros.saturating_add(elapsed);
        let off = wall.saturating_sub(expected);
        if off.abs() <= ADOPTED {
            return Reading { micros: wall.max(self.micros), is_off: false };
        }
        let most = elapsed / SLEW;
        Reading { micros: expected + off.clamp(-most, most), is_off: true }
    }
}

/// The clock of one log.
#[derive(Debug)]
pub(super) struct LogClock {
    // A plain mutex: held for a few additions, by the writer once a group, by owners once a turn.
    last: Mutex<(Reading, Instant)>,
}

impl LogClock {
    /// Begins at the wall clock, or at the last record where that is later.
    pub(super) fn starting_at(last_record: LogTime) -> Self {
        let wall = wall_micros();
        let micros = wall.max(i64::try_from(last_record.0.saturating_mul(1_000)).unwrap_or(wall));
        let reading = Reading { micros, is_off: false };
        let clock = LogClock { last: Mutex::new((reading, Instant::now())) };
        // Says it if the log is ahead.
        clock.now();
        clock
    }

    /// Milliseconds since 1970, as the next record gets them.
    pub(super) fn now(&self) -> LogTime {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, since) = *last;
        let now = Instant::now();
        let wall = wall_micros();
        let reading = before.after(now.saturating_duration_since(since), wall);
        *last = (reading, now);
        drop(last);
        if reading.is_off || before.is_off {
            note(reading, before, wall);
        }
        LogTime(reading.micros.unsigned_abs() / 1_000)
    }

    /// How far the wall clock is ahead of this one, where it jumped, in milliseconds.
    pub(super) fn off_by_ms(&self) -> Option<i64> {
        let (reading, _) = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        reading.is_off.then(|| (wall_micros() - reading.micros) / 1_000)
    }
}

fn note(reading: Reading, before: Reading, wall: i64) {
    let ms = (wall - reading.micros) / 1_000;
    metrics::gauge!("floodgate_log_clock_off_seconds").set(ms as f64 / 1_000.0);
    match (before.is_off, reading.is_off) {
        (false, true) => tracing::warn!(
            ms,
            "the clock of this machine jumped, or is behind the log; the log goes by elapsed time \
             and comes back to it at a tenth of its pace. Set the clock by NTP"
        ),
        (true, false) => tracing::info!("the log and the clock of this machine agree again"),
        _ => {}
    }
}

fn wall_micros() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    const SECOND: i64 = 1_000_000;

    /// Runs a wall clock that is `jump` ahead from the first step on, in steps of a tenth of a
    /// second; the readings after each.
    fn run(jump: i64, steps: i64) -> Vec<i64> {
        let mut reading = Reading { micros: 0, is_off: false };
        let step = Duration::from_millis(100);
        let readings = (1..=steps).map(|number| {
            reading = reading.after(step, number * SECOND / 10 + jump);
            reading.micros
        });
        readings.collect()
    }

    #[test]
    fn a_hold_ends_within_a_tenth_of_its_length_whatever_the_wall_clock_does() {
        let hold = 480 * SECOND;
        for jump in [86_400, 3_600, 90, 2, 0, -2, -90, -3_600, -86_400].map(|s| s * SECOND) {
            let readings = run(jump, 4_800);
            let passed = readings.last().expect("there are steps");
            assert!((passed - hold).abs() <= hold / 10, "jump {jump}: {passed} passed");
        }
    }

    #[test]
    fn it_comes_back_to_the_wall_clock() {
        for jump in [60, -60].map(|seconds| seconds * SECOND) {
            let readings = run(jump, 6_100);
            assert_eq!(readings.last(), Some(&(610 * SECOND + jump)), "jump {jump}");
        }
    }

    #[test]
    fn small_corrections_are_adopted() {
        assert_eq!(run(SECOND / 2, 3), [600_000, 700_000, 800_000]);
        assert_eq!(run(-SECOND / 2, 7), [0, 0, 0, 0, 0, 100_000, 200_000]);
    }

    #[test]
    fn it_never_goes_back_and_one_second_of_a_wrong_clock_leaves_nothing() {
        let seed = rand::random();
        let mut random = SmallRng::seed_from_u64(seed);
        for _ in 0..200 {
            let (mut reading, mut wall) = (Reading { micros: 0, is_off: false }, 0);
            for _ in 0..500 {
                let elapsed = random.random_range(0..SECOND);
                wall += elapsed;
                let jump = match random.random_range(0..10) {
                    0 => random.random_range(-86_400 * SECOND..86_400 * SECOND),
                    _ => 0,
                };
                let step = Duration::from_micros(elapsed.unsigned_abs());
                let next = reading.after(step, wall + jump);
                assert!(next.micros >= reading.micros, "seed {seed}: it went back");
                let most = elapsed + elapsed / SLEW + ADOPTED;
                assert!(next.micros - reading.micros <= most, "seed {seed}: it jumped");
                reading = next;
            }
            assert!(
                (reading.micros - wall).abs() < 60 * SECOND,
                "seed {seed}: {reading:?}, {wall}"
            );
        }
    }
}
