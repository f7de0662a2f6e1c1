//! Audience cells: how many people who agreed are in a cohort, when a window is over.
//!
//! Facts say that somebody joined or left a cohort, but not who. They are folded into fixed windows
//! of log time (`window`) by a `dataflow`; what changed in a window is published if enough
//! people are in it (`publication_rule`), each cell (`cell`) as a record of the audience topic.
//!
//! Everything follows from the ledger and from what the topic has: a restart folds again and goes
//! on after the last record. Log time closes windows; in a quiet partition nothing shows the
//! time, so this asks the log for a mark (`MarkTime`) once a window with news is over.

mod cell;
mod dataflow;
mod publication_rule;
mod published;
mod window;

use std::sync::Arc;

use floodgate_domain::effects::CohortMove;
use floodgate_domain::{
    Cohort, Command, CommandId, Envelope, EventId, FactPosition, FactRecord, LogTime,
};
use floodgate_event_log::{Log, LogError, Partition, Topic};
use floodgate_transport::CommandSender;

use self::cell::Cell;
use self::dataflow::{CellKey, CellsDataflow, Total};
use self::publication_rule::PublicationRule;
use self::published::{Published, record};
use self::window::Windows;
use crate::public::{AudienceCell, time_text};

/// How long after a window's end the log is asked for a mark: clocks differ.
const MARK_AFTER_MS: u64 = 2_000;
/// A mark that did not show the window over, or was lost, is asked for again so much later.
const MARK_AGAIN_MS: u64 = 10_000;
/// Records of one append: well below what the log takes at once.
const RECORDS_MAX: usize = 1024;

/// How audience cells are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudienceOptions {
    /// The length of a window, in milliseconds of log time.
    pub window_ms: u64,
    /// The fewest people a record may count.
    pub threshold: u64,
}

impl Default for AudienceOptions {
    fn default() -> Self {
        AudienceOptions { window_ms: 7 * 24 * 3_600_000, threshold: 100 }
    }
}

/// One partition's cells.
#[derive(Debug)]
pub(crate) struct Audience {
    log: Arc<dyn Log>,
    partition: Partition,
    windows: Windows,
    rule: PublicationRule,
    dataflow: CellsDataflow,
    published: Published,
    /// The window the last fact was in.
    window: u64,
    /// An event that somebody joined or left in this window.
    moved: Option<EventId>,
    mark_at: LogTime,
}

impl Audience {
    /// Folds from the first fact on; the topic says what was published.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        partition: Partition,
        settings: AudienceOptions,
    ) -> Result<Self, LogError> {
        Ok(Audience {
            published: Published::read(&*log, partition)?,
            log,
            partition,
            windows: Windows::new(settings.window_ms),
            rule: PublicationRule {
                threshold: settings.threshold.max(publication_rule::ROUNDED_TO),
            },
            dataflow: CellsDataflow::new(),
            window: 0,
            moved: None,
            mark_at: LogTime(0),
        })
    }

    /// Takes every fact, once and in order. An error means that what was published is not known.
    pub(crate) fn take(&mut self, fact: &FactRecord) -> Result<(), LogError> {
        let window = self.windows.of(fact.at);
        if window > self.window {
            let totals = self.dataflow.open(window);
            self.window = window;
            self.moved = None;
            self.publish(&totals, fact.position)?;
        }
        if let Some(CohortMove { cohort, change }) = fact.fact.effects().cohort {
            self.count(fact.event_id, cohort, i64::from(change));
        }
        Ok(())
    }

    fn count(&mut self, event_id: EventId, cohort: Cohort, change: i64) {
        Cell::of(cohort).for_each(|cell| self.dataflow.add((event_id, cell), change));
        self.moved = Some(event_id);
    }

    /// Called when there are no further facts: asks for a mark if a window with news is over.
    pub(crate) fn mark_time_if_due(&mut self, now: LogTime) {
        let Some(event_id) = self.moved else { return };
        let is_over = now >= self.windows.end(self.window).plus(MARK_AFTER_MS);
        if !is_over || now < self.mark_at {
            return;
        }
        self.mark_at = now.plus(MARK_AGAIN_MS);
        let mark = Envelope::system(CommandId::NONE, event_id, Command::MarkTime);
        // Not awaited: a mark that is lost is asked for again. An event's commands are in the
        // partition of its facts.
        drop(CommandSender::new(Arc::clone(&self.log)).send_all(self.partition, [&mark]));
    }

    /// `closed_by` is the fact that showed the window over: the same one after every restart.
    fn publish(&mut self, totals: &[Total], closed_by: FactPosition) -> Result<(), LogError> {
        let mut records = Vec::new();
        for Total { window, key, count } in totals {
            // A total is never below zero: nobody leaves a cohort they did not join.
            let count = u64::try_from(*count).unwrap_or(0);
            if self.published.is_settled(*key, closed_by) {
                continue;
            }
            if let Some(says) = self.rule.publishes(count, self.published.last(*key)) {
                records.push(record(&self.body(*window, *key, says), self.partition, closed_by));
                self.published.note(*key, says, closed_by);
            }
        }
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(RECORDS_MAX));
            self.log.append(Topic::Audience, self.partition, records).wait()?;
            records = rest;
        }
        Ok(())
    }

    fn body(&self, window: u64, (event_id, cell): CellKey, count: u64) -> AudienceCell {
        let name = self.windows.name(window);
        AudienceCell {
            product_id: format!("{event_id}/{name}/{cell}"),
            event_id: event_id.to_string(),
            window: name,
            from: time_text(self.windows.start(window)),
            until: time_text(self.windows.end(window)),
            cell: cell.kind().to_owned(),
            age: cell.age().map(|age| age.code().to_owned()),
            region: cell.region().map(|region| region.to_string()),
            count,
            threshold: self.rule.threshold,
        }
    }
}

#[cfg(test)]
mod tests;
