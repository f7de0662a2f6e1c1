//! Waiting rooms advance, and changes are prepared for everybody who watches.

use std::sync::Arc;
use std::time::Duration;

use crate::admission::Admission;
use crate::queue_feeds::QueueFeeds;
use crate::time;
use crate::views::Views;

/// How often rooms advance; who asks for a queue gets it as of the last time.
const ROOMS_EVERY: Duration = Duration::from_millis(100);
/// How often seat changes and news of queues are sent to those who follow them.
const PUSH_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn advance(views: Arc<Views>, admission: Admission, queues: QueueFeeds) {
    let room = admission.room();
    let mut pulse = tokio::time::interval(ROOMS_EVERY);
    let mut pushed = tokio::time::Instant::now();
    loop {
        pulse.tick().await;
        let push = pushed.elapsed() >= PUSH_EVERY;
        for (event_id, entry) in views.all() {
            room.advance(event_id, time::now(), entry.shop());
            let turned = entry.read().changes.turned.clone();
            if let Err(error) = room.follow_dials(event_id, turned) {
                tracing::error!(%event_id, %error, "there is no waiting room for these dials");
            }
            queues.publish(event_id, &entry, room.view(event_id), push);
            if push {
                entry.cut_frame();
            }
        }
        if push {
            pushed = tokio::time::Instant::now();
        }
    }
}
