//! What the store says of the log whose places it has: where each partition stood, and what its
//! last record looked like.
//!
//! | key | holds | bounds |
//! |---|---|---|
//! | `fg:log:NAME` | partition to `next mark`; NAME is the prefix of the topics | one a partition |
//! | `fg:log:NAME:turn` | somebody writes the marks just now | seconds |
//!
//! The store compares nothing: whoever can read the log does.

use std::collections::BTreeMap;

use redis::{AsyncCommands, ExistenceCheck, SetExpiry, SetOptions};

use super::{ANSWER_WITHIN, RedisStore, unavailable};
use crate::store::StoreError;

/// Keys asked for, and removed, at once.
const SCANNED: usize = 1_000;

/// The key of the marks.
fn marks_of(name: &str) -> String {
    format!("fg:log:{name}")
}

impl RedisStore {
    /// The marks of the log called `name`; none of a store that was never used beside it, or that
    /// has lost everything. Also says that the store answers.
    pub async fn log_marks(&self, name: &str) -> Result<BTreeMap<u32, String>, StoreError> {
        let mut connection = self.connection().await?;
        let marks = within(connection.hgetall::<_, BTreeMap<String, String>>(marks_of(name)));
        let parsed = |(partition, mark): (String, String)| Some((partition.parse().ok()?, mark));
        Ok(marks.await?.into_iter().filter_map(parsed).collect())
    }

    /// Writes marks over those of the same partitions.
    pub async fn set_log_marks(
        &self,
        name: &str,
        marks: &BTreeMap<u32, String>,
    ) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let marks: Vec<_> = marks.iter().map(|(at, mark)| (at.to_string(), mark)).collect();
        within(connection.hset_multiple::<_, _, _, ()>(marks_of(name), &marks)).await
    }

    /// Whether it is our turn to write marks: one process at a time, for so many seconds.
    pub async fn is_turn_to_mark(&self, name: &str, seconds: u64) -> Result<bool, StoreError> {
        let mut connection = self.connection().await?;
        let options = SetOptions::default()
            .conditional_set(ExistenceCheck::NX)
            .with_expiration(SetExpiry::EX(seconds));
        let key = format!("{}:turn", marks_of(name));
        let set = connection.set_options::<_, _, Option<String>>(key, "1", options);
        within(set).await.map(|set| set.is_some())
    }

    /// Forgets every place in this database, and which log they were of: how many keys. Nobody loses
    /// a place, because visitors carry theirs in their tickets and numbers come from the log.
    pub async fn forget_all(&self, name: &str) -> Result<u64, StoreError> {
        let mut connection = self.connection().await?;
        let (mut cursor, mut forgotten) = (0_u64, 0_u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg("fg:{*").arg("COUNT").arg(SCANNED);
            let scanned = within(scan.query_async::<(u64, Vec<String>)>(&mut connection));
            let (next, keys) = scanned.await?;
            if !keys.is_empty() {
                forgotten += within(connection.unlink::<_, u64>(&keys)).await?;
            }
            if next == 0 {
                break;
            }
            cursor = next;
        }
        // Last: a store that still has places of another log must still say so.
        within(connection.del::<_, ()>(marks_of(name))).await?;
        Ok(forgotten)
    }
}

/// An answer in time, or none.
async fn within<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> Result<T, StoreError> {
    tokio::time::timeout(ANSWER_WITHIN, answer)
        .await
        .map_err(|_| StoreError::Unavailable("Redis did not answer in time".to_owned()))?
        .map_err(|error| unavailable(&error))
}
