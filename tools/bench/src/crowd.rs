//! One crowd for everything that is measured over HTTP.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::cpu::Meter;
use floodgate_load::{LoadOptions, LoadProgress, LoadReport, Prepared, Visit};

/// A crowd to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) visit: Visit,
    pub(super) buyers: usize,
    /// Load a second; `None` is everybody within two seconds.
    pub(super) rate: Option<f64>,
    pub(super) seed: u64,
}

impl Load {
    /// Over all gateways and events alike, so many in all and so many a second. The meter's next
    /// lap begins when everything is ready.
    pub(super) async fn send(
        self,
        targets: &[String],
        events: &[String],
        meter: &mut Meter,
    ) -> Result<LoadReport> {
        let Load { visit, buyers, rate, seed } = self;
        let streams = targets.len().max(events.len());
        let mut ready = Vec::with_capacity(streams);
        let pairs = events.iter().cycle().zip(targets.iter().cycle());
        for (number, (event, target)) in pairs.take(streams).enumerate() {
            let share = buyers / streams;
            let options = LoadOptions {
                visit,
                rate: rate.map(|rate| rate / streams as f64),
                patience: Duration::from_secs(120),
                // Buyers of different streams are different people.
                first: number * share,
                ..LoadOptions::new(target, event, share, seed + number as u64)
            };
            ready.push(floodgate_load::prepare(&options, Arc::new(LoadProgress::default())).await?);
        }
        meter.settle().await?;
        meter.lap();
        let mut streams: tokio::task::JoinSet<_> = ready.into_iter().map(Prepared::run).collect();
        let mut reports = Vec::new();
        while let Some(report) = streams.join_next().await {
            reports.push(report??);
        }
        Ok(LoadReport::sum(reports))
    }
}
