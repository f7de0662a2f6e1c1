//! A log that is unreachable for a while leaves no payment undone;
//! one that stays away ends the process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::Command;
use floodgate_domain::wire::decode_command;
use floodgate_event_log::Topic;
use floodgate_payments::{Outbox, OutboxConfig, ProviderCalls};
use floodgate_testkit::{Fate, MemoryLog, cut};
use floodgate_transport::{Health, Service};

use crate::till::{Till, purchase};

fn outbox(log: &MemoryLog) -> Outbox {
    Outbox::spawn(OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        calls: ProviderCalls::pool(Arc::new(Till::default()), 2).unwrap(),
        patience: Duration::from_secs(10),
        late_window: Duration::from_secs(60),
    })
    .unwrap()
}

/// Holds whose money was reported to the engine, and how many command ids they have.
fn authorised(log: &MemoryLog) -> (BTreeSet<u64>, usize) {
    let (mut holds, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for record in log.records(Topic::Commands, 0) {
        let envelope = decode_command(&record.value).unwrap();
        if let Command::PaymentAuthorised { hold_id, .. } = envelope.command {
            holds.insert(hold_id.0);
            ids.insert(envelope.command_id);
        }
    }
    (holds, ids.len())
}

#[test]
fn every_payment_is_carried_through_a_cut() {
    let log = MemoryLog::new(1);
    let payments = outbox(&log);
    purchase(&log, 1, "pm_x");
    cut::until("the first is authorised", || authorised(&log).0.contains(&1));
    cut::comes_back(&log, &payments, || purchase(&log, 2, "pm_x"));
    cut::until("the second is authorised", || authorised(&log).0.contains(&2));
    // Only what is written is refused: reading goes on, and that is not enough.
    for _ in 0..3 {
        log.next_fate(Topic::Commands, Fate::Refused);
    }
    let mut was_degraded = false;
    cut::until("results cannot be written", || {
        was_degraded |= matches!(payments.health(), Health::Degraded { .. });
        was_degraded
    });
    purchase(&log, 3, "pm_x");
    cut::until("the third is authorised", || authorised(&log).0.contains(&3));
    cut::until("it is ready again", || payments.health().is_ready());
    payments.stop();
    payments.join().unwrap();
    assert_eq!(authorised(&log), (BTreeSet::from([1, 2, 3]), 3), "a result has one name");
}

#[test]
fn a_log_that_stays_away_ends_the_process() {
    let log = MemoryLog::new(1);
    cut::gives_up(&log, Arc::new(outbox(&log)));
}
