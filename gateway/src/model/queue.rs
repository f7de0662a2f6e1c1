//! The queue and a place in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_admission::QueueView;
use floodgate_domain::{LogTime, Place, Reply};

use super::answer::LogPosition;
use crate::time;
use crate::views::EventView;

/// How often to poll.
const POLL_MS: u64 = 2_000;

/// The public state of a queue; every place with a rank below `frontier` may enter. A place's rank
/// is the place itself, unless a draw has given the line another order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Queue {
    pub(crate) event_id: String,
    pub(crate) phase: &'static str,
    pub(crate) frontier: u64,
    /// People in the line who have not been called, as far as this gateway knows: how many are
    /// ahead of whoever joins now.
    pub(crate) people_waiting: u64,
    pub(crate) pace_per_minute: u32,
    pub(crate) shoppers: u32,
    pub(crate) shoppers_max: u32,
    /// How much work the door asks for; 0 is none. See `getChallenge`.
    pub(crate) puzzle_level: u8,
    /// From the organiser.
    pub(crate) message: String,
    pub(crate) free: u32,
    pub(crate) as_of_at: String,
    /// When to poll again, if not listening to the stream.
    pub(crate) next_poll_ms: u64,
}

impl Queue {
    /// As the view and the waiting room are now; nobody is called before an event has its waiting room.
    pub(crate) fn of(view: &EventView, room: Option<QueueView>) -> Self {
        let as_of = room.as_ref().map_or_else(time::now, |room| room.as_of);
        Queue {
            event_id: view.id.to_string(),
            phase: view.phase_text(),
            frontier: room.as_ref().map_or(0, |room| room.frontier.0),
            people_waiting: room.as_ref().map_or(0, QueueView::people_waiting),
            pace_per_minute: room.as_ref().map_or(0, |room| room.pace_per_minute),
            shoppers: view.shoppers,
            shoppers_max: view.policy.shoppers_max,
            puzzle_level: room.as_ref().map_or(0, |room| room.puzzle_level),
            message: room.map(|room| room.message).unwrap_or_default(),
            free: view.counts.free,
            as_of_at: time::text(as_of),
            next_poll_ms: POLL_MS,
        }
    }
}

/// What a join carries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Join {
    /// From `getChallenge`, when the door asks for one.
    pub(crate) challenge: Option<String>,
    /// The solution.
    pub(crate) solution: Option<String>,
}

/// A place in the queue and what proves it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JoinAnswer {
    pub(crate) event_id: String,
    pub(crate) place: u64,
    /// Send as Floodgate-Device from now on; browsers have it as a cookie.
    pub(crate) device: String,
    /// Send as Floodgate-Queue-Ticket; browsers have it as a cookie.
    pub(crate) queue_ticket: String,
    pub(crate) queue: Queue,
}

/// The proof of a shopper.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EnterAnswer {
    /// Send as Floodgate-Pass; browsers have it as a cookie.
    pub(crate) pass: String,
    pub(crate) place: u64,
    pub(crate) expires_at: String,
    pub(crate) as_of: LogPosition,
}

impl EnterAnswer {
    pub(crate) fn of(pass: String, place: Place, until: LogTime, reply: &Reply) -> Self {
        EnterAnswer { pass, place: place.0, expires_at: time::text(until), as_of: reply.into() }
    }
}
