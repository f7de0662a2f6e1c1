//! Requests to addresses that others gave us, or to a provider: never redirected, never through a
//! proxy of the environment, each with a time limit, and answers read only as far as they are
//! needed.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::DefaultConnector;

use crate::courier::Delivery;
use crate::guard::{AddressGuard, is_refused};

/// A host that is there answers a greeting at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Standard Webhooks asks for 15 to 30 s; providers and push services answer within one.
const REQUEST_WITHIN: Duration = Duration::from_secs(20);
/// No pause that others ask for is longer than this: a message is not of use for ever.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Of an answer nobody reads more than its name and its code.
pub(crate) const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// For addresses of an operator's own settings.
pub(crate) fn agent_for_provider() -> Agent {
    agent(DefaultResolver::default())
}

/// For addresses that others wrote.
pub(crate) fn agent_for_anybody(guard: AddressGuard) -> Agent {
    agent(guard)
}

fn agent(resolver: impl Resolver) -> Agent {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_global(Some(REQUEST_WITHIN))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent("floodgate")
        .build();
    Agent::with_parts(config, DefaultConnector::default(), resolver)
}

/// Whether an address may be called: encrypted, or on this machine, and without a password in it.
pub(crate) fn is_safe(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
    let is_encrypted = url.starts_with("https://") || local.iter().any(|at| url.starts_with(at));
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    is_encrypted && is_plain && !authority.is_empty() && !authority.contains('@')
}

/// What a request that got no answer leads to.
pub(crate) fn unanswered(error: &ureq::Error) -> Delivery {
    match error {
        error if is_refused(error) => Delivery::never("address: not on the public internet"),
        ureq::Error::Timeout(_) => Delivery::later("no answer in time"),
        ureq::Error::HostNotFound => Delivery::later("the host is not found"),
        ureq::Error::Io(error) => Delivery::later(format!("connection: {}", error.kind())),
        // Its words could name the address.
        _ => Delivery::later("the request failed"),
    }
}

/// What an answer that every channel understands alike leads to; `None` where its own meaning
/// counts.
pub(crate) fn common_answer(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Delivery> {
    let reason = format!("answer {status}");
    match status {
        300..=399 => Some(Delivery::later(format!("{reason}: redirected"))),
        408 | 425 | 429 | 500..=599 => {
            Some(Delivery::Later { reason, after: retry_after(headers, now) })
        }
        _ => None,
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds or a date; what is neither counts as absent.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = DateTimeParser::new().parse_timestamp(text).ok()?;
            let seconds = at.as_second().saturating_sub(now.as_second());
            Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
        }
    };
    Some(pause.min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn pause(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", text.parse().unwrap());
        retry_after(&headers, "2026-11-27T22:00:00Z".parse().unwrap())
    }

    #[test]
    fn pauses_that_others_ask_for_are_understood_and_bounded() {
        for (text, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("9999999999", Some(24 * 3600)),
            ("Fri, 27 Nov 2026 22:01:30 GMT", Some(90)),
            ("Fri, 27 Nov 2026 21:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(pause(text), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn addresses_are_encrypted_or_local_and_carry_no_password() {
        assert!(is_safe("https://example.org/x?y=1"));
        assert!(is_safe("http://127.0.0.1:8080/x") && is_safe("http://localhost:1/"));
        for wrong in [
            "",
            "http://example.org/",
            "ftp://example.org",
            "https://",
            "https:///x",
            "https://ada:secret@example.org/",
            "https://exa mple.org/",
            "https://example.org/\r\nx",
            "http://127.0.0.1.example.org/",
            "http://localhost.example.org/",
            "file:///etc/passwd",
        ] {
            assert!(!is_safe(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn redirects_and_faults_are_tried_again() {
        let headers = HeaderMap::new();
        for status in [301, 302, 307, 308, 408, 425, 429, 500, 502, 503, 504, 599] {
            let answer = common_answer(status, &headers, Timestamp::UNIX_EPOCH);
            assert!(matches!(answer, Some(Delivery::Later { .. })), "{status}");
        }
        for status in [200, 201, 400, 401, 404, 410, 413] {
            assert_eq!(common_answer(status, &headers, Timestamp::UNIX_EPOCH), None, "{status}");
        }
    }
}
