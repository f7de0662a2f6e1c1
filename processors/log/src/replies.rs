//! Answers on their way back to the request that waits for them.
//!
//! A gateway says which command it waits for before it appends it, so that no answer can be
//! too fast. In one process the runner delivers straight into the hub; across processes a
//! reader of the replies topic does.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use floodgate_onsale::{CommandId, Reply};

/// Takes replies off the hands of the runner. Must not block: the runner is serial.
pub trait ReplySender: Send + Sync + std::fmt::Debug + 'static {
    /// Delivers a batch; who waits for none of them is not told.
    fn send(&self, replies: Vec<Reply>);
}

/// Enough shards that sixty thousand answers a second do not meet on one lock.
const SHARDS: usize = 64;

type Waiters = HashMap<CommandId, Vec<oneshot::Sender<Reply>>>;

/// Everyone who waits for an answer, by command id. Cheap to clone.
///
/// Bounded by the number of requests in flight: each entry belongs to a [`ReplyWait`] and goes
/// when that is dropped, hang-ups included.
#[derive(Debug, Clone)]
pub struct ReplyHub {
    shards: Arc<[Mutex<Waiters>; SHARDS]>,
}

impl ReplyHub {
    #[must_use]
    pub fn new() -> Self {
        ReplyHub { shards: Arc::new(std::array::from_fn(|_| Mutex::new(HashMap::new()))) }
    }

    // A plain mutex: the critical section is one map operation and never awaits.
    fn shard(&self, command_id: CommandId) -> std::sync::MutexGuard<'_, Waiters> {
        let at = (command_id.0 >> 64) as usize % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the answer to `command_id`. Call it before the command is appended.
    #[must_use]
    pub fn expect(&self, command_id: CommandId) -> ReplyWait {
        let (sender, receiver) = oneshot::channel();
        self.shard(command_id).entry(command_id).or_default().push(sender);
        ReplyWait { hub: self.clone(), command_id, receiver }
    }

    /// Hands a reply to everyone who waits for it.
    pub fn deliver(&self, reply: &Reply) {
        let waiters = self.shard(reply.command_id).remove(&reply.command_id);
        for waiter in waiters.into_iter().flatten() {
            // A waiter that hung up meanwhile needs no answer.
            let _ = waiter.send(reply.clone());
        }
    }

    /// Requests that wait now.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

impl Default for ReplyHub {
    fn default() -> Self {
        ReplyHub::new()
    }
}

impl ReplySender for ReplyHub {
    fn send(&self, replies: Vec<Reply>) {
        for reply in &replies {
            self.deliver(reply);
        }
    }
}

/// One wait for one answer; resolves to `None` only if the hub is gone.
#[derive(Debug)]
pub struct ReplyWait {
    hub: ReplyHub,
    command_id: CommandId,
    receiver: oneshot::Receiver<Reply>,
}

impl Future for ReplyWait {
    type Output = Option<Reply>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver).poll(context).map(Result::ok)
    }
}

impl Drop for ReplyWait {
    fn drop(&mut self) {
        self.receiver.close();
        let mut shard = self.hub.shard(self.command_id);
        if let Some(waiters) = shard.get_mut(&self.command_id) {
            waiters.retain(|waiter| !waiter.is_closed());
            if waiters.is_empty() {
                shard.remove(&self.command_id);
            }
        }
    }
}
