//! One turn after another: what is asked, what is reported, and what never is.

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::{
    ActionUrl, BuyerId, Fact, HoldId, LogTime, PaymentAction, PaymentReference,
};
use floodgate_payments::{Outbox, OutboxConfig, PaymentWorker, Provider, ProviderCalls};
use floodgate_testkit::MemoryLog;
use floodgate_transport::Reading;

use crate::till::{Captures, Till, commands, confirmed, publish, purchase};

fn worker(log: &MemoryLog, calls: ProviderCalls) -> Reading<PaymentWorker> {
    Outbox::reading(OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        calls,
        patience: Duration::from_secs(10),
        late_window: Duration::from_secs(60),
    })
}

fn inline(till: &Arc<Till>) -> ProviderCalls {
    ProviderCalls::inline(Arc::clone(till) as Arc<dyn Provider>)
}

fn turn(worker: &mut Reading<PaymentWorker>, now: u64) {
    worker.turn(LogTime(now), Duration::ZERO).unwrap();
}

#[test]
fn a_capture_without_an_answer_is_never_given_up() {
    let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
    let mut worker = worker(&log, inline(&till));
    till.capture_as(Captures::Unanswered);
    confirmed(&log, 1, Some(LogTime(50_000)));
    // Long after the moment the provider named, too: only it knows what became of the money.
    for now in (0..200_000).step_by(1_000) {
        turn(&mut worker, now);
    }
    assert_eq!(commands(&log), []);
    till.capture_as(Captures::Failed);
    turn(&mut worker, 210_000);
    assert_eq!(commands(&log), [("PaymentLost", 1)]);
}

/// Silence and a failed capture are two things, wherever the rules in force know both.
#[test]
fn a_failed_capture_is_reported_as_one() {
    for (rules, name) in [(1, "PaymentLost"), (2, "CaptureFailed")] {
        let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
        let mut worker = worker(&log, inline(&till));
        publish(&log, 1, Fact::EngineVersionSet { version: rules });
        till.capture_as(Captures::Failed);
        confirmed(&log, 1, None);
        turn(&mut worker, 1_000);
        assert_eq!(commands(&log), [(name, 1)], "rules {rules}");
    }
}

#[test]
fn an_action_is_reported_until_it_is_a_fact() {
    let (log, till) = (MemoryLog::new(1), Arc::new(Till::default()));
    let mut worker = worker(&log, inline(&till));
    purchase(&log, 1, "asks");
    turn(&mut worker, 1_000);
    turn(&mut worker, 2_000);
    let twice = [("RecordPaymentAction", 1), ("RecordPaymentAction", 1)];
    assert_eq!(commands(&log), twice);
    let action = PaymentAction {
        reference: PaymentReference::parse("till/evt_0000000000003/ord_0000000000001/1").unwrap(),
        url: ActionUrl::parse("https://bank.example/asks").unwrap(),
    };
    let (hold_id, buyer, attempt) = (HoldId(1), BuyerId(1), 1);
    publish(&log, 3, Fact::PaymentActionRequired { hold_id, buyer, attempt, action });
    turn(&mut worker, 10_000);
    // A buyer who takes their time is not lost.
    turn(&mut worker, 100_000);
    assert_eq!(commands(&log), twice);
    assert!(till.begun("asks") > 3, "asked again all the same");
}

#[test]
fn a_call_that_hangs_is_made_again_after_a_minute() {
    let (log, till) = (MemoryLog::new(1), Till::shut());
    let provider = Arc::clone(&till) as Arc<dyn Provider>;
    let mut worker = worker(&log, ProviderCalls::pool(provider, 2).unwrap());
    purchase(&log, 1, "slow");
    turn(&mut worker, 1_000);
    till.until_begun("slow", 1);
    turn(&mut worker, 60_000);
    turn(&mut worker, 60_900);
    assert_eq!(till.begun("slow"), 1);
    turn(&mut worker, 61_000);
    till.until_begun("slow", 2);
    till.open();
}

#[test]
fn what_does_not_fit_into_the_queue_waits_outside() {
    let (log, till) = (MemoryLog::new(1), Till::shut());
    let provider = Arc::clone(&till) as Arc<dyn Provider>;
    let mut worker = worker(&log, ProviderCalls::pool(provider, 1).unwrap());
    for number in 1..=1_000 {
        purchase(&log, number, "slow");
    }
    turn(&mut worker, 1_000);
    till.until_begun("slow", 1);
    turn(&mut worker, 2_000);
    assert_eq!(commands(&log), []);
    till.open();
    // A turn takes what has come back, starts what there is room for, and may take the answers to
    // that as well: never more than are out at once, twice.
    while commands(&log).len() < 1_000 {
        let before = commands(&log).len();
        turn(&mut worker, 2_000);
        let reported = commands(&log).len() - before;
        assert!(reported <= 2 * 256, "{reported} in one turn");
        std::thread::yield_now();
    }
}
