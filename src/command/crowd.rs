//! The demo's crowd: a stampede with a progress display.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use floodgate_load::{LoadOptions, LoadProgress, LoadReport};

/// The crowd, and whether a person watches.
#[derive(Debug, Clone)]
pub(super) struct CrowdOptions {
    pub(super) target: String,
    pub(super) event_id: String,
    pub(super) buyers: usize,
    pub(super) seed: u64,
    pub(super) show_progress: bool,
}

/// Sends the crowd and waits for its end.
pub(super) async fn run(options: &CrowdOptions) -> Result<LoadReport> {
    let CrowdOptions { target, event_id, buyers, seed, show_progress } = options;
    let progress = Arc::new(LoadProgress::default());
    let display = show_progress.then(|| tokio::spawn(display(*buyers, Arc::clone(&progress))));
    let stampede = LoadOptions::new(target, event_id, *buyers, *seed);
    let report = floodgate_load::run(&stampede, progress).await;
    if let Some(display) = display {
        display.abort();
    }
    report
}

async fn display(buyers: usize, progress: Arc<LoadProgress>) {
    let bar = ProgressBar::new(buyers as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{elapsed:>5} {wide_bar} {pos}/{len} done, {msg}")
    {
        bar.set_style(style);
    }
    let mut pulse = tokio::time::interval(Duration::from_millis(250));
    loop {
        pulse.tick().await;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        bar.set_position(read(&progress.done));
        bar.set_message(format!(
            "{} came, {} entered, {} bought",
            read(&progress.arrived),
            read(&progress.entered),
            read(&progress.sales)
        ));
    }
}
