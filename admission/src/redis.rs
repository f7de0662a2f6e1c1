//! The store that gateways share, in Redis.
//!
//! Redis remembers who has which place and how far the frontier is; it counts nothing. Numbers
//! come from blocks reserved in the log, so that a Redis that lost everything, or the last second
//! of it, can neither issue one twice nor lose anybody: a place is kept in its visitor's signed
//! ticket.
//!
//! | key | holds | bounds |
//! |---|---|---|
//! | `fg:{evt_…}:b:N` | hash of buyer (8 bytes) to place and issue of the proof; 16,384 | a week |
//! | `fg:{evt_…}:frontier` | the furthest frontier any gateway called | one number |
//! | `fg:{evt_…}:given` | one more than the last place given out | one number |
//!
//! Which log they are of, `log_marks` says. A visitor costs about 45 bytes when many wait. The
//! braces make all keys of an event live in one slot of a Redis Cluster.

mod log_marks;

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{Config, Connection, Pool, PoolConfig, Runtime, Timeouts};
use redis::{Script, cmd};

use floodgate_domain::{BuyerId, EventId, Frontier, Place};

use crate::blocks::Blocks;
use crate::store::{AdmissionStore, BoxFuture, LineProgress, PlaceReserver, StoreError, Wanted};

/// Connections of one gateway: each carries about 20,000 joins a second.
const CONNECTIONS_MAX: usize = 16;
/// A Redis that takes longer is treated as gone; joining says that trying again is safe.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a visitor is remembered after the last join of their bucket.
const REMEMBERED_SECONDS: u32 = 7 * 24 * 3600;
/// Hashes an event's buyers are spread over: up to eight million, each stays small enough for the
/// compact form (128 entries by default).
const BUCKET_BITS: u32 = 14;

/// Takes the place that is known, unless it is spent; else remembers the one offered, with the
/// issue of the proof it took: an older proof, or the same one, is spent from then on. One that some
/// gateway has called already is not taken: whoever comes now waits like everybody before.
/// KEYS: bucket, frontier, given. ARGV: buyer, offered place, spent place or empty, seconds, issue or
/// empty.
const JOIN: &str = "
local known = redis.call('HGET', KEYS[1], ARGV[1])
local issued = ARGV[5]
if known then
  local place, before = string.match(known, '^(%d+) ?(%d*)$')
  if place ~= ARGV[3] then return place end
  if issued == '' then
    issued = before
  elseif before ~= '' and tonumber(issued) <= tonumber(before) then
    return 'spent'
  end
end
local called = redis.call('GET', KEYS[2])
if called and tonumber(ARGV[2]) < tonumber(called) then return 'called ' .. called end
local given = tonumber(redis.call('GET', KEYS[3]) or '0')
if tonumber(ARGV[2]) >= given then
  redis.call('SET', KEYS[3], string.format('%d', tonumber(ARGV[2]) + 1), 'EX', ARGV[4])
end
local value = ARGV[2]
if issued ~= '' then value = value .. ' ' .. issued end
redis.call('HSET', KEYS[1], ARGV[1], value)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return ARGV[2]";

/// Neither the frontier nor what was given out goes back. KEYS: frontier, given. ARGV: ours of each,
/// seconds.
const AGREE: &str = "
local all = {}
for at = 1, 2 do
  local known = tonumber(redis.call('GET', KEYS[at]) or '0')
  local mine = tonumber(ARGV[at])
  if mine > known then redis.call('SET', KEYS[at], ARGV[at], 'EX', ARGV[3]) end
  all[at] = math.max(mine, known)
end
return all";

/// Numbers offered to one visitor at most: each is beyond what was called when the last was refused.
const OFFERS_MAX: usize = 16;

/// What Redis said to a number that was offered.
enum Offered {
    /// The place the buyer has now.
    Has(Place),
    /// It was called already, and everything else below.
    Called(Frontier),
}

/// Places in Redis.
pub struct RedisStore {
    blocks: Blocks,
    pool: Pool,
    join: Script,
    agree: Script,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisStore")
    }
}

/// The key of the hash a buyer is in.
fn bucket(event_id: EventId, buyer: BuyerId) -> String {
    format!("fg:{{{event_id}}}:b:{}", buyer.0 >> (64 - BUCKET_BITS))
}

/// The key of an event's frontier.
fn frontier(event_id: EventId) -> String {
    format!("fg:{{{event_id}}}:frontier")
}

/// The key of how many places were given out.
fn given(event_id: EventId) -> String {
    format!("fg:{{{event_id}}}:given")
}

fn unavailable(error: &impl ToString) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

impl RedisStore {
    /// A store at `url` (`redis://…`) that reserves `block` places at a time. Connections are made
    /// when needed, so that a gateway starts while Redis is unreachable.
    pub fn open(
        url: &str,
        reserver: Arc<dyn PlaceReserver>,
        block: u32,
    ) -> Result<Self, StoreError> {
        let mut config = Config::from_url(url);
        config.pool = Some(PoolConfig {
            max_size: CONNECTIONS_MAX,
            timeouts: Timeouts {
                wait: Some(ANSWER_WITHIN),
                create: Some(ANSWER_WITHIN),
                recycle: Some(ANSWER_WITHIN),
            },
            ..PoolConfig::default()
        });
        let pool = config.create_pool(Some(Runtime::Tokio1)).map_err(|e| unavailable(&e))?;
        let blocks = Blocks::new(reserver, block);
        Ok(RedisStore { blocks, pool, join: Script::new(JOIN), agree: Script::new(AGREE) })
    }

    async fn connection(&self) -> Result<Connection, StoreError> {
        self.pool.get().await.map_err(|error| unavailable(&error))
    }

    /// One step in Redis: the place the buyer has now.
    async fn ask(
        &self,
        event_id: EventId,
        wanted: &Wanted,
        offered: Place,
    ) -> Result<Offered, StoreError> {
        let mut connection = self.connection().await?;
        let spent = wanted.spent.map(|place| place.0.to_string()).unwrap_or_default();
        let issued = wanted.proof.map(|proof| proof.issued_at.0.to_string()).unwrap_or_default();
        let mut call = self.join.key(bucket(event_id, wanted.buyer));
        call.key(frontier(event_id)).key(given(event_id));
        call.arg(&wanted.buyer.0.to_be_bytes()[..]).arg(offered.0).arg(spent);
        call.arg(REMEMBERED_SECONDS).arg(issued);
        let answer = call.invoke_async::<String>(&mut connection);
        let answer = tokio::time::timeout(ANSWER_WITHIN, answer)
            .await
            .map_err(|_| StoreError::Unavailable("Redis did not answer in time".to_owned()))?
            .map_err(|error| unavailable(&error))?;
        if answer == "spent" {
            return Err(StoreError::ProofSpent);
        }
        let called = answer.strip_prefix("called ");
        let number = called.unwrap_or(&answer).parse();
        let number = number.map_err(|_| unavailable(&"Redis holds no place there"))?;
        Ok(if called.is_some() {
            Offered::Called(Frontier(number))
        } else {
            Offered::Has(Place(number))
        })
    }

    /// Of the devices of one person, which are twenty at most.
    async fn look_up(
        &self,
        event_id: EventId,
        buyers: &[BuyerId],
    ) -> Result<Vec<(BuyerId, Place)>, StoreError> {
        let mut connection = self.connection().await?;
        let mut found = Vec::new();
        for buyer in buyers {
            let mut call = cmd("HGET");
            call.arg(bucket(event_id, *buyer)).arg(&buyer.0.to_be_bytes()[..]);
            let answer = call.query_async::<Option<String>>(&mut connection);
            let known = tokio::time::timeout(ANSWER_WITHIN, answer)
                .await
                .map_err(|_| StoreError::Unavailable("Redis did not answer in time".to_owned()))?
                .map_err(|error| unavailable(&error))?;
            // Behind the place is when its proof was issued.
            let place = known.as_deref().and_then(|known| known.split(' ').next());
            if let Some(Ok(place)) = place.map(str::parse) {
                found.push((*buyer, Place(place)));
            }
        }
        Ok(found)
    }

    async fn join_now(&self, event_id: EventId, wanted: Wanted) -> Result<Place, StoreError> {
        let mut not_below = wanted.not_below;
        for _ in 0..OFFERS_MAX {
            let offered = self.blocks.next(event_id, not_below).await?;
            let answer = self.ask(event_id, &wanted, offered).await;
            match answer {
                Ok(Offered::Called(frontier)) => not_below = not_below.max(frontier),
                Ok(Offered::Has(place)) => {
                    if place != offered {
                        self.blocks.give_back(event_id, offered);
                    }
                    return Ok(place);
                }
                // Where the answer is missing it was perhaps remembered; the number is skipped
                // then, so that nobody else gets it.
                Err(error) => {
                    if error == StoreError::ProofSpent {
                        self.blocks.give_back(event_id, offered);
                    }
                    return Err(error);
                }
            }
        }
        Err(unavailable(&"the line moves faster than places can be given out"))
    }

    async fn agree_now(
        &self,
        event_id: EventId,
        mine: Frontier,
    ) -> Result<LineProgress, StoreError> {
        let mut connection = self.connection().await?;
        let mut call = self.agree.key(frontier(event_id));
        call.key(given(event_id)).arg(mine.0);
        call.arg(self.blocks.given_beyond(event_id)).arg(REMEMBERED_SECONDS);
        let answer = call.invoke_async::<(u64, u64)>(&mut connection);
        tokio::time::timeout(ANSWER_WITHIN, answer)
            .await
            .map_err(|_| StoreError::Unavailable("Redis did not answer in time".to_owned()))?
            .map_err(|error| unavailable(&error))
            .map(|(frontier, given_beyond)| LineProgress {
                frontier: Frontier(frontier),
                given_beyond,
            })
    }
}

impl AdmissionStore for RedisStore {
    fn join(&self, event_id: EventId, wanted: Wanted) -> BoxFuture<'_, Result<Place, StoreError>> {
        Box::pin(self.join_now(event_id, wanted))
    }

    fn places_of<'a>(
        &'a self,
        event_id: EventId,
        buyers: &'a [BuyerId],
    ) -> BoxFuture<'a, Result<Vec<(BuyerId, Place)>, StoreError>> {
        Box::pin(self.look_up(event_id, buyers))
    }

    fn agree(
        &self,
        event_id: EventId,
        mine: Frontier,
    ) -> BoxFuture<'_, Result<LineProgress, StoreError>> {
        Box::pin(self.agree_now(event_id, mine))
    }

    fn given_beyond(&self, event_id: EventId) -> u64 {
        self.blocks.given_beyond(event_id)
    }

    fn pass_over(&self, event_id: EventId, reached: Frontier, given: u64) -> Frontier {
        self.blocks.pass_over(event_id, reached, given)
    }

    fn forget(&self, event_id: EventId) -> BoxFuture<'_, ()> {
        // What Redis remembers of it ends by itself.
        self.blocks.forget(event_id);
        Box::pin(std::future::ready(()))
    }
}
