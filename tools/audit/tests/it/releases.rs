//! Tables of an audience that a run asks for: too wide, too early, too many, and some that are made.

use floodgate_domain::{AudienceRelease, Command, LogTime};
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) fn something(rng: &mut StdRng, now: u64) -> Command {
    let until = (now + 1_000).saturating_sub(rng.random_range(0..30_000));
    let from = until.saturating_sub(rng.random_range(0..10_000));
    Command::ReleaseAudience(Box::new(AudienceRelease {
        from: LogTime(from),
        until: LogTime(until),
        epsilon_micros: [50_000, 400_000, 900_000, 1_000_000][rng.random_range(0..4)],
        seed: rng.random(),
    }))
}
