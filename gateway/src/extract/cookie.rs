//! Tokens travel as headers, or as cookies that scripts cannot read.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use floodgate_domain::EventId;

/// How long cookies last: longer than any queue.
const TICKET_SECONDS: u64 = 7 * 24 * 3600;
/// A device outlasts the queues it is in.
const DEVICE_SECONDS: u64 = 4 * TICKET_SECONDS;

/// A token from its header, else from its cookie.
fn token_of<'a>(headers: &'a HeaderMap, header: &str, cookie: &str) -> Option<&'a str> {
    let text = |value: &'a HeaderValue| value.to_str().ok();
    headers.get(header).and_then(text).or_else(|| {
        let cookies = headers.get_all(COOKIE).iter().filter_map(text);
        cookies.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == cookie).then_some(value)
        })
    })
}

pub(crate) fn device_token(headers: &HeaderMap) -> Option<&str> {
    token_of(headers, "floodgate-device", "fg_device")
}

pub(crate) fn ticket_token(headers: &HeaderMap, event_id: EventId) -> Option<&str> {
    token_of(headers, "floodgate-queue-ticket", &format!("fg_ticket_{event_id}"))
}

pub(crate) fn pass_token(headers: &HeaderMap, event_id: EventId) -> Option<&str> {
    token_of(headers, "floodgate-pass", &format!("fg_pass_{event_id}"))
}

pub(crate) fn device_cookie(device: &str) -> Option<HeaderValue> {
    cookie("fg_device", device, DEVICE_SECONDS)
}

pub(crate) fn ticket_cookie(event_id: EventId, ticket: &str) -> Option<HeaderValue> {
    cookie(&format!("fg_ticket_{event_id}"), ticket, TICKET_SECONDS)
}

pub(crate) fn pass_cookie(event_id: EventId, pass: &str, seconds: u64) -> Option<HeaderValue> {
    cookie(&format!("fg_pass_{event_id}"), pass, seconds)
}

/// A cookie scripts cannot read and other sites cannot send along with a POST.
fn cookie(name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    HeaderValue::from_str(&text).ok()
}
