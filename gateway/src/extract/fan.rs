//! Fans: a device, and a pass where one is needed. Tokens come as headers or cookies.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use floodgate_admission::Device;
use floodgate_domain::{Actor, BuyerId};

use super::address::Visitor;
use super::cookie::Papers;
use super::path::event_id;
use crate::admission::Admission;
use crate::caching::Credential;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

/// A visitor, with a device unless this is the first visit; what they get is theirs alone.
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

impl<S: Send + Sync> FromRequestParts<S> for Fan {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Credential::used(parts);
        let visitor = Visitor::from_request_parts(parts, state).await?;
        Ok(Fan { device: visitor.device })
    }
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
            let papers = Papers::from_request_parts(parts, state).await?;
            // Whether the pass still counts is decided in the log; a forged one gets no further.
            let admission = Admission::from_ref(state);
            let pass = papers.pass(admission.keys(), event_id, device, time::now());
            pass.ok_or_else(|| ApiError::new(Code::PassRequired))?.map_err(|error| {
                ApiError::new(Code::InvalidToken).field("pass", error.to_string())
            })?;
        }
        Ok(Shopper { buyer: device.buyer })
    }
}
