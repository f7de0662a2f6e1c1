//! Audience cells: how many people who agreed are in a cohort, with noise, a window at a time.
//!
//! Facts say that somebody joined or left a cohort, but not who. When a window of a sale is over
//! (`schedule`, `window`), this asks the log for a release. Its fact, which the engine's ledger of
//! privacy allows or refuses, has the seed of all noise; what is published follows from the facts
//! up to it (`table`, by way of `dataflow` and `publication_rule`), each cell (`cell`) as a record.
//!
//! Everything follows from the ledger and from what the topic has: a restart folds again and goes
//! on after the last record, with the same noise.

mod cell;
mod dataflow;
mod publication_rule;
mod published;
mod schedule;
mod table;
pub mod trial;
mod window;

use std::collections::HashMap;
use std::sync::Arc;

use floodgate_domain::release::RELEASE_EPSILON_MICROS_MAX;
use floodgate_domain::{
    AudienceRelease, Command, CommandId, Envelope, EventId, FactRecord, LogTime,
};
use floodgate_event_log::{Log, LogError, Partition, Topic};
use floodgate_transport::CommandSender;

use self::cell::Cell;
use self::published::{Published, record};
use self::schedule::Schedule;
use self::table::{Table, Tables};
use self::window::Windows;
use crate::public::{AudienceCell, time_text};

/// Records of one append: well below what the log takes at once.
const RECORDS_MAX: usize = 1024;

/// How audience cells are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudienceOptions {
    /// The length of a window, in milliseconds of log time.
    pub window_ms: u64,
    /// The least a record may say.
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
    threshold: u64,
    schedule: Schedule,
    tables: Tables,
    /// Who is on stage, where the event says so; as many as events.
    artists: HashMap<EventId, String>,
    published: Published,
}

impl Audience {
    /// Folds from the first fact on; the topic says what was published.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        partition: Partition,
        settings: AudienceOptions,
    ) -> Result<Self, LogError> {
        let windows = Windows::new(settings.window_ms);
        Ok(Audience {
            published: Published::read(&*log, partition)?,
            log,
            partition,
            windows,
            threshold: settings.threshold,
            schedule: Schedule::new(windows),
            tables: Tables::new(settings.threshold),
            artists: HashMap::new(),
        })
    }

    /// Takes every fact, once and in order. An error means that what was published is not known.
    pub(crate) fn take(&mut self, fact: &FactRecord) -> Result<(), LogError> {
        self.schedule.take(fact);
        if let Some(details) = fact.fact.effects().details {
            self.artists.insert(fact.event_id, details.artist.clone());
        }
        match self.tables.take(fact) {
            Some(table) => self.publish(&table, fact),
            None => Ok(()),
        }
    }

    /// Called once all facts there are were taken: asks for the tables that are due.
    pub(crate) fn ask_if_due(&mut self, now: LogTime) {
        let due = self.schedule.due(now);
        let ask = |(event_id, window): (EventId, u64)| {
            let release = AudienceRelease {
                from: self.windows.start(window),
                until: self.windows.end(window),
                epsilon_micros: RELEASE_EPSILON_MICROS_MAX,
                seed: rand::random(),
            };
            let command = Command::ReleaseAudience(Box::new(release));
            Envelope::system(CommandId::NONE, event_id, command)
        };
        let asked: Vec<Envelope> = due.into_iter().map(ask).collect();
        if !asked.is_empty() {
            // Not awaited: one that is lost is sent again, and of two the log refuses the second.
            // An event's commands are in the partition of its facts.
            drop(CommandSender::new(Arc::clone(&self.log)).send_all(self.partition, &asked));
        }
    }

    fn publish(&mut self, table: &Table, fact: &FactRecord) -> Result<(), LogError> {
        let mut records = Vec::new();
        for (cell, count) in &table.cells {
            let key = (table.event_id, *cell);
            if self.published.is_settled(key, fact.position) {
                continue;
            }
            let body = self.body(table, *cell, *count);
            records.push(record(&body, self.partition, fact.position));
            self.published.note(key, fact.position);
        }
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(RECORDS_MAX));
            self.log.append(Topic::Audience, self.partition, records).wait()?;
            records = rest;
        }
        Ok(())
    }

    fn body(&self, table: &Table, cell: Cell, count: u64) -> AudienceCell {
        let AudienceRelease { from, until, epsilon_micros, .. } = table.release;
        let (event_id, window) = (table.event_id, self.windows.name(self.windows.of(from)));
        let artist = self.artists.get(&event_id).filter(|artist| !artist.is_empty());
        AudienceCell {
            product_id: format!("{event_id}/{window}/{cell}"),
            release_id: format!("{event_id}/{}", table.number),
            event_id: event_id.to_string(),
            artist: artist.cloned(),
            window,
            from: time_text(from),
            until: time_text(until),
            released_at: time_text(table.at),
            cell: cell.kind().to_owned(),
            age: cell.age().map(|age| age.code().to_owned()),
            region: cell.region().map(|region| region.to_string()),
            count,
            margin: table.margin,
            threshold: self.threshold,
            epsilon_micros,
            spent_micros: table.spent_micros,
        }
    }
}

#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
mod tests;
