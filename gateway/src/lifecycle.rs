//! The state of a gateway between start and shutdown.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use floodgate_transport::Services;

/// Shared by the server, the streams and `/readyz`.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What the process is.
    services: Services,
    draining: AtomicBool,
    /// Whether the settings file as it is now cannot be used.
    settings_refused: AtomicBool,
    /// Whether streams and connections end now.
    ending: watch::Sender<bool>,
}

impl Lifecycle {
    pub(crate) fn new(services: Services) -> Self {
        Lifecycle(Arc::new(Inner {
            services,
            draining: AtomicBool::new(false),
            settings_refused: AtomicBool::new(false),
            ending: watch::Sender::new(false),
        }))
    }

    pub(crate) fn services(&self) -> &Services {
        &self.0.services
    }

    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.0.ending.send_replace(true);
    }

    pub(crate) fn is_ending(&self) -> bool {
        *self.0.ending.borrow()
    }

    /// Done once streams and connections are to end.
    pub(crate) fn ends(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ending = self.0.ending.subscribe();
        async move {
            // A sender that is gone has taken the gateway with it.
            let _ = ending.wait_for(|ends| *ends).await;
        }
    }

    pub(crate) fn refuse_settings(&self, are_refused: bool) {
        self.0.settings_refused.store(are_refused, Ordering::Release);
    }

    pub(crate) fn are_settings_refused(&self) -> bool {
        self.0.settings_refused.load(Ordering::Acquire)
    }
}
