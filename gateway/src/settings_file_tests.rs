//! Several gateways, one file after another: rows of what each of them makes of it.
#![allow(clippy::unwrap_used)]

use floodgate_domain::{Fact, FactPosition, FactRecord, LogTime, PhaseDial};

use super::*;

const EVENT: EventId = EventId(1);
const OTHER: EventId = EventId(2);

fn pace(per_minute: u32) -> DialChange {
    DialChange { pace_per_minute: Some(per_minute), ..DialChange::default() }
}

fn own(change: DialChange) -> Vec<DialEntry> {
    vec![DialEntry { event_id: Some(EVENT), change }]
}

fn all(change: DialChange) -> Vec<DialEntry> {
    vec![DialEntry { event_id: None, change }]
}

fn act(
    phase: SalePhase,
    changes: &Changes,
    before: Option<&[DialEntry]>,
    now: &[DialEntry],
) -> Option<FileChange> {
    change_of((EVENT, phase, changes), before, now).unwrap()
}

/// What the views know once a turn is a fact.
fn note(changes: &mut Changes, offset: u64, done: &FileChange) {
    let change = Box::new(done.change.clone());
    let record = FactRecord {
        position: FactPosition { offset, index: 0 },
        at: LogTime(offset),
        event_id: done.event_id,
        fact: Fact::DialsSet { change, by: StaffId::SETTINGS_FILE },
    };
    changes.note(&record, &record.fact.effects());
}

#[test]
fn only_a_changed_entry_acts() {
    let mut changes = Changes::default();
    let open = SalePhase::Open;
    let (first, second) = (own(pace(1)), own(pace(2)));
    let made = act(open, &changes, None, &first).expect("never done: a start does it");
    note(&mut changes, 1, &made);
    assert_eq!(act(open, &changes, None, &first), None, "a restart does not do it again");
    assert_eq!(act(open, &changes, Some(&first), &first), None);
    assert_eq!(act(open, &changes, Some(&first), &[]), None, "nor does taking it away");
    let made = act(open, &changes, Some(&first), &second).unwrap();
    note(&mut changes, 2, &made);
    assert_eq!(act(open, &changes, None, &first), None, "nor does a start with an older file");
    let back = act(open, &changes, Some(&second), &first).expect("going back is a change");
    assert_ne!(back.key, made.key);
    // Somebody turned it by hand since: a change of another entry does not take that back.
    let beside = [second.clone(), all(pace(9))].concat();
    assert_eq!(act(open, &changes, Some(&second), &beside), None);
}

#[test]
fn gateways_with_the_same_file_make_one_change() {
    let mut changes = Changes::default();
    let (first, second) = (own(pace(1)), own(pace(2)));
    let one = act(SalePhase::Open, &changes, Some(&first), &second).unwrap();
    let two = act(SalePhase::Open, &changes, Some(&first), &second).unwrap();
    assert_eq!(one, two, "before the fact: the same command under the same id");
    note(&mut changes, 5, &one);
    let late = act(SalePhase::Open, &changes, Some(&first), &second);
    assert_eq!(late, None, "after it: nothing is left to do");
}

#[test]
fn an_entry_for_all_leaves_out_whom_it_cannot_mean() {
    let changes = Changes::default();
    let pause = DialChange { phase: Some(PhaseDial::Pause), ..pace(5) };
    let acts = |phase, now: &[DialEntry]| act(phase, &changes, Some(&[]), now).is_some();
    assert!(acts(SalePhase::Open, &all(pause.clone())));
    assert!(!acts(SalePhase::Announced, &all(pause.clone())));
    assert!(!acts(SalePhase::Closed, &all(pace(5))));
    assert_eq!(act(SalePhase::Open, &changes, None, &all(pace(5))), None, "not at a start");
    // An event with its own entry is not affected by the one for all.
    let both = [all(pause.clone()), own(pace(7))].concat();
    let made = act(SalePhase::Open, &changes, Some(&[]), &both).unwrap();
    assert_eq!((made.change.pace_per_minute, made.change.phase), (Some(7), None));
    // For an event that is named, the reason is reported.
    let refused =
        change_of((EVENT, SalePhase::Announced, &changes), Some(&[]), &own(pause)).unwrap_err();
    assert!(refused.to_string().contains("sale_not_open"), "{refused}");
}

/// These digests are in logs: another build must find the same, or a restart would act again.
#[test]
fn digests_do_not_change() {
    let dials = DialChange {
        shoppers_max: Some(5),
        phase: Some(PhaseDial::Open),
        message: Some("hello".into()),
        reason: "why".into(),
        ..pace(60)
    };
    assert_eq!(digest(EVENT, &dials), 0xfe29_4b63_80d8_4af9);
    assert_ne!(digest(EVENT, &dials), digest(OTHER, &dials));
    let from_file = DialChange { origin: 5, ..dials.clone() };
    assert_eq!(digest(EVENT, &from_file), digest(EVENT, &dials));
}
