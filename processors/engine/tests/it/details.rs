//! What an event says of itself, and the sale that opens and closes by its times.

use floodgate_domain::details::EventDetails;
use floodgate_domain::{
    Command, Fact, LogTime, Look, PhaseDial, Picture, Refusal, SalePhase, StaffId,
};

use crate::rows::Then::{Done, No};
use crate::rows::{check, no_queue};
use crate::stage::{EVENT, Stage, buyer, new_event, staff};

fn details(opens_at: Option<u64>, closes_at: Option<u64>) -> EventDetails {
    let (opens_at, closes_at) = (opens_at.map(LogTime), closes_at.map(LogTime));
    EventDetails { opens_at, closes_at, ..EventDetails::named("Evening") }
}

pub(crate) fn set(details: EventDetails, revision: u32) -> Command {
    Command::SetDetails { details: Box::new(details), revision }
}

/// An event that opens at `opens_at`, under the newest rules.
fn announced(opens_at: Option<u64>, closes_at: Option<u64>) -> Stage {
    let mut stage = Stage::empty();
    let version = floodgate_engine::NEWEST_VERSION;
    stage.ask(floodgate_domain::Actor::System, Command::EngineVersion { version });
    let mut new = new_event(no_queue());
    new.details = details(opens_at, closes_at);
    check(&mut stage, vec![(staff(), Command::CreateEvent(Box::new(new)), Done)]);
    stage
}

pub(crate) fn phase(stage: &Stage) -> SalePhase {
    stage.engine.status(EVENT).unwrap().phase
}

/// Ticks as an owner does: whenever something is due, up to `until`.
pub(crate) fn pass(stage: &mut Stage, until: u64) {
    while let Some(due) = stage.engine.next_due().filter(|due| due.0 <= until) {
        stage.now = stage.now.max(due.0);
        stage.tick();
    }
    stage.now = until;
    stage.tick();
}

#[test]
fn a_sale_opens_and_closes_by_itself_within_a_second() {
    let (opens, closes) = (1_060_000, 1_120_000);
    let mut stage = announced(Some(opens), Some(closes));
    let from = stage.facts.len();
    pass(&mut stage, opens - 1);
    assert_eq!((phase(&stage), stage.facts.len()), (SalePhase::Announced, from));
    pass(&mut stage, closes + 500);
    assert_eq!(stage.fact_names(from), ["SaleOpened", "SaleClosed"]);
    for (record, at) in stage.facts[from..].iter().zip([opens, closes]) {
        assert!(
            (at..at + 1_000).contains(&record.at.0),
            "{} at {}",
            record.fact.name(),
            record.at.0
        );
    }
}

#[test]
fn times_that_moved_count_and_those_of_before_do_not() {
    let mut stage = announced(Some(1_060_000), None);
    check(
        &mut stage,
        vec![
            (buyer(1), set(details(None, None), 0), No(Refusal::NotAllowed)),
            (staff(), set(details(Some(1_090_000), None), 0), Done),
            (staff(), set(details(Some(1_070_000), None), 0), No(Refusal::DetailsChanged)),
            (staff(), set(details(Some(999_000), None), 1), No(Refusal::InvalidDetails)),
            (staff(), set(details(None, Some(999_000)), 1), No(Refusal::InvalidDetails)),
        ],
    );
    let Some(Fact::DetailsSet(set_by)) = stage.facts.last().map(|record| &record.fact) else {
        panic!("nothing was set")
    };
    assert_eq!((&*set_by.value, set_by.by), (&details(Some(1_090_000), None), Some(StaffId(1))));
    pass(&mut stage, 1_080_000);
    assert_eq!(phase(&stage), SalePhase::Announced, "it was moved");
    pass(&mut stage, 1_091_000);
    assert_eq!(phase(&stage), SalePhase::Open);
    // Open, its opening is history; its end is not.
    check(
        &mut stage,
        vec![
            (staff(), set(details(Some(1_200_000), None), 1), No(Refusal::InvalidDetails)),
            (staff(), set(details(Some(1_090_000), Some(1_150_000)), 1), Done),
        ],
    );
    pass(&mut stage, 1_151_000);
    assert_eq!(phase(&stage), SalePhase::Closed);
}

#[test]
fn whoever_turns_the_phase_by_hand_is_not_overruled() {
    let mut stage = announced(Some(1_060_000), Some(1_120_000));
    check(
        &mut stage,
        vec![
            (staff(), Command::turn_phase(PhaseDial::Open, "early"), Done),
            (staff(), Command::turn_phase(PhaseDial::Pause, "a moment"), Done),
        ],
    );
    pass(&mut stage, 1_061_000);
    assert_eq!(phase(&stage), SalePhase::Paused, "paused by hand, it stays so");
    pass(&mut stage, 1_121_000);
    assert_eq!(phase(&stage), SalePhase::Closed);

    let mut stage = announced(Some(1_060_000), Some(1_120_000));
    check(&mut stage, vec![(staff(), Command::turn_phase(PhaseDial::Cancel, "rain"), Done)]);
    let from = stage.facts.len();
    pass(&mut stage, 1_121_000);
    assert_eq!(stage.fact_names(from), Vec::<&str>::new());
}

#[test]
fn the_first_rules_have_no_times() {
    let mut stage = Stage::empty();
    let mut new = new_event(no_queue());
    new.details = details(Some(1_060_000), None);
    let create = |new| Command::CreateEvent(Box::new(new));
    check(
        &mut stage,
        vec![
            (staff(), create(new), No(Refusal::InvalidDetails)),
            (staff(), create(new_event(no_queue())), Done),
            (staff(), set(details(None, None), 0), No(Refusal::NeedsNewerEngine)),
        ],
    );
}

#[test]
fn a_snapshot_keeps_the_times() {
    let stage = announced(Some(1_060_000), Some(1_120_000));
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    let limits = floodgate_engine::EngineLimits::default();
    let mut restored =
        Stage { engine: floodgate_engine::Engine::restore(&bytes, limits).unwrap(), ..stage };
    let from = restored.facts.len();
    pass(&mut restored, 1_121_000);
    assert_eq!(restored.fact_names(from), ["SaleOpened", "SaleClosed"]);
}

#[test]
fn pictures_belong_to_the_fourth_rules_and_say_what_they_show() {
    let with = |alternative: &str| {
        let alternative = alternative.to_owned();
        let picture = Some(Picture { digest: [7; 32], width: 4, height: 2, alternative });
        EventDetails { picture, ..EventDetails::named("Evening") }
    };
    let mut stage = announced(None, None);
    let rows = vec![
        (staff(), set(with(""), 0), No(Refusal::InvalidDetails)),
        (buyer(1), set(with("The band"), 0), No(Refusal::NotAllowed)),
        (staff(), set(with("The band"), 0), Done),
    ];
    check(&mut stage, rows);
    let mut stage = Stage::empty();
    stage.ask(floodgate_domain::Actor::System, Command::EngineVersion { version: 3 });
    check(
        &mut stage,
        vec![
            (staff(), Command::CreateEvent(Box::new(new_event(no_queue()))), Done),
            (staff(), set(with("The band"), 0), No(Refusal::NeedsNewerEngine)),
            (staff(), set(EventDetails::named("Evening"), 0), Done),
        ],
    );
}

#[test]
fn looks_belong_to_the_seventh_rules() {
    let look = Look { accent: Some([0x8a, 0x1c, 0x4b]), ..Look::default() };
    let with = || EventDetails { look: look.clone(), ..EventDetails::named("Evening") };
    let nothing = Picture { digest: [7; 32], width: 4, height: 2, alternative: " ".into() };
    let silent = Look { logo: Some(nothing), ..look.clone() };
    let silent = EventDetails { look: silent, ..with() };
    let rows = vec![
        (buyer(1), set(with(), 0), No(Refusal::NotAllowed)),
        (staff(), set(silent, 0), No(Refusal::InvalidDetails)),
        (staff(), set(with(), 0), Done),
        (staff(), set(EventDetails::named("Evening"), 1), Done),
    ];
    check(&mut announced(None, None), rows);
    let mut stage = Stage::empty();
    stage.ask(floodgate_domain::Actor::System, Command::EngineVersion { version: 6 });
    let mut new = new_event(no_queue());
    new.details = with();
    let rows = vec![
        (staff(), Command::CreateEvent(Box::new(new)), No(Refusal::NeedsNewerEngine)),
        (staff(), Command::CreateEvent(Box::new(new_event(no_queue()))), Done),
        (staff(), set(with(), 0), No(Refusal::NeedsNewerEngine)),
        (staff(), set(EventDetails::named("Evening"), 0), Done),
    ];
    check(&mut stage, rows);
}
