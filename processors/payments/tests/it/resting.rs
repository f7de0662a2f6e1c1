//! An outbox that only follows asks nobody for money until it carries.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::decode_command;
use floodgate_event_log::{Log, LogReader, Topic};
use floodgate_payments::{Outbox, OutboxConfig, Provider, ProviderCalls};
use floodgate_testkit::MemoryLog;
use floodgate_transport::Service;

use crate::till::{Till, paid, purchase};

fn config(log: &MemoryLog, till: &Arc<Till>, threads: usize) -> OutboxConfig {
    let provider = Arc::clone(till) as Arc<dyn Provider>;
    OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        calls: ProviderCalls::pool(provider, threads).unwrap(),
        patience: Duration::from_secs(10),
        late_window: Duration::from_secs(60),
    }
}

/// Reads commands until these are paid for.
fn until_paid(commands: &mut dyn LogReader, wanted: impl IntoIterator<Item = u64>) {
    let mut missing: BTreeSet<u64> = wanted.into_iter().collect();
    while !missing.is_empty() {
        let mut records = Vec::new();
        commands.poll(64, Duration::from_secs(30), &mut records).unwrap();
        assert!(!records.is_empty(), "not paid for within half a minute: {missing:?}");
        for record in records {
            missing.remove(&paid(decode_command(&record.value).unwrap().command));
        }
    }
}

#[test]
fn a_resting_outbox_asks_nobody_until_it_carries() {
    let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
    purchase(&log, 1, "pm_x");
    let outbox = Outbox::spawn_resting(config(&log, &till, 2)).unwrap();
    purchase(&log, 2, "pm_x");
    assert_eq!(till.begun("pm_x"), 0, "asked while it rested");
    outbox.carry();
    // What came while it rested, before and after it started, is carried now.
    let mut commands = log.reader(Topic::Commands, 0, 0).unwrap();
    until_paid(&mut *commands, [1, 2]);
    outbox.rest();
    outbox.stop();
    outbox.join().unwrap();
}

#[test]
fn a_provider_that_is_slow_with_some_keeps_nobody_else_waiting() {
    let (log, till) = (MemoryLog::new(1), Till::shut());
    let outbox = Outbox::spawn(config(&log, &till, 3)).unwrap();
    let mut commands = log.reader(Topic::Commands, 0, 0).unwrap();
    // Two threads of three stand still.
    purchase(&log, 1, "slow");
    purchase(&log, 2, "slow");
    till.until_begun("slow", 2);
    for number in 3..40 {
        purchase(&log, number, "pm_x");
    }
    until_paid(&mut *commands, 3..40);
    assert_eq!(till.begun("slow"), 2, "never two calls about one payment");
    till.open();
    until_paid(&mut *commands, [1, 2]);
    outbox.stop();
    outbox.join().unwrap();
}

#[test]
fn a_provider_that_panics_has_not_answered() {
    let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
    let outbox = Outbox::spawn(config(&log, &till, 1)).unwrap();
    let mut commands = log.reader(Topic::Commands, 0, 0).unwrap();
    purchase(&log, 1, "panics");
    till.until_begun("panics", 1);
    purchase(&log, 2, "pm_x");
    until_paid(&mut *commands, [2]);
    // It is asked again, by the thread that panicked.
    till.until_begun("panics", 2);
    outbox.stop();
    outbox.join().unwrap();
}
