//! Fans: a device, and a pass where one is needed. Tokens come as headers or cookies.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use floodgate_admission::Device;
use floodgate_domain::{Actor, BuyerId, HoldId};

use super::address::Visitor;
use super::cookie::Papers;
use super::path::event_id;
use crate::admission::Admission;
use crate::caching::Credential;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::{Entry, Views};

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

/// A device, and after it the other devices of its person: what one of them has, all have.
#[derive(Debug, Clone)]
pub(crate) struct Persona {
    buyers: Vec<BuyerId>,
}

impl Persona {
    /// The buyers of all devices, that of this one first.
    pub(crate) fn buyers(&self) -> Result<&[BuyerId], ApiError> {
        match self.buyers.as_slice() {
            [] => Err(ApiError::new(Code::DeviceRequired)),
            buyers => Ok(buyers),
        }
    }

    /// In whose name it acts on a hold: that of the device of its person which made it, else its own.
    pub(crate) fn acting(&self, entry: &Entry, hold_id: HoldId) -> Result<BuyerId, ApiError> {
        let buyers = self.buyers()?;
        let owner = entry.read().orders.get(&hold_id).map(|order| order.buyer);
        Ok(owner.filter(|owner| buyers.contains(owner)).unwrap_or(buyers[0]))
    }

    /// None of a visitor without a device.
    pub(crate) fn all(&self) -> &[BuyerId] {
        &self.buyers
    }
}

impl<S> FromRequestParts<S> for Persona
where
    S: Send + Sync,
    PeopleDesk: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let device = Fan::from_request_parts(parts, state).await?.device;
        let desk = PeopleDesk::from_ref(state);
        let buyers = device.map(|device| desk.devices_like(device.buyer)).unwrap_or_default();
        Ok(Persona { buyers })
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
    PeopleDesk: FromRef<S>,
    Arc<Views>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let device = Fan::from_request_parts(parts, state).await?.device()?;
        let event_id = event_id(parts, state).await?;
        let views = Arc::<Views>::from_ref(state);
        let entry = views.get(event_id);
        let needs_pass = entry.as_ref().is_some_and(|entry| entry.read().policy.pass_required);
        // Where there is a line, whoever joined it was asked.
        if let Some(entry) = entry.filter(|_| !needs_pass) {
            let people = PeopleDesk::from_ref(state);
            people.check_signed_in(&entry, Some(device.buyer)).await?;
        }
        if needs_pass {
            // Whether the pass still counts is decided in the log; a forged one gets no further.
            let admission = Admission::from_ref(state);
            // A visit is its person's: the pass may name another device of theirs.
            let persona = Persona::from_request_parts(parts, state).await?;
            let papers = Papers::of_shopper(parts)?;
            let mut why = None;
            for buyer in persona.all() {
                let device = Device { buyer: *buyer };
                match papers.pass(admission.keys(), event_id, device, time::now()) {
                    Some(Ok(pass)) => return Ok(Shopper { buyer: pass.buyer }),
                    Some(Err(error)) => why = why.or(Some(error)),
                    None => {}
                }
            }
            return Err(match why {
                None => ApiError::new(Code::PassRequired),
                Some(why) => ApiError::new(Code::InvalidToken).field("pass", why.to_string()),
            });
        }
        Ok(Shopper { buyer: device.buyer })
    }
}
