//! A small JSON client over one keep-alive pool: for staff commands and for the stampede.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::Semaphore;

/// Longer than any answer deadline of the server: what takes longer counts as an error.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Requests under way at once, each with a connection of its own. The others wait for one, and
/// their latency counts that wait: it began when they were meant to be sent.
const UNDER_WAY_MAX: usize = 1_024;

/// Cheap to clone; all clones share the pool.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    under_way: Arc<Semaphore>,
}

/// An answer: status, body, and when to come back if it says so.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<Duration>,
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem's code, or the status for anything else.
    pub fn code(&self) -> String {
        self.body["code"].as_str().map_or_else(|| format!("http_{}", self.status), str::to_owned)
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }
}

/// A request's parts that differ between buyers.
#[derive(Debug, Clone, Default)]
pub struct Call<'a> {
    pub headers: Vec<(&'static str, &'a str)>,
    pub key: Option<&'a str>,
    /// A staff key.
    pub bearer: Option<&'a str>,
    pub body: Option<Value>,
}

impl Http {
    pub fn new(base: &str) -> Result<Self> {
        anyhow::ensure!(
            base.starts_with("http://"),
            "an address begins with http://; TLS is for the proxy in front"
        );
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Ok(Http { client, base: base.trim_end_matches('/').to_owned(), under_way })
    }

    /// The same request again and again while the answer is 202; gives up after a minute, with
    /// that answer.
    pub async fn until_decided(
        &self,
        method: Method,
        path: &str,
        call: Call<'_>,
    ) -> Result<Answer> {
        let mut pulse = tokio::time::interval(Duration::from_millis(250));
        let mut answer = self.call(method.clone(), path, call.clone()).await?;
        for _ in 0..240 {
            if answer.status != 202 {
                break;
            }
            pulse.tick().await;
            answer = self.call(method.clone(), path, call.clone()).await?;
        }
        Ok(answer)
    }

    /// One request; an error is a broken connection, a timeout, or a body that is not JSON.
    pub async fn call(&self, method: Method, path: &str, call: Call<'_>) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(bearer) = call.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let body = match call.body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(body)).context("request")?;
        let _permit = self.under_way.acquire().await.context("the client is closed")?;
        tokio::time::timeout(ANSWER_MAX, self.exchange(request))
            .await
            .context("no answer in time")?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let response = self.client.request(request).await.context("connection")?;
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let seconds = seconds.and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let bytes = response.into_body().collect().await.context("body")?.to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        let exact = body["retry_after_ms"].as_u64().map(Duration::from_millis);
        Ok(Answer { status, body, retry_after: exact.or(seconds) })
    }
}
