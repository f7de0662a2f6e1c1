//! Which partitions of the commands this process owns.
//!
//! The group's consumer reads nothing. It is asked for its share again and again, and what
//! changed is told; the owners read with readers of their own, from where their state ends.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::settings::{self, Aside, KafkaOptions, METADATA_WITHIN, Reading};
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
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Membership owning {:?}", self.owned)
    }
}

impl Membership {
    pub(super) fn join(options: &KafkaOptions) -> Result<Self, KafkaError> {
        let consumer: Reading = settings::member(options).create_with_context(Aside)?;
        consumer.subscribe(&[&options.name(Topic::Commands)])?;
        Ok(Membership { consumer, owned: BTreeSet::new() })
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
        self.owned = now;
        Ok(change)
    }
}

/// How many processors there are; `None` while their group is sharing the partitions out.
pub(super) fn count(options: &KafkaOptions) -> Result<Option<usize>, KafkaError> {
    let asking: Reading = settings::reader(options).create_with_context(Aside)?;
    let name = options.group();
    let list = asking.fetch_group_list(Some(&name), METADATA_WITHIN)?;
    let Some(group) = list.groups().iter().find(|group| group.name() == name) else {
        return Ok(Some(0));
    };
    let is_settled = ["Stable", "Empty", "Dead"].contains(&group.state());
    Ok(is_settled.then(|| group.members().len()))
}
