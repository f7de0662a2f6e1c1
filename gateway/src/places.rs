//! Blocks of queue places, reserved where they are counted once for all: in the log.

use std::time::Duration;

use floodgate_admission::store::Later;
use floodgate_admission::{PlaceReserver, StoreError};
use floodgate_domain::wire::encode_command;
use floodgate_domain::{
    Actor, Answer, Command, CommandId, Envelope, EventId, GatewayId, Place, Refusal,
};
use floodgate_event_log::{Log, NewRecord, ReplyHub, Topic, partition_of};
use std::sync::Arc;

/// Longer than any healthy answer; a join then says that trying again is safe.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reserves places with a command of the engine.
#[derive(Debug)]
pub struct LogPlaces {
    log: Arc<dyn Log>,
    replies: ReplyHub,
    gateway_id: GatewayId,
}

impl LogPlaces {
    #[must_use]
    pub fn new(log: Arc<dyn Log>, replies: ReplyHub, gateway_id: GatewayId) -> Self {
        LogPlaces { log, replies, gateway_id }
    }

    async fn ask(&self, event_id: EventId, count: u32) -> Result<Place, StoreError> {
        let command_id = CommandId(rand_id());
        let envelope = Envelope {
            command_id,
            fingerprint: 0,
            event_id,
            actor: Actor::System,
            reply_to: self.gateway_id,
            command: Command::ReservePlaces { count },
        };
        let wait = self.replies.expect(command_id);
        let mut value = Vec::new();
        encode_command(&envelope, &mut value);
        let key = event_id.to_string();
        let partition = partition_of(key.as_bytes(), self.log.partitions(Topic::Commands));
        let unavailable =
            |reason: &dyn std::fmt::Display| StoreError::Unavailable(reason.to_string());
        self.log
            .append(Topic::Commands, partition, vec![NewRecord::new(key, value)])
            .await
            .map_err(|error| unavailable(&error))?;
        let reply = tokio::time::timeout(DEADLINE, wait).await.ok().and_then(Result::ok);
        match reply.map(|reply| reply.answer) {
            Some(Answer::PlacesReserved { first, .. }) => Ok(first),
            Some(Answer::Refused(Refusal::TooManyBuyers)) => Err(StoreError::Full),
            Some(Answer::Refused(refusal)) => Err(unavailable(&refusal.code())),
            _ => Err(unavailable(&"no answer in time")),
        }
    }
}

impl PlaceReserver for LogPlaces {
    fn reserve(&self, event_id: EventId, count: u32) -> Later<'_, Result<Place, StoreError>> {
        Box::pin(self.ask(event_id, count))
    }
}

fn rand_id() -> u128 {
    let high = floodgate_admission::WaitingRoom::fresh_device().buyer.0;
    let low = floodgate_admission::WaitingRoom::fresh_device().buyer.0;
    u128::from(high) << 64 | u128::from(low)
}
