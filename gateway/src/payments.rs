//! The payment provider, as far as a gateway serves it: its form, its pages, its webhooks.
//! Nothing here knows which provider it is.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use floodgate_payments::Provider;

/// Webhooks that are looked at once. Each may ask the provider, on a thread of its own, so there
/// are no more than threads can be spared; providers send again what is not taken.
const WEBHOOKS_MAX: usize = 64;

/// The provider, where there is one.
#[derive(Debug, Clone)]
pub(crate) struct PaymentProvider {
    provider: Option<Arc<dyn Provider>>,
    webhooks: Arc<Semaphore>,
}

impl PaymentProvider {
    pub(crate) fn new(provider: Option<Arc<dyn Provider>>) -> Self {
        PaymentProvider { provider, webhooks: Arc::new(Semaphore::new(WEBHOOKS_MAX)) }
    }

    pub(crate) fn provider(&self) -> Option<&Arc<dyn Provider>> {
        self.provider.as_ref()
    }

    /// The right to look at one webhook; `None` when too many are looked at.
    pub(crate) fn webhook_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.webhooks.try_acquire().ok()
    }
}
