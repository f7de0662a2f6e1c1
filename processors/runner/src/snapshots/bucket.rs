//! Snapshots in an S3-compatible object store.
//!
//! Every call ends within a fixed time, whatever the store does: a store that is down costs a
//! longer replay at the next start, and nothing before that. Requests are signed in their
//! URL, so that no body is read twice; what is stored has its own checksum.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusty_s3::actions::{ListObjectsV2, S3Action};
use rusty_s3::{Bucket, UrlStyle};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use floodgate_event_log::{Offset, Partition};

use super::credentials::Credentials;
use super::{HEAD_BYTES, SnapshotStore, head, name, offset, open, sorted, surplus};

/// How long a listing may take with all its tries: a start waits for it.
const LIST_WITHIN: Duration = Duration::from_secs(5);
/// How long a snapshot may be on its way: 40 MB, as of a full partition, at 4 MB/s. A stop waits
/// for it, and those who stop processes wait longer than this before they kill.
const MOVE_WITHIN: Duration = Duration::from_secs(10);
/// One that does not answer the connect within a second is down for our purposes.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// A request is tried so often, if its time allows.
const TRIES_MAX: u32 = 3;
/// The pause before the second try; four times as long before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// Pages of a listing, a thousand names each; ours are four at most, the rest is a stranger's.
const PAGES_MAX: usize = 10;
/// The largest object read: twenty times a full partition, and a stranger cannot fill the memory.
const OBJECT_BYTES_MAX: u64 = 1 << 30;
/// How long a signed address is valid; it is used at once.
const SIGNED_FOR: Duration = Duration::from_secs(60);

/// Where the bucket is, and how to get in.
#[derive(Debug, Clone)]
pub struct BucketOptions {
    /// `https://host:port`; empty for AWS itself.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    /// Put before every name, with a slash in between; an installation needs one of its own.
    pub prefix: String,
    /// The bucket in the path instead of in the host's name.
    pub path_style: bool,
    /// Certificates to trust, in PEM; those of Mozilla's list when absent.
    pub ca_file: Option<PathBuf>,
    pub credentials: Credentials,
}

/// Snapshots in a bucket.
#[derive(Debug, Clone)]
pub struct BucketStore {
    agent: Agent,
    bucket: Bucket,
    prefix: String,
    credentials: Credentials,
}

/// What is asked of the store.
#[derive(Debug, Clone, Copy)]
enum Ask<'a> {
    Get,
    Put(&'a [u8]),
    Delete,
}

fn invalid(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.to_string())
}

impl BucketStore {
    /// Asks nothing yet; an error says what in the options cannot be.
    pub fn new(options: &BucketOptions) -> io::Result<Self> {
        let BucketOptions { region, bucket, prefix, .. } = options;
        let endpoint = match options.endpoint.as_str() {
            "" => format!("https://s3.{region}.amazonaws.com"),
            given => given.to_owned(),
        };
        let url = endpoint.parse().map_err(|error| invalid(format!("{endpoint}: {error}")))?;
        let style = if options.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(url, style, bucket.clone(), region.clone())
            .map_err(|error| invalid(format!("{endpoint}: {error}")))?;
        let mut tls = TlsConfig::builder();
        if let Some(path) = &options.ca_file {
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates(path)?));
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            // An answer with a status is an answer; a redirect would carry a wrong signature.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls.build())
            .build();
        options.credentials.now().map_err(invalid)?;
        Ok(BucketStore {
            agent: config.into(),
            bucket,
            prefix: prefix.trim_matches('/').to_owned(),
            credentials: options.credentials.clone(),
        })
    }

    /// Stores an object of another kind than snapshots under its own name.
    pub fn put(&self, name: &str, object: &[u8]) -> io::Result<()> {
        let key = self.key(name);
        let put = |credentials: &rusty_s3::Credentials| {
            self.bucket.put_object(Some(credentials), &key).sign(SIGNED_FOR).to_string()
        };
        self.ask(&put, Ask::Put(object), Instant::now() + MOVE_WITHIN).map(drop)
    }

    /// The object of this name; `NotFound` where there is none.
    pub fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        let key = self.key(name);
        let get = |credentials: &rusty_s3::Credentials| {
            self.bucket.get_object(Some(credentials), &key).sign(SIGNED_FOR).to_string()
        };
        self.ask(&get, Ask::Get, Instant::now() + MOVE_WITHIN)
    }

    fn key(&self, name: &str) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("{}{slash}{name}", self.prefix)
    }

    fn folder(&self, partition: Partition) -> String {
        self.key(&format!("commands-{partition}/"))
    }

    /// Asks until there is an answer, no time, or no try left.
    fn ask(
        &self,
        action: &dyn Fn(&rusty_s3::Credentials) -> String,
        ask: Ask<'_>,
        until: Instant,
    ) -> io::Result<Vec<u8>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no time left for the store"));
            }
            let credentials = self.credentials.now().map_err(io::Error::other)?;
            // Half of what is left, so that a server that swallows a request leaves time for
            // another one.
            let outcome = match self.send(&action(&credentials), ask, left / 2) {
                Ok((200..=299, body)) => return Ok(body),
                Ok((status, body)) => Err(refused(status, &body)),
                Err(error) => Err(io::Error::new(io::ErrorKind::HostUnreachable, error)),
            };
            let may_heal = outcome.as_ref().is_err_and(is_worth_a_retry);
            let pause = PAUSE * 4_u32.pow(tries - 1);
            if !may_heal || tries == TRIES_MAX || Instant::now() + pause > until {
                return outcome;
            }
            // Backing off from a store in trouble, not waiting for a state.
            std::thread::sleep(pause);
        }
    }

    fn send(
        &self,
        url: &str,
        ask: Ask<'_>,
        within: Duration,
    ) -> Result<(u16, Vec<u8>), ureq::Error> {
        let answer = match ask {
            Ask::Get => self.agent.get(url).config().timeout_global(Some(within)).build().call(),
            Ask::Delete => {
                self.agent.delete(url).config().timeout_global(Some(within)).build().call()
            }
            Ask::Put(body) => {
                self.agent.put(url).config().timeout_global(Some(within)).build().send(body)
            }
        };
        let mut answer = answer?;
        let body = answer.body_mut().with_config().limit(OBJECT_BYTES_MAX).read_to_vec()?;
        Ok((answer.status().as_u16(), body))
    }

    fn names(&self, partition: Partition, until: Instant) -> io::Result<Vec<Offset>> {
        let folder = self.folder(partition);
        let (mut offsets, mut from) = (Vec::new(), None::<String>);
        for _ in 0..PAGES_MAX {
            let sign = |credentials: &rusty_s3::Credentials| {
                let mut list = ListObjectsV2::new(&self.bucket, Some(credentials));
                list.with_prefix(&folder);
                list.with_delimiter("/");
                if let Some(from) = &from {
                    list.with_continuation_token(from);
                }
                list.sign(SIGNED_FOR).to_string()
            };
            let body = self.ask(&sign, Ask::Get, until)?;
            let text = String::from_utf8_lossy(&body);
            let page = ListObjectsV2::parse_response(&text)
                .map_err(|error| io::Error::other(format!("no listing: {error}")))?;
            let names = page.contents.iter().filter_map(|found| found.key.strip_prefix(&folder));
            offsets.extend(names.filter_map(offset));
            from = page.next_continuation_token;
            if from.is_none() {
                break;
            }
        }
        Ok(sorted(offsets))
    }
}

impl SnapshotStore for BucketStore {
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()> {
        let until = Instant::now() + MOVE_WITHIN;
        let mut object = Vec::with_capacity(HEAD_BYTES + state.len());
        object.extend_from_slice(&head(state));
        object.extend_from_slice(state);
        let key = |next| format!("{}{}", self.folder(partition), name(next));
        let put = |credentials: &rusty_s3::Credentials| {
            let key = key(next);
            self.bucket.put_object(Some(credentials), &key).sign(SIGNED_FOR).to_string()
        };
        self.ask(&put, Ask::Put(&object), until)?;
        for old in surplus(self.names(partition, until)?, next) {
            let delete = |credentials: &rusty_s3::Credentials| {
                let key = key(old);
                self.bucket.delete_object(Some(credentials), &key).sign(SIGNED_FOR).to_string()
            };
            self.ask(&delete, Ask::Delete, until)?;
        }
        Ok(())
    }

    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>> {
        self.names(partition, Instant::now() + LIST_WITHIN)
    }

    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>> {
        let key = format!("{}{}", self.folder(partition), name(next));
        let get = |credentials: &rusty_s3::Credentials| {
            self.bucket.get_object(Some(credentials), &key).sign(SIGNED_FOR).to_string()
        };
        open(self.ask(&get, Ask::Get, Instant::now() + MOVE_WITHIN)?)
    }
}

fn certificates(path: &std::path::Path) -> io::Result<Vec<Certificate<'static>>> {
    let unreadable =
        |error: &dyn std::fmt::Display| invalid(format!("{}: {error}", path.display()));
    let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let certificates: Result<Vec<_>, _> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
            Ok(_) => None,
            Err(error) => Some(Err(unreadable(&error))),
        })
        .collect();
    match certificates? {
        none if none.is_empty() => Err(unreadable(&"there is no certificate in it")),
        found => Ok(found),
    }
}

/// A status that is no success, with what the store says about it.
fn refused(status: u16, body: &[u8]) -> io::Error {
    let kind = match status {
        404 => io::ErrorKind::NotFound,
        401 | 403 => io::ErrorKind::PermissionDenied,
        429 | 500..=599 => io::ErrorKind::ResourceBusy,
        _ => io::ErrorKind::Other,
    };
    // The code stands between tags; the rest is a request's number and prose.
    let text = String::from_utf8_lossy(&body[..body.len().min(1024)]).into_owned();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let fix = match status {
        301 | 307 => "; is s3.region the bucket's?",
        401 | 403 => "; may these keys read, write, list and delete there?",
        404 => "; is the bucket there?",
        _ => "",
    };
    let code = code.map_or("no reason given", |(code, _)| code);
    io::Error::new(kind, format!("the store answered {status}, {code}{fix}"))
}

fn is_worth_a_retry(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::HostUnreachable)
}
