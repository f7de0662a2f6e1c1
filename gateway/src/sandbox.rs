//! What the gateway needs of the sandbox provider.

use std::sync::Arc;

use floodgate_domain::{HoldId, OrderStatus, OrderView};

use crate::views::EventView;

/// A provider of test cards.
pub trait PaymentSandbox: Send + Sync + std::fmt::Debug + 'static {
    /// The provider's token for a published test card; `None` for any other number.
    fn tokenise(&self, card_number: &str) -> Option<&'static str>;
    /// Whether paying this way makes the buyer's bank ask them.
    fn asks_buyer(&self, method: &str) -> bool;
}

/// The sandbox provider, where it is on.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox(Option<Arc<dyn PaymentSandbox>>);

impl Sandbox {
    pub(crate) fn new(provider: Option<Arc<dyn PaymentSandbox>>) -> Self {
        Sandbox(provider)
    }

    pub(crate) fn provider(&self) -> Option<&dyn PaymentSandbox> {
        self.0.as_deref()
    }

    /// Whether the payment under way waits for the buyer's answer to their bank. It follows from
    /// the facts, so every gateway says the same and no restart forgets it.
    pub(crate) fn asks_buyer(&self, view: &EventView, hold_id: HoldId) -> bool {
        let method = view.methods.get(&hold_id);
        let asks = self.provider().zip(method);
        asks.is_some_and(|(provider, method)| provider.asks_buyer(method.as_str()))
    }

    /// Where the buyer must go now, if they must.
    pub(crate) fn challenge(&self, view: &EventView, order: &OrderView) -> Option<String> {
        let is_asked =
            order.status == OrderStatus::PaymentPending && self.asks_buyer(view, order.hold_id);
        is_asked.then(|| format!("/sandbox/challenge/{}/{}", view.id, order.hold_id.order()))
    }
}
