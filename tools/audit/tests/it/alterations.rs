//! Ways to alter a stored log: a field, the kind, a fact that is missing, twice, early or elsewhere.

use floodgate_domain::{EventId, Fact, FactPosition, FactRecord, LogTime};

use crate::kinds::{endings, exchanged, fields};
use crate::run::{EVENTS, Stored};

/// A log that was altered at one fact.
#[derive(Debug)]
pub(crate) struct Alteration {
    pub(crate) what: String,
    /// Which fact of the ledger, as it was.
    pub(crate) at: usize,
    pub(crate) stored: Stored,
}

fn record(stored: &Stored, at: usize, fact: Fact) -> Stored {
    let mut altered = stored.clone();
    altered.facts[at].fact = fact;
    altered
}

/// Numbers the facts of every command anew, so that no gap shows where one was.
fn numbered(mut stored: Stored) -> Stored {
    let mut last: Option<FactPosition> = None;
    for record in &mut stored.facts {
        let offset = record.position.offset;
        let index = last.filter(|last| last.offset == offset).map_or(0, |last| last.index + 1);
        record.position = FactPosition { offset, index };
        last = Some(record.position);
    }
    stored
}

/// Every alteration at one fact of the ledger.
pub(crate) fn all(stored: &Stored, at: usize) -> Vec<Alteration> {
    let fact = &stored.facts[at];
    let name = fact.fact.name();
    let mut all = Vec::new();
    let mut add = |what: &str, altered: Stored| {
        // Two facts that say the same may change places: the log is the same.
        if altered.facts == stored.facts {
            return;
        }
        let what = format!("{name}: {what}");
        all.push(Alteration { what, at, stored: altered });
    };
    for (what, other) in fields(&fact.fact).into_iter().chain(exchanged(&fact.fact)) {
        if other != fact.fact {
            add(what, record(stored, at, other));
        }
    }
    let with = |change: &dyn Fn(&mut FactRecord)| {
        let mut altered = stored.clone();
        change(&mut altered.facts[at]);
        altered
    };
    let elsewhere = EVENTS.iter().find(|other| **other != fact.event_id).copied();
    add("of another event", with(&|fact| fact.event_id = elsewhere.unwrap()));
    add("of an event there is not", with(&|fact| fact.event_id = EventId(99)));
    add("at another time", with(&|fact| fact.at = LogTime(fact.at.0 + 1)));
    add("at another index", with(&|fact| fact.position.index += 1));
    add("of another command", with(&|fact| fact.position.offset += 1));

    let mut missing = stored.clone();
    missing.facts.remove(at);
    add("missing", numbered(missing));

    let mut twice = stored.clone();
    twice.facts.insert(at + 1, fact.clone());
    add("twice", numbered(twice));

    add("again later", numbered(again(stored, at, 400)));
    add("again at the end", numbered(again(stored, at, usize::MAX)));

    for (what, other) in endings(&fact.fact) {
        for (when, behind) in [("at once", 1), ("later", 60), ("long after", 400)] {
            let altered = numbered(said(stored, at, behind, other.clone()));
            add(&format!("and {what} {when}"), altered);
        }
    }

    let mut swapped = stored.clone();
    if at + 1 < swapped.facts.len() {
        swapped.facts.swap(at, at + 1);
        add("swapped with the next", swapped.clone());
        let (one, other) = (stored.facts[at].position, stored.facts[at + 1].position);
        let (first, second) = (stored.facts[at].at, stored.facts[at + 1].at);
        swapped.facts[at].position = one;
        swapped.facts[at + 1].position = other;
        swapped.facts[at].at = first;
        swapped.facts[at + 1].at = second;
        add("exchanged with the next", swapped);
    }
    all
}

/// The same fact once more, so many facts later.
fn again(stored: &Stored, at: usize, behind: usize) -> Stored {
    said(stored, at, behind, stored.facts[at].fact.clone())
}

/// A fact more, of the event of another one and so many facts behind it.
fn said(stored: &Stored, at: usize, behind: usize, fact: Fact) -> Stored {
    let mut altered = stored.clone();
    let last = stored.facts.len().saturating_sub(4);
    let to = at.saturating_add(behind).clamp(at + 1, last.max(at + 1));
    let (host, event_id) = (&stored.facts[to - 1], stored.facts[at].event_id);
    let more = FactRecord { position: host.position, at: host.at, event_id, fact };
    altered.facts.insert(to, more);
    altered
}
