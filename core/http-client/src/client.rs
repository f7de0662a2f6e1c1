//! A small JSON client over one keep-alive pool: for staff commands and for the stampede.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::http1::{Connection, Received};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("an address begins with http://; TLS is for the proxy in front")]
    NotHttp,
    #[error("an address has no path: http://host:port")]
    HasPath,
    /// A header of that name would not be one line.
    #[error("{name} has a line break in it")]
    LineBreak { name: String },
    #[error("no answer in time")]
    Timeout,
    #[error("connection")]
    Connection(#[source] std::io::Error),
    #[error("the body is not JSON")]
    Body(#[from] serde_json::Error),
}

type Result<T> = std::result::Result<T, HttpError>;

/// Longer than any answer deadline of the server: what takes longer counts as an error.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Requests under way at once, each with a connection of its own. The others wait for one, and
/// their latency counts that wait: it began when they were meant to be sent.
const UNDER_WAY_MAX: usize = 1_024;

/// Cheap to clone; all clones share the pool.
#[derive(Debug, Clone)]
pub struct Http(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `host:port`.
    address: String,
    // A plain mutex: held to take a connection or to put one back.
    idle: Mutex<Vec<Connection>>,
    under_way: Semaphore,
}

/// An answer: status, body, and when to come back if it says so.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<Duration>,
}

impl Response {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the server has not said yes or no, and may be asked again without a doubt.
    pub fn is_undecided(&self) -> bool {
        self.status == 202 || (self.status == 503 && self.body["retry"] == "same_key")
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
        let rest = base.strip_prefix("http://").ok_or(HttpError::NotHttp)?;
        let address = rest.trim_end_matches('/').to_owned();
        if address.contains('/') {
            return Err(HttpError::HasPath);
        }
        let address = if address.contains(':') { address } else { format!("{address}:80") };
        let (idle, under_way) = (Mutex::default(), Semaphore::new(UNDER_WAY_MAX));
        Ok(Http(Arc::new(Shared { address, idle, under_way })))
    }

    /// The same request again and again while the answer is 202, or 503 saying that the same
    /// request is safe; gives up after a minute, with that answer.
    pub async fn until_decided(
        &self,
        method: Method,
        path: &str,
        call: Call<'_>,
    ) -> Result<Response> {
        let mut pulse = tokio::time::interval(Duration::from_millis(250));
        let mut answer = self.call(method.clone(), path, call.clone()).await?;
        for _ in 0..240 {
            if !answer.is_undecided() {
                break;
            }
            pulse.tick().await;
            answer = self.call(method.clone(), path, call.clone()).await?;
        }
        Ok(answer)
    }

    /// One request; an error is a broken connection, a timeout, or a body that is not JSON.
    pub async fn call(&self, method: Method, path: &str, call: Call<'_>) -> Result<Response> {
        answer_of(self.exchange(&method, path, &call).await?)
    }

    /// The same with a file of this media type instead of JSON.
    pub async fn send_file(
        &self,
        method: Method,
        path: &str,
        call: Call<'_>,
        (kind, file): (&str, &[u8]),
    ) -> Result<Response> {
        let request = self.written(&method, path, &call, Some((kind, file)))?;
        answer_of(self.exchanged(&request).await?)
    }

    /// One request and the bytes of its answer, for those who count more than they read.
    pub async fn exchange(&self, method: &Method, path: &str, call: &Call<'_>) -> Result<Received> {
        let text = call.body.as_ref().map(Value::to_string);
        let body = text.as_ref().map(|text| ("application/json", text.as_bytes()));
        self.exchanged(&self.written(method, path, call, body)?).await
    }

    async fn exchanged(&self, request: &[u8]) -> Result<Received> {
        let _permit = self.0.under_way.acquire().await.expect("nobody closes this semaphore");
        let exchange = async {
            let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(mut connection) = idle {
                match connection.exchange(request).await {
                    // The server closed it while nobody used it: this request was not seen.
                    Err(_) if !connection.has_heard => {}
                    received => return self.keep(connection, received),
                }
            }
            let mut connection =
                Connection::open(&self.0.address).await.map_err(HttpError::Connection)?;
            let received = connection.exchange(request).await;
            self.keep(connection, received)
        };
        tokio::time::timeout(ANSWER_MAX, exchange).await.map_err(|_| HttpError::Timeout)?
    }

    /// Puts a connection back that may be used again.
    fn keep(
        &self,
        connection: Connection,
        received: std::io::Result<Received>,
    ) -> Result<Received> {
        if connection.is_open {
            // As many as were under way at once, which the permits bound.
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        received.map_err(HttpError::Connection)
    }

    fn written(
        &self,
        method: &Method,
        path: &str,
        call: &Call<'_>,
        body: Option<(&str, &[u8])>,
    ) -> Result<Vec<u8>> {
        let mut text = String::with_capacity(512);
        let mut line = |name: &str, value: &str| -> Result<()> {
            let is_clean = value.bytes().all(|byte| byte >= b' ' && byte != 0x7f);
            if !is_clean {
                return Err(HttpError::LineBreak { name: name.trim_end_matches(": ").to_owned() });
            }
            for part in [name, value, "\r\n"] {
                text.push_str(part);
            }
            Ok(())
        };
        line(method.as_str(), &format!(" {path} HTTP/1.1"))?;
        line("host: ", &self.0.address)?;
        for (name, value) in &call.headers {
            line(&format!("{name}: "), value)?;
        }
        if let Some(key) = call.key {
            line("idempotency-key: ", key)?;
        }
        if let Some(bearer) = call.bearer {
            line("authorization: Bearer ", bearer)?;
        }
        if let Some((kind, _)) = body {
            line("content-type: ", kind)?;
        }
        let body = body.map_or(&[] as &[u8], |(_, body)| body);
        if *method != Method::GET || !body.is_empty() {
            line("content-length: ", &body.len().to_string())?;
        }
        text.push_str("\r\n");
        Ok([text.as_bytes(), body].concat())
    }
}

fn answer_of(Received { status, retry_after, body, .. }: Received) -> Result<Response> {
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
    let exact = body["retry_after_ms"].as_u64().map(Duration::from_millis);
    Ok(Response { status, body, retry_after: exact.or(retry_after) })
}
