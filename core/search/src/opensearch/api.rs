//! Requests, and what their answers mean.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;

use super::OpenSearchOptions;
use crate::index::SearchError;

/// A host that is there answers a greeting at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A visitor waits for no answer longer than that.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A thousand documents take a busy server seconds.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// Two hundred runs with all their labels are below one.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug)]
pub(super) struct Api {
    agent: Agent,
    base: String,
    secret: Secret,
}

/// The header that says who asks.
struct Secret(Option<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

enum Method<'a> {
    Get,
    Head,
    Delete,
    Put(&'a Value),
    Post(&'a Value),
    Lines(String),
}

impl Api {
    pub(super) fn new(options: &OpenSearchOptions) -> Result<Self, String> {
        let base = options.url.trim_end_matches('/').to_owned();
        let local = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
        let is_private =
            base.starts_with("https://") || local.iter().any(|at| base.starts_with(at));
        let has_secret = !options.user.is_empty();
        if has_secret && !is_private {
            return Err("a password goes over https:// alone".to_owned());
        }
        if base.contains('@') {
            return Err("name the user in sinks.opensearch_user, not in the address".to_owned());
        }
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err("it begins with http:// or https://".to_owned());
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        let both = format!("{}:{}", options.user, options.password);
        let header = has_secret.then(|| format!("Basic {}", STANDARD.encode(both)));
        Ok(Api { agent: config.into(), base, secret: Secret(header) })
    }

    pub(super) fn read(&self, path: &str) -> Result<Value, SearchError> {
        match self.send(path, Method::Get)? {
            // A document that is not there is nothing; an index that is not there is missing.
            (404, body) if body["error"].is_null() => Ok(Value::Null),
            answer => done(answer),
        }
    }

    pub(super) fn exists(&self, path: &str) -> Result<bool, SearchError> {
        match self.send(path, Method::Head)? {
            (404, _) => Ok(false),
            answer => done(answer).map(|_| true),
        }
    }

    /// Makes what may be there already.
    pub(super) fn make(&self, path: &str, body: &Value) -> Result<(), SearchError> {
        match self.send(path, Method::Put(body))? {
            (400, body) if body["error"]["type"] == "resource_already_exists_exception" => Ok(()),
            answer => done(answer).map(|_| ()),
        }
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), SearchError> {
        match self.send(path, Method::Delete)? {
            (404, _) => Ok(()),
            answer => done(answer).map(|_| ()),
        }
    }

    pub(super) fn ask(&self, path: &str, body: &Value) -> Result<Value, SearchError> {
        done(self.send(path, Method::Post(body))?)
    }

    pub(super) fn bulk(&self, path: &str, lines: String) -> Result<Value, SearchError> {
        done(self.send(path, Method::Lines(lines))?)
    }

    fn send(&self, path: &str, method: Method<'_>) -> Result<(u16, Value), SearchError> {
        let uri = format!("{}{path}", self.base);
        let within = match method {
            Method::Lines(_) => WRITTEN_WITHIN,
            _ => ANSWER_WITHIN,
        };
        let mut request = ureq::http::Request::builder().uri(uri);
        if let Some(header) = &self.secret.0 {
            request = request.header("authorization", header);
        }
        let (name, kind, body) = match method {
            Method::Get => ("GET", None, String::new()),
            Method::Head => ("HEAD", None, String::new()),
            Method::Delete => ("DELETE", None, String::new()),
            Method::Put(body) => ("PUT", Some("application/json"), body.to_string()),
            Method::Post(Value::Null) => ("POST", None, String::new()),
            Method::Post(body) => ("POST", Some("application/json"), body.to_string()),
            Method::Lines(lines) => ("POST", Some("application/x-ndjson"), lines),
        };
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let away = |error: &dyn std::fmt::Display| SearchError::Unavailable(error.to_string());
        let answer = if kind.is_some() || name == "POST" {
            let request = request.method(name).body(body).map_err(|error| away(&error))?;
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_global(Some(within)).build())
        } else {
            let request = request.method(name).body(()).map_err(|error| away(&error))?;
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_global(Some(within)).build())
        };
        let mut answer = answer.map_err(|error| away(&error))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| away(&error))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

fn done((status, body): (u16, Value)) -> Result<Value, SearchError> {
    let error = &body["error"];
    match status {
        200..=299 => Ok(body),
        404 => Err(SearchError::Missing),
        401 | 403 => Err(SearchError::Unavailable(format!(
            "{status}: check sinks.opensearch_user and its password"
        ))),
        _ => Err(SearchError::Unavailable(format!(
            "{status}: {}",
            error["reason"].as_str().unwrap_or("without a reason")
        ))),
    }
}
