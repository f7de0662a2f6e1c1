//! Gateways agree on one frontier.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use floodgate_domain::SalePhase;

use crate::admission::Admission;
use crate::views::Views;

const AGREE_EVERY: Duration = Duration::from_millis(200);

/// A task of its own: a store that is slow or gone must not hold rooms or seat changes back.
pub(super) async fn agree(views: Arc<Views>, admission: Admission) {
    let mut pulse = tokio::time::interval(AGREE_EVERY);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_noted = false;
    loop {
        pulse.tick().await;
        let mut outcome = Ok(());
        for (event_id, entry) in views.all() {
            let is_over = matches!(entry.read().phase, SalePhase::Closed | SalePhase::Cancelled);
            if is_over {
                continue;
            }
            outcome = admission.room().agree(event_id).await;
            if outcome.is_err() {
                break;
            }
        }
        if let (Err(error), false) = (&outcome, is_noted) {
            tracing::warn!(%error, "each gateway uses its own frontier until the store is back");
        }
        is_noted = outcome.is_err();
    }
}
