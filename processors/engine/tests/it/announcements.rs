//! Words of staff: what may be announced, when it goes out, and what holds it back.

use std::collections::BTreeMap;

use floodgate_domain::announcement::ANNOUNCEMENTS_MAX;
use floodgate_domain::{
    Actor, Announcement, AnnouncementId, AnnouncementStep, AudienceSpec, AudienceWho, CategorySet,
    Channel, Command, Fact, FactRecord, LogTime, PhaseDial, Policy, Refusal, StaffId,
};
use floodgate_engine::{Engine, EngineLimits};

use crate::rows::Then::{Done, No};
use crate::rows::{check, no_queue};
use crate::stage::{Stage, buyer, policy, staff};

use AnnouncementStep::{Approve, Pause, Resume, Stop};

/// A time of a wheel's slot, twice: nothing comes later than that.
const LATE_MS: u64 = 128;

pub(crate) fn announcement(id: u64, send_at: Option<u64>) -> Announcement {
    Announcement {
        id: AnnouncementId(id),
        audience: AudienceSpec::all(AudienceWho::HOLDERS),
        channels: vec![Channel::Email, Channel::Page],
        subject: "Doors at seven".into(),
        text: "See you there".into(),
        link: String::new(),
        picture: String::new(),
        send_at: send_at.map(LogTime),
        codes: None,
    }
}

pub(crate) fn announce(announcement: Announcement) -> Command {
    Command::Announce(Box::new(announcement))
}

pub(crate) fn steer(id: u64, step: AnnouncementStep) -> Command {
    Command::SteerAnnouncement { id: AnnouncementId(id), step }
}

fn approved() -> Policy {
    Policy { approve_announcements: Some(true), ..policy() }
}

/// The facts that a command of staff leads to, by name.
fn said(stage: &mut Stage, command: Command) -> Vec<&'static str> {
    let from = stage.facts.len();
    check(stage, vec![(staff(), command, Done)]);
    stage.fact_names(from)
}

/// Ticks as an owner does, up to `until`; the facts since then with the time of each.
fn pass(stage: &mut Stage, until: u64) -> Vec<(&'static str, u64)> {
    let from = stage.facts.len();
    while let Some(due) = stage.engine.next_due().filter(|due| due.0 <= until) {
        stage.now = stage.now.max(due.0);
        stage.tick();
    }
    stage.now = until;
    stage.tick();
    stage.facts[from..].iter().map(|record| (record.fact.name(), record.at.0)).collect()
}

#[test]
fn an_announcement_goes_out_at_once() {
    let mut stage = Stage::open_newest(policy());
    let from = stage.facts.len();
    let one = announcement(1, None);
    check(&mut stage, vec![(staff(), announce(one.clone()), Done)]);
    let facts: Vec<_> = stage.facts[from..].iter().map(|record| record.fact.clone()).collect();
    let made = Fact::AnnouncementMade {
        announcement: Box::new(one.clone()),
        needs_approval: false,
        by: StaffId(1),
    };
    assert_eq!(facts, [made, Fact::AnnouncementStarted { id: AnnouncementId(1) }]);
    // The same again is the same; other words need another id.
    assert_eq!(said(&mut stage, announce(one.clone())), [""; 0]);
    let other = Announcement { subject: "Doors at eight".into(), ..one.clone() };
    let elsewhere = Announcement { id: AnnouncementId(2), ..other.clone() };
    let rows = vec![
        (staff(), announce(other), No(Refusal::AnnouncementExists)),
        (staff(), announce(elsewhere), Done),
        (staff(), announce(one), Done),
    ];
    check(&mut stage, rows);
    assert_eq!(pass(&mut stage, 2_000_000), [], "nothing goes out twice");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut stage = Stage::open_newest(policy());
    let one = || announcement(1, None);
    let invalid = |one: Announcement| (staff(), announce(one), No(Refusal::InvalidAnnouncement));
    let narrow =
        |categories| AudienceSpec { categories, ..AudienceSpec::all(AudienceWho::HOLDERS) };
    let unknown = Announcement { audience: narrow(CategorySet(1 << 60)), ..one() };
    let rows = vec![
        (buyer(1), announce(one()), No(Refusal::NotAllowed)),
        (buyer(1), steer(1, Stop), No(Refusal::NotAllowed)),
        (staff(), steer(1, Stop), No(Refusal::UnknownAnnouncement)),
        invalid(Announcement { subject: String::new(), ..one() }),
        invalid(Announcement { audience: AudienceSpec::all(AudienceWho::default()), ..one() }),
        invalid(Announcement { audience: narrow(CategorySet(0)), ..one() }),
        invalid(Announcement { channels: Vec::new(), ..one() }),
        invalid(Announcement { link: "http://example.org".into(), ..one() }),
        invalid(announcement(1, Some(stage.now))),
        invalid(announcement(1, Some(stage.now + 366 * 24 * 3_600_000))),
        (staff(), announce(unknown), No(Refusal::NoSuchCategory)),
        (staff(), steer(1, Approve), No(Refusal::UnknownAnnouncement)),
        (Actor::System, announce(one()), Done),
    ];
    check(&mut stage, rows);
}

#[test]
fn older_rules_know_no_announcements() {
    for version in 1..3 {
        let mut stage = Stage::open_under(version, no_queue());
        let newer = || No(Refusal::NeedsNewerEngine);
        let rows = vec![
            (staff(), announce(announcement(1, None)), newer()),
            (staff(), steer(1, Stop), newer()),
            (staff(), Command::SetPolicy(Box::new(approved())), newer()),
            (staff(), Command::AnnounceToAll { message: "Doors".into() }, newer()),
        ];
        check(&mut stage, rows);
    }
    let mut stage = Stage::open_newest(policy());
    let first_form = Command::AnnounceToAll { message: "Doors".into() };
    check(&mut stage, vec![(staff(), first_form, No(Refusal::NeedsNewerEngine))]);
}

#[test]
fn one_for_later_goes_out_at_its_time() {
    let mut stage = Stage::open_newest(policy());
    let at = 90 * 24 * 3_600_000;
    assert_eq!(said(&mut stage, announce(announcement(1, Some(at)))), ["AnnouncementMade"]);
    assert_eq!(pass(&mut stage, at - 1), []);
    let started = pass(&mut stage, at + 1_000);
    assert!(matches!(started[..], [("AnnouncementStarted", when)] if when <= at + LATE_MS));
    assert_eq!(said(&mut stage, announce(announcement(1, Some(at)))), [""; 0], "asked again");
}

#[test]
fn where_the_rules_ask_for_it_nothing_goes_out_before_it_is_approved() {
    let mut stage = Stage::open_newest(approved());
    let from = stage.facts.len();
    assert_eq!(said(&mut stage, announce(announcement(1, None))), ["AnnouncementMade"]);
    let made = stage.facts.last().map(|record| record.fact.clone());
    assert!(matches!(made, Some(Fact::AnnouncementMade { needs_approval: true, .. })));
    let now = stage.now;
    assert_eq!(said(&mut stage, announce(announcement(2, Some(now + 10_000)))).len(), 1);
    assert_eq!(said(&mut stage, announce(announcement(3, Some(now + 30_000)))).len(), 1);
    assert_eq!(pass(&mut stage, now + 20_000), [], "the time of the second is over");
    let goes = ["AnnouncementSteered", "AnnouncementStarted"];
    assert_eq!(said(&mut stage, steer(1, Approve)), goes);
    assert_eq!(said(&mut stage, steer(1, Approve)), [""; 0]);
    assert_eq!(said(&mut stage, steer(2, Approve)), goes);
    assert_eq!(said(&mut stage, steer(3, Approve)), ["AnnouncementSteered"]);
    assert_eq!(pass(&mut stage, now + 31_000).len(), 1, "at its time");
    let started = stage.fact_names(from).into_iter().filter(|name| *name == goes[1]).count();
    assert_eq!(started, 3);

    // What was made stays as it was made, whatever the rules are since.
    assert_eq!(said(&mut stage, announce(announcement(4, None))).len(), 1);
    said(&mut stage, Command::SetPolicy(Box::new(policy())));
    assert_eq!(pass(&mut stage, now + 60_000), []);
    assert_eq!(said(&mut stage, steer(4, Approve)), goes);
    assert_eq!(said(&mut stage, announce(announcement(5, None))).len(), 2);
    assert_eq!(said(&mut stage, steer(5, Approve)), [""; 0], "where none is needed");
}

#[test]
fn a_pause_before_the_start_delays_it_until_it_is_resumed() {
    let mut stage = Stage::open_newest(policy());
    let now = stage.now;
    for id in 1..=3 {
        said(&mut stage, announce(announcement(id, Some(now + 10_000))));
    }
    assert_eq!(said(&mut stage, steer(1, Pause)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(1, Pause)), [""; 0]);
    assert_eq!(said(&mut stage, steer(2, Pause)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(2, Resume)), ["AnnouncementSteered"], "it is not due");
    assert_eq!(said(&mut stage, steer(3, Stop)), ["AnnouncementSteered"]);
    let started = pass(&mut stage, now + 20_000);
    assert_eq!(started.len(), 1, "the second alone: {started:?}");
    assert_eq!(said(&mut stage, steer(1, Resume)), ["AnnouncementSteered", "AnnouncementStarted"]);
    assert_eq!(said(&mut stage, steer(1, Resume)), [""; 0]);
    // Once it goes out, whoever sends the messages follows.
    assert_eq!(said(&mut stage, steer(1, Pause)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(1, Resume)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(1, Stop)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(1, Stop)), [""; 0]);
    let stopped = [Approve, Pause, Resume].into_iter().flat_map(|step| {
        [1, 3].map(|id| (staff(), steer(id, step), No(Refusal::AnnouncementStopped)))
    });
    check(&mut stage, stopped.collect());
}

#[test]
fn approval_and_a_pause_both_hold_back() {
    let mut stage = Stage::open_newest(approved());
    said(&mut stage, announce(announcement(1, None)));
    said(&mut stage, steer(1, Pause));
    assert_eq!(said(&mut stage, steer(1, Approve)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(1, Resume)), ["AnnouncementSteered", "AnnouncementStarted"]);
    said(&mut stage, announce(announcement(2, None)));
    said(&mut stage, steer(2, Pause));
    assert_eq!(said(&mut stage, steer(2, Resume)), ["AnnouncementSteered"]);
    assert_eq!(said(&mut stage, steer(2, Approve)), ["AnnouncementSteered", "AnnouncementStarted"]);
}

#[test]
fn a_cancelled_event_is_when_people_have_to_hear() {
    let mut stage = Stage::open_newest(policy());
    let at = stage.now + 5_000;
    said(&mut stage, announce(announcement(1, Some(at))));
    for dial in [PhaseDial::Pause, PhaseDial::Close, PhaseDial::Cancel] {
        said(&mut stage, Command::turn_phase(dial, ""));
    }
    assert_eq!(pass(&mut stage, at + 1_000).len(), 1);
    assert_eq!(said(&mut stage, announce(announcement(2, None))).len(), 2);
}

#[test]
fn an_event_has_so_many_announcements_and_no_more() {
    let mut stage = Stage::open_newest(policy());
    for id in 1..=ANNOUNCEMENTS_MAX as u64 {
        stage.ask_unchecked(staff(), announce(announcement(id, None)));
    }
    let beyond = announcement(ANNOUNCEMENTS_MAX as u64 + 1, None);
    let rows = vec![
        (staff(), announce(beyond), No(Refusal::TooManyAnnouncements)),
        (staff(), announce(announcement(ANNOUNCEMENTS_MAX as u64, None)), Done),
        (staff(), steer(1, Stop), Done),
    ];
    check(&mut stage, rows);
}

#[test]
fn a_snapshot_keeps_them_and_their_times() {
    let mut stage = Stage::open_newest(approved());
    let at = stage.now + 50_000;
    for id in 1..=4 {
        said(&mut stage, announce(announcement(id, Some(at))));
    }
    for id in 1..=3 {
        said(&mut stage, steer(id, Approve));
    }
    said(&mut stage, steer(2, Pause));
    said(&mut stage, steer(3, Stop));
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    stage.engine = Engine::restore(&bytes, EngineLimits::default()).unwrap();
    assert_eq!(pass(&mut stage, at + 1_000).len(), 1, "the first alone");
    assert_eq!(said(&mut stage, steer(2, Resume)).len(), 2);
    assert_eq!(said(&mut stage, steer(4, Approve)).len(), 2);
    let rows = vec![
        (staff(), steer(3, Resume), No(Refusal::AnnouncementStopped)),
        (staff(), announce(announcement(4, None)), No(Refusal::AnnouncementExists)),
        (staff(), announce(announcement(4, Some(at))), Done),
    ];
    check(&mut stage, rows);
}

/// What holds an announcement back, by the facts alone.
#[derive(Debug)]
struct Waiting {
    send_at: LogTime,
    awaits_approval: bool,
    is_paused: bool,
    is_stopped: bool,
    has_started: bool,
}

impl Waiting {
    fn is_ready(&self) -> bool {
        !(self.awaits_approval || self.is_paused || self.is_stopped || self.has_started)
    }
}

/// By the facts alone: each starts once, when nothing holds it back, and not long after that.
pub(crate) fn announcements_start_in_time(
    facts: &[FactRecord],
    end: LogTime,
) -> Result<(), String> {
    let mut all: BTreeMap<AnnouncementId, Waiting> = BTreeMap::new();
    for record in facts {
        let words = || format!("{record:?}: {all:?}");
        let now = record.at;
        match &record.fact {
            Fact::AnnouncementMade { announcement, needs_approval, .. } => {
                let waiting = Waiting {
                    send_at: announcement.send_at.unwrap_or(now),
                    awaits_approval: *needs_approval,
                    is_paused: false,
                    is_stopped: false,
                    has_started: false,
                };
                if all.contains_key(&announcement.id) {
                    return Err(words());
                }
                all.insert(announcement.id, waiting);
            }
            Fact::AnnouncementSteered { id, step, .. } => {
                let Some(one) = all.get_mut(id).filter(|one| !one.is_stopped) else {
                    return Err(format!("{record:?}"));
                };
                match step {
                    Approve => one.awaits_approval = false,
                    Pause => one.is_paused = true,
                    Resume => one.is_paused = false,
                    Stop => one.is_stopped = true,
                }
            }
            Fact::AnnouncementStarted { id } => {
                let Some(one) = all.get_mut(id).filter(|one| one.is_ready() && one.send_at <= now)
                else {
                    return Err(format!("{record:?} starts too early, or again"));
                };
                one.has_started = true;
            }
            _ => {}
        }
    }
    let left = all.values().find(|one| one.is_ready() && one.send_at.plus(LATE_MS) < end);
    left.map_or(Ok(()), |one| Err(format!("{one:?} has not started at {end:?}")))
}
