//! Answers come back through a log that fails for a while: none is lost, none is delivered twice.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use floodgate_domain::{Answer, CommandId, EventId, GatewayId, LogTime, Reply};
use floodgate_event_log::Log;
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{LogReplies, ReplyHub, ReplySender, Service, follow_replies};

const GATEWAY: GatewayId = GatewayId(1);

fn reply(number: u128, reply_to: GatewayId) -> Reply {
    Reply {
        command_id: CommandId(number),
        event_id: EventId(1),
        reply_to,
        offset: 0,
        at: LogTime(0),
        repeated: false,
        answer: Answer::Done,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_after_a_cut_arrive() {
    let memory = MemoryLog::new(2);
    let log: Arc<dyn Log> = Arc::new(memory.clone());
    let (hub, processor) = (ReplyHub::new(), LogReplies::new(Arc::clone(&log), None));
    let replies = Arc::new(follow_replies(&log, GATEWAY, hub.clone()).unwrap());
    let theirs = Arc::clone(&replies);
    let waits: Vec<_> = (1..=3).map(|number| hub.expect(CommandId(number))).collect();
    let cutting = tokio::task::spawn_blocking(move || {
        cut::until("replies are followed", || theirs.health().is_ready());
        // To a gateway that shares the partition, and to nobody.
        processor.send(vec![reply(1, GATEWAY), reply(2, GatewayId(3)), reply(9, GATEWAY)]);
        cut::comes_back(&memory, &*theirs, || {
            // Before it follows again: it goes on where it was.
            processor.send(vec![reply(2, GATEWAY)]);
        });
        processor.send(vec![reply(3, GATEWAY)]);
    });
    for (number, wait) in (1..).zip(waits) {
        let answer = wait.await.unwrap();
        assert_eq!((answer.command_id, answer.reply_to), (CommandId(number), GATEWAY));
    }
    cutting.await.unwrap();
    assert_eq!(hub.waiting_count(), 0);
    tokio::task::spawn_blocking(move || {
        replies.stop();
        replies.join().unwrap();
    })
    .await
    .unwrap();
}

#[test]
fn a_log_that_stays_away_ends_the_process() {
    let memory = MemoryLog::new(1);
    let log: Arc<dyn Log> = Arc::new(memory.clone());
    let replies = follow_replies(&log, GATEWAY, ReplyHub::new()).unwrap();
    cut::gives_up(&memory, Arc::new(replies));
}
