//! `floodgate demo`: everything at once, for a first look.

mod event;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use floodgate_seating::{ImportOptions, generate};
use serde_json::{Value, json};

use crate::command::block_on;
use crate::command::crowd::{self, CrowdOptions};
use crate::command::event::demo_body;
use crate::command::exit::Failure;
use crate::command::serve::raise_file_limit;
use crate::command::settings::{Place, key_folder, secrets};
use crate::command::staff::Caller;
use crate::command::venue::load_plan;
use floodgate_load::LoadReport;
use floodgate_server::keys::KeyFiles;
use floodgate_server::{ProcessOptions, Role, Running, end_signal};
use floodgate_telemetry::{log_as_json, metrics_recorder};

/// Sets up a demo sale: keys, data, an event on sale, and links to it.
///
/// The data folder is kept; `floodgate serve --data DIR --allow-sandbox` continues with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate demo
  floodgate demo --plan seats.csv --listen 127.0.0.1:9000
  floodgate demo --crowd 100000 --exit
  floodgate demo --data /tmp/try --crowd 20000 --seed 7 --exit --json")]
pub(super) struct Demo {
    #[command(flatten)]
    place: Place,
    /// Address and port; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Seating plan: pretix JSON, CSV or native. Default: a bowl of 200,000 seats.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Number of simulated buyers over HTTP; an audit follows.
    #[arg(long, value_name = "N")]
    crowd: Option<usize>,
    /// Seed of the crowd's behaviour.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Exit when the crowd is done (or at once without a crowd), with 0 only if the audit is
    /// clean.
    #[arg(long)]
    exit: bool,
}

/// Places called a minute when a crowd is simulated: the shop's capacity paces it instead.
const CROWD_PACE: u32 = 3_000_000;
/// Shoppers at once: more than a crowd keeps inside.
const SHOPPERS_MAX: u32 = 5_000;
/// A start that takes longer has gone wrong: a log of ten million records replays in less.
const READY_MAX: Duration = Duration::from_secs(120);

impl Demo {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        if std::env::var_os("FLOODGATE_LOG").is_some() {
            log_as_json();
        }
        raise_file_limit();
        // Nothing in front of a demo needs to notice its end, its crowd says where it comes from,
        // and nobody pays for it.
        let flag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut flags = vec![
            flag("server.drain_notice", "0s"),
            flag("server.trusted_proxies", "127.0.0.1,::1"),
            flag("payments.allow_sandbox", "true"),
        ];
        flags.extend(self.listen.iter().map(|a| ("server.listen".to_owned(), a.to_string())));
        let settings = self.place.load(&flags)?.settings;
        let data = &self.place.data;
        let keys = key_folder(data);
        KeyFiles::in_folder(&keys).make(&keys)?;
        let secrets = secrets(&settings, data)?;
        let plan = match &self.plan {
            Some(file) => load_plan(file, None, &ImportOptions::default())?,
            None => generate::bowl(200_000),
        };
        block_on(async {
            let listen = settings.server.listen;
            let listener = floodgate_gateway::listen(listen).with_context(|| {
                format!(
                    "cannot listen on {listen}; choose another address with --listen 127.0.0.1:0"
                )
            })?;
            let running = Running::start(ProcessOptions {
                settings: &settings,
                roles: &Role::ALL,
                secrets: Some(secrets),
                data,
                listener,
                metrics: metrics_recorder(),
                follows: None,
            })
            .await?;
            let target = format!("http://{}", running.address);
            let key = std::fs::read_to_string(keys.join("manager.key"))
                .context("the manager's key of this data folder is gone; restore it or choose another --data")?;
            let caller = Caller::new(&target, Some(key.trim().to_owned()))?;
            until_ready(&caller).await?;
            let event_id = open_event(&caller, &plan, self.crowd.is_some()).await?;
            self.print_links(&target, &event_id, plan.seat_count(), as_json);
            let clean = self.crowd_and_audit(&running, &target, &event_id, as_json).await?;
            if !self.exit {
                end_signal().await;
            }
            running.shutdown().await?;
            if clean { Ok(()) } else { Err(Failure::findings()) }
        })
    }

    fn print_links(&self, target: &str, event_id: &str, seats: u32, as_json: bool) {
        let manager = key_folder(&self.place.data).join("manager.key");
        if as_json {
            let page = format!("{target}/events/{event_id}");
            println!(
                "{}",
                json!({ "event_id": event_id, "seats": seats, "page": page, "manager_key_file": manager })
            );
            return;
        }
        println!("{seats} seats are on sale.\n");
        println!("  buy     {target}/events/{event_id}");
        println!("  docs    {target}/docs");
        println!(
            "  staff   floodgate sale pause {event_id} --target {target} --key-file {}",
            manager.display()
        );
        println!("  tables  sqlite3 {}", self.place.data.join("views.db").display());
        println!("\nTest card: 4000 0000 0000 0077. Ctrl-C ends; the data stays.\n");
    }

    /// Whether the audit after the crowd is clean; true without a crowd.
    async fn crowd_and_audit(
        &self,
        running: &Running,
        target: &str,
        event_id: &str,
        as_json: bool,
    ) -> Result<bool, Failure> {
        let Some(buyers) = self.crowd else { return Ok(true) };
        let crowd = CrowdOptions {
            target: target.to_owned(),
            event_id: event_id.to_owned(),
            buyers,
            seed: self.seed,
            show_progress: !as_json,
        };
        let crowd = crowd::run(&crowd).await?;
        // Reading the whole log would keep the others of this thread waiting.
        let audit = tokio::task::block_in_place(|| floodgate_audit::audit(&*running.log(), None))?;
        print_crowd(&crowd, &audit, as_json)?;
        Ok(audit.is_clean())
    }
}

async fn until_ready(caller: &Caller) -> Result<(), Failure> {
    let ready = async {
        let mut pulse = tokio::time::interval(Duration::from_millis(50));
        loop {
            pulse.tick().await;
            if caller.get("/readyz").await.is_ok() {
                return;
            }
        }
    };
    let slow =
        |_| Failure::unavailable(anyhow!("not ready within {READY_MAX:?}; see FLOODGATE_LOG=info"));
    tokio::time::timeout(READY_MAX, ready).await.map_err(slow)
}

async fn open_event(
    caller: &Caller,
    plan: &floodgate_domain::Plan,
    crowd: bool,
) -> Result<String, Failure> {
    let policy = json!({ "shoppers_max": SHOPPERS_MAX });
    let body = event::evening(demo_body(plan, event::NAME, &policy), plan);
    let created = caller.post("/v1/events", body).await?;
    let id = created["event_id"].as_str().ok_or_else(|| anyhow!("no event id in the answer"))?;
    event::add_picture(caller, id).await?;
    caller.post(&format!("/v1/events/{id}/sale/open"), json!({})).await?;
    if crowd {
        let dials = json!({ "pace_per_minute": CROWD_PACE });
        caller.patch(&format!("/v1/events/{id}/dials"), dials).await?;
    }
    Ok(id.to_owned())
}

fn print_crowd(
    crowd: &LoadReport,
    audit: &floodgate_audit::AuditReport,
    as_json: bool,
) -> Result<(), Failure> {
    if as_json {
        let both: Value = json!({ "crowd": crowd, "audit": audit });
        println!("{both}");
    } else {
        println!("{crowd}\n");
        println!("audit of the whole log:\n{audit}");
    }
    Ok(())
}
