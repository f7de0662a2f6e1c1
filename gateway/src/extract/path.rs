//! Ids in addresses.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use floodgate_domain::{EventId, HoldId, OrderName, Refusal};

use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::time;
use crate::views::Entry;

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

async fn params(parts: &mut Parts, state: &GatewayState) -> Result<RawPathParams, ApiError> {
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
pub(crate) async fn event_id(parts: &mut Parts, state: &GatewayState) -> Result<EventId, ApiError> {
    let params = params(parts, state).await?;
    parse(&params, "event_id").unwrap_or(Err(ApiError::new(Code::InvalidId)))
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

async fn entry(
    parts: &Parts,
    state: &GatewayState,
    event_id: EventId,
) -> Result<Arc<Entry>, ApiError> {
    let entry = state.views.get(event_id).ok_or(Refusal::UnknownEvent)?;
    // An event that was created a moment ago has its room before anybody asks for it.
    if !state.room.is_open(event_id) {
        state.room.advance(event_id, time::now(), entry.shop());
    }
    if let Some(offset) = at_least(parts)? {
        entry.reaches(offset, FRESH_WITHIN).await;
    }
    Ok(entry)
}

impl FromRequestParts<GatewayState> for EventPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let event_id = event_id(parts, state).await?;
        Ok(EventPath { event_id, entry: entry(parts, state, event_id).await? })
    }
}

impl FromRequestParts<GatewayState> for OrderPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let event_id = event_id(parts, state).await?;
        let params = params(parts, state).await?;
        let hold_id = match parse::<OrderName>(&params, "order_id") {
            Some(order) => order?.0,
            None => parse(&params, "hold_id").unwrap_or(Err(ApiError::new(Code::InvalidId)))?,
        };
        Ok(OrderPath { event_id, entry: entry(parts, state, event_id).await?, hold_id })
    }
}
