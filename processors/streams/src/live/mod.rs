//! What advertisers may buy of a sale while it runs: how many wait and shop, to the minute, and how
//! fast orders come. Only with noise, and only where there are enough people.
//!
//! A minute, or a step of ten, is over with the first fact behind it, in whichever event of the
//! partition; what is said of it is as of its last instant. Its noise follows from a key of the
//! installation and the product's id, so a restart, a replay and a second process say the same, and
//! averaging them says nothing. Start reading at `room`.

mod room;

use std::collections::BTreeMap;
use std::sync::Arc;

use floodgate_domain::release::LIVE_EPSILON_MICROS;
use floodgate_domain::{EventId, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{Log, LogError, NewRecord, Offset, Partition, Topic};
use floodgate_privacy::{SEED_BYTES, Scale, noise};
use floodgate_transport::{Batch, FollowError, Tick};

use crate::last_published::{LastPublished, last_record};
use crate::public::{Attributes, LiveBody, LiveKind, partition_key, time_text};
use crate::publisher::FactPublication;

use room::Room;

/// How long a snapshot holds.
const MINUTE_MS: u64 = 60_000;
/// Nothing smaller is said, as of cohorts.
const THRESHOLD: u64 = 100;
/// Minutes that are made up for after a gap: visits end within an hour, and where no fact came for so
/// long nobody is there.
const MINUTES_MAX: u64 = 60;

/// Draws the noise of an installation.
#[derive(Clone, Copy)]
pub struct NoiseKey(pub [u8; SEED_BYTES]);

// It stays out of log lines.
impl std::fmt::Debug for NoiseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoiseKey")
    }
}

impl NoiseKey {
    /// A count of people as it is published. One person changes it by one.
    #[must_use]
    pub fn noisy(&self, count: u64, product_id: &str, number: &str) -> u64 {
        let cell = format!("live {product_id} {number}");
        let noise = noise(&self.0, cell.as_bytes(), scale());
        count.saturating_add_signed(noise)
    }
}

fn scale() -> Scale {
    Scale::of(1, LIVE_EPSILON_MICROS).expect("neither is zero")
}

/// What is published of one partition, and what is kept in mind for it.
pub(crate) struct Live {
    log: Arc<dyn Log>,
    partition: Partition,
    key: NoiseKey,
    rooms: BTreeMap<EventId, Room>,
    /// The minute that runs; zero before the first fact.
    minute: u64,
    published: Option<LastPublished>,
    /// Records of minutes that are over; of one batch of facts.
    owed: Vec<NewRecord>,
}

impl FactPublication for Live {
    const NAME: &'static str = "live";
    const BATCH_MAX: usize = 8192;
    type Options = NoiseKey;

    fn begin(log: Arc<dyn Log>, partition: Partition, key: NoiseKey) -> Result<Self, LogError> {
        let last = last_record(&*log, Topic::Live, partition)?;
        Ok(Live {
            log,
            partition,
            key,
            rooms: BTreeMap::new(),
            minute: 0,
            published: last.map(|(published, _)| published),
            owed: Vec::new(),
        })
    }

    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let mut facts = batch.items.iter().zip(batch.offsets);
        facts.try_for_each(|(fact, offset)| self.take_one(fact, *offset))
    }

    fn tick(&mut self, _: Tick) -> Result<(), FollowError> {
        if self.owed.is_empty() {
            return Ok(());
        }
        // One append, all or nothing: the tail then says the whole truth after a restart.
        self.log.append(Topic::Live, self.partition, self.owed.clone()).wait()?;
        self.owed.clear();
        Ok(())
    }

    fn published(&self) -> impl Iterator<Item = &LastPublished> {
        self.published.iter()
    }

    fn is_settled(&self) -> bool {
        self.published.is_none() && self.owed.is_empty()
    }

    fn can_go_on(error: &FollowError) -> bool {
        matches!(error, FollowError::Log(error) if error.nothing_written())
    }
}

impl Live {
    fn take_one(&mut self, fact: &FactRecord, offset: Offset) -> Result<(), FollowError> {
        let is_silent = match &mut self.published {
            Some(published) => published.covers(fact, offset)?,
            None => false,
        };
        let minute = fact.at.0 / MINUTE_MS;
        if minute > self.minute {
            self.close(minute, (fact.position, fact.at), is_silent);
            self.minute = minute;
        }
        if self.published.as_ref().is_some_and(LastPublished::is_met) {
            self.published = None;
        }
        let effects = fact.fact.effects();
        if effects.created.is_some() {
            self.rooms.insert(fact.event_id, Room::default());
        }
        if let Some(room) = self.rooms.get_mut(&fact.event_id) {
            room.follow(&effects, fact.at);
        }
        Ok(())
    }

    /// Says what there is to say of the minutes before this one.
    fn close(&mut self, minute: u64, as_of: (FactPosition, LogTime), is_silent: bool) {
        let first = self.minute.max(minute.saturating_sub(MINUTES_MAX));
        let (key, mut bodies) = (self.key, Vec::new());
        for (event_id, room) in &mut self.rooms {
            if self.minute > 0 {
                let minutes = first..minute;
                bodies.extend(minutes.filter_map(|of| concurrency(key, *event_id, room, of)));
            }
            let until = LogTime(minute * MINUTE_MS);
            while let Some(step) = room.next_step(until) {
                bodies.extend(velocity(key, *event_id, room, step));
            }
        }
        if !is_silent {
            let records = bodies.iter().map(|body| record(body, self.partition, as_of));
            self.owed.extend(records);
        }
    }
}

/// A record of a product, before its numbers.
fn blank(kind: LiveKind, event_id: EventId, room: &Room, from: LogTime, ms: u64) -> LiveBody {
    LiveBody {
        product_id: format!("{event_id}/{}/{}", kind.code(), time_text(from)),
        kind,
        event_id: event_id.to_string(),
        artist: Some(room.artist.clone()).filter(|artist| !artist.is_empty()),
        from: time_text(from),
        until: time_text(from.plus(ms)),
        waiting: None,
        shopping: None,
        index: None,
        margin: scale().margin_95(),
        threshold: THRESHOLD,
        epsilon_micros: LIVE_EPSILON_MICROS,
    }
}

/// Who was there at the end of a minute; nothing where there were too few of both.
fn concurrency(key: NoiseKey, event_id: EventId, room: &Room, minute: u64) -> Option<LiveBody> {
    let from = LogTime(minute * MINUTE_MS);
    let mut body = blank(LiveKind::Concurrency, event_id, room, from, MINUTE_MS);
    let said = |count, number| {
        Some(key.noisy(count, &body.product_id, number)).filter(|count| *count >= THRESHOLD)
    };
    (body.waiting, body.shopping) =
        (said(room.waiting(), "waiting"), said(room.shopping, "shopping"));
    (body.waiting.is_some() || body.shopping.is_some()).then_some(body)
}

/// How fast orders came in a step, 100 being the first; nothing where there were too few in that.
fn velocity(key: NoiseKey, event_id: EventId, room: &Room, step: room::Step) -> Option<LiveBody> {
    let of = |step: &room::Step| {
        let body = blank(LiveKind::Velocity, event_id, room, step.from, room::STEP_MS);
        let orders = key.noisy(step.orders, &body.product_id, "orders");
        (body, orders)
    };
    let (_, base) = of(&room.first_step?);
    let (mut body, orders) = of(&step);
    if base < THRESHOLD {
        return None;
    }
    body.index = Some(orders.saturating_mul(100).saturating_add(base / 2) / base);
    body.margin = body.margin.saturating_mul(100).div_ceil(base);
    Some(body)
}

/// A body as a record, closed by a fact; its key is the product's.
fn record(body: &LiveBody, partition: Partition, as_of: (FactPosition, LogTime)) -> NewRecord {
    let place = (partition, as_of.0, as_of.1);
    let (kind, id) = (body.kind.event_type(), body.product_id.as_str());
    let mut headers = Attributes::new(kind, "live", id, id, place).headers();
    headers.push(partition_key(&body.event_id));
    let value = serde_json::to_vec(body).expect("numbers and texts always serialise");
    NewRecord { key: body.product_id.clone().into(), value: value.into(), headers }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
