//! The embedded form as its own process, over HTTP, beside what the machine gives to nothing.

use std::path::PathBuf;

use anyhow::Result;

use crate::Figure;
use crate::cpu::Meter;
use crate::installation::Installation;
use crate::limit::{self, BURST, BareLog, CLIENT, EMBEDDED_GOAL, IDLE, Measured, Rounds};

/// Holds with the index that visitors search, as a multiple of those without it: an index that nobody
/// searches shall cost a twentieth at most.
const SEARCH_GOAL: f64 = 0.95;

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
    /// What is put beside it in the same rounds: the same without this part.
    pub compare: Option<Part>,
    /// Where a flame graph of the last burst goes; `None` does not look.
    pub profile: Option<PathBuf>,
    pub seed: u64,
}

/// A part that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The index of events and seats that visitors search.
    Search,
}

/// Every row of the embedded form.
pub async fn run(options: &ServeBench) -> Result<Vec<Figure>> {
    let ServeBench { rounds, burst, folder, compare, profile, seed } = options.clone();
    let (whole, mut meter) = start(&[], &folder).await?;
    let without = match compare {
        Some(Part::Search) => Some(start(&[("FLOODGATE_SEARCH__BACKEND", "off")], &folder).await?),
        None => None,
    };
    let (installation, meter, profile) = (&whole, &mut meter, profile.as_deref());
    let one = Measured { name: BURST, idle: IDLE, installation, meter, profile };
    let mut measured = vec![one];
    let mut without = without;
    if let Some((installation, meter)) = &mut without {
        let (name, idle) = ("without_search_holds", "without_search_idle");
        measured.push(Measured { name, idle, installation, meter, profile: None });
    }
    let goal = if compare.is_some() { SEARCH_GOAL } else { EMBEDDED_GOAL };
    let rounds = Rounds { rounds, burst, events: 1, goal, seed };
    let log = BareLog::Embedded(folder);
    let rows = Box::pin(limit::rounds(&rounds, &mut measured, &log)).await;
    drop(measured);
    whole.end().await?;
    if let Some((installation, _)) = without {
        installation.end().await?;
    }
    rows
}

async fn start(
    settings: &[(&'static str, &'static str)],
    folder: &Option<PathBuf>,
) -> Result<(Installation, Meter)> {
    let mut meter = Meter::default();
    let made = Installation::embedded_with(settings, folder.as_deref(), &mut meter).await?;
    meter.watch(CLIENT, std::process::id());
    Ok((made, meter))
}
