//! Calls to a running server with a staff key.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use http::Method;
use serde_json::Value;

use super::exit::Failure;
use floodgate_http_client::{Call, Http, HttpError, Response};

/// Which server, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Staff {
    /// Address of the server.
    #[arg(
        long,
        default_value = "http://127.0.0.1:8080",
        env = "FLOODGATE_TARGET",
        value_name = "URL"
    )]
    target: String,
    /// File with a staff key; the demo's is floodgate-data/keys/manager.key.
    #[arg(long, env = "FLOODGATE_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Staff {
    /// A client without a key, for what everybody may read.
    pub(super) fn anyone(&self) -> Result<Caller, Failure> {
        Caller::new(&self.target, None)
    }

    /// A client with the key.
    pub(super) fn caller(&self) -> Result<Caller, Failure> {
        let path = self.key_file.as_ref().ok_or_else(|| {
            Failure::bad_input(anyhow!(
                "this needs a staff key; give its file with --key-file or FLOODGATE_KEY_FILE"
            ))
        })?;
        let key = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the staff key {}", path.display()))?;
        Caller::new(&self.target, Some(key.trim().to_owned()))
    }
}

/// Someone who calls.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    http: Http,
    target: String,
    key: Option<String>,
}

impl Caller {
    pub(super) fn new(target: &str, key: Option<String>) -> Result<Self, Failure> {
        let http = Http::new(target).context("--target").map_err(Failure::bad_input)?;
        Ok(Caller { http, target: target.to_owned(), key })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// For an answer that is a text and no JSON.
    pub(super) async fn post_for_text(&self, path: &str, body: Value) -> Result<String, Failure> {
        let key = format!("{:032x}", rand::random::<u128>());
        let (key, body) = (Some(key.as_str()), Some(body));
        self.text(Method::POST, path, Call { key, body, ..Call::default() }).await
    }

    async fn text(&self, method: Method, path: &str, call: Call<'_>) -> Result<String, Failure> {
        let call = Call { bearer: self.key.as_deref(), ..call };
        let answer = self.http.exchange(&method, path, &call).await.map_err(|error| {
            let context = format!("no answer from {}; is a server running there?", self.target);
            Failure::unavailable(anyhow::Error::from(error).context(context))
        })?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == 200 {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        Err(said(answer.status.into(), &problem).into())
    }

    /// A file, and of a part of one where the next begins and whether there is one.
    pub(super) async fn file(&self, path: &str) -> Result<(Vec<u8>, Option<(u64, bool)>), Failure> {
        let call = Call { bearer: self.key.as_deref(), ..Call::default() };
        let answer = self.http.exchange(&Method::GET, path, &call).await.map_err(|error| {
            let context = format!("no answer from {}; is a server running there?", self.target);
            Failure::unavailable(anyhow::Error::from(error).context(context))
        })?;
        if answer.status == 200 {
            return Ok((answer.body.to_vec(), answer.next));
        }
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Err(said(answer.status.into(), &problem).into())
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, None).await
    }

    /// Sends a file of this media type under a fresh key.
    pub(super) async fn put_file(
        &self,
        path: &str,
        kind: &str,
        file: &[u8],
    ) -> Result<Value, Failure> {
        let key = format!("{:032x}", rand::random::<u128>());
        let call = Call { key: Some(key.as_str()), bearer: self.key.as_deref(), ..Call::default() };
        self.read(self.http.send_file(Method::PUT, path, call, (kind, file)).await)
    }

    /// One request under a fresh key; a problem answer becomes a sentence.
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let key = format!("{:032x}", rand::random::<u128>());
        let call = Call {
            key: (method != Method::GET).then_some(key.as_str()),
            bearer: self.key.as_deref(),
            body,
            ..Call::default()
        };
        self.read(self.http.until_decided(method, path, call).await)
    }

    fn read(&self, answer: Result<Response, HttpError>) -> Result<Value, Failure> {
        let answer = answer.map_err(|error| {
            let context = format!("no answer from {}; is a server running there?", self.target);
            Failure::unavailable(anyhow::Error::from(error).context(context))
        })?;
        if answer.status == 202 {
            let why = anyhow!("not decided yet; the same command again is safe: {}", answer.body);
            return Err(Failure::unavailable(why));
        }
        if answer.is_ok() {
            return Ok(answer.body);
        }
        Err(said(answer.status.into(), &answer.body).into())
    }
}

/// A problem as a sentence, with what is wrong field by field.
fn said(status: u64, problem: &Value) -> anyhow::Error {
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let detail = problem["detail"].as_str().unwrap_or("no detail was given");
    let mut sentence = format!("{} ({status}): {detail}", text(problem, "code"));
    for error in problem["errors"].as_array().into_iter().flatten() {
        sentence.push_str(&format!("\n  {}: {}", text(error, "path"), text(error, "message")));
    }
    anyhow!(sentence)
}
