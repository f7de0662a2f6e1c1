//! What may be kept of an answer, and by whom: nothing by anybody but the client it was made for,
//! unless its handler says otherwise by returning a [`Public`].
//!
//! Once a request's credential was looked at (a device, a ticket, a pass, a staff key), its answer
//! is private whatever the handler says, and so is one that sets a cookie: what a shared cache
//! stores, it hands to the next (RFC 9111, section 3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
/// A proxy that compresses or collects a stream holds it back.
const STREAM: HeaderValue = HeaderValue::from_static("no-cache, no-transform");
const PRIVATE_STREAM: HeaderValue = HeaderValue::from_static("private, no-store, no-transform");
/// Makes nginx, and whatever follows its example, pass a stream on as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How an answer that is the same for everybody may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Kept, and asked about before each use.
    Revalidated,
    /// Good for so many seconds.
    For(u32),
    /// The same, and for a day where no newer answer can be had.
    ForOrOlder(u32),
    /// Its address names its content.
    Immutable,
    /// Passed on piece by piece.
    Stream,
}

/// An answer that is the same for everybody who asks.
#[derive(Debug)]
pub(crate) struct Public<T> {
    rule: Rule,
    body: T,
}

impl<T> Public<T> {
    pub(crate) fn revalidated(body: T) -> Self {
        Public { rule: Rule::Revalidated, body }
    }

    pub(crate) fn seconds(seconds: u32, body: T) -> Self {
        Public { rule: Rule::For(seconds), body }
    }

    /// Good for so many seconds; and an old one is better than none for a day (RFC 5861).
    pub(crate) fn seconds_or_older(seconds: u32, body: T) -> Self {
        Public { rule: Rule::ForOrOlder(seconds), body }
    }

    pub(crate) fn immutable(body: T) -> Self {
        Public { rule: Rule::Immutable, body }
    }

    /// A stream; one that depends on a credential is private all the same.
    pub(crate) fn stream(body: T) -> Self {
        Public { rule: Rule::Stream, body }
    }
}

impl<T: IntoResponse> IntoResponse for Public<T> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        response.extensions_mut().insert(self.rule);
        response
    }
}

/// Whether the credential of a request was looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credential(Arc<AtomicBool>);

impl Credential {
    /// To be called by whoever reads a credential of the request.
    pub(crate) fn used(parts: &Parts) {
        if let Some(Credential(used)) = parts.extensions.get() {
            // Read once the request is answered, by the same task.
            used.store(true, Ordering::Relaxed);
        }
    }

    /// Writes on an answer what may be kept of it.
    pub(crate) fn dress(&self, response: &mut Response) {
        let rule = response.extensions_mut().remove::<Rule>();
        let is_whole = response.status().is_success();
        let rule = rule.filter(|_| is_whole || response.status() == StatusCode::NOT_MODIFIED);
        let headers = response.headers_mut();
        let is_personal =
            self.0.load(Ordering::Relaxed) || headers.contains_key(header::SET_COOKIE);
        if rule == Some(Rule::Stream) {
            headers.insert(BUFFERING, HeaderValue::from_static("no"));
        }
        let value = |text: String| HeaderValue::from_str(&text).unwrap_or(PRIVATE);
        let value = match rule {
            Some(Rule::Stream) if is_personal => PRIVATE_STREAM,
            Some(Rule::Stream) => STREAM,
            None | Some(_) if is_personal => PRIVATE,
            None => PRIVATE,
            Some(Rule::Revalidated) => HeaderValue::from_static("no-cache"),
            Some(Rule::Immutable) => {
                HeaderValue::from_static("public, max-age=31536000, immutable")
            }
            Some(Rule::For(seconds)) => value(format!("public, max-age={seconds}")),
            Some(Rule::ForOrOlder(seconds)) => {
                value(format!("public, max-age={seconds}, stale-if-error=86400"))
            }
        };
        headers.insert(header::CACHE_CONTROL, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(credential: &Credential, answer: impl IntoResponse) -> String {
        let mut response = answer.into_response();
        credential.dress(&mut response);
        let value = response.headers().get(header::CACHE_CONTROL);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    #[test]
    fn an_answer_is_private_unless_its_handler_says_otherwise() {
        let nobody = Credential::default();
        assert_eq!(dressed(&nobody, "ok"), "private, no-store");
        let own_word = ([(header::CACHE_CONTROL, "public, max-age=60")], "ok");
        assert_eq!(dressed(&nobody, own_word), "private, no-store", "a header is not enough");
        assert_eq!(dressed(&nobody, Public::seconds(60, "ok")), "public, max-age=60");
        assert_eq!(dressed(&nobody, Public::revalidated("ok")), "no-cache");
        assert!(dressed(&nobody, Public::immutable("ok")).ends_with("immutable"));
        let older = dressed(&nobody, Public::seconds_or_older(30, "ok"));
        assert_eq!(older, "public, max-age=30, stale-if-error=86400");
    }

    #[test]
    fn what_a_credential_was_read_for_is_private_whatever_the_handler_says() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let credential = Credential::default();
        parts.extensions.insert(credential.clone());
        Credential::used(&parts);
        for answer in
            [Public::seconds(60, "ok"), Public::immutable("ok"), Public::revalidated("ok")]
        {
            assert_eq!(dressed(&credential, answer), "private, no-store");
        }
        assert_eq!(dressed(&credential, Public::stream("")), "private, no-store, no-transform");
    }

    #[test]
    fn errors_and_answers_that_set_cookies_are_nobody_elses() {
        let nobody = Credential::default();
        let gone = Public::seconds(60, (StatusCode::NOT_FOUND, "gone"));
        assert_eq!(dressed(&nobody, gone), "private, no-store");
        let cookie = Public::seconds(60, ([(header::SET_COOKIE, "a=b")], "ok"));
        assert_eq!(dressed(&nobody, cookie), "private, no-store");
        let known = Public::seconds(60, StatusCode::NOT_MODIFIED);
        assert_eq!(dressed(&nobody, known), "public, max-age=60");
    }

    #[test]
    fn proxies_are_asked_to_pass_streams_on() {
        let mut response = Public::stream("").into_response();
        Credential::default().dress(&mut response);
        assert_eq!(response.headers()[BUFFERING], "no");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache, no-transform");
    }
}
