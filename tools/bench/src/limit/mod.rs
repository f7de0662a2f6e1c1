//! The limit beside the figure: the same crowd at a server and at processes that do nothing but
//! pass on, in turn, several rounds. What a machine gives varies by the minute; a ratio stays.
//!
//! | module | holds |
//! |---|---|
//! | [`bare`] | the process that does nothing |
//! | `beside` | those processes, started beside an installation |
//! | `spread` | medians |

pub mod bare;
mod beside;
mod spread;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use http::Method;

use self::beside::{BareProcesses, answers_of};
use self::spread::Spread;
use crate::Figure;
use crate::cpu::{Lap, Meter};
use crate::crowd::Load;
use crate::flame::Recording;
use crate::installation::Installation;
use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadReport, Visit};

/// Requests of the idle row, one after the other, and those of them that open connections.
const IDLE_REQUESTS: usize = 300;
const IDLE_WARM: usize = 10;

/// So many a second come, which is more than anything here answers: what is measured is how much is
/// answered, and never how much is asked.
const ASKED_PER_S: f64 = 400_000.0;

/// Who comes when a burst is over, while followers still have to catch up: so many a second, for so
/// long from its last answer on, and what 95 of 100 of them wait at most.
const TAIL_PER_S: f64 = 1_000.0;
const TAIL_FOR: Duration = Duration::from_secs(3);
const TAIL_GOAL_MS: f64 = 50.0;

/// How long a process that has nothing to do is watched.
const QUIET_FOR: Duration = Duration::from_secs(3);

/// Holds a second, of what the machine gives to a request that goes the same way for nothing.
const RATE_GOAL: f64 = 0.6;
/// Processor time an answer, as a multiple of the same.
const CPU_GOAL: f64 = 2.0;
/// What one process without a broker gives, as a multiple of what processes around one do.
pub(super) const EMBEDDED_GOAL: f64 = 1.5;

/// How often, how many.
#[derive(Debug, Clone)]
pub(super) struct Rounds {
    pub(super) rounds: usize,
    pub(super) burst: usize,
    /// Events on sale at once; the burst is spread over them.
    pub(super) events: usize,
    /// The first that is measured, as a multiple of the last, where there are several.
    pub(super) goal: f64,
    pub(super) seed: u64,
}

/// An installation that is measured, and what watches it.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    /// Its rows begin with this.
    pub(super) name: &'static str,
    /// Its row of the single buyer.
    pub(super) idle: &'static str,
    pub(super) installation: &'a Installation,
    pub(super) meter: &'a mut Meter,
    /// Where the picture of its last burst goes, if one is wanted.
    pub(super) profile: Option<&'a Path>,
}

/// Where the log of the bare processes is.
#[derive(Debug, Clone)]
pub(super) enum BareLog {
    /// In a folder made within this one.
    Embedded(Option<PathBuf>),
    /// On the servers that these settings name.
    Kafka(Option<PathBuf>),
}

/// The bare processes of one run, each with its meter.
#[derive(Debug)]
struct Limits {
    http: BareProcesses,
    http_meter: Meter,
    log: BareProcesses,
    log_meter: Meter,
}

impl Limits {
    async fn start(beside: &Installation, log: &BareLog) -> Result<Self> {
        let answers = answers_of(beside).await?;
        let client = || {
            let mut meter = Meter::default();
            meter.watch(CLIENT, std::process::id());
            meter
        };
        let (mut http_meter, mut log_meter) = (client(), client());
        let http = BareProcesses::http(answers, &mut http_meter)?;
        let log = match log {
            BareLog::Embedded(folder) => {
                BareProcesses::embedded(answers, folder.as_deref(), &mut log_meter)?
            }
            BareLog::Kafka(config) => {
                log_meter.watch_servers(Path::new(".servers"));
                BareProcesses::distributed(answers, config.as_deref(), &mut log_meter).await?
            }
        };
        let (http, log) = (http.ready().await?, log.ready().await?);
        Ok(Limits { http, http_meter, log, log_meter })
    }
}

/// The load generator's name among the processes.
pub(super) const CLIENT: &str = "client";

/// One burst, an answer each.
#[derive(Debug, Clone)]
struct Round {
    answers_per_s: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    /// Of those who come right after it, in milliseconds; where nobody does, nothing.
    tail_p95: f64,
    /// Processor time and context switches an answer, by process.
    shares: Vec<(String, f64, f64)>,
}

impl Round {
    fn new(report: &LoadReport, laps: Vec<Lap>) -> Self {
        let answers = report.answers.max(1) as f64;
        let share = |lap: Lap| {
            let spent = lap.spent.as_secs_f64() * 1e6 / answers;
            (lap.name, spent, lap.switches as f64 / answers)
        };
        let latency = report.latency_ms;
        Round {
            answers_per_s: report.answers_per_s,
            p50: latency.p50 * 1e3,
            p95: latency.p95 * 1e3,
            p99: latency.p99 * 1e3,
            tail_p95: 0.0,
            shares: laps.into_iter().map(share).collect(),
        }
    }

    /// All processes but the client, which does the same work at each of them.
    fn of_servers(&self, value: impl Fn(&(String, f64, f64)) -> f64) -> f64 {
        self.shares.iter().filter(|share| share.0 != CLIENT).map(value).sum()
    }

    fn cpu(&self) -> f64 {
        self.of_servers(|share| share.1)
    }

    fn switches(&self) -> f64 {
        self.of_servers(|share| share.2)
    }
}

/// All rounds at one place.
#[derive(Debug, Default)]
struct Course {
    rounds: Vec<Round>,
}

impl Course {
    fn spread(&self, value: impl Fn(&Round) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(value))
    }

    fn rows(&self, name: &str) -> [Figure; 3] {
        let mut rate = self.spread(|round| round.answers_per_s).row(name, "answers/s");
        rate.p50_us = Some(self.spread(|round| round.p50).median);
        rate.p95_us = Some(self.spread(|round| round.p95).median);
        rate.p99_us = Some(self.spread(|round| round.p99).median);
        let cpu = self.spread(Round::cpu).row(format!("{name}_cpu"), "µs CPU/answer");
        let switches = self.spread(Round::switches);
        [rate, cpu, switches.row(format!("{name}_switches"), "switches/answer")]
    }

    /// By process, the client as well.
    fn shares(&self, name: &str) -> Vec<Figure> {
        let names = self.rounds.first().map(|round| round.shares.as_slice()).unwrap_or_default();
        let row = |(at, (of, ..)): (usize, &(String, f64, f64))| {
            let spread = self.spread(|round| round.shares.get(at).map_or(0.0, |share| share.1));
            spread.row(format!("{name}_cpu_{of}"), "µs CPU/answer")
        };
        names.iter().enumerate().map(row).collect()
    }
}

/// Every row of the rounds: the limits, then each that is measured beside them. Where there are
/// several, the first is compared with the last as well.
pub(super) async fn rounds(
    options: &Rounds,
    measured: &mut [Measured<'_>],
    log: &BareLog,
) -> Result<Vec<Figure>> {
    let [first, ..] = &*measured else { return Ok(Vec::new()) };
    let mut limits = Limits::start(first.installation, log).await?;
    let rows = turns(options, measured, &mut limits).await;
    limits.http.end().await?;
    limits.log.end().await?;
    rows
}

async fn turns(
    options: &Rounds,
    measured: &mut [Measured<'_>],
    limits: &mut Limits,
) -> Result<Vec<Figure>> {
    let mut rows = idle(measured, limits).await?;
    let (mut http, mut through) = (Course::default(), Course::default());
    let mut courses: Vec<Course> = measured.iter().map(|_| Course::default()).collect();
    // What a bare process is asked about does not matter to it.
    let any = vec!["evt_bare".to_owned(); options.events.max(1)];
    for number in 0..options.rounds {
        let seed = options.seed + number as u64;
        let rate = Some(ASKED_PER_S);
        let crowd = Load { visit: Visit::Holds, buyers: options.burst, rate, seed };
        let report = crowd.send(&limits.http.targets, &any, &mut limits.http_meter).await?;
        http.rounds.push(all_answered(&report, limits.http_meter.lap())?);
        let report = crowd.send(&limits.log.targets, &any, &mut limits.log_meter).await?;
        through.rounds.push(all_answered(&report, limits.log_meter.lap())?);
        for (one, course) in measured.iter_mut().zip(&mut courses) {
            let mut events = Vec::with_capacity(options.events);
            for _ in 0..options.events.max(1) {
                events.push(one.installation.event(false).await?);
            }
            let is_last = number + 1 == options.rounds;
            let picture = one.profile.filter(|_| is_last);
            let round = with_tail(crowd, one, &events, picture).await?;
            course.rounds.push(round);
        }
    }
    rows.extend(http.rows("bare_http"));
    rows.extend(through.rows("bare_log"));
    for (one, course) in measured.iter().zip(&courses) {
        rows.extend(beside(one.name, course, &http, &through));
    }
    if let ([ours, .., other], [first, .., last]) = (courses.as_slice(), &*measured) {
        let rate = |course: &Course| course.spread(|round| round.answers_per_s).median;
        let name = format!("{}_to_{}", first.name, last.name);
        let row = Figure::rate(name, rate(ours), "answers/s", None);
        rows.push(row.at_least(options.goal, (last.name, rate(other))));
    }
    Ok(rows)
}

/// A burst, and what those wait who come when it is over.
async fn with_tail(
    crowd: Load,
    one: &mut Measured<'_>,
    events: &[String],
    picture: Option<&Path>,
) -> Result<Round> {
    let Measured { installation, meter, name, .. } = one;
    let targets = &installation.targets;
    let buyers = (TAIL_PER_S * TAIL_FOR.as_secs_f64()) as usize;
    let late = Load { buyers, rate: Some(TAIL_PER_S), ..crowd };
    let late = late.ready(targets, events, crowd.buyers).await?;
    let early = crowd.ready(targets, events, 0).await?;
    meter.settle().await?;
    let begin = |picture: &Path| Recording::begin(&installation.processes(), picture);
    let recording = picture.map(begin).transpose()?;
    meter.lap();
    let report = early.run().await?;
    let round = Round::new(&report, meter.lap());
    if let (Some(recording), Some(picture)) = (recording, picture) {
        recording.end(&format!("{name}: {:.0} answers/s", round.answers_per_s), picture)?;
    }
    let tail = late.run().await?;
    Ok(Round { tail_p95: tail.latency_ms.p95, ..round })
}

/// A bare process that sheds or fails is no limit.
fn all_answered(report: &LoadReport, laps: Vec<Lap>) -> Result<Round> {
    let is_whole = report.gave_up == 0 && report.refusals.is_empty();
    ensure!(is_whole, "the bare process did not answer everybody: {report}");
    Ok(Round::new(report, laps))
}

/// The rows of what is measured, each with its ratio to the limits.
fn beside(name: &str, course: &Course, http: &Course, through: &Course) -> Vec<Figure> {
    let [mut rate, cpu, switches] = course.rows(name);
    let median = |course: &Course, value: fn(&Round) -> f64| course.spread(value).median;
    let per_s: fn(&Round) -> f64 = |round| round.answers_per_s;
    // What was promised before there were ratios, on the machine of then.
    rate.goal = Some(40_000.0);
    let of_http = Figure::rate(format!("{name}_of_http"), rate.value, "answers/s", None);
    let mut rows = vec![
        rate.at_least(RATE_GOAL, ("bare_log", median(through, per_s))),
        of_http.beside(("bare_http", median(http, per_s))),
        cpu.at_most(CPU_GOAL, ("bare_log_cpu", median(through, Round::cpu))),
        switches.beside(("bare_log_switches", median(through, Round::switches))),
    ];
    let tail = course.spread(|round| round.tail_p95).row(format!("{name}_tail"), "ms at p95");
    rows.push(Figure { goal: Some(TAIL_GOAL_MS), ..tail });
    rows.extend(course.shares(name));
    rows
}

/// One request after the other, at each place in turn: what somebody waits when nobody else
/// is there.
async fn idle(measured: &mut [Measured<'_>], limits: &mut Limits) -> Result<Vec<Figure>> {
    let mut rows = Vec::new();
    let bare = |name, targets: &[String]| Lonely::new(name, &targets[0], "evt_bare".to_owned());
    let mut places = vec![
        bare("bare_http_idle", &limits.http.targets)?,
        bare("bare_log_idle", &limits.log.targets)?,
    ];
    for one in &mut *measured {
        let event_id = one.installation.event(false).await?;
        one.meter.settle().await?;
        rows.extend(quiet(one).await);
        let installation = one.installation;
        let place = Lonely::new(one.idle, &installation.targets[0], event_id)?;
        places.push(Lonely { key: installation.manager.clone(), ..place });
    }
    // Apart, so that each finds everybody asleep.
    let mut pulse = tokio::time::interval(Duration::from_millis(55));
    for number in 0..IDLE_REQUESTS {
        pulse.tick().await;
        for place in &mut places {
            place.ask(number >= IDLE_WARM).await?;
        }
    }
    let through = places[1].p50_ms();
    let row_of = |(at, place): (usize, Lonely)| {
        let goal = (at > 1).then_some(3.0);
        let row = Figure::rate(place.name, place.p50_ms(), "ms at p50", goal);
        let row = row.with_latencies(place.latencies);
        if at > 1 { row.beside(("bare_log_idle", through)) } else { row }
    };
    rows.extend(places.into_iter().enumerate().map(row_of));
    Ok(rows)
}

/// What an installation costs that has an event on sale and nobody who asks for anything.
async fn quiet(one: &mut Measured<'_>) -> [Figure; 2] {
    one.meter.lap();
    tokio::time::sleep(QUIET_FOR).await;
    let laps = one.meter.lap();
    let ours = || laps.iter().filter(|lap| lap.name != CLIENT);
    let seconds = QUIET_FOR.as_secs_f64();
    let switches: u64 = ours().map(|lap| lap.switches).sum();
    let spent: Duration = ours().map(|lap| lap.spent).sum();
    let name = one.idle.replace(IDLE, "quiet");
    [
        Figure::rate(format!("{name}_switches"), switches as f64 / seconds, "switches/s", None),
        Figure::rate(format!("{name}_cpu"), spent.as_secs_f64() * 1e3 / seconds, "ms CPU/s", None),
    ]
}

/// The names of the burst and of the single buyer at the installation that the bench is about.
pub(super) const BURST: &str = "burst_holds";
pub(super) const IDLE: &str = "idle";

/// Somebody who asks for the status as of the end of the log.
#[derive(Debug)]
struct Lonely {
    name: &'static str,
    http: Http,
    event_id: String,
    /// Of staff, whom no rate limit holds up: a strong status counts as five calls.
    key: String,
    latencies: Vec<Duration>,
}

impl Lonely {
    fn new(name: &'static str, target: &str, event_id: String) -> Result<Self> {
        let (key, latencies) = ("bare".to_owned(), Vec::with_capacity(IDLE_REQUESTS));
        Ok(Lonely { name, http: Http::new(target)?, event_id, key, latencies })
    }

    async fn ask(&mut self, counts: bool) -> Result<()> {
        let path = format!("/v1/events/{}/status?consistency=strong", self.event_id);
        let sent = Instant::now();
        let call = Call { bearer: Some(&self.key), ..Call::default() };
        let answer = self.http.exchange(&Method::GET, &path, &call).await?;
        let said = String::from_utf8_lossy(&answer.body);
        ensure!((200..300).contains(&answer.status), "{path}: {} {said}", answer.status);
        if counts {
            self.latencies.push(sent.elapsed());
        }
        Ok(())
    }

    fn p50_ms(&self) -> f64 {
        Spread::of(self.latencies.iter().map(|latency| latency.as_secs_f64() * 1e3)).median
    }
}
