//! The waiting room as a service: join, look, check whether it is a visitor's turn.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use floodgate_domain::{BuyerId, DialChange, EventId, Frontier, LogTime, Place};

use crate::keys::Keys;
use crate::neighbours::Neighbours;
use crate::pace::{Pace, PaceSettings, ShopView};
use crate::presence::Presence;
use crate::puzzle::{Proof, PuzzleError, wait_ms};
use crate::spent::{PROOFS_MAX, SpentProofs};
use crate::store::{AdmissionStore, StoreError, Wanted};
use crate::token::{Device, QueueTicket};

/// What a room begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomSettings {
    pub pace: PaceSettings,
    /// How much work the door asks for: 0, none, to [`crate::puzzle::LEVEL_MAX`].
    pub puzzle_level: u8,
    /// Challenges a minute one neighbourhood gets at that level; more of them are harder.
    pub puzzle_neighbours: u32,
    /// Entries a minute of one neighbourhood while others wait; 0 is no limit.
    pub entries_per_network: u32,
}

/// Why the room says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    #[error("this event does not exist")]
    UnknownEvent,
    #[error("it is not this place's turn yet")]
    NotYourTurn { ahead: u64, retry_after_ms: u64 },
    /// It was called, did not come within the grace time, and others are waiting.
    #[error("the turn of this place is over")]
    TurnLapsed,
    #[error("many of this network have just entered, and others are waiting")]
    NetworkEntered { retry_after_ms: u64 },
    #[error("too many in this network wait at the door already")]
    NetworkWaits { retry_after_ms: u64 },
    #[error(transparent)]
    Puzzle(#[from] PuzzleError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RoomError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ProofSpent => RoomError::Puzzle(PuzzleError::Spent),
            error => RoomError::Store(error),
        }
    }
}

/// Somebody who joins.
#[derive(Debug, Clone, Copy)]
pub struct Joining {
    pub device: Device,
    /// A ticket they already have: it stays good, whatever the store remembers.
    pub held: Option<QueueTicket>,
    /// A place they have been in the shop with: it is not given again.
    pub spent: Option<Place>,
    /// What they passed the door with, where it asks for something.
    pub proof: Option<Proof>,
}

/// What joining gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub place: Place,
    /// The signed queue ticket.
    pub ticket: String,
}

/// The public state of a queue: the same for everybody, so it can be cached and pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    pub frontier: Frontier,
    pub pace_per_minute: u32,
    pub puzzle_level: u8,
    pub message: String,
    /// One more than the last place this gateway gave out or saw; 0 when it knows of none.
    pub given_beyond: u64,
    pub shop: ShopView,
    pub as_of: LogTime,
}

impl QueueView {
    /// People who have a place and were not called. A gateway that gave out none since it started
    /// takes all places that were reserved, which is more than there are.
    #[must_use]
    pub fn people_waiting(&self) -> u64 {
        let given =
            if self.given_beyond == 0 { self.shop.places_reserved } else { self.given_beyond };
        self.frontier.not_called(given)
    }
}

#[derive(Debug)]
struct Room {
    pace: Pace,
    settings: RoomSettings,
    /// The dials as far as they were turned; the others stand where the settings have them.
    turned: DialChange,
    shop: ShopView,
    as_of: LogTime,
    /// One more than the last place this gateway gave out or saw; 0 when it knows of none.
    // Relaxed everywhere: a mere maximum, no other memory depends on it.
    given_beyond: AtomicU64,
    /// The same of all gateways, as of the last agreement or place; 0 while the store cannot know.
    agreed_beyond: AtomicU64,
}

impl Room {
    /// Places that are given out, so that there is somebody to call. Where the store does not know,
    /// all that were reserved: some of them may be in tickets from before a restart.
    fn places_given(&self, shop: &ShopView) -> u64 {
        match self.agreed_beyond.load(Ordering::Relaxed) {
            0 => shop.places_reserved,
            agreed => {
                let seen = self.given_beyond.load(Ordering::Relaxed);
                agreed.max(seen).min(shop.places_reserved)
            }
        }
    }

    fn per_minute(&self) -> u32 {
        self.turned.pace_per_minute.unwrap_or(self.settings.pace.per_minute)
    }

    fn pace_settings(&self) -> PaceSettings {
        PaceSettings { per_minute: self.per_minute(), ..self.settings.pace }
    }

    fn puzzle_level(&self) -> u8 {
        self.turned.puzzle_level.unwrap_or(self.settings.puzzle_level)
    }
}

/// All rooms of this process. Rooms are as many as events: the log bounds those.
#[derive(Debug)]
pub struct WaitingRoom {
    keys: Keys,
    store: Arc<dyn AdmissionStore>,
    // Read when a room opens; replaced by a reload.
    settings: RwLock<RoomSettings>,
    proofs: SpentProofs,
    neighbours: Neighbours,
    presence: Presence,
    // Read by every request, written ten times a second: a read-write lock, never awaited in.
    rooms: RwLock<HashMap<EventId, Room>>,
}

impl WaitingRoom {
    #[must_use]
    pub fn new(keys: Keys, store: Arc<dyn AdmissionStore>, settings: RoomSettings) -> Self {
        WaitingRoom {
            keys,
            store,
            settings: RwLock::new(settings),
            proofs: SpentProofs::new(PROOFS_MAX),
            neighbours: Neighbours::new(),
            presence: Presence::new(),
            rooms: RwLock::default(),
        }
    }

    /// The keys that sign tickets and passes.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Gives a device its place and the ticket that proves it.
    pub async fn join(
        &self,
        event_id: EventId,
        joining: Joining,
        now: LogTime,
    ) -> Result<Joined, RoomError> {
        let Joining { device, held, .. } = joining;
        let place = match held {
            Some(ticket) => ticket.place,
            None => self.place(event_id, joining, now).await?,
        };
        self.note_place(event_id, place);
        let joined_at = held.map_or(now, |ticket| ticket.joined_at);
        let ticket = QueueTicket { event_id, buyer: device.buyer, place, joined_at };
        Ok(Joined { place, ticket: ticket.seal(&self.keys) })
    }

    /// The places these buyers have, as far as the store remembers.
    pub async fn places_of(
        &self,
        event_id: EventId,
        buyers: &[BuyerId],
    ) -> Result<Vec<(BuyerId, Place)>, RoomError> {
        Ok(self.store.places_of(event_id, buyers).await?)
    }

    /// The place of somebody who has no ticket: the one their proof has given, else the store's.
    async fn place(
        &self,
        event_id: EventId,
        joining: Joining,
        now: LogTime,
    ) -> Result<Place, RoomError> {
        let Joining { device: Device { buyer }, spent, proof, .. } = joining;
        match proof.and_then(|proof| self.proofs.place(proof.id)) {
            Some(place) if Some(place) == spent => return Err(PuzzleError::Spent.into()),
            Some(place) => return Ok(place),
            None => {}
        }
        let not_below = self.frontier(event_id);
        let place = self.store.join(event_id, Wanted { buyer, spent, proof, not_below }).await?;
        self.note_given(event_id);
        if let Some(proof) = proof {
            self.proofs.spend(proof.id, place, now);
        }
        Ok(place)
    }

    /// When somebody at this address has waited for what the door asks for at a level, behind the
    /// others of their neighbourhood.
    pub fn wait_at_door(
        &self,
        address: IpAddr,
        level: u8,
        now: LogTime,
    ) -> Result<LogTime, RoomError> {
        let ends = self.neighbours.wait(address, now, wait_ms(level));
        ends.map_err(|retry_after_ms| RoomError::NetworkWaits { retry_after_ms })
    }

    fn frontier(&self, event_id: EventId) -> Frontier {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&event_id).map_or(Frontier(0), |room| room.pace.frontier())
    }

    /// How much work an event's door asks for; 0 is none.
    #[must_use]
    pub fn puzzle_level(&self, event_id: EventId) -> u8 {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&event_id).map_or(0, Room::puzzle_level)
    }

    /// How hard the challenge of a visitor from this address is: the door's level, and more where
    /// their neighbourhood asks for many; 0 where nothing is asked for.
    #[must_use]
    pub fn challenge_level(&self, event_id: EventId, address: IpAddr, now: LogTime) -> u8 {
        let level = self.puzzle_level(event_id);
        if level == 0 {
            return 0;
        }
        let settings = *self.settings.read().unwrap_or_else(PoisonError::into_inner);
        let free = settings.puzzle_neighbours;
        level + self.neighbours.note(address, now, free)
    }

    /// At once, so that the line does not run over the rest of a block that was just reserved.
    fn note_given(&self, event_id: EventId) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(&event_id) {
            room.agreed_beyond.fetch_max(self.store.given_beyond(event_id), Ordering::Relaxed);
        }
    }

    fn note_place(&self, event_id: EventId, place: Place) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(&event_id) {
            room.given_beyond.fetch_max(place.0 + 1, Ordering::Relaxed);
        }
    }

    /// Whether a place may enter now. One that asks is there, and keeps its turn.
    pub fn check_turn(
        &self,
        event_id: EventId,
        place: Place,
        now: LogTime,
    ) -> Result<(), RoomError> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&event_id).ok_or(RoomError::UnknownEvent)?;
        let (rank, frontier) = (room.shop.order.rank(place), room.pace.frontier());
        if !frontier.has_called(rank) {
            let ahead = frontier.ahead_of(rank);
            let per_minute = u64::from(room.per_minute()).max(1);
            // Asking again before half of the expected wait is over is of no use.
            let retry_after_ms = (ahead * 60_000 / per_minute / 2).clamp(500, 30_000);
            return Err(RoomError::NotYourTurn { ahead, retry_after_ms });
        }
        if self.is_over(event_id, room, place, now) {
            return Err(RoomError::TurnLapsed);
        }
        self.presence.note(event_id, place, now);
        Ok(())
    }

    /// Whether somebody at this address may enter as far as their neighbourhood goes: while others
    /// wait, one network gets only so many entries a minute. This machine itself is no network: a
    /// proxy on it that does not say who is behind would make one of everybody.
    pub fn check_network(
        &self,
        event_id: EventId,
        address: IpAddr,
        now: LogTime,
    ) -> Result<(), RoomError> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&event_id).ok_or(RoomError::UnknownEvent)?;
        let others_wait = room.pace.frontier().not_called(room.places_given(&room.shop)) > 0;
        let most = room.settings.entries_per_network;
        let is_counted = most > 0 && others_wait && !address.to_canonical().is_loopback();
        if is_counted && self.neighbours.have_entered(address, now, most) {
            return Err(RoomError::NetworkEntered { retry_after_ms: 5_000 });
        }
        Ok(())
    }

    /// Somebody at this address has entered.
    pub fn note_entry(&self, address: IpAddr, now: LogTime) {
        self.neighbours.note_entry(address, now);
    }

    /// Whether a place was called, did not come within the grace time, and others are waiting: it
    /// rejoins behind those who are there. What this gateway has not seen called is not over.
    #[must_use]
    pub fn has_lapsed(&self, event_id: EventId, place: Place, now: LogTime) -> bool {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&event_id).is_some_and(|room| self.is_over(event_id, room, place, now))
    }

    fn is_over(&self, event_id: EventId, room: &Room, place: Place, now: LogTime) -> bool {
        let others_wait = room.pace.frontier().not_called(room.places_given(&room.shop)) > 0;
        let grace_ms = room.settings.pace.grace_ms;
        others_wait
            && room.pace.lapsed_below().has_called(room.shop.order.rank(place))
            && !self.presence.is_there(event_id, place, now, grace_ms)
    }

    /// The public state of a queue.
    #[must_use]
    pub fn view(&self, event_id: EventId) -> Option<QueueView> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&event_id).map(|room| QueueView {
            frontier: room.pace.frontier(),
            pace_per_minute: room.per_minute(),
            puzzle_level: room.puzzle_level(),
            message: room.turned.message.clone().unwrap_or_default(),
            given_beyond: room.given_beyond.load(Ordering::Relaxed),
            shop: room.shop,
            as_of: room.as_of,
        })
    }

    /// Where the dials that act in a waiting room stand.
    #[must_use]
    pub fn dials(&self, event_id: EventId) -> Option<DialChange> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&event_id)?;
        Some(DialChange {
            pace_per_minute: Some(room.per_minute()),
            puzzle_level: Some(room.puzzle_level()),
            message: Some(room.turned.message.clone().unwrap_or_default()),
            ..DialChange::default()
        })
    }

    /// Follows an event's dials to where they have been turned.
    pub fn follow_dials(&self, event_id: EventId, turned: DialChange) -> Result<(), RoomError> {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get_mut(&event_id).ok_or(RoomError::UnknownEvent)?;
        room.turned = turned;
        Ok(())
    }

    /// Whether an event has its room already.
    #[must_use]
    pub fn is_open(&self, event_id: EventId) -> bool {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).contains_key(&event_id)
    }

    /// Changes the settings of rooms to come and of those that are open; what was turned by hand
    /// stays where it was turned.
    pub fn follow_settings(&self, settings: RoomSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        for room in rooms.values_mut() {
            room.settings = settings;
        }
    }

    /// Lets time pass for one event, given the shop as folded from the facts; makes its room
    /// if there is none.
    pub fn advance(&self, event_id: EventId, now: LogTime, shop: ShopView) {
        let settings = *self.settings.read().unwrap_or_else(PoisonError::into_inner);
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(event_id).or_insert_with(|| Room {
            pace: Pace::starting_at(shop.entered_beyond),
            settings,
            turned: DialChange::default(),
            shop,
            as_of: now,
            given_beyond: AtomicU64::new(0),
            agreed_beyond: AtomicU64::new(0),
        });
        let pace = room.pace_settings();
        let given = room.places_given(&shop);
        let reached = room.pace.advance(now.0, pace, &ShopView { places_reserved: given, ..shop });
        let beyond = self.store.pass_over(event_id, reached, given);
        room.pace.pass_over(beyond);
        room.shop = shop;
        room.as_of = now;
    }

    /// Makes one frontier of all gateways' frontiers. Without an answer each goes on with its own,
    /// which the same rules move at the same pace.
    pub async fn agree(&self, event_id: EventId) -> Result<(), RoomError> {
        let Some(mine) = self.view(event_id).map(|view| view.frontier) else { return Ok(()) };
        let all = self.store.agree(event_id, mine).await?;
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get_mut(&event_id) {
            room.pace.follow(all.frontier);
            // Less than before where the store has forgotten: then it cannot know.
            room.agreed_beyond.store(all.given_beyond, Ordering::Relaxed);
        }
        Ok(())
    }

    /// A buyer id for a new device, from good randomness.
    #[must_use]
    pub fn fresh_device() -> Device {
        // Zero means nobody.
        Device { buyer: BuyerId(rand::random::<u64>().max(1)) }
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod order_tests;
