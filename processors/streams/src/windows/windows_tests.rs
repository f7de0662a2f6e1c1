//! Random sales as windows: cut off anywhere, they end up the same, and add up to their totals.
#![allow(clippy::unwrap_used)]

use floodgate_domain::wire::encode_fact;
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::Reading;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::public::relay::tests::{Step, history};
use crate::publisher::{Publisher, reading};

fn publisher(log: &MemoryLog) -> Reading<Publisher<WindowPublication>> {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    reading(&log, ())
}

/// Follows everything step by step; `trouble` may cut it off or make the log fail.
fn publish(steps: &[Step], mut trouble: impl FnMut(&MemoryLog) -> bool) -> MemoryLog {
    let log = MemoryLog::new(1);
    let mut publishing = publisher(&log);
    for Step { facts, now } in steps {
        for fact in facts {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
        }
        if trouble(&log) {
            publishing = publisher(&log);
        }
        while !publishing.turn(*now, Duration::ZERO).is_ok_and(|tick| tick.read == 0) {}
    }
    log
}

/// What each window came to, without the position that says as of when.
fn windows(log: &MemoryLog) -> BTreeMap<String, NumbersBody> {
    let records = log.records(Topic::Windows, 0).into_iter();
    let rows = records.map(|record| {
        let body: WindowBody = serde_json::from_slice(&record.value).unwrap();
        (String::from_utf8(record.key.to_vec()).unwrap(), body.window)
    });
    rows.collect()
}

fn totals(log: &MemoryLog) -> BTreeMap<String, NumbersBody> {
    let records = log.records(Topic::Windows, 0).into_iter();
    let rows = records.map(|record| {
        let body: WindowBody = serde_json::from_slice(&record.value).unwrap();
        (body.event_id, body.totals)
    });
    rows.collect()
}

#[test]
fn cut_off_anywhere_the_windows_end_up_the_same() {
    for seed in 0..20 {
        let steps = history(seed);
        let calm = publish(&steps, |_| false);
        let mut rng = StdRng::seed_from_u64(seed);
        let stormy = publish(&steps, |log| {
            if rng.random_ratio(1, 12) {
                let fate = [Fate::Refused, Fate::WrittenButFailed][rng.random_range(0..2)];
                log.next_fate(Topic::Windows, fate);
            }
            rng.random_ratio(1, 12)
        });
        assert_eq!(windows(&stormy), windows(&calm), "seed {seed}");
        assert_eq!(totals(&stormy), totals(&calm), "seed {seed}");
    }
}

#[test]
fn windows_add_up_to_their_totals() {
    let mut confirmed = 0;
    for seed in 0..20 {
        let log = publish(&history(seed), |_| false);
        let (windows, totals) = (windows(&log), totals(&log));
        assert_eq!(totals.len(), 2);
        for (event_id, total) in totals {
            let of_event = windows.iter().filter(|(key, _)| key.starts_with(&event_id));
            let sum = |number: fn(&NumbersBody) -> u64| -> u64 {
                of_event.clone().map(|(_, window)| number(window)).sum()
            };
            assert_eq!(sum(|one| one.holds), total.holds);
            assert_eq!(sum(|one| one.gross), total.gross);
            assert_eq!(sum(|one| one.seats_sold), total.seats_sold);
            confirmed += total.confirmed;
        }
    }
    assert!(confirmed > 0);
}
