//! One object for everybody who watches it: published once per tick, serialised once, sent as the
//! same bytes to each.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::HeaderValue;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::sse;

/// What a feed carries.
pub(crate) trait Object: Serialize + Send + Sync + 'static {
    /// What its events are called on a stream.
    const EVENT: &'static str;

    /// Whether those who saw `before` are to see this.
    fn is_news(&self, before: &Self) -> bool;
}

/// An object and its forms, each made when somebody asks for it first.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    pub(crate) value: T,
    json: OnceLock<(Bytes, HeaderValue)>,
    frame: OnceLock<Bytes>,
}

impl<T: Object> Shared<T> {
    fn new(value: T) -> Arc<Self> {
        Arc::new(Shared { value, json: OnceLock::new(), frame: OnceLock::new() })
    }

    /// Its JSON, and the tag that names this content.
    pub(crate) fn json(&self) -> &(Bytes, HeaderValue) {
        self.json.get_or_init(|| {
            // A type of ours, whose form cannot fail.
            let json = serde_json::to_vec(&self.value).unwrap_or_default();
            let digest = Sha256::digest(&json);
            let tag: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            let tag = HeaderValue::from_str(&format!("\"{tag}\""));
            (Bytes::from(json), tag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")))
        })
    }

    /// Its event on a stream.
    pub(crate) fn frame(&self) -> Bytes {
        let frame = self.frame.get_or_init(|| {
            let (json, _) = self.json();
            sse::frame(T::EVENT, None, &String::from_utf8_lossy(json))
        });
        frame.clone()
    }
}

/// The object as it is, and as those who follow it saw it last.
#[derive(Debug)]
struct Slot<T> {
    now: Arc<Shared<T>>,
    pushed: Arc<Shared<T>>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Slot { now: Arc::clone(&self.now), pushed: Arc::clone(&self.pushed) }
    }
}

/// An object that changes, and those who follow it.
#[derive(Debug)]
pub(crate) struct Feed<T> {
    slot: watch::Sender<Slot<T>>,
}

impl<T: Object> Feed<T> {
    pub(crate) fn new(value: T) -> Self {
        let now = Shared::new(value);
        Feed { slot: watch::Sender::new(Slot { pushed: Arc::clone(&now), now }) }
    }

    /// Replaces the object. With `push` its followers are notified, if it is news to them.
    pub(crate) fn publish(&self, value: T, push: bool) {
        self.slot.send_if_modified(|slot| {
            let is_news = push && value.is_news(&slot.pushed.value);
            slot.now = Shared::new(value);
            if is_news {
                slot.pushed = Arc::clone(&slot.now);
            }
            is_news
        });
    }

    /// The object as it is.
    pub(crate) fn now(&self) -> Arc<Shared<T>> {
        Arc::clone(&self.slot.borrow().now)
    }

    /// The object as it is, then whenever it has news. Slow followers skip what is outdated.
    pub(crate) fn follow(&self) -> impl Stream<Item = Bytes> + Send + use<T> {
        let receiver = self.slot.subscribe();
        let first = receiver.borrow().now.frame();
        let news = WatchStream::from_changes(receiver).map(|slot| slot.pushed.frame());
        futures::stream::iter([first]).chain(news)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde::Serializer;

    use super::*;

    /// Counts how often it is serialised.
    struct Counted {
        number: u32,
        count: Arc<AtomicU32>,
    }

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.count.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_u32(self.number)
        }
    }

    impl Object for Counted {
        const EVENT: &'static str = "number";
        fn is_news(&self, before: &Self) -> bool {
            self.number != before.number
        }
    }

    #[tokio::test]
    async fn viewers_cost_one_serialisation_a_tick_however_many_they_are() {
        const VIEWERS: usize = 1_000;
        let count = Arc::new(AtomicU32::new(0));
        let counted = |number| Counted { number, count: Arc::clone(&count) };
        let feed = Feed::new(counted(0));
        let mut viewers: Vec<_> = (0..VIEWERS).map(|_| Box::pin(feed.follow())).collect();
        for tick in 0..10 {
            if tick > 0 {
                feed.publish(counted(tick), true);
            }
            let mut bytes = Vec::with_capacity(VIEWERS);
            for viewer in &mut viewers {
                bytes.push(viewer.next().await.unwrap());
                // Those who poll get the same object.
                assert_eq!(feed.now().json().0, tick.to_string());
            }
            assert_eq!(bytes[0], format!("event: number\ndata: {tick}\n\n"));
            assert!(
                bytes.iter().all(|one| one.as_ptr() == bytes[0].as_ptr()),
                "one buffer for all"
            );
            assert_eq!(count.load(Ordering::Relaxed), tick + 1, "one serialisation a tick");
        }
    }

    #[tokio::test]
    async fn what_nobody_looks_at_is_not_serialised_and_what_is_no_news_is_not_sent() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = |number| Counted { number, count: Arc::clone(&count) };
        let feed = Feed::new(counted(1));
        (0..100).for_each(|_| feed.publish(counted(1), true));
        assert_eq!(count.load(Ordering::Relaxed), 0);

        let mut viewer = Box::pin(feed.follow());
        assert_eq!(viewer.next().await.unwrap(), "event: number\ndata: 1\n\n");
        feed.publish(counted(1), true);
        feed.publish(counted(2), false);
        assert!(futures::poll!(viewer.next()).is_pending(), "no news, or not pushed yet");
        assert_eq!(feed.now().json().0, "2", "who asks gets what is");
        feed.publish(counted(2), true);
        assert_eq!(viewer.next().await.unwrap(), "event: number\ndata: 2\n\n");
        feed.publish(counted(3), true);
        feed.publish(counted(4), true);
        assert_eq!(viewer.next().await.unwrap(), "event: number\ndata: 4\n\n", "3 is old");
    }
}
