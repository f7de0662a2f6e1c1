//! An installation to measure: all roles in one process, or each a process of its own on servers
//! that already run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};

use floodgate_config::Settings;
use floodgate_event_log::kafka::{TopicPlan, apply, remove};
use floodgate_seating::{demo_prices, generate, to_base64};

use crate::cpu::Meter;
use crate::process::Process;
use floodgate_http_client::{Call, Http};
use floodgate_server::kafka_options;
use floodgate_server::keys::KeyFiles;

/// How many of each role.
#[derive(Debug, Clone, Copy)]
pub struct RoleCounts {
    pub gateways: u32,
    pub processors: u32,
    /// Live counts and SQL tables as well.
    pub followers: bool,
}

/// Topics of our own on a cluster that others use too.
#[derive(Debug)]
pub(super) struct Topics {
    settings: Settings,
}

impl Topics {
    /// Makes them under a prefix nobody else has.
    pub(super) async fn make(config: Option<&Path>) -> Result<Self> {
        let prefix = format!("b{:08x}.", rand::random::<u32>());
        let flags = vec![("kafka.prefix".to_owned(), prefix)];
        let settings = floodgate_config::load(config, std::env::vars(), &flags)
            .map_err(|error| anyhow::anyhow!("{error}"))?
            .settings;
        let kafka = &settings.kafka;
        let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
        apply(&kafka_options(&settings), &plans).await?;
        Ok(Topics { settings })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.settings.kafka.prefix
    }

    pub(super) async fn remove(self) -> Result<()> {
        Ok(remove(&kafka_options(&self.settings)).await?)
    }
}

/// A folder of our own; gone when dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make(within: Option<&Path>) -> Result<Self> {
        let parent = within.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let path = parent.join(format!("floodgate-bench-{:08x}", rand::random::<u32>()));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Only what was made here; a folder that stays is no reason to lose what was measured.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running installation with topics and a folder of its own; both go with it.
#[derive(Debug)]
pub(super) struct Installation {
    topics: Option<Topics>,
    processes: Vec<Process>,
    /// Addresses of the gateways.
    pub(super) targets: Vec<String>,
    /// The manager's key.
    pub(super) manager: String,
    /// What differs from others, as variables of the environment.
    settings: Vec<(&'static str, &'static str)>,
    folder: Folder,
}

impl Installation {
    /// All roles in one process over the embedded log, in a folder made within this one.
    pub(super) async fn embedded(within: Option<&Path>, meter: &mut Meter) -> Result<Self> {
        Installation::embedded_with(&[], within, meter).await
    }

    /// The numbers of its processes.
    pub(super) fn processes(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    /// The same with settings of its own, as variables of the environment.
    pub(super) async fn embedded_with(
        settings: &[(&'static str, &'static str)],
        within: Option<&Path>,
        meter: &mut Meter,
    ) -> Result<Self> {
        let mut made = Installation::keys_only(None, within)?;
        made.settings = settings.to_vec();
        let target = made.role("serve", 1, None, meter)?;
        made.targets.push(target);
        made.ready().await
    }

    /// Each role a process, over the servers that these settings name.
    pub(super) async fn distributed(
        config: Option<&Path>,
        roles: RoleCounts,
        meter: &mut Meter,
    ) -> Result<Self> {
        let mut made = Installation::keys_only(Some(Topics::make(config).await?), None)?;
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
        made.ready().await
    }

    fn keys_only(topics: Option<Topics>, within: Option<&Path>) -> Result<Self> {
        let folder = Folder::make(within)?;
        let keys = folder.path().join("data/keys");
        KeyFiles::in_folder(&keys).make(&keys)?;
        let manager = std::fs::read_to_string(keys.join("manager.key"))?.trim().to_owned();
        let (processes, targets) = (Vec::new(), Vec::new());
        Ok(Installation { topics, processes, targets, manager, settings: Vec::new(), folder })
    }

    async fn ready(self) -> Result<Self> {
        for process in &self.processes {
            process.ready().await?;
        }
        Ok(self)
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
        let data = self.folder.path().join("data");
        command.args([role, "--listen", "127.0.0.1:0", "--data"]).arg(data);
        // Those of the environment are meant for the distributed form.
        command.env_remove("FLOODGATE_CONFIG");
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        if let Some(topics) = &self.topics {
            command.env("FLOODGATE_KAFKA__PREFIX", topics.prefix());
        }
        command
            .env("FLOODGATE_SERVER__GATEWAY_ID", number.to_string())
            // What visitors compute at the door is not what is measured here.
            .env("FLOODGATE_ADMISSION__PUZZLE_LEVEL", "0")
            // The crowd says itself where its buyers come from.
            .env("FLOODGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1,::1")
            // Nobody pays for it either.
            .env("FLOODGATE_PAYMENTS__ALLOW_SANDBOX", "true")
            .envs(self.settings.iter().copied());
        let process = Process::start(role, &mut command)?;
        meter.watch(role, process.id());
        let address = process.address.clone();
        self.processes.push(process);
        Ok(address)
    }

    /// An event of 200,000 seats, open, that asks for no pass; its id.
    pub(super) async fn event(&self, pass_required: bool) -> Result<String> {
        self.event_of(200_000, pass_required).await
    }

    /// The same with about so many seats.
    pub(super) async fn event_of(&self, seats: u32, pass_required: bool) -> Result<String> {
        let plan = generate::bowl(seats);
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
        drop(self.folder);
        match self.topics {
            Some(topics) => topics.remove().await,
            None => Ok(()),
        }
    }
}
