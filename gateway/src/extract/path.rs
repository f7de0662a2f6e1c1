//! Ids in addresses.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts, Path, RawPathParams};
use http::request::Parts;
use serde::de::DeserializeOwned;

use floodgate_domain::{EventId, HoldId, OrderName, Refusal};

use crate::problem::{ApiError, Code};
use crate::views::{Entry, Views};

/// An event that exists.
#[derive(Debug, Clone)]
pub(crate) struct EventPath {
    pub(crate) event_id: EventId,
    pub(crate) entry: Arc<Entry>,
}

/// An order or hold of an event that exists.
#[derive(Debug, Clone)]
pub(crate) struct OrderPath {
    pub(crate) event_id: EventId,
    pub(crate) entry: Arc<Entry>,
    pub(crate) hold_id: HoldId,
}

/// The variable parts of an address, refused as a problem when they cannot be read.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Segments<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(segments) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::new(Code::InvalidId).field("path", error.body_text()))?;
        Ok(Segments(segments))
    }
}

async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, ApiError> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::new(Code::InvalidId))
}

fn parse<T: FromStr<Err: std::fmt::Display>>(
    params: &RawPathParams,
    name: &str,
) -> Option<Result<T, ApiError>> {
    let (_, text) = params.iter().find(|(found, _)| *found == name)?;
    Some(
        text.parse()
            .map_err(|error: T::Err| ApiError::new(Code::InvalidId).field(name, error.to_string())),
    )
}

/// The event id of an address, whether or not the event exists.
pub(crate) async fn event_id<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<EventId, ApiError> {
    let params = params(parts, state).await?;
    parse(&params, "event_id").unwrap_or_else(|| Err(ApiError::new(Code::InvalidId)))
}

/// How long a read waits to become as fresh as it was asked to be.
const FRESH_WITHIN: Duration = Duration::from_secs(1);

/// `?at_least=OFFSET`: the reader knows of something at this position and wants no older answer.
fn at_least(parts: &Parts) -> Result<Option<u64>, ApiError> {
    let query = parts.uri.query().unwrap_or_default();
    let text = query.split('&').find_map(|pair| pair.strip_prefix("at_least="));
    text.map(str::parse).transpose().map_err(|_| {
        ApiError::new(Code::InvalidQuery).field("at_least", "an offset, as in as_of of an answer")
    })
}

async fn entry(parts: &Parts, views: &Views, event_id: EventId) -> Result<Arc<Entry>, ApiError> {
    let entry = views.get(event_id).ok_or(Refusal::UnknownEvent)?;
    if let Some(offset) = at_least(parts)? {
        entry.reaches(offset, FRESH_WITHIN).await;
    }
    Ok(entry)
}

impl<S> FromRequestParts<S> for EventPath
where
    S: Send + Sync,
    Arc<Views>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let event_id = event_id(parts, state).await?;
        Ok(EventPath {
            event_id,
            entry: entry(parts, &Arc::<Views>::from_ref(state), event_id).await?,
        })
    }
}

impl<S> FromRequestParts<S> for OrderPath
where
    S: Send + Sync,
    Arc<Views>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let event_id = event_id(parts, state).await?;
        let params = params(parts, state).await?;
        let hold_id = match parse::<OrderName>(&params, "order_id") {
            Some(order) => order?.0,
            None => {
                parse(&params, "hold_id").unwrap_or_else(|| Err(ApiError::new(Code::InvalidId)))?
            }
        };
        Ok(OrderPath {
            event_id,
            entry: entry(parts, &Arc::<Views>::from_ref(state), event_id).await?,
            hold_id,
        })
    }
}
