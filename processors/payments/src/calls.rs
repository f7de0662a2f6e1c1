//! Calls to a provider, off the loop that follows the facts.
//!
//! A slow provider blocks threads of a pool and nothing else: calls go in through a bounded
//! queue, results come back as data, and a full queue is noticed at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use floodgate_domain::{LogTime, Subject};

use crate::error::ProviderError;
use crate::provider::{Authorisation, Captured, Payment, Provider};

/// Calls that may wait for a thread: the share of every partition of a process, [`IN_FLIGHT_MAX`],
/// several times over, and a few seconds of the pool's work. What does not fit is due again at
/// once, so a longer queue would only make its answers older.
const QUEUE_MAX: usize = 1024;
/// Calls of one partition that may wait or run: more than the threads of a usual pool, so that one
/// busy partition can use all of them, and a quarter of the queue, so that four can.
pub(crate) const IN_FLIGHT_MAX: usize = 256;

/// What is asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Authorise,
    Capture,
    Void,
    Refund,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Authorise => "authorise",
            Operation::Capture => "capture",
            Operation::Void => "void",
            Operation::Refund => "refund",
        }
    }
}

/// A call that waits for its turn.
#[derive(Debug)]
pub(crate) struct ProviderCall {
    pub(crate) operation: Operation,
    pub(crate) payment: Payment,
    pub(crate) now: LogTime,
    pub(crate) reply: Sender<Answered>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) operation: Operation,
    pub(crate) key: (Subject, u8),
    pub(crate) outcome: Result<ProviderAnswer, ProviderError>,
}

/// What a provider answered.
#[derive(Debug)]
pub(crate) enum ProviderAnswer {
    Authorisation(Authorisation),
    Captured(Captured),
    /// Let go of, or given back.
    Released,
}

/// A provider, and the threads that wait for its answers. Cheap to clone; shared by all outboxes of
/// a process. The threads end once nobody has it any more.
#[derive(Debug, Clone)]
pub struct ProviderCalls(Arc<Calls>);

#[derive(Debug)]
struct Calls {
    provider: Arc<dyn Provider>,
    /// `None` where whoever starts a call makes it.
    queue: Option<SyncSender<ProviderCall>>,
    /// Calls that still wait when the pool ends are not made.
    ended: Arc<AtomicBool>,
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl ProviderCalls {
    /// A pool of `threads`: as many calls are under way at once.
    pub fn pool(provider: Arc<dyn Provider>, threads: usize) -> std::io::Result<Self> {
        let (queue, calls) = sync_channel::<ProviderCall>(QUEUE_MAX);
        let calls = Arc::new(Mutex::new(calls));
        let ended = Arc::new(AtomicBool::new(false));
        for number in 0..threads {
            let (provider, calls) = (Arc::clone(&provider), Arc::clone(&calls));
            let ended = Arc::clone(&ended);
            std::thread::Builder::new()
                .name(format!("provider-{number}"))
                .spawn(move || serve(&*provider, &calls, &ended))?;
        }
        Ok(ProviderCalls(Arc::new(Calls { provider, queue: Some(queue), ended })))
    }

    /// No threads: each call is made by whoever starts it, for simulations in which one thread
    /// takes every step.
    #[must_use]
    pub fn inline(provider: Arc<dyn Provider>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        ProviderCalls(Arc::new(Calls { provider, queue: None, ended }))
    }

    pub(crate) fn provider(&self) -> &dyn Provider {
        &*self.0.provider
    }

    /// Puts a call into the queue; `false` when that is full.
    pub(crate) fn start(&self, call: ProviderCall) -> bool {
        match &self.0.queue {
            Some(queue) => queue.try_send(call).is_ok(),
            None => {
                make(self.provider(), call);
                true
            }
        }
    }
}

/// One thread of the pool. The mutex is held while waiting for a call, never during one.
fn serve(provider: &dyn Provider, calls: &Mutex<Receiver<ProviderCall>>, ended: &AtomicBool) {
    loop {
        let next = calls.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(call) = next else { return };
        if !ended.load(Ordering::Acquire) {
            make(provider, call);
        }
    }
}

fn make(provider: &dyn Provider, call: ProviderCall) {
    let ProviderCall { operation, payment, now, reply } = call;
    let started = Instant::now();
    let ask = || match operation {
        Operation::Authorise => {
            provider.authorise(&payment, now).map(ProviderAnswer::Authorisation)
        }
        Operation::Capture => provider.capture(&payment).map(ProviderAnswer::Captured),
        Operation::Void => provider.void(&payment).map(|()| ProviderAnswer::Released),
        Operation::Refund => provider.refund(&payment).map(|()| ProviderAnswer::Released),
    };
    // A provider that panics has not answered; its thread serves the others all the same.
    let outcome = catch_unwind(AssertUnwindSafe(ask))
        .unwrap_or_else(|_| Err(ProviderError::new("the provider's client panicked")));
    let took = started.elapsed().as_secs_f64();
    metrics::histogram!("floodgate_payments_call_seconds", "operation" => operation.name())
        .record(took);
    if outcome.is_err() {
        metrics::counter!("floodgate_payments_provider_errors_total").increment(1);
    }
    let key = (payment.subject, payment.attempt);
    // Nobody waits where the outbox has ended meanwhile; a later owner asks again.
    let _ = reply.send(Answered { operation, key, outcome });
}
