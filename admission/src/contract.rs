//! What every store must do, as one function to run against each.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use floodgate_onsale::{BuyerId, EventId, Place};

use crate::store::{AdmissionStore, Later, PlaceReserver, StoreError};

/// Reserves like the log does, and can refuse.
#[derive(Debug, Default)]
pub struct CountingReserver {
    next: AtomicU64,
    refusals: AtomicU64,
}

impl PlaceReserver for CountingReserver {
    fn reserve(&self, _event_id: EventId, count: u32) -> Later<'_, Result<Place, StoreError>> {
        let refuses = self
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        let outcome = if refuses {
            Err(StoreError::Unavailable("not now".into()))
        } else {
            Ok(Place(self.next.fetch_add(u64::from(count), Ordering::SeqCst)))
        };
        Box::pin(async move {
            // Lets others in between, as a real reservation does.
            tokio::task::yield_now().await;
            outcome
        })
    }
}

/// Panics where a store made by `make` breaks a promise.
pub async fn keeps_the_contract(
    make: impl AsyncFn(Arc<dyn PlaceReserver>) -> Arc<dyn AdmissionStore>,
) {
    let reserver = Arc::new(CountingReserver::default());
    let store = make(Arc::clone(&reserver) as Arc<dyn PlaceReserver>).await;
    let event_id = EventId(1);

    let first = store.join(event_id, BuyerId(1), None).await.expect("a place is free");
    let again = store.join(event_id, BuyerId(1), None).await.expect("a place is free");
    assert_eq!(first, again, "joining twice gives one place");

    let next = store.join(event_id, BuyerId(1), Some(first)).await.expect("a place is free");
    assert!(next > first, "a spent place is not given again");
    let again = store.join(event_id, BuyerId(1), Some(first)).await.expect("a place is free");
    assert_eq!(next, again, "and the new one stays");

    let joins = (0..500_u64).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.join(event_id, BuyerId(number % 250), None).await })
    });
    let mut places = HashSet::new();
    for join in joins.collect::<Vec<_>>() {
        places.insert(join.await.expect("no panic").expect("a place is free"));
    }
    assert_eq!(places.len(), 250, "every buyer has a place of his own");

    assert_eq!(store.agree(event_id, 7).await.expect("an answer"), 7);
    assert!(store.agree(event_id, 3).await.expect("an answer") >= 3, "nobody is called back");

    // A store that starts again skips numbers, and never issues one twice.
    let restarted = make(Arc::clone(&reserver) as Arc<dyn PlaceReserver>).await;
    let later = restarted.join(event_id, BuyerId(1000), None).await.expect("a place is free");
    assert!(!places.contains(&later), "a number was issued twice");

    reserver.refusals.store(1, Ordering::SeqCst);
    let fresh = make(reserver as Arc<dyn PlaceReserver>).await;
    assert!(fresh.join(event_id, BuyerId(1), None).await.is_err(), "a refusal is told");
    assert!(fresh.join(event_id, BuyerId(1), None).await.is_ok(), "and the next try may succeed");
}
