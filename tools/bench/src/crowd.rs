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
        let ready = self.ready(targets, events, 0).await?;
        meter.settle().await?;
        meter.lap();
        ready.run().await
    }

    /// Everybody at the door. The first of them is buyer number `first`.
    pub(super) async fn ready(
        self,
        targets: &[String],
        events: &[String],
        first: usize,
    ) -> Result<ReadyLoad> {
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
                first: first + number * share,
                ..LoadOptions::new(target, event, share, seed + number as u64)
            };
            ready.push(floodgate_load::prepare(&options, Arc::new(LoadProgress::default())).await?);
        }
        Ok(ReadyLoad(ready))
    }
}

/// A crowd at the door.
#[derive(Debug)]
pub(super) struct ReadyLoad(Vec<Prepared>);

impl ReadyLoad {
    /// Lets everybody go, and waits for the last answer.
    pub(super) async fn run(self) -> Result<LoadReport> {
        let mut streams: tokio::task::JoinSet<_> = self.0.into_iter().map(Prepared::run).collect();
        let mut reports = Vec::new();
        while let Some(report) = streams.join_next().await {
            reports.push(report??);
        }
        Ok(LoadReport::sum(reports))
    }
}
