//! The waiting room and the rate limits, as handlers use them.

use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;

use floodgate_admission::{Keys, LimitSettings, Limits, RoomSettings, WaitingRoom};

/// Who may come in, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    room: Arc<WaitingRoom>,
    // Replaced whole by a reload; read for a moment by each request.
    quotas: RwLock<Arc<Quotas>>,
}

/// Rate limits, and how answers name them.
#[derive(Debug)]
pub(crate) struct Quotas {
    pub(crate) limits: Limits,
    /// As every limited answer names them.
    pub(crate) policies: HeaderValue,
}

impl Quotas {
    fn new(limits: Limits) -> Self {
        let policies = HeaderValue::from_str(&limits.policies());
        Quotas { limits, policies: policies.unwrap_or_else(|_| HeaderValue::from_static("")) }
    }
}

impl Admission {
    pub(crate) fn new(room: Arc<WaitingRoom>, limits: Limits) -> Self {
        let quotas = RwLock::new(Arc::new(Quotas::new(limits)));
        Admission(Arc::new(Inner { room, quotas }))
    }

    pub(crate) fn room(&self) -> &WaitingRoom {
        &self.0.room
    }

    /// The keys that sign tickets and passes.
    pub(crate) fn keys(&self) -> &Keys {
        self.0.room.keys()
    }

    pub(crate) fn quotas(&self) -> Arc<Quotas> {
        Arc::clone(&self.0.quotas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rooms nobody has turned by hand follow the new settings; new limits, if there are any,
    /// begin anew.
    pub(crate) fn follow_settings(&self, limits: Option<LimitSettings>, room: RoomSettings) {
        if let Some(limits) = limits {
            let quotas = Arc::new(Quotas::new(Limits::new(limits)));
            *self.0.quotas.write().unwrap_or_else(PoisonError::into_inner) = quotas;
        }
        self.0.room.follow_settings(room);
    }
}
