//! Tokens travel as headers, or as cookies that scripts cannot read.
//!
//! There are three cookies, however many events somebody waits for: the device, the places, the
//! passes. Where visitors come by https their names begin with `__Host-`, so that no other host of
//! the domain can set them (RFC 6265bis, section 4.1.3.2). A name may come more than once, as
//! another path or host left it behind: the one that verifies counts.

use std::borrow::Borrow;

use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};

use floodgate_admission::{Device, Keys, Pass, QueueTicket, TokenError, event_named_by};
use floodgate_domain::{EventId, LogTime};

const DEVICE: Kind = Kind { header: "floodgate-device", cookie: "fg_device" };
const PLACES: Kind = Kind { header: "floodgate-queue-ticket", cookie: "fg_places" };
const PASSES: Kind = Kind { header: "floodgate-pass", cookie: "fg_passes" };

/// How long cookies last: longer than any queue.
const PLACES_SECONDS: u64 = 7 * 24 * 3600;
/// A device outlasts the event its tickets are for; browsers keep no cookie longer (RFC 6265bis).
/// Whoever joins a queue has it renewed.
const DEVICE_SECONDS: u64 = 400 * 24 * 3600;
/// A pass says itself when it is over; none lasts for a day.
const PASSES_SECONDS: u64 = 24 * 3600;
/// Events whose places are carried: 79 bytes each, below the 4,096 that browsers keep of a cookie.
/// Joining again brings back the place of an older one.
const PLACES_MAX: usize = 40;
/// Events whose passes are carried.
const PASSES_MAX: usize = 12;

/// One kind of token: where it travels.
#[derive(Debug, Clone, Copy)]
struct Kind {
    header: &'static str,
    cookie: &'static str,
}

/// The tokens that came with a request: kept, or looked at where they are.
#[derive(Debug, Clone)]
pub(crate) struct Papers<H = HeaderMap> {
    headers: H,
    is_https: bool,
}

impl Papers {
    /// Keeps the headers that carry tokens.
    pub(super) fn new(headers: &HeaderMap, is_https: bool) -> Self {
        let names = [COOKIE]
            .into_iter()
            .chain([DEVICE, PLACES, PASSES].map(|kind| HeaderName::from_static(kind.header)));
        let mut ours = HeaderMap::new();
        for name in names {
            for value in headers.get_all(&name) {
                ours.append(name.clone(), value.clone());
            }
        }
        Papers { headers: ours, is_https }
    }
}

impl<'a> Papers<&'a HeaderMap> {
    /// Of a request that goes on: nothing is copied.
    pub(super) fn lent(headers: &'a HeaderMap, is_https: bool) -> Self {
        Papers { headers, is_https }
    }
}

impl<H: Borrow<HeaderMap>> Papers<H> {
    /// The device that verifies.
    pub(super) fn device(&self, keys: &Keys) -> Option<Device> {
        self.tokens(DEVICE).find_map(|text| Device::open(keys, text).ok())
    }

    /// The ticket of this event and device that verifies; else what is wrong with the one there is.
    pub(super) fn ticket(
        &self,
        keys: &Keys,
        event_id: EventId,
        device: Device,
    ) -> Option<Result<QueueTicket, TokenError>> {
        let open = |text: &str| QueueTicket::open(keys, text, event_id, device);
        first_good(self.of_event(PLACES, event_id).map(open))
    }

    /// The pass of this event and device that verifies; else what is wrong with the one there is.
    pub(super) fn pass(
        &self,
        keys: &Keys,
        event_id: EventId,
        device: Device,
        now: LogTime,
    ) -> Option<Result<Pass, TokenError>> {
        let open = |text: &str| Pass::open(keys, text, event_id, device, now);
        first_good(self.of_event(PASSES, event_id).map(open))
    }

    /// Every value that came under a kind's names: the header's, then the cookies'.
    fn values(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let all = self.headers.borrow();
        let headers = all.get_all(kind.header).iter();
        let cookies = all.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let cookies = cookies.flat_map(|line| line.split(';')).filter_map(move |pair| {
            let (found, value) = pair.trim().split_once('=')?;
            let bare = found.strip_prefix(self.prefix())?;
            (bare == kind.cookie).then_some(value)
        });
        headers.filter_map(|value| value.to_str().ok()).chain(cookies)
    }

    fn tokens(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.values(kind).flat_map(|value| value.split('.'))
    }

    /// A header is meant for the event it is sent to, whatever it says; a cookie carries many.
    fn of_event(&self, kind: Kind, event_id: EventId) -> impl Iterator<Item = &str> {
        let sent = self.headers.borrow().contains_key(kind.header);
        let is_meant = move |text: &&str| sent || event_named_by(text) == Some(event_id);
        self.tokens(kind).filter(is_meant)
    }

    /// What the names of cookies begin with.
    fn prefix(&self) -> &'static str {
        if self.is_https { "__Host-" } else { "" }
    }

    pub(crate) fn device_cookie(&self, device: &str) -> Option<HeaderValue> {
        self.cookie(DEVICE, device, DEVICE_SECONDS)
    }

    /// The places so far and this one, the newest first.
    pub(crate) fn ticket_cookie(&self, event_id: EventId, ticket: &str) -> Option<HeaderValue> {
        self.cookie(PLACES, &self.with(PLACES, event_id, ticket, PLACES_MAX), PLACES_SECONDS)
    }

    /// The passes so far and this one.
    pub(crate) fn pass_cookie(&self, event_id: EventId, pass: &str) -> Option<HeaderValue> {
        self.cookie(PASSES, &self.with(PASSES, event_id, pass, PASSES_MAX), PASSES_SECONDS)
    }

    fn with(&self, kind: Kind, event_id: EventId, token: &str, most: usize) -> String {
        let others = self.tokens(kind).filter(|text| {
            // Of events; anything else somebody else put there.
            event_named_by(text).is_some_and(|other| other != event_id)
        });
        let all: Vec<&str> = std::iter::once(token).chain(others).take(most).collect();
        all.join(".")
    }

    /// A cookie scripts cannot read and other sites cannot send along with a POST.
    fn cookie(&self, kind: Kind, value: &str, seconds: u64) -> Option<HeaderValue> {
        let (prefix, name) = (self.prefix(), kind.cookie);
        let secure = if self.is_https { "; Secure" } else { "" };
        let text = format!(
            "{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
        );
        HeaderValue::from_str(&text).ok()
    }
}

fn first_good<T>(
    opened: impl Iterator<Item = Result<T, TokenError>>,
) -> Option<Result<T, TokenError>> {
    let mut wrong = None;
    for one in opened {
        match one {
            Ok(good) => return Some(Ok(good)),
            Err(error) => wrong = wrong.or(Some(Err(error))),
        }
    }
    wrong
}

#[cfg(test)]
#[path = "cookie_tests.rs"]
mod tests;
