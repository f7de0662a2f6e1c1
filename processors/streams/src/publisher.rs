//! Publishing what follows from all facts of one partition.
//!
//! A publisher folds from the first fact on, because what it keeps in mind follows from all of
//! them. Its topic's last record says how far it was published ([`LastPublished`]); up to there it
//! only folds. After an error it is not known what was written: it begins again and finds out.
//! What is published is one file with a [`FactPublication`], and one line where they are spawned.

use std::sync::Arc;

use floodgate_domain::FactRecord;
use floodgate_event_log::{Log, LogError, Offset, Partition, Topic};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, StartFrom, Tick,
    Unreadable,
};

use crate::last_published::LastPublished;
use crate::{PATIENCE, QUIET, REST};

/// What of a partition's facts is published, and what is kept in mind for it.
pub(crate) trait FactPublication: Sized + 'static {
    /// What its followers are called, before the partition.
    const NAME: &'static str;
    /// Facts taken at once: a few milliseconds.
    const BATCH_MAX: usize;
    /// What happens where a record cannot be read. The counts' follower speaks for the role.
    const UNREADABLE: fn() -> Unreadable = || Unreadable::PassedOver;
    /// What differs between installations.
    type Options: Copy + Send + 'static;

    /// Before the first fact; looks up how far it was published.
    fn begin(
        log: Arc<dyn Log>,
        partition: Partition,
        options: Self::Options,
    ) -> Result<Self, LogError>;

    /// The next facts.
    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError>;

    /// After every turn.
    fn tick(&mut self, _tick: Tick) -> Result<(), FollowError> {
        Ok(())
    }

    /// The ends of its topics that it has still to come to.
    fn published(&self) -> impl Iterator<Item = &LastPublished>;

    /// Whether all that was taken has been published.
    fn is_settled(&self) -> bool {
        true
    }

    /// Whether it can go on after this: nothing was written, and it still has what it owes.
    fn can_go_on(_error: &FollowError) -> bool {
        false
    }
}

/// One partition's publisher.
pub(crate) struct Publisher<P: FactPublication> {
    log: Arc<dyn Log>,
    options: P::Options,
    /// `None` before the start, and when it is not known what was published.
    publication: Option<P>,
}

impl<P: FactPublication> Publisher<P> {
    pub(crate) fn new(log: Arc<dyn Log>, options: P::Options) -> Self {
        Publisher { log, options, publication: None }
    }

    fn publish(
        &mut self,
        publish: impl FnOnce(&mut P) -> Result<(), FollowError>,
    ) -> Result<(), FollowError> {
        let Some(publication) = &mut self.publication else { return Ok(()) };
        let published = publish(publication);
        if published.as_ref().is_err_and(|error| !P::can_go_on(error)) {
            self.publication = None;
        }
        published
    }
}

impl<P: FactPublication> Handler for Publisher<P> {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        partition: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        if let (Some(_), Some(reached)) = (&self.publication, reached) {
            return Ok(StartFrom::At(reached));
        }
        self.publication = Some(P::begin(Arc::clone(&self.log), partition, self.options)?);
        Ok(StartFrom::First)
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        self.publish(|publication| publication.take(batch))
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if let Some(publication) = self.publication.as_ref().filter(|_| tick.behind == 0) {
            publication.published().try_for_each(|published| published.look_at_end(&*self.log))?;
        }
        self.publish(|publication| publication.tick(tick))
    }

    fn is_settled(&self) -> bool {
        self.publication.as_ref().is_some_and(P::is_settled)
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, rest: REST, patience: PATIENCE }
    }
}

/// How a partition is followed for it.
pub(crate) fn following<P: FactPublication>(
    log: &Arc<dyn Log>,
    partition: Partition,
) -> FollowerConfig {
    FollowerConfig {
        name: format!("{}-{partition}", P::NAME),
        log: Arc::clone(log),
        topic: Topic::Ledger,
        partitions: Partitions::One(partition),
        batch_max: P::BATCH_MAX,
        ready_behind: u64::MAX,
        gives_way: true,
        unreadable: P::UNREADABLE(),
    }
}

/// Publishes it, until it is stopped.
pub(crate) fn follow<P: FactPublication>(
    log: &Arc<dyn Log>,
    partition: Partition,
    options: P::Options,
) -> std::io::Result<Follower> {
    let theirs = Arc::clone(log);
    Follower::spawn(following::<P>(log, partition), move || Publisher::<P>::new(theirs, options))
}

/// The same, turn by turn: for tests.
#[cfg(test)]
pub(crate) fn reading<P: FactPublication>(
    log: &Arc<dyn Log>,
    options: P::Options,
) -> floodgate_transport::Reading<Publisher<P>> {
    let publisher = Publisher::new(Arc::clone(log), options);
    floodgate_transport::Reading::new(following::<P>(log, 0), publisher)
}
