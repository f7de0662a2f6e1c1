//! An installation to measure: every role a separate process, on servers that already run.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use serde_json::{Value, json};

use floodgate_config::Settings;
use floodgate_event_log::kafka::{TopicPlan, apply, remove};
use floodgate_seating::{demo_prices, generate, to_base64};

use super::cpu::Meter;
use floodgate_http_client::{Call, Http};
use floodgate_server::kafka_options;
use floodgate_server::keys::KeyFiles;

/// A role that is not ready after this long has gone wrong.
const READY_MAX: Duration = Duration::from_secs(60);

/// How many of each role.
#[derive(Debug, Clone, Copy)]
pub struct RoleCounts {
    pub gateways: u32,
    pub processors: u32,
    /// Live counts and SQL tables as well.
    pub followers: bool,
}

/// A process of ours; ended when dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    address: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // A measured role has nothing left to keep; SIGKILL cannot hang.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running installation with topics and a folder of its own; both go with it.
#[derive(Debug)]
pub(super) struct Installation {
    settings: Settings,
    processes: Vec<Process>,
    /// Addresses of the gateways.
    pub(super) targets: Vec<String>,
    manager: String,
    folder: PathBuf,
}

impl Installation {
    /// Starts the roles and waits until they are ready.
    pub(super) async fn start(
        config: Option<&Path>,
        roles: RoleCounts,
        meter: &mut Meter,
    ) -> Result<Self> {
        let name = format!("b{:08x}", rand::random::<u32>());
        let folder = std::env::temp_dir().join(format!("floodgate-bench-{name}"));
        let flags = vec![("kafka.prefix".to_owned(), format!("{name}."))];
        let settings = floodgate_config::load(config, std::env::vars(), &flags)
            .map_err(|error| anyhow::anyhow!("{error}"))?
            .settings;
        let keys = folder.join("data/keys");
        KeyFiles::in_folder(&keys).make(&keys)?;
        let manager = std::fs::read_to_string(keys.join("manager.key"))?.trim().to_owned();
        let kafka = &settings.kafka;
        let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
        apply(&kafka_options(&settings), &plans).await?;
        let (processes, targets) = (Vec::new(), Vec::new());
        let mut made = Installation { settings, processes, targets, manager, folder };
        for number in 1..=roles.gateways {
            let target = made.role("gateway", number, config, meter)?;
            made.targets.push(target);
        }
        for _ in 0..roles.processors {
            made.role("processor", 1, config, meter)?;
        }
        for role in ["streams", "sink"].into_iter().filter(|_| roles.followers) {
            made.role(role, 1, config, meter)?;
        }
        for process in &made.processes {
            ready(&process.address).await?;
        }
        Ok(made)
    }

    fn role(
        &mut self,
        role: &'static str,
        number: u32,
        config: Option<&Path>,
        meter: &mut Meter,
    ) -> Result<String> {
        let program = std::env::current_exe()?;
        // Nobody waits for counts and tables, so on a shared machine they stand back.
        let mut command = match role {
            "streams" | "sink" => {
                let mut nice = Command::new("nice");
                nice.args(["-n", "10"]).arg(program);
                nice
            }
            _ => Command::new(program),
        };
        command.args([role, "--listen", "127.0.0.1:0", "--data"]).arg(self.folder.join("data"));
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command
            .env("FLOODGATE_KAFKA__PREFIX", &self.settings.kafka.prefix)
            .env("FLOODGATE_SERVER__GATEWAY_ID", number.to_string())
            // What visitors compute at the door is not what is measured here.
            .env("FLOODGATE_ADMISSION__PUZZLE_LEVEL", "0")
            // The crowd says itself where its buyers come from.
            .env("FLOODGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1,::1")
            // Nobody pays for it either.
            .env("FLOODGATE_PAYMENTS__ALLOW_SANDBOX", "true")
            .stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{role} does not start"))?;
        let pipe = child.stderr.take().context("a pipe was asked for")?;
        let pid = child.id();
        let mut process = Process { child, address: String::new() };
        let mut lines = BufReader::new(pipe).lines();
        let mut said = Vec::new();
        process.address = loop {
            let Some(line) = lines.next().transpose()? else {
                bail!("{role} ended: {}", said.join("\n"));
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "serving" {
                break format!("http://{}", event["address"].as_str().unwrap_or_default());
            }
            said.push(line);
        };
        // The rest is read away, so that the role never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        meter.watch(role, pid);
        let address = process.address.clone();
        self.processes.push(process);
        Ok(address)
    }

    /// An event of 200,000 seats, open, that asks for no pass; its id.
    pub(super) async fn event(&self, pass_required: bool) -> Result<String> {
        let plan = generate::bowl(200_000);
        let prices: serde_json::Map<String, Value> = plan
            .categories
            .iter()
            .zip(demo_prices(&plan))
            .map(|(category, amount)| (category.name.clone(), json!(amount)))
            .collect();
        let body = json!({
            "name": "Bench", "currency": "EUR", "prices": prices,
            "plan": { "format": "native", "content": to_base64(&plan) },
            "policy": { "pass_required": pass_required, "shoppers_max": 20_000, "hold": "1h" },
        });
        let created = self.ask(Method::POST, "/v1/events", body).await?;
        let event_id = created["event_id"].as_str().context("an event without an id")?.to_owned();
        self.ask(Method::POST, &format!("/v1/events/{event_id}/sale/open"), json!({})).await?;
        let pace = json!({ "pace_per_minute": 3_000_000, "reason": "bench" });
        self.ask(Method::PATCH, &format!("/v1/events/{event_id}/dials"), pace).await?;
        Ok(event_id)
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let target = self.targets.first().context("there is no gateway")?;
        let key = format!("{:032x}", rand::random::<u128>());
        let (body, bearer) = (Some(body), Some(self.manager.as_str()));
        let call = Call { key: Some(&key), bearer, body, ..Call::default() };
        let answer = Http::new(target)?.until_decided(method, path, call).await?;
        ensure!(answer.is_ok(), "{path}: {}", answer.body);
        Ok(answer.body)
    }

    /// Ends the roles and removes what was made for them.
    pub(super) async fn end(mut self) -> Result<()> {
        self.processes.clear();
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))?;
        Ok(remove(&kafka_options(&self.settings)).await?)
    }
}

async fn ready(target: &str) -> Result<()> {
    let http = Http::new(target)?;
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    let ready = async {
        loop {
            pulse.tick().await;
            let answer = http.call(Method::GET, "/readyz", Call::default()).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
        }
    };
    tokio::time::timeout(READY_MAX, ready).await.with_context(|| format!("{target} is not ready"))
}
