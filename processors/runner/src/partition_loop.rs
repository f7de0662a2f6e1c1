//! The loop's steps, without threads or clocks, so that a simulator can take them too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::wire::{WireError, decode_command};
use floodgate_domain::{Command, Envelope, FactPosition, FactRecord, LogTime};
use floodgate_engine::{Engine, EngineLimits};
use floodgate_event_log::{
    Log, Offset, Origin, Partition, ReaderName, Record, RecordMark, Topic, Tracer,
};
use floodgate_transport::ReplySender;

use crate::comparison::Comparison;
use crate::decided::Decided;
use crate::error::{RunnerError, broken};
use crate::group_version::GroupVersion;
use crate::own_command::OwnCommand;
use crate::publication::Publication;
use crate::recovery::{OwnerStart, RecoveredFrom, RecoveredState, find_start};
use crate::snapshots::SnapshotStore;
use crate::traces::Traces;

/// Commands taken in one turn: enough to share one publication, few enough that the first
/// answer does not wait a millisecond for the last.
const BATCH_MAX: usize = 512;

/// What a partition's owner needs.
#[derive(Debug, Clone)]
pub struct LoopConfig {
    pub partition: Partition,
    pub log: Arc<dyn Log>,
    pub replies: Arc<dyn ReplySender>,
    pub snapshots: Arc<dyn SnapshotStore>,
    pub limits: EngineLimits,
    /// What the owner may put in force: never beyond `limits.version_max`.
    pub group_version: GroupVersion,
    pub tracer: Tracer,
    /// A snapshot after so many commands.
    pub snapshot_every: u64,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub commands: usize,
    /// Commands in the log that were not applied yet when the turn began.
    pub behind: u64,
}

/// A state waiting until the facts before it are durable.
#[derive(Debug)]
struct PendingSnapshot {
    next: Offset,
    state: Vec<u8>,
    facts: u64,
}

/// One incarnation of a partition's owner.
#[derive(Debug)]
pub struct PartitionLoop {
    config: LoopConfig,
    recovered: RecoveredState,
    publication: Publication,
    /// While what was published before is decided again.
    comparison: Option<Comparison>,
    parked_tail: Option<Offset>,
    tick: OwnCommand,
    barrier: OwnCommand,
    snapshot_at: Offset,
    /// How much room the last snapshot took, so that the next one is written in one go.
    snapshot_bytes: usize,
    snapshot: Option<PendingSnapshot>,
    has_caught_up: bool,
    records: Vec<Record>,
    envelopes: Vec<Envelope>,
    facts: Vec<FactRecord>,
    decided: Decided,
}

/// What an incarnation goes on from.
#[derive(Debug)]
pub(crate) struct Resume {
    pub(crate) config: LoopConfig,
    pub(crate) recovered: RecoveredState,
    pub(crate) facts_tail: Option<FactPosition>,
    /// Facts of commands before the reader's position that are not in the log.
    pub(crate) unpublished: Vec<FactRecord>,
    /// Records before it that are no commands, and may not have been put aside.
    pub(crate) foreign: Vec<Record>,
    pub(crate) parked_tail: Option<Offset>,
}

impl PartitionLoop {
    /// Finds out where to go on. The commands after the snapshot are applied by the first
    /// turns, silently as far as their facts are published.
    pub fn start(config: LoopConfig) -> Result<Self, RunnerError> {
        let LoopConfig { partition, .. } = config;
        let start = find_start(&*config.log, &*config.snapshots, partition, config.limits)?;
        let OwnerStart { recovered, facts_tail, parked_tail } = start;
        let next = recovered.commands.0.position();
        let comparison = Comparison::begin(&*config.log, partition, next, facts_tail)?;
        let (unpublished, foreign) = (Vec::new(), Vec::new());
        let owner = PartitionLoop::resume(Resume {
            config,
            recovered,
            facts_tail,
            unpublished,
            foreign,
            parked_tail,
        })?;
        Ok(owner.comparing(comparison))
    }

    /// Goes on from a state, after the facts that were left to publish.
    pub(crate) fn resume(from: Resume) -> Result<Self, RunnerError> {
        let Resume { config, recovered, facts_tail, parked_tail, .. } = from;
        let LoopConfig { partition, .. } = config;
        let mut publication = Publication::new(Arc::clone(&config.log), partition, facts_tail);
        from.unpublished.iter().for_each(|fact| publication.add(fact));
        publication.send();
        let next = recovered.commands.0.position();
        let mut owner = PartitionLoop {
            config,
            recovered,
            publication,
            comparison: None,
            parked_tail,
            tick: OwnCommand::default(),
            barrier: OwnCommand::default(),
            snapshot_at: next,
            snapshot_bytes: 0,
            snapshot: None,
            has_caught_up: false,
            records: Vec::with_capacity(BATCH_MAX),
            envelopes: Vec::with_capacity(BATCH_MAX),
            facts: Vec::new(),
            decided: Decided::default(),
        };
        for record in &from.foreign {
            if let Err(error) = decode_command(&record.value) {
                owner.park(record, error);
            }
        }
        Ok(owner)
    }

    /// With what is left to compare of what was published before.
    pub(crate) fn comparing(self, comparison: Option<Comparison>) -> Self {
        PartitionLoop { comparison, ..self }
    }

    /// Waits for the facts: what is left then is what they follow from.
    pub(crate) fn into_settled(mut self) -> Result<(LoopConfig, RecoveredState), RunnerError> {
        if let Err(error) = self.publication.settle_all() {
            // It may own again at once; nothing of this incarnation may be on its way then.
            self.publication.abandon();
            return Err(error.into());
        }
        Ok((self.config, self.recovered))
    }

    /// Takes what the log has, waiting up to `wait` for the first command.
    pub fn turn(&mut self, wait: Duration) -> Result<Turn, RunnerError> {
        self.publication.settle()?;
        self.records.clear();
        self.recovered.commands.0.poll(BATCH_MAX, wait, &mut self.records)?;
        let commands = self.records.len();
        if let Some(last) = self.records.last() {
            self.recovered.basis.command = Some(RecordMark::of(last));
            let started = Instant::now();
            self.apply_batch()?;
            self.end_comparison()?;
            metrics::histogram!("floodgate_runner_batch_seconds").record(started.elapsed());
            metrics::counter!("floodgate_runner_commands_total").increment(commands as u64);
        }
        self.publication.settle()?;
        let behind = self.recovered.commands.0.behind()?;
        self.has_caught_up = behind == 0;
        let LoopConfig { log, partition, .. } = &self.config;
        let reader = ReaderName::Shared("processor");
        log.note_position(reader, (Topic::Commands, *partition), self.next());
        if self.next() - self.snapshot_at >= self.config.snapshot_every {
            self.take_snapshot();
        }
        Ok(Turn { commands, behind })
    }

    /// Decodes and looks ahead together, then one by one: step, answer, facts.
    fn apply_batch(&mut self) -> Result<(), RunnerError> {
        let records = std::mem::take(&mut self.records);
        let outcome = self.apply_records(&records);
        // What was decided before a failure is published all the same.
        self.publication.send();
        self.records = records;
        outcome
    }

    fn apply_records(&mut self, records: &[Record]) -> Result<(), RunnerError> {
        let mut from = 0;
        while from < records.len() {
            self.envelopes.clear();
            let mut foreign = None;
            for record in &records[from..] {
                match decode_command(&record.value) {
                    Ok(envelope) => self.envelopes.push(envelope),
                    Err(error) => {
                        foreign = Some((record, error));
                        break;
                    }
                }
            }
            self.recovered.engine.look_ahead(&self.envelopes);
            self.apply_decoded(&records[from..from + self.envelopes.len()])?;
            from += self.envelopes.len();
            if let Some((record, error)) = foreign {
                self.park(record, error);
                from += 1;
            }
        }
        Ok(())
    }

    fn apply_decoded(&mut self, records: &[Record]) -> Result<(), RunnerError> {
        let traces = Traces::begin(&self.config.tracer);
        let mut replies = Vec::with_capacity(records.len());
        let mut outcome = Ok(());
        for (record, envelope) in records.iter().zip(&self.envelopes) {
            let step =
                self.recovered.engine.step(record.offset, record.at, envelope, &mut self.facts);
            let reply = match step {
                Ok(reply) => reply,
                Err(newer) => {
                    let LoopConfig { partition, .. } = self.config;
                    outcome = Err(RunnerError::NewerVersion { partition, newer });
                    break;
                }
            };
            if let Some(last) = self.facts.last() {
                self.recovered.basis.fact = Some(last.position);
            }
            outcome = publish(&mut self.facts, &mut self.comparison, &mut self.publication);
            if outcome.is_err() {
                break;
            }
            match envelope.command {
                Command::Tick => self.tick.arrive(),
                Command::EngineVersion { .. } => self.barrier.arrive(),
                _ if self.publication.knows_command(record.offset) => {}
                _ => {
                    self.decided.note(envelope, &reply);
                    replies.push(reply);
                }
            }
        }
        if !replies.is_empty() {
            // The commands are durable, so their outcomes are fixed: answer before the facts are.
            self.config.replies.send(replies);
        }
        traces.end(&self.config.tracer, self.config.partition, records, &self.envelopes);
        outcome
    }

    fn end_comparison(&mut self) -> Result<(), RunnerError> {
        let next = self.next();
        if let Some(comparison) = &mut self.comparison
            && comparison.is_over(next)?
        {
            self.comparison = None;
        }
        Ok(())
    }

    /// A record that is no command must not stop the partition: it is kept aside, once.
    fn park(&mut self, record: &Record, error: WireError) {
        metrics::counter!("floodgate_runner_parked_total").increment(1);
        let LoopConfig { partition, .. } = self.config;
        tracing::error!(partition, offset = record.offset, %error, "a record is not a command");
        if self.parked_tail.is_some_and(|tail| record.offset <= tail) {
            return;
        }
        let (topic, offset) = (Topic::Commands, record.offset);
        let (role, reason) = ("processor".to_owned(), error.to_string());
        let dead_letter = Origin { topic, partition, offset, role, reason }.dead_letter(record);
        // Not awaited: after a crash the replay finds the record again, and the tail of the
        // dead letters says whether it is there.
        drop(self.config.log.append(Topic::DeadLetters, partition, vec![dead_letter]));
    }

    /// The next command this owner needs.
    #[must_use]
    pub fn next(&self) -> Offset {
        self.recovered.commands.0.position()
    }

    /// Where the state came from that this incarnation began with.
    pub(crate) fn origin(&self) -> RecoveredFrom {
        self.recovered.origin
    }

    /// The engine's state, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.recovered.engine
    }

    /// When a Tick would do something.
    #[must_use]
    pub fn next_due(&self) -> Option<LogTime> {
        self.recovered.engine.next_due()
    }

    /// Appends a Tick when one is due by the wall clock and none is on its way.
    pub fn tick_if_due(&mut self, now: LogTime) {
        let LoopConfig { partition, ref log, .. } = self.config;
        if self.next_due().is_some_and(|due| due <= now) && !self.tick.is_on_its_way() {
            self.tick.send(log, partition, Command::Tick);
        }
    }

    /// Appends the version that all processors can run, unless the log says so already. Once a
    /// change: a second one, by an owner that was replaced, changes nothing.
    pub fn write_version_if_due(&mut self) {
        let LoopConfig { partition, ref log, ref group_version, ref limits, .. } = self.config;
        let Some(version) = group_version.get() else { return };
        let version = version.min(limits.version_max);
        let is_due = self.recovered.engine.in_force().is_outdated_by(version);
        if is_due && !self.barrier.is_on_its_way() {
            tracing::info!(partition, version, "all processors support this version of the rules");
            self.barrier.send(log, partition, Command::EngineVersion { version });
        }
    }

    /// The state as it is stored.
    fn written(&mut self) -> Vec<u8> {
        let started = Instant::now();
        let mut state = Vec::with_capacity(self.snapshot_bytes + self.snapshot_bytes / 8);
        self.recovered.basis.write(&mut state);
        self.recovered.engine.snapshot(&mut state);
        self.snapshot_bytes = state.len();
        metrics::histogram!("floodgate_runner_snapshot_seconds").record(started.elapsed());
        state
    }

    /// Writes the state down now, unless one is waiting to be stored.
    pub(crate) fn take_snapshot(&mut self) {
        if self.snapshot.is_some() {
            return;
        }
        let (next, state) = (self.next(), self.written());
        self.snapshot_at = next;
        self.snapshot = Some(PendingSnapshot { next, state, facts: self.publication.mark() });
    }

    /// A state that may be stored now: the facts before it are durable. A snapshot with
    /// facts still on their way would lose them, since a restart replays only what follows.
    pub fn storable_snapshot(&mut self) -> Option<(Offset, Vec<u8>)> {
        let pending = self.snapshot.take_if(|one| self.publication.has_settled(one.facts))?;
        Some((pending.next, pending.state))
    }

    /// Whether a state is written down that is not stored yet.
    pub(crate) fn has_snapshot_waiting(&self) -> bool {
        self.snapshot.is_some()
    }

    /// Whether nothing was left to decide after the last turn.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.has_caught_up
    }

    /// Whether this incarnation has shown that its facts arrive, or had none to publish and has caught up.
    pub(crate) fn can_publish(&self) -> bool {
        self.publication.has_arrived().unwrap_or(self.has_caught_up)
    }

    /// Whether the outcome of every fact it published is known. Never waits.
    pub(crate) fn is_settled(&mut self) -> Result<bool, RunnerError> {
        Ok(self.publication.is_settled()?)
    }

    /// After a failure: whether nothing of this incarnation is on its way. Never waits.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.publication.is_quiet()
    }

    /// Waits for the facts.
    pub(crate) fn close(mut self) -> Result<(), RunnerError> {
        Ok(self.publication.settle_all()?)
    }

    /// Waits for the facts and gives the final state, so that the next start is quick.
    pub fn finish(&mut self) -> Result<(Offset, Vec<u8>), RunnerError> {
        self.publication.settle_all()?;
        if let Some(violation) = self.recovered.engine.violations().into_iter().next() {
            return Err(broken(self.config.partition, violation));
        }
        Ok((self.next(), self.written()))
    }

    /// Ends this incarnation after a failure; nothing of it is on its way when this returns.
    pub fn abandon(self) {
        self.publication.abandon();
    }
}

/// Adds the facts of one command to those to be published, compared with those that are.
fn publish(
    facts: &mut Vec<FactRecord>,
    comparison: &mut Option<Comparison>,
    publication: &mut Publication,
) -> Result<(), RunnerError> {
    for fact in facts.drain(..) {
        if let Some(comparison) = comparison {
            comparison.check(&fact)?;
        }
        publication.add(&fact);
    }
    Ok(())
}
