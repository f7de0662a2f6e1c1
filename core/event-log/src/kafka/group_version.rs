//! Which rules each processor supports, according to its client id in the group.
//!
//! The group's list shows the client id of every member, so that nothing besides the group has to
//! know who is there. The list is fetched on a separate thread: a broker that is slow to answer
//! must not delay the group's poll, and with it the next owner of a partition.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::heard::{Aside, Reading};
use super::settings::{self, KafkaOptions, METADATA_WITHIN, version_of};

/// Between two looks once all versions are known, and after a question that failed. Builds change by restarts, minutes apart; one
/// question to each broker in five seconds costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// While they are not known: a group settles within a second or two.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What the brokers say of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) is_settled: bool,
    pub(super) client_ids: Vec<String>,
}

impl Group {
    /// Asks the brokers; a group nobody ever joined has no members.
    pub(super) fn fetch(asking: &Reading, options: &KafkaOptions) -> Result<Self, KafkaError> {
        let name = options.group();
        let list = asking.fetch_group_list(Some(&name), METADATA_WITHIN)?;
        let found = list.groups().iter().find(|group| group.name() == name);
        Ok(found.map_or(Group { is_settled: true, client_ids: Vec::new() }, |group| Group {
            is_settled: ["Stable", "Empty", "Dead"].contains(&group.state()),
            client_ids: group.members().iter().map(|one| one.client_id().to_owned()).collect(),
        }))
    }

    /// The newest rules that all members can run; `None` while they are sharing out, and where
    /// somebody's client id does not say.
    fn version(&self) -> Option<u32> {
        let versions = self.client_ids.iter().map(|client_id| version_of(client_id));
        let all: Option<Vec<u32>> = versions.collect();
        all?.into_iter().min().filter(|_| self.is_settled)
    }
}

fn client(options: &KafkaOptions) -> Result<Reading, KafkaError> {
    settings::reader(options).create_with_context(Aside::default())
}

/// Keeps looking at the group for as long as it is kept.
#[derive(Debug)]
pub(super) struct VersionWatch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// Counts the times everything was forgotten: an answer from before one is none.
    round: u64,
    version: Option<u32>,
}

impl VersionWatch {
    pub(super) fn start(options: &KafkaOptions) -> Result<Self, KafkaError> {
        let asking = client(options)?;
        let shared = Arc::new(Shared::default());
        let (theirs, options) = (Arc::clone(&shared), options.clone());
        let thread = std::thread::Builder::new()
            .name("group-version".to_owned())
            .spawn(move || theirs.run(asking, &options));
        // Without the thread the version stays unknown, and the rules as they are.
        let thread = thread.inspect_err(|error| tracing::error!(%error, "a thread")).ok();
        Ok(VersionWatch { shared, thread })
    }

    pub(super) fn version(&self) -> Option<u32> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner).version
    }

    /// The group has changed: what was known says nothing any more.
    pub(super) fn forget(&self) {
        let mut known = self.shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { round: known.round + 1, version: None };
        drop(known);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for VersionWatch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // Not awaited: it may be in the middle of a question, ten seconds at most.
            thread.thread().unpark();
        }
    }
}

impl Shared {
    fn run(&self, mut asking: Reading, options: &KafkaOptions) {
        while !self.stop.load(Ordering::Acquire) {
            let round = self.known.lock().unwrap_or_else(PoisonError::into_inner).round;
            let fetched = Group::fetch(&asking, options);
            if let Err(error) = &fetched {
                tracing::warn!(%error, "the processors' group could not be inspected");
                // It may have lost its brokers for good.
                asking = client(options).unwrap_or(asking);
            }
            let is_worth_haste = fetched.as_ref().is_ok_and(|group| group.version().is_none());
            let version = fetched.ok().and_then(|group| group.version());
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.round == round {
                known.version = version;
            }
            drop(known);
            let pause = if is_worth_haste { LOOK_AGAIN } else { LOOK_EVERY };
            std::thread::park_timeout(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::settings::client_id;
    use super::*;

    fn group(is_settled: bool, client_ids: &[&str]) -> Group {
        let client_ids = client_ids.iter().map(|&id| id.to_owned()).collect();
        Group { is_settled, client_ids }
    }

    #[test]
    fn the_oldest_build_decides() {
        let (one, two) = (client_id("floodgate-77", 1), client_id("floodgate-78", 2));
        assert_eq!(one, "floodgate-77-engine1");
        for (is_settled, members, version) in [
            (true, &[&*two, &*one, &*two][..], Some(1)),
            (true, &[&*two, &*two], Some(2)),
            (false, &[&*two, &*two], None),
            (true, &[], None),
            // Not ours, or of a build that did not say.
            (true, &[&*two, "floodgate-79"], None),
            (true, &[&*two, "a-engineer"], None),
            (true, &["b-engine7-engine2"], Some(2)),
        ] {
            assert_eq!(group(is_settled, members).version(), version, "{members:?}");
        }
    }
}
