//! Two processors on a cluster: the owner is killed, or asked to stop, and the other takes over.
//!
//! A client sends a request every few milliseconds throughout, as a gateway would. A kill is
//! measured from the moment the process is gone to the first answer to a request sent after it; a
//! graceful stop by the longest wait of any request.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::task::JoinHandle;

use floodgate_domain::{Command, EventId, GatewayId};
use floodgate_event_log::kafka::{TopicPlan, apply, processor_count, remove};
use floodgate_event_log::{KafkaLog, KafkaOptions, Log, NewRecord, Topic};
use floodgate_transport::{CommandClient, ReplyHub, Service, follow_replies};

use super::processes::Processor;
use super::{Figure, RawLog, TakeoverCluster, row};
use floodgate_server::kafka_options;

const EVENT: EventId = EventId(1);
/// What an owner says once it has caught up.
const OWNED: &str = "partition owned, nothing waits";
/// The interval between requests.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// Longer than any takeover takes; only a broken one waits this long.
const WITHIN: Duration = Duration::from_secs(60);
/// How long requests go on after a graceful stop, so that a late pause is noticed.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// Records appended together.
const APPENDED: usize = 2_048;

pub(super) fn run(
    history: &RawLog,
    rounds: usize,
    cluster: &TakeoverCluster,
    folder: &Path,
) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Runtime::new().context("a runtime")?;
    let mut options = kafka_options(&cluster.settings);
    // Topics of its own beside those that are there, and none left behind.
    options.prefix = format!("{}bench-{:08x}.", options.prefix, rand::random::<u32>());
    let kafka = &cluster.settings.kafka;
    let plans = TopicPlan::all(1, kafka.gateways, kafka.replication);
    runtime.block_on(apply(&options, &plans))?;
    let rows = runtime.block_on(async {
        let stage = Stage::set(cluster, &options, folder).await?;
        stage.fill(history).await?;
        stage.measure(rounds).await
    });
    let removed = runtime.block_on(remove(&options));
    let rows = rows?;
    removed?;
    Ok(rows)
}

/// What all rounds share.
struct Stage<'a> {
    cluster: &'a TakeoverCluster,
    options: KafkaOptions,
    folder: &'a Path,
    log: Arc<dyn Log>,
    commands: CommandClient,
}

/// When each question was asked and answered.
type Answers = Arc<Mutex<Vec<(Instant, Instant)>>>;

impl<'a> Stage<'a> {
    async fn set(
        cluster: &'a TakeoverCluster,
        options: &KafkaOptions,
        folder: &'a Path,
    ) -> Result<Self> {
        let (connect, hub) = (options.clone(), ReplyHub::new());
        let log = tokio::task::spawn_blocking(move || KafkaLog::open(&connect)).await??;
        let log: Arc<dyn Log> = Arc::new(log);
        let gateway_id = GatewayId(cluster.settings.server.gateway_id);
        // It ends with the process; nothing waits for it.
        let replies = follow_replies(&log, gateway_id, hub.clone())?;
        // Answers of before it has begun would be missed.
        while !replies.health().is_ready() {
            tokio::time::sleep(ASK_EVERY).await;
        }
        let commands = CommandClient::new(Arc::clone(&log), hub, gateway_id);
        Ok(Stage { cluster, options: options.clone(), folder, log, commands })
    }

    /// A past for the partition, so that there is something to load and to replay.
    async fn fill(&self, history: &RawLog) -> Result<()> {
        let key = EVENT.to_string();
        let records: Vec<NewRecord> =
            history.iter().map(|(_, value)| NewRecord::new(key.clone(), value.to_vec())).collect();
        for batch in records.chunks(APPENDED) {
            self.log.append(Topic::Commands, 0, batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn measure(&self, rounds: usize) -> Result<Vec<Figure>> {
        let questions = Questions::begin(self);
        let mut rows = Vec::new();
        for (standbys, name) in [("all", "takeover_kill_standby"), ("none", "takeover_kill_cold")] {
            let mut owner = self.processor(standbys)?;
            owner.says(OWNED)?;
            let mut times = Vec::new();
            for _ in 0..rounds {
                let next = self.successor(standbys).await?;
                let gone = std::mem::replace(&mut owner, next).kill()?;
                times.push(questions.first_after(gone).await?);
                print_round(name, &times, &owner.says(OWNED)?);
            }
            rows.push(row(name, times, Some(2_000.0)));
            if standbys == "all" {
                rows.push(self.calm_ends(&mut owner, &questions, rounds).await?);
            }
            owner.kill()?;
            self.members(0).await?;
        }
        questions.end();
        Ok(rows)
    }

    async fn calm_ends(
        &self,
        owner: &mut Processor,
        questions: &Questions,
        rounds: usize,
    ) -> Result<Figure> {
        let name = "takeover_calm_longest_wait";
        let mut times = Vec::new();
        for _ in 0..rounds {
            let next = self.successor("all").await?;
            let (from, to) = std::mem::replace(owner, next).end()?;
            tokio::time::sleep(AFTERWARDS).await;
            times.push(questions.longest_between(from, to + AFTERWARDS / 2)?);
            print_round(name, &times, &owner.says(OWNED)?);
        }
        Ok(row(name, times, None))
    }

    /// A second processor, once it could take over.
    async fn successor(&self, standbys: &str) -> Result<Processor> {
        let next = self.processor(standbys)?;
        if standbys == "all" {
            next.says("a follower is warm")?;
        }
        self.members(2).await?;
        Ok(next)
    }

    fn processor(&self, standbys: &str) -> Result<Processor> {
        let snapshots = self.folder.join("shared").display().to_string();
        let settings = [
            ("FLOODGATE_KAFKA__PREFIX", self.options.prefix.as_str()),
            ("FLOODGATE_LOG__PARTITIONS", "1"),
            ("FLOODGATE_ENGINE__SNAPSHOTS", &snapshots),
            ("FLOODGATE_ENGINE__STANDBYS", standbys),
            ("FLOODGATE_PAYMENTS__PROVIDER", "none"),
        ];
        Processor::start(&self.cluster.config, &self.folder.join("data"), &settings)
    }

    async fn members(&self, count: usize) -> Result<()> {
        let started = Instant::now();
        let mut pulse = tokio::time::interval(Duration::from_millis(100));
        loop {
            pulse.tick().await;
            let options = self.options.clone();
            let found = tokio::task::spawn_blocking(move || processor_count(&options)).await??;
            if found == Some(count) {
                return Ok(());
            }
            if started.elapsed() > WITHIN {
                bail!("the group has {found:?} members after a minute, not {count}");
            }
        }
    }
}

/// One round as it went: what was measured, and how the successor put it.
fn print_round(name: &str, times: &[Duration], line: &serde_json::Value) {
    let (took, from) = (times.last().copied().unwrap_or_default(), &line["from"]);
    let (replayed, ms) = (&line["replayed"], &line["ms"]);
    eprintln!("{name}: {took:?}; from {from}, {replayed} replayed, {ms} ms after it was gained");
}

/// A client that never stops asking.
struct Questions {
    answers: Answers,
    asking: JoinHandle<()>,
}

impl Questions {
    fn begin(stage: &Stage<'_>) -> Self {
        let answers = Answers::default();
        let (commands, theirs) = (stage.commands.clone(), Arc::clone(&answers));
        let asking = tokio::spawn(async move {
            let mut pulse = tokio::time::interval(ASK_EVERY);
            loop {
                pulse.tick().await;
                ask(commands.clone(), Arc::clone(&theirs));
            }
        });
        Questions { answers, asking }
    }

    fn answered(&self) -> Vec<(Instant, Instant)> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long after `gone` the first question asked since then was answered.
    async fn first_after(&self, gone: Instant) -> Result<Duration> {
        let mut pulse = tokio::time::interval(ASK_EVERY);
        while gone.elapsed() < WITHIN {
            pulse.tick().await;
            let answered = self.answered();
            let since = answered.iter().filter(|(asked, _)| *asked > gone);
            if let Some(first) = since.map(|(_, answered)| *answered).min() {
                return Ok(first - gone);
            }
        }
        bail!("nobody answered within a minute")
    }

    /// The longest wait of those who asked in between.
    fn longest_between(&self, from: Instant, to: Instant) -> Result<Duration> {
        let waits = self.answered().into_iter().filter(|(asked, _)| (from..to).contains(asked));
        waits.map(|(asked, answered)| answered - asked).max().context("nobody asked")
    }

    fn end(self) {
        self.asking.abort();
    }
}

fn ask(commands: CommandClient, answers: Answers) {
    let asked = Instant::now();
    tokio::spawn(async move {
        if commands.ask_once(WITHIN, EVENT, Command::ReadStatus).await.is_ok() {
            let answered = (asked, Instant::now());
            answers.lock().unwrap_or_else(PoisonError::into_inner).push(answered);
        }
    });
}
