//! A request that sends a command: its key, its body, and the digest of both. Repeated under the
//! same key, it gets the first outcome again.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::commands::RequestKey;
use crate::problem::{ApiError, Code};
use crate::traced::Traced;

/// The longest Idempotency-Key; a UUID takes 36.
const KEY_CHARS_MAX: usize = 64;

/// How large a body may be, and how slow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Bytes of an ordinary body.
    pub(crate) bytes_max: usize,
    /// Bytes of a body that carries a seating plan.
    pub(crate) plan_bytes_max: usize,
    /// How long it may take to arrive.
    pub(crate) deadline: Duration,
}

/// A request with an ordinary body; an empty body counts as `{}`.
#[derive(Debug)]
pub(crate) struct Idempotent<T> {
    pub(crate) key: RequestKey,
    pub(crate) body: T,
}

/// A request whose body carries a seating plan.
#[derive(Debug)]
pub(crate) struct IdempotentPlan<T> {
    pub(crate) key: RequestKey,
    pub(crate) body: T,
}

/// The largest picture that is uploaded: a good camera's is half of it.
const PICTURE_BYTES_MAX: usize = 8 << 20;

/// A request whose body is a picture as a file, and whose query says what it shows.
#[derive(Debug)]
pub(crate) struct IdempotentPicture {
    pub(crate) key: RequestKey,
    pub(crate) file: Bytes,
}

impl<S> FromRequest<S> for IdempotentPicture
where
    S: Send + Sync,
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let limits = BodyLimits::from_ref(state);
        let query = request.uri().query().unwrap_or_default().to_owned();
        let read = read_raw(request, (limits.deadline, PICTURE_BYTES_MAX), &query).await?;
        let essence = essence(&read.headers).unwrap_or_default().to_ascii_lowercase();
        // Nothing a form of another site can send without asking first.
        // Which of them it is shows in its first bytes.
        let kinds = ["application/octet-stream", "image/jpeg", "image/png", "image/webp"];
        if !kinds.contains(&essence.as_str()) {
            let message = "send application/octet-stream, image/jpeg, image/png or image/webp";
            return Err(ApiError::new(Code::MalformedBody).field("content-type", message));
        }
        Ok(IdempotentPicture { key: read.key, file: read.bytes })
    }
}

impl<S, T> FromRequest<S> for Idempotent<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let limits = BodyLimits::from_ref(state);
        let (key, body) = read(request, limits.deadline, limits.bytes_max).await?;
        Ok(Idempotent { key, body })
    }
}

impl<S, T> FromRequest<S> for IdempotentPlan<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    BodyLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let limits = BodyLimits::from_ref(state);
        let (key, body) = read(request, limits.deadline, limits.plan_bytes_max).await?;
        Ok(IdempotentPlan { key, body })
    }
}

async fn read<T: DeserializeOwned>(
    request: Request,
    deadline: Duration,
    bytes_max: usize,
) -> Result<(RequestKey, T), ApiError> {
    let RawRequest { key, headers, bytes } = read_raw(request, (deadline, bytes_max), "").await?;
    // Only JSON: a form of another site cannot send it without asking first.
    if !bytes.is_empty() && !is_json(&headers) {
        let message = "send application/json";
        return Err(ApiError::new(Code::MalformedBody).field("content-type", message));
    }
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    Ok((key, super::plain::parse(text)?))
}

/// A request that has its key, before anybody has looked at its body.
struct RawRequest {
    key: RequestKey,
    headers: HeaderMap,
    bytes: Bytes,
}

/// Reads within a time and a size; `besides` is what else makes it another request.
async fn read_raw(
    request: Request,
    (deadline, bytes_max): (Duration, usize),
    besides: &str,
) -> Result<RawRequest, ApiError> {
    let (parts, body) = request.into_parts();
    let key = parts.headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let is_good = |key: &&str| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    };
    let key = key.filter(is_good).ok_or_else(|| ApiError::new(Code::IdempotencyKeyRequired))?;
    let bytes = collect(body, deadline, bytes_max).await?;
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update(parts.uri.path());
    hash.update(besides);
    hash.update(&bytes);
    let digest = hash.finalize();
    let fingerprint = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let trace = parts.extensions.get::<Traced>().map(|traced| traced.context);
    let key = RequestKey { name: key.to_owned(), fingerprint, trace };
    Ok(RawRequest { key, headers: parts.headers, bytes })
}

/// Whether the body is said to be JSON; a media type is not case-sensitive and may have parameters
/// (RFC 9110, section 8.3.1).
fn is_json(headers: &HeaderMap) -> bool {
    essence(headers).is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// The media type of a body, without its parameters.
fn essence(headers: &HeaderMap) -> Option<&str> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())?;
    kind.split(';').next().map(str::trim)
}

/// The whole body, within its size and time.
pub(crate) async fn collect(
    body: Body,
    deadline: Duration,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    let collecting = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(deadline, collecting).await {
        Err(_) => Err(ApiError::new(Code::BodyTooSlow)),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("at most {bytes_max} bytes");
            Err(ApiError::new(Code::BodyTooLarge).field("body", message))
        }
        Ok(Err(error)) => Err(ApiError::new(Code::MalformedBody).field("body", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn json_is_known_however_it_is_written() {
        let is =
            |kind| is_json(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]));
        let good = ["application/json", "Application/JSON", "application/json;charset=utf-8"];
        assert!(good.into_iter().all(is) && is("APPLICATION/JSON ; charset=UTF-8"));
        let wrong = ["application/jsonp", "application/json-patch+json", "text/plain", "json", ""];
        assert!(!wrong.into_iter().any(is) && !is_json(&HeaderMap::new()));
    }
}
