//! Every published number of a sale that runs is what the facts before its position add up to, with
//! the noise that the installation draws.
//!
//! A record is closed by the first fact behind its minute and says what was so before that fact; so
//! the books here are of their own, and stand where a fact has still to come. With the key of the
//! noise every record is compared to the last digit, and none may be missing between two. Without
//! it, numbers have to be as near as noise allows.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use floodgate_domain::{EventId, Fact, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{Log, Record, Topic};
use floodgate_streams::NoiseKey;
use floodgate_streams::public::{LiveBody, LiveKind, time_text};

use crate::findings::Findings;
use crate::reading::each_record;

const LIVE: &str = "public-live";

// What is promised of the numbers, written down a second time.
const MINUTE_MS: u64 = 60_000;
/// Minutes that are made up for after a gap.
const MINUTES_MAX: u64 = 60;
const STEP_MS: u64 = 600_000;
const STEPS_MAX: u64 = 4_320;
const THRESHOLD: u64 = 100;
const MARGIN: u64 = 30;
const EPSILON_MICROS: u32 = 100_000;
/// Noise of the scale 10 that is farther from zero comes once in 10^13.
const NOISE_MAX: u64 = 300;

/// Where a record stands: the partition, and the fact that closed its minute.
type Place = (u32, FactPosition);

/// One event, as far as these numbers follow from its facts.
#[derive(Debug, Default)]
struct Sale {
    artist: String,
    places: u64,
    called: u64,
    shopping: u64,
    opened_at: Option<LogTime>,
    /// Orders by step of the sale.
    orders: BTreeMap<u64, u64>,
    /// Steps that are over.
    steps: u64,
}

impl Sale {
    fn enter(&mut self, record: &FactRecord) {
        match &record.fact {
            Fact::EventCreated(new) => self.artist.clone_from(&new.details.artist),
            Fact::DetailsSet(details) => self.artist.clone_from(&details.artist),
            Fact::SaleOpened => self.opened_at = self.opened_at.or(Some(record.at)),
            Fact::PlacesReserved { first, count } => self.places = first.0 + u64::from(*count),
            Fact::PlacesCalled { below } => self.called = below.0,
            Fact::Entered { .. } => self.shopping += 1,
            Fact::ShopperLeft { .. } => self.shopping = self.shopping.saturating_sub(1),
            Fact::OrderConfirmed { .. } => {
                let Some(opened_at) = self.opened_at else { return };
                let step = record.at.0.saturating_sub(opened_at.0) / STEP_MS;
                *self.orders.entry(step).or_default() += 1;
            }
            _ => {}
        }
    }

    fn orders_of(&self, step: u64) -> u64 {
        self.orders.get(&step).copied().unwrap_or(0)
    }

    /// A record before its numbers, and the true ones.
    fn of_minute(&self, event_id: EventId, minute: u64) -> Expected {
        let from = LogTime(minute * MINUTE_MS);
        let body = self.blank(LiveKind::Concurrency, event_id, from, MINUTE_MS);
        let waiting = self.places.saturating_sub(self.called);
        Expected { body, counts: (waiting, self.shopping), base: None }
    }

    fn of_step(&self, event_id: EventId, opened_at: LogTime, step: u64) -> Expected {
        let of = |step| {
            let from = opened_at.plus(step * STEP_MS);
            self.blank(LiveKind::Velocity, event_id, from, STEP_MS)
        };
        let counts = (self.orders_of(step), self.orders_of(0));
        Expected { body: of(step), counts, base: Some(of(0).product_id) }
    }

    fn blank(&self, kind: LiveKind, event_id: EventId, from: LogTime, ms: u64) -> LiveBody {
        LiveBody {
            product_id: format!("{event_id}/{}/{}", kind.code(), time_text(from)),
            kind,
            event_id: event_id.to_string(),
            artist: Some(self.artist.clone()).filter(|artist| !artist.is_empty()),
            from: time_text(from),
            until: time_text(from.plus(ms)),
            waiting: None,
            shopping: None,
            index: None,
            margin: MARGIN,
            threshold: THRESHOLD,
            epsilon_micros: EPSILON_MICROS,
        }
    }
}

/// What a record would say without noise.
struct Expected {
    body: LiveBody,
    /// Who waits and shops, or the orders of the step and of the first one.
    counts: (u64, u64),
    /// Of an index: the product that the first step's noise is drawn for.
    base: Option<String>,
}

impl Expected {
    /// With noise; `None` where there are too few.
    fn with_noise(&self, key: NoiseKey) -> Option<LiveBody> {
        let mut body = self.body.clone();
        let id = body.product_id.as_str();
        if let Some(base) = &self.base {
            let orders = key.noisy(self.counts.0, id, "orders");
            let base = key.noisy(self.counts.1, base, "orders");
            if base < THRESHOLD {
                return None;
            }
            body.index = Some((orders * 100 + base / 2) / base);
            body.margin = (MARGIN * 100).div_ceil(base);
            return Some(body);
        }
        let said = |count, number| Some(key.noisy(count, id, number)).filter(|it| *it >= THRESHOLD);
        let (waiting, shopping) = (said(self.counts.0, "waiting"), said(self.counts.1, "shopping"));
        (body.waiting, body.shopping) = (waiting, shopping);
        (waiting.is_some() || shopping.is_some()).then_some(body)
    }

    /// Whether it could be this with some noise.
    fn may_be(&self, said: &LiveBody) -> bool {
        let near = |count: u64, said: Option<u64>| {
            said.is_none_or(|said| said >= THRESHOLD && said.abs_diff(count) <= NOISE_MAX)
        };
        let LiveBody { waiting, shopping, index, margin, .. } = *said;
        let is_of_kind = match self.base {
            Some(_) => index.is_some() && waiting.is_none() && shopping.is_none(),
            None => {
                let has_one = waiting.is_some() || shopping.is_some();
                let are_near = near(self.counts.0, waiting) && near(self.counts.1, shopping);
                index.is_none() && margin == MARGIN && has_one && are_near
            }
        };
        is_of_kind && *said == LiveBody { waiting, shopping, index, margin, ..self.body.clone() }
    }
}

/// What was published, and the books beside it.
#[derive(Debug, Default)]
pub(crate) struct PublishedLive {
    key: Option<NoiseKey>,
    by_place: BTreeMap<Place, Vec<LiveBody>>,
    /// From where on, and before which position, a partition has to have every record.
    whole: HashMap<u32, (FactPosition, FactPosition)>,
    sales: BTreeMap<EventId, Sale>,
    /// The minute that runs; zero before the first fact of the partition.
    minute: u64,
}

impl PublishedLive {
    /// Reads what was published so far, in whichever partition it lies.
    pub(crate) fn read(log: &dyn Log, key: Option<NoiseKey>, found: &mut Findings) -> Result<Self> {
        let mut live = PublishedLive { key, ..PublishedLive::default() };
        for partition in 0..log.partitions(Topic::Live) {
            let end = log.end(Topic::Live, partition)?;
            let is_kept = log.first(Topic::Live, partition)? == 0;
            each_record(log, Topic::Live, partition, end, |record| live.take(record, found))?;
            let of_partition = live.by_place.keys().filter(|(of, _)| *of == partition);
            let mut positions = of_partition.map(|(_, position)| *position);
            if let Some(first) = positions.next() {
                // What is older than a year is no longer kept.
                let from = if is_kept { FactPosition { offset: 0, index: 0 } } else { first };
                live.whole.insert(partition, (from, positions.next_back().unwrap_or(first)));
            }
        }
        Ok(live)
    }

    fn take(&mut self, record: &Record, found: &mut Findings) {
        let Some((place, body)) = published(record) else {
            let words = || format!("record {} of the live numbers cannot be read", record.offset);
            return found.check(LIVE, false, words);
        };
        let bodies = self.by_place.entry(place).or_default();
        // After a crash, or from a second process, the same record comes again.
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    }

    /// Positions, minutes and events are those of a partition.
    pub(crate) fn start_partition(&mut self) {
        self.sales.clear();
        self.minute = 0;
    }

    /// Compares what was published at a fact, and enters the fact.
    pub(crate) fn follow(&mut self, partition: u32, fact: &FactRecord, found: &mut Findings) {
        let minute = fact.at.0 / MINUTE_MS;
        if minute > self.minute {
            let expected = self.close(minute);
            self.compare((partition, fact.position), expected, found);
            self.minute = minute;
        }
        let is_new = matches!(fact.fact, Fact::EventCreated(_));
        if is_new {
            self.sales.insert(fact.event_id, Sale::default());
        }
        if let Some(sale) = self.sales.get_mut(&fact.event_id) {
            sale.enter(fact);
        }
    }

    /// What there is to say of the minutes before this one.
    fn close(&mut self, minute: u64) -> Vec<Expected> {
        let mut expected = Vec::new();
        let first = if self.minute == 0 { minute } else { self.minute };
        let first = first.max(minute.saturating_sub(MINUTES_MAX));
        for (event_id, sale) in &mut self.sales {
            expected.extend((first..minute).map(|of| sale.of_minute(*event_id, of)));
            let Some(opened_at) = sale.opened_at else { continue };
            let over = (minute * MINUTE_MS).saturating_sub(opened_at.0) / STEP_MS;
            let over = over.min(STEPS_MAX);
            expected
                .extend((sale.steps..over).map(|step| sale.of_step(*event_id, opened_at, step)));
            sale.steps = sale.steps.max(over);
        }
        expected
    }

    fn compare(&mut self, place: Place, expected: Vec<Expected>, found: &mut Findings) {
        let mut said = self.by_place.remove(&place).unwrap_or_default();
        for one in expected {
            let id = &one.body.product_id;
            let at = said.iter().position(|body| body.product_id == *id);
            let body = at.map(|at| said.swap_remove(at));
            let Some(key) = self.key else {
                if let Some(body) = body {
                    let words = || format!("{body:?} is far from {:?}", one.counts);
                    found.check(LIVE, one.may_be(&body), words);
                }
                continue;
            };
            let expected = one.with_noise(key);
            let is_due = body.is_some() || expected.is_some() && self.is_whole_at(place);
            if is_due {
                found.check(LIVE, body == expected, || {
                    format!("{id} at {place:?}: {body:?}, not {expected:?}")
                });
            }
        }
        for body in said {
            found.check(LIVE, false, || {
                format!("{} at {place:?} says nothing that was over then", body.product_id)
            });
        }
    }

    /// Whether all of a place must be there; what follows on the last may still be published.
    fn is_whole_at(&self, (partition, position): Place) -> bool {
        let whole = self.whole.get(&partition);
        whole.is_some_and(|(from, last)| (*from..=*last).contains(&position))
    }

    /// What is left was closed by no fact there is.
    pub(crate) fn finish(self, found: &mut Findings) {
        for (place, _) in self.by_place {
            found.check(LIVE, false, || format!("live numbers at {place:?}, where no minute ends"));
        }
    }
}

/// A record of the topic, under the key that belongs to it.
fn published(record: &Record) -> Option<(Place, LiveBody)> {
    let body: LiveBody = serde_json::from_slice(&record.value).ok()?;
    // Read loosely, a name that was changed would pass for a field of another build.
    let is_known = serde_json::to_vec(&body).ok()?[..] == record.value[..];
    let header = |name: &str| {
        let (_, value) = record.headers.iter().find(|(found, _)| found == name)?;
        std::str::from_utf8(value).ok()
    };
    let (numbers, id) = {
        let mut parts = header("ce_id")?.splitn(4, '-');
        let mut number = || parts.next()?.parse::<u64>().ok();
        ((number()?, number()?, number()?), parts.next()?)
    };
    let (partition, offset, index) = numbers;
    let position = FactPosition { offset, index: u16::try_from(index).ok()? };
    let is_its_key = record.key[..] == *body.product_id.as_bytes() && id == body.product_id;
    (is_known && is_its_key).then_some(((u32::try_from(partition).ok()?, position), body))
}
