//! Fans: a device, and a pass where one is needed. Tokens come as headers or cookies.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use floodgate_admission::{Device, Left, Limited, Pass};
use floodgate_domain::{Actor, BuyerId, EventId};

use super::address::ClientAddress;
use super::path::event_id;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::time;

/// A token from its header, else from its cookie.
pub(crate) fn token_of<'a>(headers: &'a HeaderMap, header: &str, cookie: &str) -> Option<&'a str> {
    let text = |value: &'a HeaderValue| value.to_str().ok();
    headers.get(header).and_then(text).or_else(|| {
        let cookies = headers.get_all(COOKIE).iter().filter_map(text);
        cookies.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == cookie).then_some(value)
        })
    })
}

/// A visitor within the rate limits; with a device unless this is the first visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fan {
    pub(crate) device: Option<Device>,
}

/// A visitor who may hold and pay now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shopper {
    pub(crate) buyer: BuyerId,
}

impl Fan {
    /// The device, which this call cannot do without.
    pub(crate) fn device(self) -> Result<Device, ApiError> {
        self.device.ok_or_else(|| ApiError::new(Code::DeviceRequired))
    }
}

impl Shopper {
    pub(crate) fn actor(self) -> Actor {
        Actor::Buyer(self.buyer)
    }
}

impl FromRequestParts<GatewayState> for Fan {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let text = token_of(&parts.headers, "floodgate-device", "fg_device");
        // A foreign or stale device is as good as none: the visitor gets a new one on joining.
        let device = text.and_then(|text| Device::open(state.room.keys(), text).ok());
        let buyer = device.map(|device| device.buyer);
        let checked = state.quotas().limits.check(address, buyer);
        if let Some(Quota(quota)) = parts.extensions.get() {
            // A request that is checked twice keeps the first word.
            let _ = quota.set(told(&checked));
        }
        checked.map_err(limited)?;
        Ok(Fan { device })
    }
}

/// Where a request notes what is left of its quota, for the `RateLimit` header of its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota(pub(crate) Arc<OnceLock<String>>);

fn told(checked: &Result<Option<Left>, Limited>) -> String {
    match checked {
        Ok(Some(left)) => format!("\"{}\";r={}", left.policy, left.requests),
        Ok(None) => String::new(),
        Err(limited) => {
            let seconds = limited.retry_after.as_secs() + 1;
            format!("\"{}\";r=0;t={seconds}", limited.policy)
        }
    }
}

fn limited(limited: Limited) -> ApiError {
    metrics::counter!("floodgate_rate_limited_total").increment(1);
    let ms = u64::try_from(limited.retry_after.as_millis()).unwrap_or(u64::MAX).max(1);
    ApiError::new(Code::RateLimited).retry_after_ms(ms)
}

impl FromRequestParts<GatewayState> for Shopper {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let device = Fan::from_request_parts(parts, state).await?.device()?;
        let event_id = event_id(parts, state).await?;
        let needs_pass =
            state.views.get(event_id).is_some_and(|entry| entry.read().policy.pass_required);
        if needs_pass {
            let text = token_of(&parts.headers, "floodgate-pass", &pass_cookie(event_id));
            let text = text.ok_or_else(|| ApiError::new(Code::PassRequired))?;
            // Whether the pass still counts is decided in the log; a forged one gets no further.
            Pass::open(state.room.keys(), text, event_id, device, time::now()).map_err(
                |error| ApiError::new(Code::InvalidToken).field("pass", error.to_string()),
            )?;
        }
        Ok(Shopper { buyer: device.buyer })
    }
}

/// The cookie that holds an event's pass.
pub(crate) fn pass_cookie(event_id: EventId) -> String {
    format!("fg_pass_{event_id}")
}

/// The cookie that holds an event's queue ticket.
pub(crate) fn ticket_cookie(event_id: EventId) -> String {
    format!("fg_ticket_{event_id}")
}

/// A cookie scripts cannot read and other sites cannot send along with a POST.
pub(crate) fn cookie(name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    HeaderValue::from_str(&text).ok()
}
