//! Where a gateway is between its start and its end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Shared by the server, the streams and `/readyz`.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Whether the owners in this process have caught up; `None` where others own.
    owners: Option<Arc<AtomicBool>>,
    /// Whether they could decide once.
    had_owners: AtomicBool,
    draining: AtomicBool,
    /// Whether the settings file as it is now cannot be used.
    settings_refused: AtomicBool,
    /// Whether streams and connections end now.
    ending: watch::Sender<bool>,
}

impl Lifecycle {
    pub(crate) fn new(owners: Option<Arc<AtomicBool>>) -> Self {
        Lifecycle(Arc::new(Inner {
            had_owners: AtomicBool::new(owners.is_none()),
            owners,
            draining: AtomicBool::new(false),
            settings_refused: AtomicBool::new(false),
            ending: watch::Sender::new(false),
        }))
    }

    /// Whether the owners of this process, if it has any, have been able to decide once. Later
    /// changes of who owns what are no reason to send visitors elsewhere.
    pub(crate) fn has_owners(&self) -> bool {
        if self.0.owners.as_ref().is_some_and(|owners| owners.load(Ordering::Acquire)) {
            self.0.had_owners.store(true, Ordering::Release);
        }
        self.0.had_owners.load(Ordering::Acquire)
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
