//! Which partitions of the commands this process owns.
//!
//! The group's consumer reads nothing. It is asked for its share again and again, and what
//! changed is told; the owners read with readers of their own, from where their state ends.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::group_version::{Group, VersionWatch};
use super::settings::{self, Aside, KafkaOptions, Reading};
use crate::topics::Topic;
use crate::traits::Partition;

/// Partitions that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub gained: Vec<Partition>,
    pub lost: Vec<Partition>,
}

/// A place in the group. Dropping it leaves the group, so that others take over at once.
pub struct Membership {
    consumer: Reading,
    owned: BTreeSet<Partition>,
    versions: VersionWatch,
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Membership owning {:?}", self.owned)
    }
}

impl Membership {
    pub(super) fn join(options: &KafkaOptions, engine_version: u32) -> Result<Self, KafkaError> {
        let config = settings::member(options, engine_version);
        let consumer: Reading = config.create_with_context(Aside)?;
        consumer.subscribe(&[&options.name(Topic::Commands)])?;
        let versions = VersionWatch::start(options)?;
        Ok(Membership { consumer, owned: BTreeSet::new(), versions })
    }

    /// Waits a while and says what changed. Must be called again and again: heartbeats go by
    /// themselves, rebalances do not.
    pub fn poll(&mut self, wait: Duration) -> Result<Change, KafkaError> {
        // Whatever it reads is read by somebody else too; a pause keeps it from reading at all.
        match self.consumer.poll(wait) {
            Some(Err(KafkaError::PartitionEOF(_))) | Some(Ok(_)) | None => {}
            Some(Err(error)) => tracing::warn!(%error, "the processors' group"),
        }
        let assignment = self.consumer.assignment()?;
        if assignment.count() > 0 {
            self.consumer.pause(&assignment)?;
        }
        let now: BTreeSet<Partition> = assignment
            .elements()
            .iter()
            .filter_map(|element| u32::try_from(element.partition()).ok())
            .collect();
        let change = Change {
            gained: now.difference(&self.owned).copied().collect(),
            lost: self.owned.difference(&now).copied().collect(),
        };
        if change != Change::default() {
            self.versions.forget();
        }
        self.owned = now;
        Ok(change)
    }

    /// The newest rules of the engine that every member can run, as of some seconds ago. `None` while
    /// the group is sharing out, and while a member's version is not known.
    #[must_use]
    pub fn group_version(&self) -> Option<u32> {
        self.versions.version()
    }
}

/// How many processors there are; `None` while their group is sharing the partitions out.
pub(super) fn count(options: &KafkaOptions) -> Result<Option<usize>, KafkaError> {
    let asking: Reading = settings::reader(options).create_with_context(Aside)?;
    let group = Group::fetch(&asking, options)?;
    Ok(group.is_settled.then_some(group.client_ids.len()))
}
