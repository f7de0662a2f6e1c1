//! A request that makes a command: its key, its body, and the digest of both.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::commands::Named;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::traced::Traced;

/// The longest Idempotency-Key; a UUID takes 36.
const KEY_CHARS_MAX: usize = 64;

/// A wish with an ordinary body; an empty body counts as `{}`.
#[derive(Debug)]
pub(crate) struct Wish<T> {
    pub(crate) named: Named,
    pub(crate) body: T,
}

/// A wish whose body carries a seating plan.
#[derive(Debug)]
pub(crate) struct PlanWish<T> {
    pub(crate) named: Named,
    pub(crate) body: T,
}

impl<T: DeserializeOwned> FromRequest<GatewayState> for Wish<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &GatewayState) -> Result<Self, ApiError> {
        let (named, body) = read(request, state, state.settings.body_bytes_max).await?;
        Ok(Wish { named, body })
    }
}

impl<T: DeserializeOwned> FromRequest<GatewayState> for PlanWish<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &GatewayState) -> Result<Self, ApiError> {
        let (named, body) = read(request, state, state.settings.plan_bytes_max).await?;
        Ok(PlanWish { named, body })
    }
}

async fn read<T: DeserializeOwned>(
    request: Request,
    state: &GatewayState,
    bytes_max: usize,
) -> Result<(Named, T), ApiError> {
    let (parts, body) = request.into_parts();
    let key = parts.headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let is_good = |key: &&str| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    };
    let key = key.filter(is_good).ok_or_else(|| ApiError::new(Code::IdempotencyKeyRequired))?;
    let bytes = collect(body, state, bytes_max).await?;
    // Only JSON: a form of another site cannot send it without asking first.
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !bytes.is_empty() && !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let message = "send application/json";
        return Err(ApiError::new(Code::MalformedBody).field("content-type", message));
    }
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update(parts.uri.path());
    hash.update(&bytes);
    let digest = hash.finalize();
    let fingerprint = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    let body = serde_json::from_slice(text).map_err(|error| {
        let path = format!("line {} column {}", error.line(), error.column());
        ApiError::new(Code::MalformedBody).field(path, error.to_string())
    })?;
    let trace = parts.extensions.get::<Traced>().map(|traced| traced.context);
    Ok((Named { key: key.to_owned(), fingerprint, trace }, body))
}

/// The whole body, within its size and time.
async fn collect(body: Body, state: &GatewayState, bytes_max: usize) -> Result<Bytes, ApiError> {
    let collecting = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(state.settings.body_deadline, collecting).await {
        Err(_) => Err(ApiError::new(Code::BodyTooSlow)),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("at most {bytes_max} bytes");
            Err(ApiError::new(Code::BodyTooLarge).field("body", message))
        }
        Ok(Err(error)) => Err(ApiError::new(Code::MalformedBody).field("body", error.to_string())),
    }
}
