//! From a decision to the number on a page: seats change at a steady pace, and somebody watches
//! the map as a page does, by the stream of changes.
//!
//! Each hold changes the seats it asks for, once, so the n-th change that was answered is on the
//! page when n changes are. Two rows: from the answer, which is when the decision was known
//! outside, and from when it was meant to be asked for, which has everything in it. A page gets
//! what has changed four times a second at most, so half of that is waited for on the average.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::Instant;

use crate::Figure;
use crate::cpu::Meter;
use crate::installation::Installation;
use floodgate_load::{Held, LoadOptions, LoadProgress, LoadReport, Visit};

/// Seats of a hold on the average: one to four.
const SEATS_PER_HOLD: f64 = 2.5;
/// Seats for each that changes, so that blocks of four are found to the end.
const SEATS_PER_CHANGE: f64 = 1.2;
/// Of one event: the largest that is promised anything for.
const SEATS_MAX: u32 = 1_000_000;
/// Changes that are answered are on the page after this long, or something is broken.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
/// What is promised: an update a quarter of a second, and as long again.
const GOAL_MS: f64 = 500.0;

/// What is measured.
#[derive(Debug, Clone)]
pub struct LiveBench {
    /// Seats that change a second.
    pub changes: u32,
    pub seconds: u32,
    /// Pages that watch; one of them is measured.
    pub viewers: u32,
    /// Where the log is made; `None` is the system's temporary folder.
    pub folder: Option<PathBuf>,
    pub seed: u64,
}

/// When so many changes were on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    at: Instant,
    count: u64,
}

/// How much was asked, answered and shown; and how long it took to be shown.
pub async fn run(options: &LiveBench) -> Result<Vec<Figure>> {
    let mut meter = Meter::default();
    let installation = Installation::embedded(options.folder.as_deref(), &mut meter).await?;
    let measured = Box::pin(measure(options, &installation)).await;
    installation.end().await?;
    let (report, shown) = measured?;
    rows(options, &report, &shown)
}

async fn measure(
    options: &LiveBench,
    installation: &Installation,
) -> Result<(LoadReport, Vec<Shown>)> {
    let changes = f64::from(options.changes) * f64::from(options.seconds);
    let seats = (changes * SEATS_PER_CHANGE) as u32;
    ensure!(seats <= SEATS_MAX, "{changes} changes are more than one event has seats for");
    let event = installation.event_of(seats.max(1_000), false).await?;
    let target = &installation.targets[0];
    let crowd = LoadOptions {
        visit: Visit::Holds,
        rate: Some(f64::from(options.changes) / SEATS_PER_HOLD),
        patience: SHOWN_WITHIN,
        ..LoadOptions::new(target, &event, (changes / SEATS_PER_HOLD) as usize, options.seed)
    };
    let ready = floodgate_load::prepare(&crowd, Arc::new(LoadProgress::default())).await?;
    let mut watching = Vec::new();
    for _ in 0..options.viewers.max(1) {
        let page = Page::open(target, &event).await?;
        // How many changes there will be is known afterwards; it is asked to end then.
        let (end, ends) = tokio::sync::watch::channel(u64::MAX);
        watching.push((tokio::spawn(page.watch(ends)), end));
    }
    let report = ready.run().await?;
    let answered = report.held.iter().map(|held| u64::from(held.seats)).sum();
    for (_, end) in &watching {
        let _ = end.send(answered);
    }
    let mut measured = None;
    for (page, _) in watching {
        let shown = tokio::time::timeout(SHOWN_WITHIN, page);
        let shown = shown.await.context("what was answered is not on the page")???;
        measured = measured.or(Some(shown));
    }
    Ok((report, measured.unwrap_or_default()))
}

/// Somebody who looks at the map.
struct Page {
    reader: BufReader<OwnedReadHalf>,
    // Kept: a half that is dropped says good-bye.
    _writer: tokio::net::tcp::OwnedWriteHalf,
}

impl Page {
    /// Opens the stream; whatever changes from its answer on arrives there.
    async fn open(target: &str, event: &str) -> Result<Self> {
        let address = target.strip_prefix("http://").context("an address begins with http://")?;
        let (reader, mut writer) = TcpStream::connect(address).await?.into_split();
        let head = format!(
            "GET /v1/events/{event}/availability/stream HTTP/1.1\r\nHost: {address}\r\n\
             Accept: text/event-stream\r\n\r\n"
        );
        writer.write_all(head.as_bytes()).await?;
        let mut page = Page { reader: BufReader::new(reader), _writer: writer };
        let status = page.line().await?;
        ensure!(status.starts_with("HTTP/1.1 200"), "the stream does not open: {status}");
        while !page.line().await?.is_empty() {}
        Ok(page)
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.reader.read_line(&mut line).await? > 0, "the stream ended");
        Ok(line.trim_end().to_owned())
    }

    /// When how many changes were there, until it is so many.
    async fn watch(mut self, mut ends: tokio::sync::watch::Receiver<u64>) -> Result<Vec<Shown>> {
        let (mut shown, mut count, mut is_delta) = (Vec::new(), 0, false);
        loop {
            let last = *ends.borrow_and_update();
            if count >= last {
                return Ok(shown);
            }
            let line = tokio::select! {
                line = self.line() => line?,
                changed = ends.changed() => {
                    changed.context("nobody looks at it")?;
                    continue;
                }
            };
            // Sizes of chunks, ids and blank lines lie between.
            if let Some(name) = line.strip_prefix("event: ") {
                is_delta = name == "delta";
                ensure!(name != "reset", "the page fell behind and would fetch the map again");
            } else if let Some(data) = line.strip_prefix("data: ").filter(|_| is_delta) {
                count += changes(data)?;
                shown.push(Shown { at: Instant::now(), count });
            }
        }
    }
}

/// Seats in a frame: each is a number whose last byte has no high bit.
fn changes(data: &str) -> Result<u64> {
    let Ok(bytes) = STANDARD.decode(data) else { bail!("a frame is no base64: {data}") };
    Ok(bytes.iter().filter(|byte| **byte < 0x80).count() as u64)
}

fn rows(options: &LiveBench, report: &LoadReport, shown: &[Shown]) -> Result<Vec<Figure>> {
    let answered: u64 = report.held.iter().map(|held| u64::from(held.seats)).sum();
    ensure!(report.gave_up == 0 && answered > 0, "not everybody was answered: {report}");
    let first = report.held.iter().map(|held| held.due).min();
    let last = report.held.iter().map(|held| held.answered).max();
    let seconds = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    let goal = f64::from(options.changes);
    let rate = answered as f64 / seconds.max(1e-9);
    let updates = shown.len() as f64 / seconds.max(1e-9);
    Ok(vec![
        Figure::rate("changes", rate, "changes/s", Some(goal)),
        Figure::rate("updates_of_a_page", updates, "updates/s", None),
        latency("decided_to_page", &report.held, shown, |held| held.answered),
        latency("asked_to_page", &report.held, shown, |held| held.due),
    ])
}

/// Each change from an instant of its hold on, until it was on the page.
fn latency(name: &str, held: &[Held], shown: &[Shown], since: impl Fn(&Held) -> Instant) -> Figure {
    // Decided in about the order of the answers: whose change is which does not matter to the sum,
    // and little to the rest.
    let mut held = held.to_vec();
    held.sort_by_key(|one| one.answered);
    let (mut latencies, mut count, mut at) = (Vec::new(), 0_u64, 0);
    for one in &held {
        for _ in 0..one.seats {
            count += 1;
            while shown.get(at).is_some_and(|shown| shown.count < count) {
                at += 1;
            }
            let Some(shown) = shown.get(at) else { continue };
            latencies.push(shown.at.saturating_duration_since(since(one)));
        }
    }
    let mut row = Figure::rate(name, 0.0, "ms at p99", Some(GOAL_MS)).with_distribution(latencies);
    row.value = row.p99_us.unwrap_or_default() / 1e3;
    row
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_frame_says_how_many_seats_changed() {
        // Seat 5 held and seat 7 sold, as documented; then one whose gap takes two bytes.
        assert_eq!(changes("FQY=").unwrap(), 2);
        assert_eq!(changes(&STANDARD.encode([0x85, 0x20, 6])).unwrap(), 2);
        assert!(changes("no base64").is_err());
    }

    #[test]
    fn a_change_waits_for_the_update_that_has_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let held = |due, answered, seats| Held { due: at(due), answered: at(answered), seats };
        // Answers came in another order than they are kept.
        let held = [held(6, 90, 2), held(0, 10, 1)];
        let shown = [Shown { at: at(100), count: 2 }, Shown { at: at(350), count: 3 }];
        let row = latency("a", &held, &shown, |held| held.answered);
        // 90 and 10 ms in the first update, 260 in the second.
        assert_eq!(row.histogram.iter().map(|(_, count)| count).sum::<u64>(), 3);
        assert_eq!((row.p50_us, row.max_us), (Some(90_000.0), Some(260_000.0)));
        let asked = latency("a", &held, &shown, |held| held.due);
        assert_eq!(asked.max_us, Some(344_000.0));
    }
}
