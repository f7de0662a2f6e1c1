//! Delivers messages that are due: decides for each whether it may go, and to which address; writes
//! it, hands it to a channel, and records what became of it.
//!
//! A message is recorded before its worker begins another. A crash in between repeats the one that
//! a worker had under way, once its lease is over, under the same name.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use floodgate_domain::{Channel, LogTime};
use floodgate_people::{DueMessage, Link, PeopleError, Verdict, Via, Work};

use crate::choose::{Choice, Chosen, choose, order_of_channels};
use crate::counter::PeopleCounter;
use crate::courier::{Courier, Delivery};
use crate::occasion::Occasion;
use crate::quiet::{PersonWeek, QuietHours};
use crate::say::{CodeWriter, MessageReader, Saying, timestamp, zone};
use crate::templates::Templates;
use crate::words::{AnnouncementState, Words};

/// Messages a worker takes at once: what a crash delays.
const CLAIM_MAX: u32 = 16;
/// How long they are its own. The slowest mail takes ten steps of some seconds each.
const LEASE_MS: u64 = 5 * 60_000;
/// Of the lease, what has to be left before another message is begun.
const RESERVE_MS: u64 = 3 * 60_000;
/// A message that was taken so often brings its worker down each time.
const TAKEN_MAX: u32 = 1_000;
/// How long a message waits whose announcement is paused, or whose event is not known yet.
const LOOK_AGAIN_MS: u64 = 30_000;

/// What all workers share.
#[derive(Debug)]
pub(crate) struct DeliveryShare {
    pub(crate) counter: PeopleCounter,
    pub(crate) words: Arc<Words>,
    pub(crate) templates: Templates,
    pub(crate) public_url: String,
    pub(crate) codes: CodeWriter,
    pub(crate) quiet_hours: QuietHours,
    pub(crate) announcements_per_week: u32,
    pub(crate) is_stopping: AtomicBool,
    /// Whether what a process before this one had taken is due again.
    pub(crate) is_released: Mutex<bool>,
}

impl DeliveryShare {
    /// Before the first claim. Where several processes share the store, the leases of one that is
    /// gone have to end by themselves.
    fn release(&self, now: LogTime) -> Result<(), PeopleError> {
        let mut is_released = self.is_released.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_released && self.counter.people().is_of_one_process() {
            self.counter.with(move |work| work.release_taken(now))?;
        }
        *is_released = true;
        Ok(())
    }
}

/// One worker: a connection of each channel.
pub(crate) struct DeliveryWorker {
    shared: Arc<DeliveryShare>,
    couriers: Vec<Box<dyn Courier>>,
    /// What the last message came to, until it is in the store: with the next step, before anything
    /// else is begun.
    unrecorded: Option<Arc<Record>>,
}

/// What is to be recorded of a message.
#[derive(Debug)]
enum Outcome {
    Done(Verdict, Via),
    Shown(serde_json::Value),
    /// Given up, for a reason of codes and stages.
    Failed(Via, String),
    Suppressed(Channel, Via, String),
    PutOff(LogTime, Option<Verdict>),
}

#[derive(Debug)]
struct Record {
    message: DueMessage,
    outcome: Outcome,
    at: LogTime,
}

/// A message before its channel: it goes, or something was decided.
enum Prepared {
    Go(Box<Chosen>),
    Decided(Outcome),
}

impl DeliveryWorker {
    pub(crate) fn new(shared: Arc<DeliveryShare>, couriers: Vec<Box<dyn Courier>>) -> Self {
        DeliveryWorker { shared, couriers, unrecorded: None }
    }

    /// Takes what is due and delivers it; how many were taken.
    pub(crate) fn turn(&mut self, now: impl Fn() -> LogTime) -> Result<usize, PeopleError> {
        // Before all facts are read, an announcement may be there without its words.
        if !self.shared.words.is_whole() {
            return Ok(0);
        }
        let began = now();
        self.shared.release(began)?;
        let until = began.plus(LEASE_MS);
        let due = self.record_and(move |work| work.claim(began, until, CLAIM_MAX))?;
        let count = due.len();
        for message in due {
            let is_late = now().plus(RESERVE_MS) > until;
            // Nobody has begun those that are left: they are due at once, for whoever comes next.
            let outcome = if is_late || self.shared.is_stopping.load(Ordering::Acquire) {
                self.record_and(|_| Ok(()))?;
                Outcome::PutOff(now(), None)
            } else {
                let outcome = self.outcome(&message, now())?;
                count_outcome(&message, &outcome);
                outcome
            };
            let at = now();
            self.unrecorded = Some(Arc::new(Record { message, outcome, at }));
        }
        self.record_and(|_| Ok(()))?;
        Ok(count)
    }

    /// Does something in the store, after what is to be recorded there.
    fn record_and<T: Send + 'static>(
        &mut self,
        work: impl Fn(&mut Work<'_>) -> Result<T, PeopleError> + Send + Sync + 'static,
    ) -> Result<T, PeopleError> {
        let unrecorded = self.unrecorded.clone();
        let done = self.shared.counter.with(move |store| {
            if let Some(record) = &unrecorded {
                write(store, record)?;
            }
            work(store)
        })?;
        self.unrecorded = None;
        Ok(done)
    }

    fn outcome(&mut self, message: &DueMessage, now: LogTime) -> Result<Outcome, PeopleError> {
        let prepared = self.prepared(message, now);
        let (occasion, useful_until) = match prepared {
            Ok(known) => known,
            // What the message before came to is recorded with the next step.
            Err(outcome) => {
                self.record_and(|_| Ok(()))?;
                return Ok(outcome);
            }
        };
        let channels = order_of_channels(&self.saying(), message, occasion);
        let usable: Vec<&str> = self.couriers.iter().map(|courier| courier.channel()).collect();
        let (shared, theirs) = (Arc::clone(&self.shared), message.clone());
        let prepared = self.record_and(move |work| {
            let is_usable = |channel: Channel| usable.contains(&channel.code());
            let chosen = match choose(work, &theirs, occasion, &channels, is_usable)? {
                Choice::Go(chosen) => chosen,
                Choice::No(verdict) => return Ok(Prepared::Decided(done(verdict))),
            };
            let held = held(work, &shared, &theirs, (occasion, &chosen), (now, useful_until))?;
            Ok(held.map_or(Prepared::Go(chosen), Prepared::Decided))
        })?;
        Ok(match prepared {
            Prepared::Decided(outcome) => outcome,
            Prepared::Go(chosen) => self.deliver(message, occasion, &chosen, (now, useful_until)),
        })
    }

    /// What is known without the store: what it is about, and until when it is of use.
    fn prepared(
        &self,
        message: &DueMessage,
        now: LogTime,
    ) -> Result<(&'static Occasion, LogTime), Outcome> {
        let occasion =
            Occasion::of(&message.occasion).ok_or_else(|| given_up("no such occasion"))?;
        let useful_ms = u64::try_from(occasion.useful_for.as_millis()).unwrap_or(u64::MAX);
        let useful_until = message.made_at.plus(useful_ms);
        if message.tries > TAKEN_MAX {
            return Err(given_up("tried too often"));
        }
        if now > useful_until {
            return Err(done(Verdict::TooLate));
        }
        match self.steered(message, now) {
            Some(outcome) => Err(outcome),
            None => Ok((occasion, useful_until)),
        }
    }

    fn saying(&self) -> Saying<'_> {
        let DeliveryShare { words, templates, counter, public_url, codes, .. } = &*self.shared;
        Saying { words, templates, people: counter.people(), codes, public_url }
    }

    /// An announcement that staff have paused or stopped since it was taken.
    fn steered(&self, message: &DueMessage, now: LogTime) -> Option<Outcome> {
        let (id, event_id) = (message.announcement?, message.event_id?);
        let read = self
            .shared
            .words
            .read(event_id, |words| words.announcements.get(&id).map(|(_, state)| *state));
        match read.flatten() {
            Some(AnnouncementState::Going) => None,
            Some(AnnouncementState::Stopped) => Some(done(Verdict::Stopped)),
            Some(AnnouncementState::Paused) | None => {
                Some(Outcome::PutOff(now.plus(LOOK_AGAIN_MS), None))
            }
        }
    }

    fn deliver(
        &mut self,
        message: &DueMessage,
        occasion: &Occasion,
        chosen: &Chosen,
        (now, useful_until): (LogTime, LogTime),
    ) -> Outcome {
        let reader = MessageReader { language: chosen.language, zone: zone(&chosen.time_zone) };
        let unsubscribe = match (occasion.is_by_consent, message.event_id, chosen.scope) {
            (true, Some(event_id), Some(scope)) => {
                let (buyer, channel) = (message.buyer, chosen.channel);
                Some(Link::Unsubscribe { event_id, buyer, scope, channel })
            }
            _ => None,
        };
        let saying = self.saying();
        let (rendered, values) = match saying.write(message, &reader, unsubscribe) {
            Ok(said) => said,
            Err(error) => {
                tracing::error!(message = message.message, %error, "a message cannot be written");
                return Outcome::Failed(chosen.via(None), "it cannot be written".to_owned());
            }
        };
        let Some(contact) = &chosen.contact else {
            return Outcome::Shown(Saying::shown((&rendered, &values)));
        };
        let to = (chosen.channel, contact.address.as_str());
        let said = (rendered, &values);
        let outgoing = saying.outgoing(message, occasion, to, said, (&reader, unsubscribe));
        let code = chosen.channel.code();
        let Some(courier) = self.couriers.iter_mut().find(|one| one.channel() == code) else {
            return Outcome::Failed(chosen.via(None), "no such channel any more".to_owned());
        };
        match courier.deliver(&outgoing) {
            Delivery::Sent { reference } => {
                let reference = Some(reference).filter(|text| !text.is_empty());
                Outcome::Done(Verdict::Sent, chosen.via(reference))
            }
            Delivery::Later { reason, after } => {
                let until = now.plus(pause_ms(message.tries, after));
                tracing::debug!(channel = code, reason, tries = message.tries, "to be tried again");
                if until > useful_until {
                    return Outcome::Failed(chosen.via(None), reason);
                }
                Outcome::PutOff(until, None)
            }
            Delivery::Never { reason, suppress: true } => {
                Outcome::Suppressed(chosen.channel, chosen.via(None), reason)
            }
            Delivery::Never { reason, suppress: false } => {
                tracing::debug!(channel = code, reason, "refused");
                Outcome::Failed(chosen.via(None), reason)
            }
        }
    }
}

impl std::fmt::Debug for DeliveryWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeliveryWorker")
            .field("couriers", &self.couriers.len())
            .finish_non_exhaustive()
    }
}

/// What stands between a person and a message that could go: they had it, they had enough this
/// week, or it is night where they are. The page disturbs nobody.
fn held(
    work: &mut Work<'_>,
    shared: &DeliveryShare,
    message: &DueMessage,
    (occasion, chosen): (&Occasion, &Chosen),
    (now, useful_until): (LogTime, LogTime),
) -> Result<Option<Outcome>, PeopleError> {
    let Some(contact) = &chosen.contact else { return Ok(None) };
    let (zone, at) = (zone(&chosen.time_zone), timestamp(now));
    let via = || chosen.via(None);
    if let Some(id) = message.announcement {
        let week = PersonWeek::start(at, &zone).unwrap_or(at);
        let since = LogTime(u64::try_from(week.as_millisecond()).unwrap_or_default());
        if work.has_had(id, &contact.lookup)? {
            return Ok(Some(Outcome::Done(Verdict::Repeated, via())));
        }
        let count = match chosen.person {
            Some(person) => work.announcements_since(person, since)?,
            None => 0,
        };
        if count >= u64::from(shared.announcements_per_week) {
            return Ok(Some(Outcome::Done(Verdict::Capped, via())));
        }
    }
    let quiet = shared.quiet_hours.held_until(at, &zone);
    let Some(until) = quiet.filter(|_| occasion.is_held_at_night) else { return Ok(None) };
    let until = LogTime(u64::try_from(until.as_millisecond()).unwrap_or(u64::MAX));
    // What is over by the morning is shown on the page alone.
    let is_over = until > useful_until;
    let late = Outcome::Done(Verdict::TooLate, via());
    Ok(Some(if is_over { late } else { Outcome::PutOff(until, Some(Verdict::Quiet)) }))
}

fn done(verdict: Verdict) -> Outcome {
    Outcome::Done(verdict, Via::default())
}

fn given_up(reason: &str) -> Outcome {
    Outcome::Failed(Via::default(), reason.to_owned())
}

fn write(work: &mut Work<'_>, record: &Record) -> Result<(), PeopleError> {
    let Record { message, outcome, at } = record;
    let name = &message.message;
    match outcome {
        Outcome::Done(verdict, via) => work.finish(name, *verdict, via, *at),
        Outcome::Shown(shown) => work.show(name, shown, *at),
        Outcome::Failed(via, reason) => work.give_up(name, via, reason, *at),
        Outcome::Suppressed(channel, via, reason) => {
            if let Some(lookup) = via.lookup.as_ref().or(message.lookup.as_ref()) {
                work.suppress(*channel, lookup, reason, *at)?;
            }
            work.finish(name, Verdict::Bounced, via, *at)
        }
        Outcome::PutOff(until, verdict) => work.postpone(name, *until, *verdict),
    }
}

fn count_outcome(message: &DueMessage, outcome: &Outcome) {
    let (verdict, channel) = match outcome {
        Outcome::Done(verdict, via) => (verdict.code(), via.channel),
        Outcome::Shown(_) => ("sent", Some(Channel::Page)),
        Outcome::Failed(via, _) => ("failed", via.channel),
        Outcome::Suppressed(channel, ..) => ("bounced", Some(*channel)),
        Outcome::PutOff(_, verdict) => (verdict.map_or("later", Verdict::code), None),
    };
    let channel = channel.map_or("none", Channel::code);
    let occasion = message.occasion.clone();
    metrics::counter!("floodgate_messages_total",
        "occasion" => occasion, "channel" => channel, "verdict" => verdict)
    .increment(1);
}

/// A minute, then twice as long each time, up to four hours; what the other side asked for is the
/// least.
fn pause_ms(tries: u32, after: Option<Duration>) -> u64 {
    let doubled = 60_000_u64 << tries.saturating_sub(1).min(8);
    let asked = after.map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    doubled.min(4 * 3_600_000).max(asked)
}
