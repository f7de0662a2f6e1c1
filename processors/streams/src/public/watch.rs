//! What is told later than the fact it follows from: holds about to end, turns that come, and
//! changes one sees only by what was before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use floodgate_domain::{
    BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, Place, Policy, PriceTable, Source,
};
use floodgate_event_log::Partition;

use super::notification::{Notification, Origin};

/// How long before its end the owner of a hold is told; of a short hold, half of it.
const ENDING_MS: u64 = 60_000;

/// Hold numbers are each event's own.
type HoldKey = (EventId, HoldId);

/// A hold somebody should be told about in time.
#[derive(Debug, Clone, Copy)]
struct Ending {
    origin: Origin,
    buyer: BuyerId,
    until: LogTime,
    /// When to tell.
    due: LogTime,
}

/// One event's line, as far as somebody wants to be told.
#[derive(Debug, Default)]
struct Line {
    called: u64,
    /// Those not called yet; the engine lets about a million wait to be told at once.
    awaiting: BTreeMap<Place, (BuyerId, Source)>,
}

/// What people were told about prices and rules.
#[derive(Debug)]
struct Terms {
    prices: PriceTable,
    policy: Policy,
}

/// Messages on their way out. What an earlier life has told is followed in silence: then none is
/// even made, since a restart follows everything from the first fact on.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) all: Vec<Notification>,
    pub(super) is_silent: bool,
}

impl Notes {
    fn tell(&mut self, make: impl FnOnce() -> Option<Notification>) {
        if !self.is_silent {
            self.all.extend(make());
        }
    }
}

/// Everything one partition's teller keeps in mind.
#[derive(Debug)]
pub(super) struct Watch {
    partition: Partition,
    /// Holds that end by themselves; as many as there are holds.
    endings: BTreeMap<HoldKey, Ending>,
    /// The same by the time to tell, so that looking costs nothing.
    due: BTreeSet<(LogTime, HoldKey)>,
    lines: HashMap<EventId, Line>,
    terms: HashMap<EventId, Terms>,
}

impl Watch {
    pub(super) fn new(partition: Partition) -> Self {
        Watch {
            partition,
            endings: BTreeMap::new(),
            due: BTreeSet::new(),
            lines: HashMap::new(),
            terms: HashMap::new(),
        }
    }

    /// Follows a fact and appends the messages it brings, last of all its own.
    pub(super) fn take(&mut self, record: &FactRecord, notes: &mut Notes) {
        self.follow_hold(record);
        self.follow_line(record, notes);
        let origin = Origin::of(self.partition, record);
        if let Some(kind) = self.follow_terms(record) {
            notes.tell(|| Some(Notification::to_all(kind, origin)));
        }
        notes.tell(|| Notification::of(self.partition, record));
    }

    /// Messages to those whose hold ends soon, by log time `at`; each once. `now` is the time in
    /// the world: too late is worse than not at all, for the hold has ended already.
    pub(super) fn endings(&mut self, at: LogTime, now: LogTime, notes: &mut Notes) {
        while let Some(&(due, key)) = self.due.first()
            && due <= at
        {
            self.due.pop_first();
            let Some(Ending { origin, buyer, until, .. }) = self.endings.remove(&key) else {
                continue;
            };
            if until > at.max(now) {
                let (_, hold_id) = key;
                let about = (hold_id, buyer);
                notes.tell(|| Some(Notification::about("hold_ending", origin, about, Some(until))));
            }
        }
    }

    fn follow_hold(&mut self, record: &FactRecord) {
        match &record.fact {
            Fact::SeatsHeld { hold_id, buyer, until, .. }
            | Fact::HoldExtended { hold_id, buyer, until }
            | Fact::OrderDeclined { hold_id, buyer, until, .. } => {
                let key = (record.event_id, *hold_id);
                self.forget_hold(key);
                let lead = ENDING_MS.min(until.0.saturating_sub(record.at.0) / 2);
                let due = LogTime(until.0.saturating_sub(lead));
                let origin = Origin::of(self.partition, record);
                self.endings.insert(key, Ending { origin, buyer: *buyer, until: *until, due });
                self.due.insert((due, key));
            }
            Fact::PurchaseStarted { hold_id, .. }
            | Fact::HoldReleased { hold_id, .. }
            | Fact::HoldExpired { hold_id, .. }
            | Fact::OrderConfirmed { hold_id, .. }
            | Fact::OrderExpired { hold_id, .. }
            | Fact::OrderCancelled { hold_id, .. } => {
                self.forget_hold((record.event_id, *hold_id));
            }
            _ => {}
        }
    }

    fn forget_hold(&mut self, key: HoldKey) {
        if let Some(ending) = self.endings.remove(&key) {
            self.due.remove(&(ending.due, key));
        }
    }

    fn follow_line(&mut self, record: &FactRecord, notes: &mut Notes) {
        let origin = Origin::of(self.partition, record);
        match &record.fact {
            Fact::TurnAwaited { buyer, place } => {
                let line = self.lines.entry(record.event_id).or_default();
                if place.0 < line.called {
                    notes.tell(|| Some(Notification::your_turn(origin, *buyer)));
                } else {
                    line.awaiting.insert(*place, (*buyer, record.source));
                }
            }
            Fact::PlacesCalled { below } => {
                let line = self.lines.entry(record.event_id).or_default();
                line.called = line.called.max(below.0);
                let behind = line.awaiting.split_off(below);
                for (buyer, source) in std::mem::replace(&mut line.awaiting, behind).into_values() {
                    // Its position is the wish it answers: one of its own for each person.
                    let origin = Origin { source, ..origin };
                    notes.tell(|| Some(Notification::your_turn(origin, buyer)));
                }
            }
            // Who is in already need not be told.
            Fact::Entered { place, .. } => {
                if let Some(line) = self.lines.get_mut(&record.event_id) {
                    line.awaiting.remove(place);
                }
            }
            // Nobody is called any more.
            Fact::SaleClosed | Fact::EventCancelled => {
                self.lines.remove(&record.event_id);
            }
            _ => {}
        }
    }

    /// The kind of the change people would notice, if it is one.
    fn follow_terms(&mut self, record: &FactRecord) -> Option<&'static str> {
        match &record.fact {
            Fact::EventCreated(new) => {
                let terms = Terms { prices: new.prices.clone(), policy: new.policy };
                self.terms.insert(record.event_id, terms);
                None
            }
            Fact::PricesSet(prices) => {
                let terms = self.terms.get_mut(&record.event_id)?;
                let before = std::mem::replace(&mut terms.prices, (**prices).clone());
                (before != **prices).then_some("event_prices_changed")
            }
            Fact::PolicySet(policy) => {
                let terms = self.terms.get_mut(&record.event_id)?;
                let before = std::mem::replace(&mut terms.policy, **policy);
                (felt(before) != felt(**policy)).then_some("event_rules_changed")
            }
            _ => None,
        }
    }
}

/// The rules as people feel them: what bounds only the house is levelled.
fn felt(policy: Policy) -> Policy {
    let Policy { shoppers_max, buyers_max, .. } = Policy::default();
    Policy { shoppers_max, buyers_max, ..policy }
}
