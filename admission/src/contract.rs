//! What every store must do, as one function to run against each.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use floodgate_domain::{BuyerId, EventId, Frontier, LogTime, Place};

use crate::puzzle::Proof;
use crate::store::{AdmissionStore, BoxFuture, PlaceReserver, StoreError, Wanted};

/// Reserves like the log does, and can refuse.
#[derive(Debug, Default)]
pub struct CountingReserver {
    next: AtomicU64,
    refusals: AtomicU64,
}

impl PlaceReserver for CountingReserver {
    fn reserve(&self, _event_id: EventId, count: u32) -> BoxFuture<'_, Result<Place, StoreError>> {
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

    let one = Wanted::by(BuyerId(1));
    let first = store.join(event_id, one).await.expect("a place is free");
    let again = store.join(event_id, one).await.expect("a place is free");
    assert_eq!(first, again, "joining twice gives one place");

    let known = store.places_of(event_id, &[BuyerId(1), BuyerId(4_000)]).await;
    assert_eq!(known, Ok(vec![(BuyerId(1), first)]), "looking gives nobody a place");
    assert_eq!(store.places_of(EventId(2), &[BuyerId(1)]).await, Ok(Vec::new()));

    let over = Wanted { spent: Some(first), ..one };
    let next = store.join(event_id, over).await.expect("a place is free");
    assert!(next > first, "a spent place is not given again");
    let again = store.join(event_id, over).await.expect("a place is free");
    assert_eq!(next, again, "and the new one stays");

    a_proof_gives_one_place(&store, event_id).await;

    let joins = (0..500_u64).map(|number| {
        let store = Arc::clone(&store);
        let wanted = Wanted::by(BuyerId(number % 250));
        tokio::spawn(async move { store.join(event_id, wanted).await })
    });
    let mut places = HashSet::new();
    for join in joins.collect::<Vec<_>>() {
        places.insert(join.await.expect("no panic").expect("a place is free"));
    }
    assert_eq!(places.len(), 250, "every buyer has a place of their own");

    let agreed = store.agree(event_id, Frontier(7)).await.expect("an answer");
    assert_eq!(agreed.frontier, Frontier(7));
    let last = places.iter().map(|place| place.0).max().unwrap_or(0);
    assert!(agreed.given_beyond > last, "{agreed:?} although {last} is given out");
    let agreed = store.agree(event_id, Frontier(3)).await.expect("an answer");
    assert!(agreed.frontier >= Frontier(3), "nobody is called back");

    let behind = Wanted { not_below: Frontier(5_000), ..Wanted::by(BuyerId(2_000)) };
    let place = store.join(event_id, behind).await.expect("a place is free");
    assert!(place >= Place(5_000), "{place:?} was called before it was given out");
    assert!(places.insert(place));

    // A store that starts again skips numbers, and never issues one twice.
    let restarted = make(Arc::clone(&reserver) as Arc<dyn PlaceReserver>).await;
    let later = restarted.join(event_id, Wanted::by(BuyerId(1000))).await.expect("a place is free");
    assert!(!places.contains(&later), "a number was issued twice");

    reserver.refusals.store(1, Ordering::SeqCst);
    let fresh = make(reserver as Arc<dyn PlaceReserver>).await;
    assert!(fresh.join(event_id, one).await.is_err(), "a refusal is reported");
    assert!(fresh.join(event_id, one).await.is_ok(), "and the next try may succeed");
}

/// Spending is one step with joining: whatever a proof is shown for, it gives one place.
async fn a_proof_gives_one_place(store: &Arc<dyn AdmissionStore>, event_id: EventId) {
    let proof = |at| Some(Proof { id: at, issued_at: LogTime(1_800_000_000_000 + at) });
    let join = async |spent, proof| {
        store.join(event_id, Wanted { spent, proof, ..Wanted::by(BuyerId(777)) }).await
    };
    let first = join(None, proof(5)).await.expect("a place is free");
    assert_eq!(join(None, proof(5)).await, Ok(first), "a repetition gets the same place");
    assert_eq!(join(None, proof(6)).await, Ok(first), "and so does another proof");
    let spent = Some(first);
    for old in [4, 5] {
        assert_eq!(join(spent, proof(old)).await, Err(StoreError::ProofSpent), "proof {old}");
    }
    let next = join(spent, proof(6)).await.expect("a fresh proof gives a new place");
    assert!(next > first);
    assert_eq!(join(spent, proof(6)).await, Ok(next));
    assert_eq!(join(Some(next), proof(6)).await, Err(StoreError::ProofSpent));
    let last = join(Some(next), None).await.expect("a door that asks for nothing opens");
    assert!(last > next);
}
