//! Records that a follower cannot read, or that its destination will never accept.

use std::sync::Arc;

use floodgate_event_log::{DeadLetters, LogError, Partition, Reads, Record, Topic};

use super::error::FollowError;
use super::{FollowerConfig, Unreadable};

/// Sets aside what one follower cannot read or hand on.
#[derive(Debug)]
pub(super) struct Aside {
    topic: Topic,
    policy: Unreadable,
    dead_letters: Option<DeadLetters>,
}

impl Aside {
    pub(super) fn new(config: &FollowerConfig) -> Self {
        let dead_letters = match &config.unreadable {
            Unreadable::SetAside { role, reads } => {
                let log = Arc::clone(&config.log);
                Some(DeadLetters::new(log, config.topic, role.clone(), *reads))
            }
            Unreadable::Counted { .. } | Unreadable::PassedOver => None,
        };
        Aside { topic: config.topic, policy: config.unreadable.clone(), dead_letters }
    }

    /// A record is no word of this build.
    pub(super) fn unreadable(
        &mut self,
        partition: Partition,
        record: &Record,
        reason: &str,
    ) -> Result<(), LogError> {
        match (&self.policy, &mut self.dead_letters) {
            (Unreadable::SetAside { reads, .. }, Some(dead_letters)) => {
                match dead_letters.set_aside(partition, record, reason) {
                    // The record is met again at the next start, and set aside then.
                    Err(error) if *reads == Reads::FromTheFirst => {
                        tracing::warn!(partition, %error, "a record could not be set aside yet");
                        Ok(())
                    }
                    done => done,
                }
            }
            (Unreadable::Counted { role }, _) => {
                let (topic, offset) = (self.topic.name(), record.offset);
                metrics::counter!("floodgate_records_unreadable_total", "role" => *role)
                    .increment(1);
                tracing::error!(topic, partition, offset, role, reason, "unreadable");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A record can be read, and what it is handed on to will never take it.
    pub(super) fn refused(
        &mut self,
        partition: Partition,
        record: &Record,
        reason: &str,
    ) -> Result<(), FollowError> {
        match &mut self.dead_letters {
            Some(dead_letters) => Ok(dead_letters.set_aside(partition, record, reason)?),
            None => {
                let what = format!("nowhere to set aside {}: {reason}", record.offset);
                Err(FollowError::Store(what))
            }
        }
    }
}
