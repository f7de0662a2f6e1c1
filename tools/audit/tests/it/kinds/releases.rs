//! Facts about tables of an audience.

use floodgate_domain::AudienceRelease;

use super::*;

pub(super) fn of_releases(fact: &Fact) -> Vec<Altered> {
    let of_table = |what: &'static str, alter: fn(&mut AudienceRelease)| {
        with(fact, what, move |fact| {
            if let Fact::AudienceReleased { release, .. } = fact {
                alter(release);
            }
        })
    };
    let more = |count: &mut u32| *count += 1;
    vec![
        change!(fact, "another number", AudienceReleased, number, more),
        change!(fact, "another sum", AudienceReleased, spent_micros, more),
        of_table("another beginning", |release| release.from.0 += 1),
        of_table("another end", |release| release.until.0 -= 1),
        of_table("another price", |release| release.epsilon_micros -= 1),
        of_table("another seed", |release| release.seed[31] ^= 1),
    ]
}
