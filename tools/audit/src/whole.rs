//! The whole audit: every partition, then what they add up to.

use std::path::Path;

use anyhow::Result;

use floodgate_event_log::{Log, Topic};
use floodgate_streams::NoiseKey;

use crate::acked;
use crate::ledger::Ledger;
use crate::partition::{self, Totals};
use crate::public::counts::PublishedCounts;
use crate::public::live::PublishedLive;
use crate::public::windows::PublishedWindows;
use crate::report::AuditReport;

/// What an audit looks at besides the rules of its own.
#[derive(Debug, Clone, Copy)]
pub struct AuditOptions<'a> {
    /// What a load generator was promised: none of it may be missing.
    pub acked: Option<&'a Path>,
    /// Whether the engine decides every command again.
    pub replay: bool,
    /// Draws the noise of live numbers. Without it they are compared as far as noise allows.
    pub noise: Option<NoiseKey>,
}

impl Default for AuditOptions<'_> {
    fn default() -> Self {
        AuditOptions { acked: None, replay: true, noise: None }
    }
}

/// Audits every partition of `log`; with `acked`, also that nothing acknowledged is missing.
pub fn audit(log: &dyn Log, acked: Option<&Path>) -> Result<AuditReport> {
    audit_with(log, AuditOptions { acked, ..AuditOptions::default() })
}

/// Audits every partition of `log` as the options say.
///
/// Without the replay nobody knows what the commands behind the last published fact lead to, so
/// the books end there.
pub fn audit_with(log: &dyn Log, options: AuditOptions<'_>) -> Result<AuditReport> {
    let mut ledger = Ledger::default();
    // Before the ledger: whatever is published follows from facts that are there.
    let counts = PublishedCounts::read(log, &mut ledger.found)?;
    let windows = PublishedWindows::read(log, &mut ledger.found)?;
    let live = PublishedLive::read(log, options.noise, &mut ledger.found)?;
    let mut totals = Totals { counts, windows, live };
    let (mut pending, mut repeated) = (0, 0);
    for partition in 0..log.partitions(Topic::Commands) {
        let read = partition::audit(log, partition, options.replay, (&mut ledger, &mut totals))?;
        pending += read.pending;
        repeated += read.repeated;
    }
    let Totals { counts, windows, live } = totals;
    counts.finish(&mut ledger);
    windows.finish(&mut ledger);
    live.finish(&mut ledger.found);
    ledger.close();
    let missing = options.acked.map(|path| acked::missing(path, &ledger)).transpose()?;
    Ok(AuditReport {
        facts_pending: pending,
        facts_repeated: repeated,
        acked_missing: missing.map(|(_, missing)| missing),
        acked_checked: missing.map(|(checked, _)| checked),
        ..ledger.into_report()
    })
}
