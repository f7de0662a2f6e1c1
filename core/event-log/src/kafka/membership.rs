//! Which partitions of the commands this process owns, by its consumer group.
//!
//! The group's consumer reads nothing. It is asked for its share again and again, and what
//! changed is reported; the owners read with readers of their own, from where their state ends.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::settings::{self, Aside, KafkaOptions, METADATA_WITHIN, Reading};
use crate::membership::{Membership, Reassignment};
use crate::topics::Topic;
use crate::traits::{LogError, Partition};

/// A place in the group of the processors.
pub struct GroupMember {
    options: KafkaOptions,
    /// While in the group. Dropping it leaves the group, so that others take over at once.
    consumer: Option<Reading>,
    owned: BTreeSet<Partition>,
}

impl std::fmt::Debug for GroupMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GroupMember owning {:?}", self.owned)
    }
}

impl GroupMember {
    /// Not in the group yet.
    pub(super) fn new(options: &KafkaOptions) -> Self {
        GroupMember { options: options.clone(), consumer: None, owned: BTreeSet::new() }
    }

    fn try_join(&self) -> Result<Reading, KafkaError> {
        let consumer: Reading = settings::member(&self.options).create_with_context(Aside)?;
        consumer.subscribe(&[&self.options.name(Topic::Commands)])?;
        Ok(consumer)
    }
}

/// Waits a while; then the share of this member.
fn share(consumer: &Reading, wait: Duration) -> Result<BTreeSet<Partition>, KafkaError> {
    // Whatever it reads is read by somebody else too; a pause keeps it from reading at all.
    match consumer.poll(wait) {
        Some(Err(KafkaError::PartitionEOF(_))) | Some(Ok(_)) | None => {}
        Some(Err(error)) => tracing::warn!(%error, "the processors' group"),
    }
    let assignment = consumer.assignment()?;
    if assignment.count() > 0 {
        consumer.pause(&assignment)?;
    }
    let elements = assignment.elements();
    let numbers = elements.iter().map(|element| u32::try_from(element.partition()));
    Ok(numbers.filter_map(Result::ok).collect())
}

fn group_failed(error: &KafkaError) -> LogError {
    LogError::Backend(format!("the processors' group: {error}"))
}

impl Membership for GroupMember {
    fn join(&mut self) -> Result<(), LogError> {
        if self.consumer.is_none() {
            self.consumer = Some(self.try_join().map_err(|error| group_failed(&error))?);
        }
        Ok(())
    }

    /// Heartbeats go by themselves between two calls, rebalances do not.
    fn poll(&mut self, wait: Duration) -> Result<Reassignment, LogError> {
        let Some(consumer) = &self.consumer else { return Ok(Reassignment::default()) };
        let now = share(consumer, wait).map_err(|error| group_failed(&error))?;
        let change = Reassignment {
            gained: now.difference(&self.owned).copied().collect(),
            lost: self.owned.difference(&now).copied().collect(),
        };
        self.owned = now;
        Ok(change)
    }

    fn leave(&mut self) {
        self.consumer = None;
    }

    fn has_others(&mut self) -> bool {
        let own = usize::from(self.consumer.is_some());
        count(&self.options).map_or(true, |count| count.is_none_or(|count| count > own))
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
