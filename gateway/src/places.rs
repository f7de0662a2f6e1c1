//! Blocks of queue places, reserved in the log, where they are counted once for all gateways.

use std::time::Duration;

use floodgate_admission::store::BoxFuture;
use floodgate_admission::{PlaceReserver, StoreError};
use floodgate_domain::{Answer, Command, EventId, Place, Refusal};
use floodgate_transport::CommandClient;

/// Longer than any healthy answer; a join then says that trying again is safe.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reserves places with a command of the engine.
#[derive(Debug)]
pub struct PlaceReservations {
    commands: CommandClient,
}

impl PlaceReservations {
    #[must_use]
    pub fn new(commands: CommandClient) -> Self {
        PlaceReservations { commands }
    }

    async fn ask(&self, event_id: EventId, count: u32) -> Result<Place, StoreError> {
        let unavailable = |reason: String| StoreError::Unavailable(reason);
        let command = Command::ReservePlaces { count };
        let reply = self.commands.ask_once(DEADLINE, event_id, command).await;
        match reply.map_err(|error| unavailable(error.to_string()))?.answer {
            Answer::PlacesReserved { first, .. } => Ok(first),
            Answer::Refused(Refusal::TooManyBuyers) => Err(StoreError::Full),
            Answer::Refused(refusal) => Err(unavailable(refusal.code().to_owned())),
            _ => Err(unavailable("an answer to something else".to_owned())),
        }
    }
}

impl PlaceReserver for PlaceReservations {
    fn reserve(&self, event_id: EventId, count: u32) -> BoxFuture<'_, Result<Place, StoreError>> {
        Box::pin(self.ask(event_id, count))
    }
}
