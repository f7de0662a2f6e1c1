//! Tables of an audience: when one is released, and what a year of them may cost.

use floodgate_domain::release::{BUDGET_YEAR_MS, RELEASE_EPSILON_MICROS_MAX};
use floodgate_domain::{Actor, AudienceRelease, Command, Fact, LogTime, PhaseDial, Refusal};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

use crate::details::pass;
use crate::rows::Then::{Done, No};
use crate::rows::{check, no_queue};
use crate::stage::{Stage, buyer, new_event, staff};

const DAY_MS: u64 = 24 * 3_600_000;

pub(crate) fn release(from: u64, until: u64) -> AudienceRelease {
    let (from, until) = (LogTime(from), LogTime(until));
    AudienceRelease { from, until, epsilon_micros: RELEASE_EPSILON_MICROS_MAX, seed: [3; 32] }
}

fn ask(release: AudienceRelease) -> Command {
    Command::ReleaseAudience(Box::new(release))
}

fn of(from: u64, until: u64) -> Command {
    ask(release(from, until))
}

fn announced(version: u32) -> Stage {
    let mut stage = Stage::empty();
    stage.ask(Actor::System, Command::EngineVersion { version });
    let new = Command::CreateEvent(Box::new(new_event(no_queue())));
    check(&mut stage, vec![(staff(), new, Done)]);
    stage
}

fn opened() -> Stage {
    let mut stage = announced(NEWEST_VERSION);
    check(&mut stage, vec![(staff(), Command::turn_phase(PhaseDial::Open, ""), Done)]);
    stage
}

#[test]
fn a_window_that_is_over_has_one_table() {
    let mut stage = announced(NEWEST_VERSION);
    let system = Actor::System;
    let wide = AudienceRelease { epsilon_micros: 1_000_001, ..release(0, 500) };
    let out = || No(Refusal::ReleaseOutOfOrder);
    let turn = |dial| Command::turn_phase(dial, "");
    check(
        &mut stage,
        vec![
            (system, of(0, 500), No(Refusal::SaleNotOpen)),
            (staff(), turn(PhaseDial::Open), Done),
            (buyer(1), of(0, 500), No(Refusal::NotAllowed)),
            (staff(), of(0, 500), No(Refusal::NotAllowed)),
            (system, of(500, 500), out()),
            (system, of(0, 9_000_000), out()),
            (system, ask(wide), out()),
            (system, of(0, 500), Done),
            (system, of(0, 500), out()),
            (system, of(499, 600), out()),
            (system, of(500, 600), Done),
            (staff(), turn(PhaseDial::Close), Done),
            (system, of(700, 800), Done),
            (staff(), turn(PhaseDial::Cancel), Done),
            (system, of(800, 900), No(Refusal::EventCancelled)),
        ],
    );
    let released = |fact: &Fact| match fact {
        Fact::AudienceReleased { number, spent_micros, release } => {
            Some((*number, *spent_micros, release.until.0))
        }
        _ => None,
    };
    let all: Vec<_> = stage.facts.iter().filter_map(|fact| released(&fact.fact)).collect();
    assert_eq!(all, [(1, 1_000_000, 500), (2, 2_000_000, 600), (3, 3_000_000, 800)]);
    assert_eq!(stage.engine.violations(), []);
}

#[test]
fn older_rules_do_not_know_it() {
    let mut stage = announced(4);
    check(&mut stage, vec![(Actor::System, of(0, 500), No(Refusal::NeedsNewerEngine))]);
}

#[test]
fn a_year_has_six_tables_at_most_wherever_it_begins() {
    let mut stage = opened();
    let spent = || No(Refusal::PrivacyBudgetSpent);
    let start = 2_000_000;
    for week in 0..6 {
        pass(&mut stage, start + week * 7 * DAY_MS);
        check(&mut stage, vec![(Actor::System, of(week, week + 1), Done)]);
    }
    let small = AudienceRelease { epsilon_micros: 100_000, ..release(6, 7) };
    let rows = || vec![(Actor::System, of(6, 7), spent()), (Actor::System, ask(small), spent())];
    check(&mut stage, rows());
    // A calendar's year may turn in between: it makes no difference.
    pass(&mut stage, start + BUDGET_YEAR_MS - 1_000);
    check(&mut stage, rows());

    let bytes = crate::properties::snapshot(&stage.engine);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    assert_eq!(crate::properties::snapshot(&stage.engine), bytes);
    check(&mut stage, rows());
    pass(&mut stage, start + BUDGET_YEAR_MS + 60_000);
    check(&mut stage, vec![(Actor::System, of(6, 7), Done), (Actor::System, of(7, 8), spent())]);
    assert_eq!(stage.engine.violations(), []);
}
