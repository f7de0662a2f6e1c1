//! Seat changes as frames: the same bytes for every viewer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::sync::broadcast;

use floodgate_domain::SeatState;
use floodgate_domain::wire::WireWriter;

use crate::sse;

/// Frames kept for viewers that come back: half a minute at four a second.
const KEPT: usize = 128;
/// A viewer this many frames behind gets a reset instead.
const BEHIND_MAX: usize = 32;

/// Changes up to and including `seq`.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) seq: u64,
    /// The event as it is sent; its data is the base64 of varints `gap << 2 | state`, ascending.
    pub(crate) sent: Bytes,
}

#[derive(Debug)]
struct Recent {
    seq: u64,
    kept: VecDeque<Arc<Frame>>,
}

/// The frames of one event.
#[derive(Debug)]
pub(crate) struct Frames {
    // A plain mutex: held to push or to copy handles.
    recent: Mutex<Recent>,
    live: broadcast::Sender<Arc<Frame>>,
}

impl Default for Frames {
    fn default() -> Self {
        // Numbers start at the clock, so that those of an earlier run are all too old.
        let recent = Mutex::new(Recent { seq: crate::time::now().0, kept: VecDeque::new() });
        Frames { recent, live: broadcast::Sender::new(BEHIND_MAX) }
    }
}

/// KeptAnswer frames that a viewer missed, and those to come.
pub(crate) type Following = (Vec<Arc<Frame>>, broadcast::Receiver<Arc<Frame>>);

impl Frames {
    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last frame.
    pub(crate) fn seq(&self) -> u64 {
        self.lock().seq
    }

    pub(super) fn publish(&self, changes: Vec<(u32, SeatState)>) {
        let data = STANDARD.encode(encode(changes));
        let mut recent = self.lock();
        recent.seq += 1;
        let seq = recent.seq;
        let frame = Arc::new(Frame { seq, sent: sse::frame("delta", Some(seq), &data) });
        if recent.kept.len() == KEPT {
            recent.kept.pop_front();
        }
        recent.kept.push_back(Arc::clone(&frame));
        // Inside the lock, so that frames go out in order. Nobody listening is fine.
        let _ = self.live.send(frame);
    }

    /// What came after `seq` and what comes next; `None` when that is too long ago.
    pub(crate) fn since(&self, seq: u64) -> Option<Following> {
        let recent = self.lock();
        let live = self.live.subscribe();
        let oldest = recent.kept.front().map_or(recent.seq + 1, |frame| frame.seq);
        if seq > recent.seq || seq + 1 < oldest {
            return None;
        }
        let missed = recent.kept.iter().filter(|frame| frame.seq > seq).cloned().collect();
        Some((missed, live))
    }
}

fn encode(changes: Vec<(u32, SeatState)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(changes.len() * 2);
    let mut next = 0;
    for (seat, state) in changes {
        bytes.put_varint(u64::from(seat - next) << 2 | u64::from(state as u8));
        next = seat + 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn gaps_and_states() {
        use SeatState::{Free, Held, Sold};
        assert_eq!(encode(vec![(0, Held), (1, Sold), (100, Free)]), [1, 2, 0b1000_1000, 0b11]);
        // The example of the document.
        assert_eq!(STANDARD.encode(encode(vec![(5, Held), (7, Sold)])), "FQY=");
    }

    #[test]
    fn who_comes_back_misses_nothing_or_gets_a_reset() {
        let frames = Frames::default();
        let start = frames.seq();
        for seat in 0..200 {
            frames.publish(vec![(seat, SeatState::Held)]);
        }
        let (missed, _live) = frames.since(start + 190).unwrap();
        let seqs: Vec<u64> = missed.iter().map(|frame| frame.seq - start).collect();
        assert_eq!(seqs, (191..=200).collect::<Vec<_>>());
        assert!(frames.since(start + 200).unwrap().0.is_empty());
        assert!(frames.since(start + 10).is_none(), "too long ago");
        assert!(frames.since(start + 201).is_none(), "another run of the server");
    }
}
