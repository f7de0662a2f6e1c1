//! The presale: codes that are minted and claimed, who may come in, and when it begins and ends.

use floodgate_domain::details::EventDetails;
use floodgate_domain::presale::CODES_PER_EVENT_MAX;
use floodgate_domain::{
    Actor, CodeMint, CodeNumber, Command, DialChange, LogTime, PhaseDial, Place, Policy, Refusal,
    SalePhase,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

use crate::details::{pass, phase, set};
use crate::rows::Then::{Done, No, Seats};
use crate::rows::{check, no_queue};
use crate::stage::{EVENT, Stage, buyer, new_event, policy, seats, staff};

pub(crate) fn mint(batch: u16, count: u32) -> Command {
    Command::MintCodes(Box::new(CodeMint { batch, label: "Fan club".to_owned(), count }))
}

pub(crate) fn claim(batch: u16, number: u32) -> Command {
    Command::ClaimCode { code: CodeNumber { batch, number } }
}

fn turn(dial: PhaseDial) -> Command {
    Command::turn_phase(dial, "")
}

fn with_times(presale: u64, opens: u64) -> EventDetails {
    EventDetails {
        announced_at: Some(LogTime(900_000)),
        presale_at: Some(LogTime(presale)),
        opens_at: Some(LogTime(opens)),
        ..EventDetails::named("Evening")
    }
}

/// An event that is announced, under the newest rules.
fn announced(policy: Policy, details: EventDetails) -> Stage {
    let mut stage = Stage::empty();
    stage.ask(Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
    let mut new = new_event(policy);
    new.details = details;
    check(&mut stage, vec![(staff(), Command::CreateEvent(Box::new(new)), Done)]);
    stage
}

#[test]
fn one_code_a_buyer_and_one_buyer_a_code() {
    let mut stage = announced(no_queue(), EventDetails::named("Evening"));
    let from = stage.facts.len();
    check(
        &mut stage,
        vec![
            (buyer(1), mint(1, 5), No(Refusal::NotAllowed)),
            (staff(), mint(0, 5), No(Refusal::CodesOutOfBounds)),
            (staff(), mint(1, 0), No(Refusal::CodesOutOfBounds)),
            (staff(), mint(1, CODES_PER_EVENT_MAX + 1), No(Refusal::CodesOutOfBounds)),
            (buyer(1), claim(1, 0), No(Refusal::CodeUnknown)),
            (staff(), mint(1, 2), Done),
            (staff(), claim(1, 0), No(Refusal::NotAllowed)),
            (buyer(1), claim(1, 2), No(Refusal::CodeUnknown)),
            (staff(), mint(1, 1), Done),
            (buyer(1), claim(1, 2), Done),
            (buyer(1), claim(1, 2), Done),
            (buyer(1), claim(1, 1), No(Refusal::CodeClaimedAlready)),
            (buyer(2), claim(1, 2), No(Refusal::CodeUsed)),
            (buyer(2), claim(1, 1), Done),
            (staff(), turn(PhaseDial::Close), Done),
            (buyer(3), claim(1, 0), No(Refusal::SaleClosed)),
            (staff(), mint(2, 1), No(Refusal::SaleClosed)),
            (staff(), turn(PhaseDial::Cancel), Done),
            (buyer(3), claim(1, 0), No(Refusal::EventCancelled)),
            (staff(), mint(2, 1), No(Refusal::EventCancelled)),
        ],
    );
    let names = stage.fact_names(from);
    assert_eq!(names[..4], ["CodesMinted", "CodesMinted", "CodeClaimed", "CodeClaimed"]);
    let of_code = names.iter().filter(|name| name.starts_with("Code"));
    assert_eq!(of_code.count(), 4, "what is so already is no fact: {names:?}");
}

#[test]
fn in_presale_only_who_has_a_code_enters_and_holds() {
    let mut stage = announced(no_queue(), EventDetails::named("Evening"));
    check(
        &mut stage,
        vec![
            (staff(), mint(1, 2), Done),
            (buyer(1), claim(1, 0), Done),
            (buyer(1), seats(&[0]), No(Refusal::SaleNotOpen)),
            (staff(), turn(PhaseDial::Presale), Done),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (buyer(2), seats(&[1]), No(Refusal::PresaleOnly)),
            (buyer(2), claim(1, 1), Done),
            (buyer(2), seats(&[1]), Seats(&[1])),
            (buyer(3), seats(&[2]), No(Refusal::PresaleOnly)),
            (staff(), turn(PhaseDial::Pause), Done),
            (buyer(2), seats(&[4]), No(Refusal::SalePaused)),
            (staff(), turn(PhaseDial::Presale), Done),
            (buyer(3), seats(&[2]), No(Refusal::PresaleOnly)),
            (staff(), turn(PhaseDial::Open), Done),
            (buyer(3), seats(&[2]), Seats(&[2])),
            (staff(), turn(PhaseDial::Presale), No(Refusal::WrongPhase)),
        ],
    );
    let mut stage = announced(policy(), EventDetails::named("Evening"));
    stage.ask(Actor::System, Command::ReservePlaces { count: 2 });
    check(
        &mut stage,
        vec![
            (staff(), mint(1, 1), Done),
            (staff(), turn(PhaseDial::Presale), Done),
            (buyer(1), Command::Enter { place: Place(0) }, No(Refusal::PresaleOnly)),
            (buyer(1), claim(1, 0), Done),
        ],
    );
    let from = stage.facts.len();
    stage.ask(buyer(1), Command::Enter { place: Place(0) });
    assert_eq!(stage.fact_names(from), ["Entered"]);
    assert_eq!(stage.engine.violations(), []);
}

#[test]
fn a_presale_begins_and_opens_to_all_by_itself() {
    let (presale, opens) = (1_060_000, 1_120_000);
    let mut stage = announced(no_queue(), with_times(presale, opens));
    let from = stage.facts.len();
    pass(&mut stage, presale - 1);
    assert_eq!((phase(&stage), stage.facts.len()), (SalePhase::Announced, from));
    pass(&mut stage, opens - 1);
    assert_eq!(phase(&stage), SalePhase::Presale);
    // It has begun, so it does not move; the opening does.
    check(
        &mut stage,
        vec![
            (staff(), set(with_times(1_119_999, opens), 0), No(Refusal::InvalidDetails)),
            (staff(), set(with_times(presale, 1_130_000), 0), Done),
        ],
    );
    pass(&mut stage, 1_130_500);
    assert_eq!(stage.fact_names(from), ["PresaleOpened", "DetailsSet", "SaleOpened"]);
    let times = [(from, presale), (from + 2, 1_130_000)];
    for (at, due) in times {
        let record = &stage.facts[at];
        assert!((due..due + 1_000).contains(&record.at.0), "{} late", record.fact.name());
    }
    assert_eq!(stage.engine.violations(), []);
}

#[test]
fn who_turns_the_phase_by_hand_is_not_overruled() {
    let mut stage = announced(no_queue(), with_times(1_060_000, 1_120_000));
    check(&mut stage, vec![(staff(), turn(PhaseDial::Open), Done)]);
    pass(&mut stage, 1_061_000);
    assert_eq!(phase(&stage), SalePhase::Open, "the presale was left out");
    let mut stage = announced(no_queue(), with_times(1_060_000, 1_120_000));
    pass(&mut stage, 1_061_000);
    check(&mut stage, vec![(staff(), turn(PhaseDial::Pause), Done)]);
    pass(&mut stage, 1_121_000);
    assert_eq!(phase(&stage), SalePhase::Paused, "paused by hand, it stays so");
}

#[test]
fn older_rules_have_no_presale() {
    let mut stage = Stage::empty();
    stage.ask(Actor::System, Command::EngineVersion { version: 3 });
    let mut new = new_event(no_queue());
    new.details = with_times(1_060_000, 1_120_000);
    let create = |new| Command::CreateEvent(Box::new(new));
    let plain = new_event(no_queue());
    let turned = DialChange { phase: Some(PhaseDial::Presale), ..DialChange::default() };
    check(
        &mut stage,
        vec![
            (staff(), create(new), No(Refusal::InvalidDetails)),
            (staff(), create(plain), Done),
            (staff(), mint(1, 1), No(Refusal::NeedsNewerEngine)),
            (buyer(1), claim(1, 1), No(Refusal::NeedsNewerEngine)),
            (staff(), Command::SetDials(Box::new(turned)), No(Refusal::NeedsNewerEngine)),
        ],
    );
}

#[test]
fn codes_survive_a_snapshot() {
    let mut stage = announced(no_queue(), with_times(1_060_000, 1_120_000));
    let steps = vec![
        (staff(), mint(7, 130), Done),
        (buyer(1), claim(7, 129), Done),
        (staff(), turn(PhaseDial::Presale), Done),
    ];
    check(&mut stage, steps);
    let bytes = crate::properties::snapshot(&stage.engine);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    assert_eq!(crate::properties::snapshot(&stage.engine), bytes);
    check(
        &mut stage,
        vec![
            (buyer(2), claim(7, 129), No(Refusal::CodeUsed)),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (buyer(2), seats(&[1]), No(Refusal::PresaleOnly)),
        ],
    );
    pass(&mut stage, 1_121_000);
    assert_eq!(stage.engine.status(EVENT).unwrap().phase, SalePhase::Open);
}
