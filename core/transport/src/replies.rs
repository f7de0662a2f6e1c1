//! Answers on their way back to the request that waits for them.
//!
//! A gateway says which command it waits for before it appends it, so that no answer can come
//! too early. In one process the runner delivers straight into the hub; across processes a
//! follower of the replies topic does.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use floodgate_domain::wire::encode_reply;
use floodgate_domain::{CommandId, GatewayId, Reply};
use floodgate_event_log::{Log, LogError, NewRecord, Offset, Partition, Topic};

use crate::follower::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, StartFrom,
    Unreadable,
};

/// Answers taken at once.
const READ_MAX: usize = 1024;
/// The longest a quiet reader waits before it checks whether to stop.
const QUIET: Duration = Duration::from_millis(100);

/// Takes replies off the hands of the runner. Must not block: the runner is serial.
pub trait ReplySender: Send + Sync + std::fmt::Debug + 'static {
    /// Delivers a batch; answers nobody waits for are dropped.
    fn send(&self, replies: Vec<Reply>);
}

/// Enough shards that sixty thousand answers a second do not meet on one lock.
const SHARDS: usize = 64;

type Waiters = HashMap<CommandId, Vec<oneshot::Sender<Result<Reply, LogError>>>>;

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
            let _ = waiter.send(Ok(reply.clone()));
        }
    }

    /// Lets everyone who waits know that the command did not get into the log, or may not have.
    pub fn fail(&self, command_id: CommandId, error: &LogError) {
        let waiters = self.shard(command_id).remove(&command_id);
        for waiter in waiters.into_iter().flatten() {
            let _ = waiter.send(Err(error.clone()));
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

/// Sends answers through the log to gateways in other processes, and those of the gateway in this
/// one straight into its hub.
#[derive(Debug)]
pub struct LogReplies {
    log: Arc<dyn Log>,
    own: Option<(GatewayId, ReplyHub)>,
}

impl LogReplies {
    #[must_use]
    pub fn new(log: Arc<dyn Log>, own: Option<(GatewayId, ReplyHub)>) -> Self {
        LogReplies { log, own }
    }
}

/// The partition of a gateway's answers.
fn partition_of_gateway(log: &dyn Log, gateway_id: GatewayId) -> Partition {
    gateway_id.0.saturating_sub(1) % log.partitions(Topic::Replies).max(1)
}

impl ReplySender for LogReplies {
    fn send(&self, replies: Vec<Reply>) {
        let mut pages: BTreeMap<GatewayId, Vec<u8>> = BTreeMap::new();
        for reply in &replies {
            match &self.own {
                Some((gateway_id, hub)) if *gateway_id == reply.reply_to => hub.deliver(reply),
                // Floodgate's own commands wait for facts, not for answers.
                _ if reply.reply_to == GatewayId::NOBODY => {}
                // All of one turn in one record: the log is paid by the record.
                _ => encode_reply(reply, pages.entry(reply.reply_to).or_default()),
            }
        }
        for (gateway_id, page) in pages {
            let partition = partition_of_gateway(&*self.log, gateway_id);
            let record = NewRecord::new(gateway_id.0.to_string(), page);
            // Not awaited: an answer that is lost is asked for again under the same key.
            drop(self.log.append(Topic::Replies, partition, vec![record]));
        }
    }
}

/// Follows a gateway's answers in the log into its hub. Starts at the end: nobody here waits for older
/// answers; after a failure it goes on where it was.
pub fn follow_replies(
    log: &Arc<dyn Log>,
    gateway_id: GatewayId,
    hub: ReplyHub,
) -> std::io::Result<Follower> {
    let config = FollowerConfig {
        name: "replies".to_owned(),
        log: Arc::clone(log),
        topic: Topic::Replies,
        partitions: Partitions::One(partition_of_gateway(&**log, gateway_id)),
        batch_max: READ_MAX,
        ready_behind: u64::MAX,
        gives_way: false,
        unreadable: Unreadable::Counted { role: "gateway" },
    };
    Follower::spawn(config, move || Inbox { gateway_id, hub })
}

/// Answers on their way into a hub.
#[derive(Debug)]
struct Inbox {
    gateway_id: GatewayId,
    hub: ReplyHub,
}

impl Handler for Inbox {
    type Item = Reply;

    fn resume_from(
        &mut self,
        _: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        Ok(reached.map_or(StartFrom::End, StartFrom::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, Reply>) -> Result<(), FollowError> {
        // Gateways beyond the number of partitions share one.
        let ours = batch.items.iter().filter(|reply| reply.reply_to == self.gateway_id);
        ours.for_each(|reply| self.hub.deliver(reply));
        Ok(())
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, rest: QUIET, patience: Duration::ZERO }
    }
}

/// One wait for one answer; an error says why none will come.
#[derive(Debug)]
pub struct ReplyWait {
    hub: ReplyHub,
    command_id: CommandId,
    receiver: oneshot::Receiver<Result<Reply, LogError>>,
}

impl Future for ReplyWait {
    type Output = Result<Reply, LogError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(LogError::Closed)))
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
