//! The embedded form as its own process, over HTTP, beside what the machine gives to nothing.

use std::path::PathBuf;

use anyhow::Result;

use crate::Figure;
use crate::cpu::Meter;
use crate::installation::Installation;
use crate::limit::{self, BURST, BareLog, CLIENT, Measured, Rounds};

/// What is measured.
#[derive(Debug, Clone)]
pub struct ServeBench {
    /// Each row is the median of this many rounds.
    pub rounds: usize,
    /// Holds of a burst.
    pub burst: usize,
    /// Where the logs are made, which measures the disk there; `None` is the system's temporary
    /// folder.
    pub folder: Option<PathBuf>,
    pub seed: u64,
}

/// Every row of the embedded form.
pub async fn run(options: &ServeBench) -> Result<Vec<Figure>> {
    let ServeBench { rounds, burst, folder, seed } = options.clone();
    let mut meter = Meter::default();
    let installation = Installation::embedded(folder.as_deref(), &mut meter).await?;
    meter.watch(CLIENT, std::process::id());
    let mut measured = [Measured { name: BURST, installation: &installation, meter: &mut meter }];
    let rounds = Rounds { rounds, burst, events: 1, seed };
    let log = BareLog::Embedded(folder);
    let rows = Box::pin(limit::rounds(&rounds, &mut measured, &log)).await;
    installation.end().await?;
    rows
}
