//! An OpenID provider: where it is found, how somebody is sent there, and what the code they come
//! back with is worth. Authorization code flow with PKCE (RFC 7636) and nothing else.
//!
//! What the provider says of itself is kept for an hour. Every request has a time limit, follows
//! no redirect, and reads a bounded answer. Blocks: not for async tasks.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::id_token::{Expected, NamedKey, TokenFault, check};
use crate::proof_key::ProofKey;

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A person waits for it.
const REQUEST_WITHIN: Duration = Duration::from_secs(8);
/// The longest answer that is read: a large provider's description has some 10 KiB.
const ANSWER_BYTES_MAX: u64 = 256 << 10;
/// Keys of a provider that are kept; most have two or three.
const KEYS_MAX: usize = 32;
/// How long what a provider says of itself is kept.
const KEPT_FOR: Duration = Duration::from_secs(3_600);
/// How often its keys are asked for because a token names one that is not known.
const KEYS_ANEW_EVERY: Duration = Duration::from_secs(30);
/// The longest code; providers write some dozens of bytes.
const CODE_BYTES_MAX: usize = 4_096;

/// How a provider is known.
#[derive(Clone)]
pub struct IdentitySettings {
    /// As it names itself, `https://id.example`.
    pub issuer: String,
    pub client_id: String,
    /// Empty for a client without one.
    pub client_secret: String,
    /// As they are asked for, with spaces between.
    pub scopes: String,
    /// PEM of an authority to trust instead of the public ones.
    pub authority_file: Option<PathBuf>,
}

impl fmt::Debug for IdentitySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentitySettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What one question to a provider goes with; all but the address cannot be guessed.
#[derive(Debug, Clone)]
pub struct AskedIdentity {
    /// Where the provider sends people back.
    pub redirect_uri: String,
    pub state: String,
    pub nonce: String,
    /// 43 characters or more (RFC 7636, section 4.1).
    pub verifier: String,
}

/// Somebody, as a provider knows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    /// What the provider says of them.
    pub claims: Map<String, Value>,
}

impl Identity {
    /// Their e-mail address, if the provider has made sure of it.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        // Some write it as a text.
        let is_verified =
            self.claims.get("email_verified").is_some_and(|said| *said == true || *said == "true");
        self.claims.get("email").and_then(Value::as_str).filter(|_| is_verified)
    }

    /// Whether a claim is this value, or a list that has it.
    #[must_use]
    pub fn has(&self, claim: &str, value: &str) -> bool {
        match self.claims.get(claim) {
            Some(Value::Array(all)) => all.iter().any(|one| one == value),
            Some(one) => one == value,
            None => false,
        }
    }
}

/// Why nobody is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It may go well later.
    #[error("the provider {0}")]
    Unavailable(String),
    /// The code or what came for it is not good.
    #[error("{0}")]
    Refused(String),
    /// The settings have to change.
    #[error("{0}")]
    Setting(String),
}

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, Deserialize)]
struct Described {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The same with its keys, and since when.
#[derive(Debug, Clone)]
struct Known {
    described: Described,
    keys: Vec<NamedKey>,
    since: Instant,
    keys_since: Instant,
}

/// A provider of identities; one for all who use it.
#[derive(Debug)]
pub struct IdentityProvider {
    settings: IdentitySettings,
    agent: Agent,
    known: Mutex<Option<Arc<Known>>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl IdentityProvider {
    /// Knows a provider; nobody is asked before somebody wants to sign in.
    pub fn new(settings: IdentitySettings) -> Result<Self, IdentityError> {
        let setting = |text: String| Err(IdentityError::Setting(text));
        if !is_callable(&settings.issuer) {
            let issuer = &settings.issuer;
            return setting(format!("{issuer}: an issuer is an https address"));
        }
        if settings.client_id.is_empty() {
            return setting("a provider knows its clients by a client_id".to_owned());
        }
        if !settings.scopes.split(' ').any(|scope| scope == "openid") {
            return setting("the scopes of a sign in begin with openid".to_owned());
        }
        let mut tls = TlsConfig::builder();
        if let Some(path) = &settings.authority_file {
            let certificates = certificates(path).map_err(|reason| {
                IdentityError::Setting(format!("{}: {reason}", path.display()))
            })?;
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(REQUEST_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("floodgate")
            .tls_config(tls.build())
            .build();
        Ok(IdentityProvider { settings, agent: config.into(), known: Mutex::new(None) })
    }

    #[must_use]
    pub fn settings(&self) -> &IdentitySettings {
        &self.settings
    }

    /// The address that asks the provider who somebody is.
    pub fn way(&self, asked: &AskedIdentity) -> Result<String, IdentityError> {
        let known = self.known()?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, asked.verifier.as_bytes()));
        let base = &known.described.authorization_endpoint;
        let mut url = format!("{base}{}", if base.contains('?') { '&' } else { '?' });
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &asked.redirect_uri),
            ("scope", &self.settings.scopes),
            ("state", &asked.state),
            ("nonce", &asked.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        url.push_str(&form(&parameters));
        Ok(url)
    }

    /// Who it is that came back with `code`. `issuer` is what came beside it (RFC 9207); `now` is
    /// in seconds. Claims in `wanted` that the token lacks are asked for.
    pub fn identify(
        &self,
        code: &str,
        issuer: Option<&str>,
        asked: &AskedIdentity,
        wanted: &[&str],
        now: u64,
    ) -> Result<Identity, IdentityError> {
        let refused = |text: &str| Err(IdentityError::Refused(text.to_owned()));
        let known = self.known()?;
        let names_itself = known.described.authorization_response_iss_parameter_supported;
        let is_other = issuer.map_or(names_itself, |issuer| issuer != self.settings.issuer);
        if is_other {
            return refused("the answer is of another provider");
        }
        if code.is_empty() || code.len() > CODE_BYTES_MAX {
            return refused("the code is malformed");
        }
        let tokens = self.tokens(&known.described, code, asked)?;
        let (client_id, nonce) = (&self.settings.client_id, &asked.nonce);
        let issuer = &self.settings.issuer;
        let expected = Expected { issuer, client_id, nonce, now };
        let checked = match check(&tokens.id_token, &known.keys, &expected) {
            Err(TokenFault::UnknownKey) => {
                let known = self.with_new_keys(&known)?;
                check(&tokens.id_token, &known.keys, &expected)
            }
            checked => checked,
        };
        let mut claims = checked.map_err(|fault| {
            let words = match fault {
                TokenFault::UnknownKey => "the ID token is signed with a key that is not known",
                TokenFault::Wrong(words) => words,
            };
            IdentityError::Refused(words.to_owned())
        })?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        if wanted.iter().any(|name| !claims.contains_key(*name)) {
            self.add_claims(&known.described, &tokens, &subject, &mut claims)?;
        }
        Ok(Identity { issuer: issuer.clone(), subject, claims })
    }

    fn tokens(
        &self,
        described: &Described,
        code: &str,
        asked: &AskedIdentity,
    ) -> Result<Tokens, IdentityError> {
        let IdentitySettings { client_id, client_secret, .. } = &self.settings;
        let methods = &described.token_endpoint_auth_methods_supported;
        let may = |method: &str| methods.iter().any(|one| one == method);
        let has_secret = !client_secret.is_empty();
        // Basic is the default (OpenID Connect Core 1.0, section 9).
        let by_basic = has_secret && (may("client_secret_basic") || !may("client_secret_post"));
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &asked.redirect_uri),
            ("code_verifier", &asked.verifier),
        ];
        let mut request = self.agent.post(&described.token_endpoint);
        if by_basic {
            let login = format!("{}:{}", encoded(client_id), encoded(client_secret));
            let login = STANDARD.encode(login);
            request = request.header("authorization", format!("Basic {login}"));
        } else {
            parameters.push(("client_id", client_id));
            if has_secret {
                parameters.push(("client_secret", client_secret));
            }
        }
        let request = request
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        let (status, body) = answered(request.send(form(&parameters)))?;
        if status == 200 {
            return serde_json::from_slice(&body)
                .map_err(|_| IdentityError::Unavailable("answered without an ID token".into()));
        }
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        match said["error"].as_str() {
            Some("invalid_grant") => {
                Err(IdentityError::Refused("the code is spent, or not one of ours".into()))
            }
            Some(error @ ("invalid_client" | "unauthorized_client" | "invalid_request")) => {
                Err(IdentityError::Setting(format!("the provider refuses this client: {error}")))
            }
            _ => Err(IdentityError::Unavailable(format!("answered {status} to a code"))),
        }
    }

    /// Asks for what the token lacks (OpenID Connect Core 1.0, section 5.3); what it has counts
    /// more.
    fn add_claims(
        &self,
        described: &Described,
        tokens: &Tokens,
        subject: &str,
        claims: &mut Map<String, Value>,
    ) -> Result<(), IdentityError> {
        let (Some(url), Some(token)) = (&described.userinfo_endpoint, &tokens.access_token) else {
            return Ok(());
        };
        let request = self.agent.get(url).header("authorization", format!("Bearer {token}"));
        let (status, body) = answered(request.call())?;
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Value::Object(more) = said else {
            return Err(IdentityError::Unavailable(format!("answered {status} about a person")));
        };
        if more.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(IdentityError::Refused("the provider speaks of somebody else".to_owned()));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// What the provider says of itself, asked for where it is not known or old. An old word is
    /// better than none.
    fn known(&self) -> Result<Arc<Known>, IdentityError> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = kept.as_ref().filter(|known| known.since.elapsed() < KEPT_FOR) {
            return Ok(Arc::clone(known));
        }
        match (self.ask(), kept) {
            (Ok(known), _) => Ok(self.keep(known)),
            (Err(IdentityError::Unavailable(_)), Some(kept)) => Ok(kept),
            (Err(error), _) => Err(error),
        }
    }

    fn keep(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        known
    }

    fn ask(&self) -> Result<Known, IdentityError> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let said = self.read(&format!("{issuer}/.well-known/openid-configuration"))?;
        let described: Described = serde_json::from_value(said)
            .map_err(|_| IdentityError::Unavailable("describes itself in another way".into()))?;
        if described.issuer != self.settings.issuer {
            return Err(IdentityError::Setting(format!(
                "the provider calls itself {}; set that as the issuer",
                described.issuer.chars().take(200).collect::<String>()
            )));
        }
        let Described { authorization_endpoint, token_endpoint, jwks_uri, .. } = &described;
        let mut all = vec![authorization_endpoint, token_endpoint, jwks_uri];
        all.extend(&described.userinfo_endpoint);
        if all.into_iter().any(|url| !is_callable(url)) {
            return Err(IdentityError::Setting(
                "the provider names addresses without https".into(),
            ));
        }
        let (keys, now) = (self.keys(&described)?, Instant::now());
        Ok(Known { described, keys, since: now, keys_since: now })
    }

    fn with_new_keys(&self, known: &Arc<Known>) -> Result<Arc<Known>, IdentityError> {
        if known.keys_since.elapsed() < KEYS_ANEW_EVERY {
            return Ok(Arc::clone(known));
        }
        let keys = self.keys(&known.described)?;
        Ok(self.keep(Known { keys, keys_since: Instant::now(), ..Known::clone(known) }))
    }

    fn keys(&self, described: &Described) -> Result<Vec<NamedKey>, IdentityError> {
        let said = self.read(&described.jwks_uri)?;
        let all = said["keys"].as_array().into_iter().flatten();
        let keys = all.filter(|jwk| jwk["use"] != "enc").filter_map(|jwk| {
            let id = jwk["kid"].as_str().map(str::to_owned);
            Some(NamedKey { id, key: ProofKey::from_jwk(jwk)? })
        });
        Ok(keys.take(KEYS_MAX).collect())
    }

    fn read(&self, url: &str) -> Result<Value, IdentityError> {
        let request = self.agent.get(url).header("accept", "application/json");
        let (status, body) = answered(request.call())?;
        match serde_json::from_slice(&body) {
            Ok(value) if status == 200 => Ok(value),
            _ => Err(IdentityError::Unavailable(format!("answered {status} without JSON"))),
        }
    }
}

/// Whether an address may be called: encrypted, or on this machine, and without a password in it.
#[must_use]
pub fn is_callable(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
    let is_encrypted = url.starts_with("https://") || local.iter().any(|at| url.starts_with(at));
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    is_encrypted && is_plain && !authority.is_empty() && !authority.contains('@')
}

type Answered = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

/// Status and body; the words of a failure name no address.
fn answered(answer: Answered) -> Result<(u16, Vec<u8>), IdentityError> {
    let failed = |error: &ureq::Error| {
        IdentityError::Unavailable(match error {
            ureq::Error::Timeout(_) => "does not answer in time".to_owned(),
            ureq::Error::HostNotFound => "is not found".to_owned(),
            ureq::Error::Io(error) => format!("cannot be reached: {}", error.kind()),
            _ => "cannot be asked".to_owned(),
        })
    };
    let mut response = answer.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    body.map(|body| (status, body)).map_err(|error| failed(&error))
}

/// As forms write it (URL Standard, application/x-www-form-urlencoded).
fn form(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn certificates(path: &std::path::Path) -> Result<Vec<Certificate<'static>>, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let found = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(error.to_string())),
    });
    match found.collect::<Result<Vec<_>, _>>()? {
        none if none.is_empty() => Err("there is no certificate in it".to_owned()),
        found => Ok(found),
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
