//! The state of a Redis server, compared with what the store needs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Client, cmd};

use floodgate_domain::LogTime;

use crate::store::StoreError;

/// How long all questions together may take.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// A Redis as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisFound {
    /// As it says of itself; forks say which version they are compatible with.
    pub version: String,
    /// What it throws away when memory runs out.
    pub eviction: String,
    /// master or slave; a slave (replica) accepts no writes.
    pub role: String,
    /// Our clock before the question, its clock, ours after the answer.
    pub clocks: [LogTime; 3],
}

/// Asks the Redis at `url`.
pub async fn inspect(url: &str) -> Result<RedisFound, StoreError> {
    let asked = tokio::time::timeout(ASK_WITHIN, ask(url)).await;
    let asked = asked.map_err(|_| StoreError::Unavailable("no answer in time".to_owned()))?;
    asked.map_err(|error| StoreError::Unavailable(error.to_string()))
}

async fn ask(url: &str) -> redis::RedisResult<RedisFound> {
    let mut connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    cmd("PING").exec_async(&mut connection).await?;
    // INFO, since some hosts forbid CONFIG.
    let about: String = cmd("INFO").query_async(&mut connection).await?;
    let say = |name: &str| {
        let line = about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    let before = now();
    let (seconds, micros): (u64, u64) = cmd("TIME").query_async(&mut connection).await?;
    let theirs = LogTime(seconds.saturating_mul(1_000).saturating_add(micros / 1_000));
    Ok(RedisFound {
        version: say("redis_version"),
        eviction: say("maxmemory_policy"),
        role: say("role"),
        clocks: [before, theirs, now()],
    })
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
