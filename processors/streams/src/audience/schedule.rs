//! When tables are asked for: by the phases of a sale, which everybody knows, and the clock.
//!
//! Never by who joined or left: else that there is a table would say that somebody did.

use std::collections::{BTreeMap, VecDeque};

use floodgate_domain::release::{
    BUDGET_YEAR_MS, RELEASE_EPSILON_MICROS_MAX, SINCE_RULES, YEARLY_EPSILON_MICROS_MAX,
};
use floodgate_domain::{EventId, FactRecord, LogTime, SalePhase};

use super::window::Windows;

/// How long after a window's end its table is asked for: clocks differ.
pub(super) const ASK_AFTER_MS: u64 = 2_000;
/// A command that was lost, or came too early, is sent again so much later.
pub(super) const ASK_AGAIN_MS: u64 = 10_000;
/// Tables that are asked for at once: each takes milliseconds to make, and the facts of all other
/// events wait that long.
const ASKED_MAX: usize = 16;

/// An event whose sale has opened and is not over for good.
#[derive(Debug)]
struct Sale {
    /// The first window that has no table yet.
    next: u64,
    /// The one in which the sale closed: the last that gets one.
    last: Option<u64>,
    ask_at: LogTime,
    /// When tables were released within the last 365 days, and what they cost.
    recent: VecDeque<(LogTime, u32)>,
}

impl Sale {
    /// The window whose table is due: the last one that is over. Those missed before it get none.
    fn due(&self, windows: Windows, now: LogTime) -> Option<u64> {
        let over = windows.of(LogTime(now.0.saturating_sub(ASK_AFTER_MS))).checked_sub(1)?;
        let window = self.last.map_or(over, |last| last.min(over));
        let is_new = window >= self.next && now >= self.ask_at;
        (is_new && self.has_budget(now)).then_some(window)
    }

    fn has_budget(&self, now: LogTime) -> bool {
        let recent = self.recent.iter().filter(|(at, _)| now < at.plus(BUDGET_YEAR_MS));
        let spent: u64 = recent.map(|(_, cost)| u64::from(*cost)).sum();
        let with_one = spent + u64::from(RELEASE_EPSILON_MICROS_MAX);
        with_one <= u64::from(YEARLY_EPSILON_MICROS_MAX)
    }
}

/// Of one partition: as many as sales that are on.
#[derive(Debug)]
pub(super) struct Schedule {
    windows: Windows,
    rules: u32,
    sales: BTreeMap<EventId, Sale>,
}

impl Schedule {
    pub(super) fn new(windows: Windows) -> Self {
        Schedule { windows, rules: 0, sales: BTreeMap::new() }
    }

    pub(super) fn take(&mut self, fact: &FactRecord) {
        let effects = fact.fact.effects();
        if let Some(version) = effects.rules {
            self.rules = version;
        }
        match effects.phase {
            Some(SalePhase::Open | SalePhase::Presale) => self.open(fact),
            Some(SalePhase::Closed) => {
                let window = self.windows.of(fact.at);
                if let Some(sale) = self.sales.get_mut(&fact.event_id) {
                    sale.last = Some(window);
                }
            }
            Some(SalePhase::Cancelled) => drop(self.sales.remove(&fact.event_id)),
            _ => {}
        }
        if let Some(made) = effects.release {
            self.made(fact, made.release.until, made.release.epsilon_micros);
        }
    }

    fn open(&mut self, fact: &FactRecord) {
        let first = self.windows.of(fact.at);
        let new = || Sale { next: first, last: None, ask_at: LogTime(0), recent: VecDeque::new() };
        self.sales.entry(fact.event_id).or_insert_with(new).last = None;
    }

    fn made(&mut self, fact: &FactRecord, until: LogTime, cost: u32) {
        let next = self.windows.of(until);
        let Some(sale) = self.sales.get_mut(&fact.event_id) else { return };
        sale.next = sale.next.max(next);
        sale.recent.retain(|(at, _)| fact.at < at.plus(BUDGET_YEAR_MS));
        sale.recent.push_back((fact.at, cost));
        if sale.last.is_some_and(|last| sale.next > last) {
            self.sales.remove(&fact.event_id);
        }
    }

    /// Events whose tables are due now, each with its window; they count as asked for.
    pub(super) fn due(&mut self, now: LogTime) -> Vec<(EventId, u64)> {
        if self.rules < SINCE_RULES {
            return Vec::new();
        }
        let windows = self.windows;
        let all = self.sales.iter_mut();
        let due = all.filter_map(|(event_id, sale)| {
            let window = sale.due(windows, now)?;
            sale.ask_at = now.plus(ASK_AGAIN_MS);
            Some((*event_id, window))
        });
        due.take(ASKED_MAX).collect()
    }
}
