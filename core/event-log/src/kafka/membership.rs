//! Which partitions of the commands this process owns, by its consumer group.
//!
//! The group's consumer reads nothing. It is polled for its assignment, and changes are reported;
//! the owners read with their own readers, from where their state ends.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::group_version::{Group, VersionWatch};
use super::heard::{Aside, Reading};
use super::lost::Lost;
use super::settings::{self, KafkaOptions};
use crate::membership::{Membership, Reassignment};
use crate::topics::Topic;
use crate::traits::{LogError, Partition};

/// A place in the group of the processors.
pub struct GroupMember {
    options: KafkaOptions,
    engine_version: u32,
    place: Option<Place>,
    owned: BTreeSet<Partition>,
}

/// While in the group. Dropping it leaves the group, so that others take over at once.
struct Place {
    consumer: Reading,
    lost: Lost,
    versions: VersionWatch,
}

impl std::fmt::Debug for GroupMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GroupMember owning {:?}", self.owned)
    }
}

impl GroupMember {
    /// Not in the group yet.
    pub(super) fn new(options: &KafkaOptions, engine_version: u32) -> Self {
        let (options, owned) = (options.clone(), BTreeSet::new());
        GroupMember { options, engine_version, place: None, owned }
    }
}

impl Place {
    fn take(options: &KafkaOptions, engine_version: u32) -> Result<Self, KafkaError> {
        let config = settings::member(options, engine_version);
        let consumer: Reading = config.create_with_context(Aside::default())?;
        consumer.subscribe(&[&options.name(Topic::Commands)])?;
        let versions = VersionWatch::start(options)?;
        Ok(Place { consumer, lost: Lost::default(), versions })
    }

    /// Waits a while; then the share of this member.
    fn share(&self, wait: Duration) -> Result<BTreeSet<Partition>, KafkaError> {
        // Whatever it reads is read by somebody else too; a pause keeps it from reading at all.
        match self.consumer.poll(wait) {
            Some(Err(KafkaError::PartitionEOF(_))) | Some(Ok(_)) => {
                self.consumer.context().heard.note_up();
            }
            None => {}
            Some(Err(error)) => tracing::warn!(%error, "the processors' group"),
        }
        let assignment = self.consumer.assignment()?;
        if assignment.count() > 0 {
            self.consumer.pause(&assignment)?;
        }
        let elements = assignment.elements();
        let numbers = elements.iter().map(|element| u32::try_from(element.partition()));
        Ok(numbers.filter_map(Result::ok).collect())
    }
}

fn group_failed(error: &KafkaError) -> LogError {
    LogError::Backend(format!("the processors' group: {error}"))
}

impl Membership for GroupMember {
    fn join(&mut self) -> Result<(), LogError> {
        if self.place.is_none() {
            let place = Place::take(&self.options, self.engine_version);
            self.place = Some(place.map_err(|error| group_failed(&error))?);
        }
        Ok(())
    }

    /// Heartbeats go by themselves between two calls, rebalances do not.
    fn poll(&mut self, wait: Duration) -> Result<Reassignment, LogError> {
        let Some(place) = &mut self.place else { return Ok(Reassignment::default()) };
        if place.lost.is_lost(&place.consumer, &self.options.name(Topic::Commands)) {
            // The group misses it already, and takes it as a new member.
            self.leave();
            self.join()?;
        }
        let Some(place) = &self.place else { return Ok(Reassignment::default()) };
        let now = place.share(wait).map_err(|error| group_failed(&error))?;
        let change = Reassignment {
            gained: now.difference(&self.owned).copied().collect(),
            lost: self.owned.difference(&now).copied().collect(),
        };
        if change != Reassignment::default() {
            place.versions.forget();
        }
        self.owned = now;
        Ok(change)
    }

    fn leave(&mut self) {
        self.place = None;
    }

    fn has_others(&mut self) -> bool {
        let own = usize::from(self.place.is_some());
        count(&self.options).map_or(true, |count| count.is_none_or(|count| count > own))
    }

    fn group_version(&self) -> Option<u32> {
        self.place.as_ref().and_then(|place| place.versions.version())
    }
}

/// How many processors there are; `None` while their group is sharing the partitions out.
pub(super) fn count(options: &KafkaOptions) -> Result<Option<usize>, KafkaError> {
    let asking: Reading = settings::reader(options).create_with_context(Aside::default())?;
    let group = Group::fetch(&asking, options)?;
    Ok(group.is_settled.then_some(group.client_ids.len()))
}
