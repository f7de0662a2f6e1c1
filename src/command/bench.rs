//! `floodgate bench`: the promised figures, on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;
use floodgate_config::Backend;
use floodgate_domain::{Currency, EventDetails, NewEvent, PriceTable};
use floodgate_seating::{demo_prices, generate};
use floodgate_telemetry::log_as_json;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::serve::raise_file_limit;
use super::settings::Place;
use floodgate_bench::limit::bare;
use floodgate_bench::{
    Figure, admission, engine, form, grow, live, log, messages, recovery, seats, serve,
};

/// Measures one part in isolation and prints one row per figure, each next to its goal.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate bench engine
  floodgate bench engine --commands 4000000 --seed 7 --json
  floodgate bench log --folder /mnt/disk/bench --json
  floodgate bench admission --level 9
  floodgate bench seats --plans plans/ --json
  floodgate bench serve --rounds 5 --json
  floodgate bench serve --rounds 5 --compare search --json
  floodgate bench live --changes 10000 --json
  floodgate bench form --config config/distributed.toml --json      after scripts/servers up
  floodgate bench grow --json --plot docs/growth.svg
  floodgate bench messages --people 200000 --dkim-key dkim.pem --json
  floodgate bench recovery --json
  floodgate bench recovery --config config/distributed.toml --rounds 5 --json")]
pub(super) struct Bench {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The seat engine on one core: decode, decide, apply, encode facts; 200,000 seats.
    Engine {
        /// Commands in the mixed row.
        #[arg(long, default_value_t = 2_000_000, value_parser = count(1_000))]
        commands: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The embedded log: durable appends, one at a time and many at once, and reads.
    Log {
        /// Records in the saturated row.
        #[arg(long, default_value_t = 1_000_000, value_parser = count(10_000))]
        records: u32,
        /// Where to write; this measures the disk there. Default: the system's temporary
        /// folder.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The embedded form as a process: a burst of holds and a single buyer, in turn with bare
    /// processes that do nothing but pass on, with and without the log; and the ratios.
    Serve {
        /// Holds in the burst.
        #[arg(long, default_value_t = 50_000, value_parser = count(100))]
        burst: u32,
        /// Each row is the median of this many rounds.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        rounds: u32,
        /// Where the logs are written. Default: the system's temporary folder.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Puts the same without this part beside it, in the same rounds.
        #[arg(long, value_enum)]
        compare: Option<Part>,
        /// Writes a flame graph of the last burst, with `perf`. Its stacks need frame pointers:
        /// RUSTFLAGS=-Cforce-frame-pointers=yes cargo build --profile profiling
        #[arg(long, value_name = "SVG")]
        profile: Option<PathBuf>,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// From a decision to the number on a page, at a steady pace of changes against a server process:
    /// percentiles and the whole distribution.
    Live {
        /// Seats that change a second.
        #[arg(long, default_value_t = 10_000)]
        #[arg(value_parser = clap::value_parser!(u32).range(10..=100_000))]
        changes: u32,
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=60))]
        seconds: u32,
        /// Pages that watch; one of them is measured.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        viewers: u32,
        /// Where the log is written. Default: the system's temporary folder.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The bare process that the others are put beside.
    #[command(hide = true)]
    Bare(Bare),
    Form(Form),
    /// The waiting room on one core: challenges, proofs, joins and tokens.
    Admission {
        /// Visitors; each solves a puzzle first.
        #[arg(long, default_value_t = 100_000, value_parser = count(1_000))]
        joins: u32,
        /// How hard the puzzles are.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=12))]
        level: u8,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// How good the best seats are: groups of 1 to 6 until 95 % are sold, against the best group that
    /// was free; single seats left over; groups that had to split.
    Seats {
        /// A folder with plans of yours, pretix JSON or CSV; the houses of our own come first.
        #[arg(long, value_name = "DIR")]
        plans: Option<PathBuf>,
        /// Seats of the bowl.
        #[arg(long, default_value_t = 200_000)]
        #[arg(value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        bowl: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// An announcement to very many followers over SMTP, with the sending process killed and paused:
    /// how fast it is, what is lost, what arrives twice. The mail server is this command's own.
    Messages(Messages),
    /// How the cost of an answer, memory and start time grow: seats and buyers from a thousand to a
    /// million, events from 1 to 1,000; the engine alone, on simulated time.
    Grow(Grow),
    /// How fast a processor recovers: from its snapshot, from the log alone, and, with a
    /// configuration that uses Kafka, in another process after a kill and after a clean stop.
    Recovery {
        /// Settings of a cluster to measure takeovers on; topics are created there and deleted.
        #[arg(long, env = "FLOODGATE_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
        /// Commands in the log.
        #[arg(long, default_value_t = 1_000_000, value_parser = count(1_000))]
        commands: u32,
        /// Each row is the median of this many rounds.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        rounds: u32,
        /// Where to write. Default: the system's temporary folder.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Part {
    /// The index that visitors search.
    Search,
}

/// The distributed form: a burst of holds, an open-loop ramp, whole visits; latency, and
/// CPU time per answer by process. Everything runs on this machine.
///
/// The burst and the single buyer are measured in rounds with the embedded form and with bare
/// processes that do nothing but pass on, with and without the log.
/// Linux may share the cores by login session (`sysctl kernel.sched_autogroup_enabled` is 1):
/// then a broker in another session stalls for up to a second under load. Set it to 0 while
/// measuring, as it is where services and containers have groups of their own.
#[derive(Debug, clap::Args)]
struct Form {
    /// Settings that name the Kafka and Redis servers to use.
    #[arg(long, env = "FLOODGATE_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Holds in the burst.
    #[arg(long, default_value_t = 50_000, value_parser = count(100))]
    burst: u32,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    gateways: u32,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    processors: u32,
    /// Events on sale at once; the burst is spread over them.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    events: u32,
    /// Each row of the burst is the median of this many rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Leave out the embedded form.
    #[arg(long)]
    without_embedded: bool,
    /// Leave out live counts and SQL tables.
    #[arg(long)]
    without_followers: bool,
    /// Leave out the ramp.
    #[arg(long)]
    without_ramp: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl From<Form> for form::FormBench {
    fn from(asked: Form) -> Self {
        let Form { config, gateways, processors, seed, .. } = asked;
        form::FormBench {
            config: Some(config),
            roles: form::RoleCounts { gateways, processors, followers: !asked.without_followers },
            events: asked.events as usize,
            rounds: asked.rounds as usize,
            embedded: !asked.without_embedded,
            burst: asked.burst as usize,
            ramp: !asked.without_ramp,
            seed,
        }
    }
}

/// How far, and what becomes of it.
#[derive(Debug, clap::Args)]
struct Grow {
    /// Sizes above this are left out.
    #[arg(long, default_value_t = 1_000_000, value_parser = count(1))]
    largest: u32,
    /// Draws the points there as well.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Measures one point in this process, as the others are.
    #[arg(long, hide = true, value_name = "AXIS=SIZE", value_parser = grow_point)]
    only: Option<(grow::Axis, u32)>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn grow_point(text: &str) -> Result<(grow::Axis, u32), String> {
    let (name, size) = text.split_once('=').ok_or("AXIS=SIZE")?;
    let axis = grow::Axis::ALL.into_iter().find(|axis| axis.name() == name);
    Ok((axis.ok_or("no such axis")?, size.parse().map_err(|_| "no such size")?))
}

impl Grow {
    /// The rows; none where one point was asked for and is printed already.
    fn run(self) -> Result<Option<Vec<Figure>>, Failure> {
        let Grow { largest, plot, only, seed } = self;
        if let Some((axis, size)) = only {
            let point = grow::measure(axis, size, seed);
            println!("{}", serde_json::to_string(&point).map_err(Failure::io)?);
            return Ok(None);
        }
        let points = grow::run(grow::GrowBench { largest, seed })?;
        if let Some(file) = plot {
            std::fs::write(file, grow::svg(&points)).map_err(Failure::io)?;
        }
        Ok(Some(grow::rows(&points)))
    }
}

/// Which part of nothing to do.
#[derive(Debug, clap::Args)]
struct Bare {
    #[command(flatten)]
    place: Place,
    #[arg(long, value_enum)]
    part: BarePart,
    /// Head and body of an answer.
    #[arg(long, default_value_t = 1_000)]
    hold_bytes: usize,
    #[arg(long, default_value_t = 60)]
    device_bytes: usize,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BarePart {
    Http,
    Whole,
    Gateway,
    Echo,
}

impl Bare {
    fn run(self) -> Result<(), Failure> {
        log_as_json();
        raise_file_limit();
        let settings = self.place.load(&[])?.settings;
        let part = match self.part {
            BarePart::Http => bare::BarePart::Http,
            BarePart::Whole => bare::BarePart::Whole,
            BarePart::Gateway => bare::BarePart::Gateway,
            BarePart::Echo => bare::BarePart::Echo,
        };
        let Bare { hold_bytes, device_bytes, .. } = self;
        let answers = bare::BareAnswers { hold_bytes, device_bytes };
        block_on(async {
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = floodgate_gateway::listen(here).map_err(Failure::io)?;
            let address = listener.local_addr().map_err(Failure::io)?;
            tracing::info!(%address, "serving");
            Ok(bare::serve_bare(part, answers, (&settings, &self.place.data), listener).await?)
        })
    }
}

/// How many, and how they are disturbed.
#[derive(Debug, clap::Args)]
struct Messages {
    #[arg(long, default_value_t = 200_000, value_parser = count(10))]
    people: u32,
    /// How often the sending process is killed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100))]
    kills: u32,
    /// How often it stands still for two seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    pauses: u32,
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=32))]
    connections: u32,
    /// Signs each mail with this private key: PEM.
    #[arg(long, value_name = "FILE")]
    dkim_key: Option<PathBuf>,
    /// Keeps the first hundred mails there, for verifiers of others.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl From<Messages> for messages::MessagesBench {
    fn from(asked: Messages) -> Self {
        let Messages { people, kills, pauses, connections, dkim_key, keep, seed } = asked;
        messages::MessagesBench { people, kills, pauses, connections, dkim_key, keep, seed }
    }
}

/// A number large enough to measure by and small enough to fit into memory.
fn count(least: i64) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(least..=50_000_000)
}

impl Bench {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let (name, seed, rows) = match self.action {
            Action::Engine { commands, seed } => {
                let options = engine::EngineBench { commands: commands as usize, seed };
                ("engine", seed, engine::run(&stadium(), options))
            }
            Action::Log { records, folder, seed } => {
                let options = log::LogBench { records: u64::from(records), folder, seed };
                ("log", seed, log::run(&options)?)
            }
            Action::Serve { burst, rounds, folder, compare, profile, seed } => {
                raise_file_limit();
                let (burst, rounds) = (burst as usize, rounds as usize);
                let compare = compare.map(|Part::Search| serve::Part::Search);
                let options = serve::ServeBench { rounds, burst, folder, compare, profile, seed };
                ("serve", seed, block_on(async { Ok(Box::pin(serve::run(&options)).await?) })?)
            }
            Action::Live { changes, seconds, viewers, folder, seed } => {
                raise_file_limit();
                let options = live::LiveBench { changes, seconds, viewers, folder, seed };
                ("live", seed, block_on(async { Ok(Box::pin(live::run(&options)).await?) })?)
            }
            Action::Bare(bare) => return bare.run(),
            Action::Form(options) => {
                raise_file_limit();
                let (seed, options) = (options.seed, form::FormBench::from(options));
                ("form", seed, block_on(async { Ok(Box::pin(form::run(&options)).await?) })?)
            }
            Action::Admission { joins, level, seed } => {
                let options = admission::AdmissionBench { joins: joins as usize, level, seed };
                ("admission", seed, admission::run(options)?)
            }
            Action::Seats { plans, bowl, seed } => {
                let mut houses = seats::shipped(bowl)?;
                if let Some(folder) = plans {
                    houses.extend(seats::in_folder(&folder)?);
                }
                ("seats", seed, seats::run(houses, seed))
            }
            Action::Messages(options) => {
                let options = messages::MessagesBench::from(options);
                ("messages", options.seed, block_on(async { Ok(messages::run(&options).await?) })?)
            }
            Action::Grow(options) => {
                let seed = options.seed;
                let Some(rows) = options.run()? else { return Ok(()) };
                ("grow", seed, rows)
            }
            Action::Recovery { config, commands, rounds, folder, seed } => {
                let (commands, rounds) = (commands as usize, rounds as usize);
                let options = recovery::RecoveryBench { commands, rounds, folder, seed };
                let cluster = config.map(cluster).transpose()?.flatten();
                ("recovery", seed, recovery::run(&stadium(), &options, cluster.as_ref())?)
            }
        };
        for row in &rows {
            if as_json {
                println!("{}", labelled(name, seed, row)?);
            } else {
                println!("{row}");
            }
        }
        Ok(())
    }
}

/// The cluster a configuration leads to, if it does.
fn cluster(config: PathBuf) -> Result<Option<recovery::TakeoverCluster>, Failure> {
    let place = Place { data: PathBuf::new(), config: Some(config.clone()) };
    let settings = place.load(&[])?.settings;
    let is_shared = settings.log.backend == Backend::Kafka;
    Ok(is_shared.then_some(recovery::TakeoverCluster { settings, config }))
}

fn stadium() -> NewEvent {
    let plan = generate::bowl(200_000);
    let prices = PriceTable::flat(Currency(*b"EUR"), &demo_prices(&plan));
    NewEvent { details: EventDetails::named("Bench"), plan, prices, ..NewEvent::default() }
}

/// What it was measured on, as Linux says it.
fn machine() -> String {
    let said = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processor = said("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = said("/proc/meminfo", "MemTotal").unwrap_or_default();
    format!("{cores} × {processor}, {memory}")
}

/// A row with what it takes to measure it again.
fn labelled(bench: &str, seed: u64, row: &Figure) -> Result<Value, Failure> {
    let mut labelled = json!({
        "bench": bench,
        "seed": seed,
        "commit": env!("FLOODGATE_COMMIT"),
        "machine": machine(),
        "command": std::env::args().collect::<Vec<_>>().join(" "),
    });
    let row = serde_json::to_value(row).map_err(Failure::io)?;
    if let (Some(all), Value::Object(row)) = (labelled.as_object_mut(), row) {
        all.extend(row);
    }
    Ok(labelled)
}
