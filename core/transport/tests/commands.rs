//! The one way to send a command: where it goes, what comes back, and what is said when nothing does.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::decode_command;
use floodgate_domain::{
    Actor, Answer, Command, CommandId, Envelope, EventId, GatewayId, LogTime, Reply,
};
use floodgate_event_log::trace::TRACEPARENT;
use floodgate_event_log::{Log, LogError, Topic, TraceContext, partition_of};
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::{AskError, CommandClient, CommandSender, ReplyHub, ReplySender};

const PARTITIONS: u32 = 5;
const GATEWAY: GatewayId = GatewayId(3);
const LONG: Duration = Duration::from_secs(60);

struct World {
    log: MemoryLog,
    hub: ReplyHub,
    client: CommandClient,
}

impl World {
    fn new() -> Self {
        let (log, hub) = (MemoryLog::new(PARTITIONS), ReplyHub::new());
        let client = CommandClient::new(Arc::new(log.clone()), hub.clone(), GATEWAY);
        World { log, hub, client }
    }

    /// Everything in the log, with its partition.
    fn sent(&self) -> Vec<(u32, Envelope)> {
        let all = (0..PARTITIONS).flat_map(|partition| {
            let records = self.log.records(Topic::Commands, partition);
            records
                .into_iter()
                .map(move |record| (partition, decode_command(&record.value).unwrap()))
        });
        all.collect()
    }

    /// Answers everything that is in the log.
    fn answer(&self) {
        let reply = |(_, envelope): (u32, Envelope)| Reply {
            command_id: envelope.command_id,
            event_id: envelope.event_id,
            reply_to: envelope.reply_to,
            offset: 0,
            at: LogTime(0),
            repeated: false,
            answer: Answer::Done,
        };
        self.hub.send(self.sent().into_iter().map(reply).collect());
    }
}

fn mark(event: u64) -> Envelope {
    Envelope::system(CommandId(u128::from(event)), EventId(event), Command::MarkTime)
}

#[tokio::test]
async fn a_question_goes_to_the_partition_of_its_event_and_its_answer_comes_back() {
    let world = World::new();
    for event in 1..20 {
        let asking = world.client.ask(mark(event));
        tokio::pin!(asking);
        assert!(polled_once(&mut asking).is_none(), "nobody has answered");
        world.answer();
        let reply = asking.await.unwrap();
        assert_eq!((reply.event_id, reply.reply_to), (EventId(event), GATEWAY));
    }
    for (partition, envelope) in world.sent() {
        let key = envelope.event_id.to_string();
        assert_eq!(partition, partition_of(key.as_bytes(), PARTITIONS));
        assert_eq!((envelope.actor, envelope.reply_to), (Actor::System, GATEWAY));
    }
    assert_eq!(world.client.waiting_count(), 0);
}

/// Polls once.
fn polled_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn who_gets_no_answer_hears_why() {
    let world = World::new();
    let (event, command) = (EventId(1), Command::ReadStatus);
    let late = world.client.ask_once(LONG, event, command.clone()).await;
    assert!(matches!(late, Err(AskError::Late)), "{late:?}");
    world.log.next_fate(Topic::Commands, Fate::Refused);
    let refused = world.client.ask_once(LONG, event, command.clone()).await;
    assert!(matches!(refused, Err(AskError::Log(LogError::DiskFull))), "{refused:?}");
    world.log.cut();
    let cut = world.client.ask_once(LONG, event, command).await;
    assert!(matches!(cut, Err(AskError::Log(LogError::Backend(_)))), "{cut:?}");
    assert_eq!(world.client.waiting_count(), 0);
    let ids: Vec<_> = world.sent().into_iter().map(|(_, envelope)| envelope.command_id).collect();
    assert_eq!(ids.len(), 1, "what was refused is not in the log");
    assert_ne!(ids[0], CommandId::NONE, "a question has an id of its own");
}

#[tokio::test]
async fn a_traced_question_takes_its_context_along() {
    let world = World::new();
    let span = TraceContext { trace_id: 5, span_id: 9 };
    let (durable, answer) = world.client.begin_traced(mark(1), span);
    durable.await.unwrap();
    world.answer();
    answer.await.unwrap();
    let partition = world.sent()[0].0;
    let record = &world.log.records(Topic::Commands, partition)[0];
    assert_eq!(record.headers[0].0, TRACEPARENT);
    assert_eq!(TraceContext::of(record), Some(span));
}

#[test]
fn many_go_together_in_order_and_nobody_waits_for_them() {
    let world = World::new();
    let log: Arc<dyn Log> = Arc::new(world.log.clone());
    let sender = CommandSender::new(log);
    let marks: Vec<_> = (1..=4).map(mark).collect();
    sender.send_all(2, &marks).wait().unwrap();
    world.log.next_fate(Topic::Commands, Fate::Refused);
    assert!(sender.send_all(2, &marks).wait().is_err());
    sender.send(&mark(9)).wait().unwrap();
    let together: Vec<u64> = world
        .log
        .records(Topic::Commands, 2)
        .iter()
        .map(|record| decode_command(&record.value).unwrap().event_id.0)
        .filter(|event| *event != 9)
        .collect();
    assert_eq!(together, [1, 2, 3, 4], "all or none");
    assert!(world.sent().iter().all(|(_, envelope)| envelope.reply_to == GatewayId::NOBODY));
    assert_eq!(world.sent().len(), 5);
}
