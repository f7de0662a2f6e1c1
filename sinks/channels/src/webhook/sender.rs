//! Makes the calls of one webhook that are due, one after the other.
//!
//! A try that comes to nothing lets its webhook rest: one that does not answer costs a try now and
//! then, and holds nobody else up. A call that was tried as often as makes sense fails, and
//! where nothing was taken since, the webhook is disabled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floodgate_domain::{LogTime, WebhookId};
use floodgate_people::{DueDelivery, PeopleError, TryOutcome, WebhookSubscription, WebhookTry};
use ureq::Agent;

use super::attempt::{Attempt, WebhookCall, attempt};
use super::schedule::webhook_pause;
use super::signature::WebhookSecret;
use crate::counter::PeopleCounter;
use crate::courier::Delivery;

/// Calls taken at once: what a crash delays.
const CLAIM_MAX: u32 = 32;
/// How long they are its own: longer than the slowest try.
const LEASE_MS: u64 = 60_000;
/// Of the lease, what has to be left before another call is begun.
const RESERVE_MS: u64 = 30_000;
/// How long a webhook rests after one try that came to nothing; twice as long after two in a row, and
/// so on. Short at first: a receiver that is busy now and then must not fall behind by it.
const REST_MIN_MS: u64 = 250;
const REST_MAX_MS: u64 = 5 * 60_000;

/// What all senders share.
#[derive(Debug)]
pub(super) struct SenderShare {
    pub(super) counter: PeopleCounter,
    pub(super) agent: Agent,
    pub(super) is_stopping: AtomicBool,
}

/// How long a webhook rests after so many tries in a row that came to nothing, and another one.
fn rest_ms(failures: u32) -> u64 {
    REST_MIN_MS.saturating_mul(1 << failures.min(11)).min(REST_MAX_MS)
}

/// Makes the calls that are due; ends when there are none, with the first that comes to nothing, or
/// when the process stops.
pub(super) fn send_due(
    shared: &Arc<SenderShare>,
    id: WebhookId,
    now: impl Fn() -> LogTime,
) -> Result<(), PeopleError> {
    loop {
        let began = now();
        let until = began.plus(LEASE_MS);
        let found = shared.counter.with(move |work| {
            let webhook = work.webhook(id)?;
            let secrets = work.webhook_secrets(id, began)?;
            Ok((webhook, secrets, work.claim_deliveries(id, (began, until), CLAIM_MAX)?))
        })?;
        let (Some(mut webhook), secrets, due) = found else { return Ok(()) };
        if due.is_empty() {
            return Ok(());
        }
        let secrets: Vec<WebhookSecret> =
            secrets.iter().filter_map(|text| WebhookSecret::parse(text).ok()).collect();
        let mut goes_on = true;
        for one in due {
            let is_late = now().plus(RESERVE_MS) > until;
            if !goes_on || is_late || shared.is_stopping.load(Ordering::Acquire) {
                let (name, at) = (one.name, now());
                shared.counter.with(move |work| work.return_delivery(&name, at))?;
                continue;
            }
            let call = WebhookCall {
                url: &webhook.url,
                secrets: &secrets,
                id: &one.name,
                body: one.body.as_bytes(),
            };
            let at = now();
            let tried = attempt(&shared.agent, call);
            goes_on = record(shared, &webhook, one, &tried, at)?;
            // It goes on only after a call that was taken.
            webhook.failures = 0;
        }
        if !goes_on || shared.is_stopping.load(Ordering::Acquire) {
            return Ok(());
        }
    }
}

/// Records a try; whether the webhook may be called again at once.
fn record(
    shared: &SenderShare,
    webhook: &WebhookSubscription,
    one: DueDelivery,
    tried: &Attempt,
    at: LogTime,
) -> Result<bool, PeopleError> {
    let id = webhook.id;
    let verdict = match &tried.delivery {
        Delivery::Sent { .. } => "sent",
        Delivery::Later { .. } => "later",
        Delivery::Never { .. } => "never",
    };
    metrics::counter!("floodgate_webhook_tries_total", "verdict" => verdict).increment(1);
    let took = u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX);
    let reason = match &tried.delivery {
        Delivery::Sent { .. } => String::new(),
        Delivery::Later { reason, .. } | Delivery::Never { reason, .. } => reason.clone(),
    };
    let line = WebhookTry {
        at,
        status: tried.status,
        reason: reason.clone(),
        ms: took,
        answer: tried.answer.clone(),
    };
    let ended = at.plus(took);
    let (outcome, is_over) = outcome(webhook, &one, &tried.delivery, ended);
    let goes_on = outcome == TryOutcome::Taken;
    shared.counter.with(move |work| {
        work.record_try((id, &one.name), &line, outcome)?;
        // Something may have been taken since the webhook was read.
        let taken_at = work.webhook(id)?.map_or(LogTime(0), |webhook| webhook.taken_at);
        match is_over {
            Over::Gone => work.disable_webhook(id, &reason),
            Over::TriedEnough if taken_at < one.made_at => {
                let text = format!("nothing was taken for three days: {reason}");
                work.disable_webhook(id, &text)
            }
            Over::TriedEnough | Over::No => Ok(()),
        }
    })?;
    Ok(goes_on)
}

/// Whether a try says that its webhook is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    No,
    /// If nothing else was taken meanwhile.
    TriedEnough,
    Gone,
}

fn outcome(
    webhook: &WebhookSubscription,
    one: &DueDelivery,
    delivery: &Delivery,
    ended: LogTime,
) -> (TryOutcome, Over) {
    let ms = |pause: Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let rest = |after: Option<Duration>| {
        let asked = after.map_or(0, ms);
        ended.plus(rest_ms(webhook.failures).max(asked))
    };
    match delivery {
        Delivery::Sent { .. } => (TryOutcome::Taken, Over::No),
        // The call waits for whoever enables the webhook again.
        Delivery::Never { .. } => {
            let rest_until = rest(None);
            (TryOutcome::Later { due_at: ended, rest_until }, Over::Gone)
        }
        Delivery::Later { after, .. } => {
            let rest_until = rest(*after);
            match webhook_pause(one.tries, &one.name, *after) {
                Some(pause) => {
                    let due_at = ended.plus(ms(pause));
                    (TryOutcome::Later { due_at, rest_until }, Over::No)
                }
                None => (TryOutcome::Failed { rest_until }, Over::TriedEnough),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_short_after_one_failure_and_long_after_many() {
        let rests: Vec<u64> = (0..14).map(rest_ms).collect();
        assert_eq!(rests[..4], [250, 500, 1_000, 2_000]);
        assert!(rests.is_sorted() && rests[13] == REST_MAX_MS);
        // One dead receiver costs a dozen tries until it is left alone for minutes.
        let first_minutes = rests.iter().scan(0, |sum, rest| {
            *sum += rest;
            Some(*sum)
        });
        assert_eq!(first_minutes.filter(|at| *at < REST_MAX_MS).count(), 10);
    }
}
