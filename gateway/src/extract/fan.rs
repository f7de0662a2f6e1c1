//! Fans: a device, and a pass where one is needed. Tokens come as headers or cookies.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use floodgate_admission::{Device, Limited, Pass, RemainingQuota};
use floodgate_domain::{Actor, BuyerId};

use super::address::ClientAddress;
use super::cookie::{device_token, pass_token};
use super::path::event_id;
use crate::admission::Admission;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

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

impl<S> FromRequestParts<S> for Fan
where
    S: Send + Sync,
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let admission = Admission::from_ref(state);
        // A foreign or stale device is as good as none: the visitor gets a new one on joining.
        let text = device_token(&parts.headers);
        let device = text.and_then(|text| Device::open(admission.keys(), text).ok());
        let buyer = device.map(|device| device.buyer);
        let checked = admission.quotas().limits.check(address, buyer);
        if let Some(Quota(quota)) = parts.extensions.get() {
            // A request that is checked twice keeps the first word.
            let _ = quota.set(as_header(&checked));
        }
        checked.map_err(limited)?;
        Ok(Fan { device })
    }
}

/// Where a request notes what is left of its quota, for the `RateLimit` header of its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota(pub(crate) Arc<OnceLock<String>>);

fn as_header(checked: &Result<Option<RemainingQuota>, Limited>) -> String {
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

impl<S> FromRequestParts<S> for Shopper
where
    S: Send + Sync,
    Admission: FromRef<S>,
    Arc<Views>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let device = Fan::from_request_parts(parts, state).await?.device()?;
        let event_id = event_id(parts, state).await?;
        let views = Arc::<Views>::from_ref(state);
        let needs_pass = views.get(event_id).is_some_and(|entry| entry.read().policy.pass_required);
        if needs_pass {
            let text = pass_token(&parts.headers, event_id);
            let text = text.ok_or_else(|| ApiError::new(Code::PassRequired))?;
            // Whether the pass still counts is decided in the log; a forged one gets no further.
            let keys = Admission::from_ref(state);
            Pass::open(keys.keys(), text, event_id, device, time::now()).map_err(|error| {
                ApiError::new(Code::InvalidToken).field("pass", error.to_string())
            })?;
        }
        Ok(Shopper { buyer: device.buyer })
    }
}
