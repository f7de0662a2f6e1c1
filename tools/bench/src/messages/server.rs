//! The process that sends, and the calls it is asked with.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use floodgate_http_client::{Call, Http};
use floodgate_seating::{demo_prices, generate, to_base64};
use http::Method;
use serde_json::{Value, json};

use super::{MessagesBench, words};

/// Longer than any start takes; only a broken one waits so long.
const WITHIN: Duration = Duration::from_secs(120);

/// How the process is started, and where it is.
pub(super) struct SendingServer {
    data: PathBuf,
    base: String,
    http: Http,
    environment: Vec<(&'static str, String)>,
}

/// A running one; killed when dropped.
pub(super) struct SendingProcess(Child);

impl SendingServer {
    pub(super) fn new(folder: &Path, mail: &str, options: &MessagesBench) -> Result<Self> {
        // Free now; nobody else binds ports here in the meantime.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let mut environment = vec![
            ("FLOODGATE_SERVER__LISTEN", format!("127.0.0.1:{port}")),
            ("FLOODGATE_CHANNELS__CONNECTIONS", options.connections.to_string()),
            ("FLOODGATE_CHANNELS__QUIET_FROM", "08:00".to_owned()),
            ("FLOODGATE_CHANNELS__EMAIL__SERVER", mail.to_owned()),
            ("FLOODGATE_CHANNELS__EMAIL__ENCRYPTION", "none".to_owned()),
            ("FLOODGATE_CHANNELS__EMAIL__FROM", "Tickets <tickets@example.org>".to_owned()),
            ("FLOODGATE_LOG", "warn".to_owned()),
        ];
        if let Some(key) = &options.dkim_key {
            let key = key.canonicalize().context("--dkim-key")?;
            let selector = ("FLOODGATE_CHANNELS__EMAIL__DKIM_SELECTOR", "s1".to_owned());
            let file = ("FLOODGATE_CHANNELS__EMAIL__DKIM_KEY_FILE", key.display().to_string());
            environment.extend([selector, file]);
        }
        Ok(SendingServer {
            data: folder.to_owned(),
            http: Http::new(&base).context("the server's address")?,
            base,
            environment,
        })
    }

    /// Starts it and waits until it is ready.
    pub(super) async fn start(&self) -> Result<SendingProcess> {
        let program = std::env::current_exe().context("this program's own path")?;
        let mut command = Command::new(program);
        command.args(["serve", "--allow-sandbox", "--data"]).arg(&self.data);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let child = command.stderr(Stdio::null()).spawn().context("a server")?;
        let process = SendingProcess(child);
        let until = Instant::now() + WITHIN;
        loop {
            let answer = self.http.call(Method::GET, "/readyz", Call::default()).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(process);
            }
            if Instant::now() > until {
                bail!("the server at {} never became ready", self.base);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(
        &self,
        role: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        let file = self.data.join(format!("keys/{role}.key"));
        let key = std::fs::read_to_string(file).context("a staff key")?;
        let name = format!("{:032x}", rand::random::<u128>());
        let call = Call { key: Some(&name), bearer: Some(key.trim()), body, ..Call::default() };
        let answer = self.http.until_decided(method, path, call).await?;
        if !answer.is_ok() {
            bail!("{path}: {} {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    /// An event; its id.
    pub(super) async fn create_event(&self) -> Result<String> {
        let plan = generate::theatre();
        let named = plan.categories.iter().zip(demo_prices(&plan));
        let prices: serde_json::Map<_, _> =
            named.map(|(category, price)| (category.name.clone(), json!(price))).collect();
        let body = json!({
            "name": "An evening", "currency": "EUR", "prices": prices,
            "plan": { "format": "native", "content": to_base64(&plan) },
        });
        let created = self.ask("manager", Method::POST, "/v1/events", Some(body)).await?;
        Ok(created["event_id"].as_str().context("an event has an id")?.to_owned())
    }

    /// Announces something to its followers; the path of its report.
    pub(super) async fn announce(&self, event: &str) -> Result<String> {
        let path = format!("/v1/events/{event}/announcements");
        let made = self.ask("artist", Method::POST, &path, Some(words())).await?;
        let id = made["announcement_id"].as_str().context("an announcement has an id")?;
        Ok(format!("{path}/{id}"))
    }

    pub(super) async fn report(&self, announcement: &str) -> Result<Value> {
        self.ask("artist", Method::GET, announcement, None).await
    }
}

impl SendingProcess {
    fn signal(&self, name: &str) -> Result<()> {
        let id = self.0.id().to_string();
        if !Command::new("kill").args([name, &id]).status()?.success() {
            bail!("`kill {name} {id}` failed");
        }
        Ok(())
    }

    /// SIGKILL; gone when this returns.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    pub(super) fn pause(&self) -> Result<()> {
        self.signal("-STOP")
    }

    pub(super) fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    /// SIGTERM; ended when this returns.
    pub(super) fn end(&mut self) -> Result<()> {
        self.signal("-TERM")?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for SendingProcess {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
