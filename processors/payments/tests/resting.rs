//! An outbox that only keeps its book asks nobody for money until it carries.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floodgate_domain::wire::{decode_command, encode_fact};
use floodgate_domain::{
    BuyerId, Command, EventId, Fact, FactRecord, HoldId, LogTime, PaymentMethod, Source,
};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_payments::{
    Authorisation, Captured, Outbox, OutboxConfig, Payment, Provider, ProviderError,
};
use floodgate_testkit::MemoryLog;
use floodgate_transport::Service;

/// Says yes to everything, and remembers whether it was asked when it should not be.
#[derive(Debug, Default)]
struct Till {
    is_open: AtomicBool,
    was_early: AtomicBool,
}

impl Provider for Till {
    fn authorise(&self, _: &Payment, _: LogTime) -> Result<Authorisation, ProviderError> {
        if !self.is_open.load(Ordering::Acquire) {
            self.was_early.store(true, Ordering::Release);
        }
        Ok(Authorisation::Authorised)
    }

    fn capture(&self, _: &Payment) -> Result<Captured, ProviderError> {
        Ok(Captured::Done)
    }

    fn void(&self, _: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }

    fn refund(&self, _: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }
}

fn purchase(log: &MemoryLog, number: u64) {
    let fact = Fact::PurchaseStarted {
        hold_id: HoldId(number),
        buyer: BuyerId(1),
        method: PaymentMethod::parse("pm_x").unwrap(),
        amount: 100,
        attempt: 1,
        until: LogTime(u64::MAX / 2),
    };
    let source = Source { offset: number, index: 0 };
    let record = FactRecord { source, at: LogTime(1), event_id: EventId(3), fact };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("evt", value)]).wait().unwrap();
}

#[test]
fn a_resting_outbox_asks_nobody_until_it_carries() {
    let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
    purchase(&log, 1);
    let outbox = Outbox::spawn_resting(OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        provider: Arc::clone(&till) as Arc<dyn Provider>,
        patience: Duration::from_secs(10),
        late_window: Duration::from_secs(60),
    })
    .unwrap();
    purchase(&log, 2);
    till.is_open.store(true, Ordering::Release);
    outbox.carry();
    // What was entered while it rested, before and after it started, is carried now.
    let mut commands = log.reader(Topic::Commands, 0, 0).unwrap();
    let mut paid = Vec::new();
    while !(paid.contains(&1) && paid.contains(&2)) {
        let mut records = Vec::new();
        commands.poll(16, Duration::from_secs(30), &mut records).unwrap();
        assert!(!records.is_empty(), "nobody was paid in half a minute: {paid:?}");
        for record in records {
            match decode_command(&record.value).unwrap().command {
                Command::PaymentAuthorised { hold_id, .. } => paid.push(hold_id.0),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(!till.was_early.load(Ordering::Acquire), "asked while it rested");
    outbox.rest();
    outbox.stop();
    outbox.join().unwrap();
}
