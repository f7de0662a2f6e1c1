//! A follower that has folded the log already, so that it can own the partition at once.
//!
//! It publishes nothing, answers nobody, lets no time pass and stores no snapshots. It is a
//! snapshot that keeps up: every fact of the commands it has folded is in the ledger, except those
//! of the very last one, which it keeps. So taking over is like a start without the loading and
//! with a short replay: read the ledger's tail and go on after it.

use std::collections::VecDeque;
use std::time::Duration;

use floodgate_domain::wire::decode_command;
use floodgate_domain::{Envelope, FactPosition, FactRecord};
use floodgate_engine::Engine;
use floodgate_event_log::{LogError, Offset, Partition, Record, RecordMark, Topic};

use crate::comparison::Comparison;
use crate::error::RunnerError;
use crate::partition_loop::{LoopConfig, PartitionLoop, Resume, Turn};
use crate::readers::{Kept, Reader};
use crate::recovery::{RecoveredFrom, RecoveredState, find_start, parked_tail};
use crate::tail::fact_position;

/// Commands folded in one turn: few enough that taking over never waits a millisecond for it.
const BATCH_MAX: usize = 512;
/// Facts read in one turn; only the last of them is looked at.
const FACTS_MAX: usize = 4096;
/// How close to the end commands are folded whose facts the ledger does not show, because they
/// have none: refusals, mostly. Those nearer are left to the takeover, which answers them; at
/// 40,000 a second these are 1.6 seconds, about as long as a client waits for an answer and as a
/// takeover takes. Folding them then takes a tenth of a second.
pub(crate) const TRAIL: u64 = 1 << 16;
/// Records that are no commands are remembered up to this many: one is a fault somewhere.
const FOREIGN_MAX: usize = 8;
/// How much later than an owner a follower may see records: nobody waits for it, every response costs
/// the broker, and a takeover waits at most this long for the ledger's last ones.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the ledger's last record may take to arrive at a takeover.
const TAIL_WITHIN: Duration = Duration::from_secs(10);

/// A partition's follower.
#[derive(Debug)]
pub struct Standby {
    config: LoopConfig,
    recovered: RecoveredState,
    /// Read but not folded yet, at most a batch.
    ahead: VecDeque<Record>,
    ledger: Reader,
    /// Every fact up to here is in the ledger.
    published: Option<FactPosition>,
    /// Facts of the last command folded that are not in the ledger as far as is known. While
    /// there are any, nothing more is folded.
    kept: Vec<FactRecord>,
    /// The last records that are no commands: their owner may have died before it put them aside.
    foreign: VecDeque<Record>,
    /// While what was published before it began is decided again.
    comparison: Option<Comparison>,
    trail: u64,
    records: Vec<Record>,
    envelopes: Vec<Envelope>,
}

impl PartitionLoop {
    /// Waits for the facts, then follows whoever owns the partition now.
    pub fn stand_by(self) -> Result<Standby, RunnerError> {
        let (config, recovered) = self.into_settled()?;
        Standby::after(config, recovered)
    }
}

impl Standby {
    /// Starts from the newest good snapshot. The first turns fold what the ledger shows.
    pub fn start(config: LoopConfig) -> Result<Self, RunnerError> {
        let LoopConfig { partition, limits, .. } = config;
        let start = find_start(&*config.log, &*config.snapshots, partition, limits)?;
        let next = start.recovered.commands.0.position();
        let comparison = Comparison::begin(&*config.log, partition, next, start.facts_tail)?;
        let standby = Standby::follow(config, start.recovered, start.facts_tail)?;
        Ok(Standby { comparison, ..standby })
    }

    /// What is left of an owner whose facts are all in the ledger.
    fn after(config: LoopConfig, recovered: RecoveredState) -> Result<Self, RunnerError> {
        let before = recovered.commands.0.position().checked_sub(1);
        let published = before.map(|offset| FactPosition { offset, index: u16::MAX });
        Standby::follow(
            config,
            RecoveredState { origin: RecoveredFrom::Standby, ..recovered },
            published,
        )
    }

    fn follow(
        config: LoopConfig,
        mut recovered: RecoveredState,
        published: Option<FactPosition>,
    ) -> Result<Self, RunnerError> {
        let LoopConfig { partition, ref log, .. } = config;
        let next = recovered.commands.0.position();
        recovered.commands = Reader(log.follower(Topic::Commands, partition, next, PATIENCE)?);
        // The first record it reads is the last there is, so that it shows the tail.
        let last = log.end(Topic::Ledger, partition)?.saturating_sub(1);
        let ledger = Reader(log.follower(Topic::Ledger, partition, last, PATIENCE)?);
        Ok(Standby {
            config,
            recovered,
            ahead: VecDeque::with_capacity(BATCH_MAX),
            ledger,
            published,
            kept: Vec::new(),
            foreign: VecDeque::new(),
            comparison: None,
            trail: TRAIL,
            records: Vec::new(),
            envelopes: Vec::with_capacity(BATCH_MAX),
        })
    }

    /// Another distance to the end, for simulations whose logs are short.
    #[must_use]
    pub fn with_trail(self, trail: u64) -> Self {
        Standby { trail, ..self }
    }

    /// Waits up to `wait` for the ledger to grow, then folds what may be folded. `behind` counts
    /// what may be folded still: at 0 it is as warm as it gets.
    pub fn turn(&mut self, wait: Duration) -> Result<Turn, RunnerError> {
        self.read_ledger(wait)?;
        self.forget_published();
        self.read_ahead()?;
        let goal = self.goal()?;
        let commands = if self.kept.is_empty() { self.fold_up_to(goal)? } else { 0 };
        let behind = if self.kept.is_empty() { goal.saturating_sub(self.next()) } else { 0 };
        if behind == 0 {
            self.recovered.origin = RecoveredFrom::Standby;
        }
        Ok(Turn { commands, behind })
    }

    /// The next command to fold.
    #[must_use]
    pub fn next(&self) -> Offset {
        self.ahead
            .front()
            .map_or_else(|| self.recovered.commands.0.position(), |record| record.offset)
    }

    /// The engine's state, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.recovered.engine
    }

    /// Commands before this one may be folded: their facts are in the ledger, or they are so
    /// old that nobody waits for their answer any more.
    fn goal(&mut self) -> Result<Offset, RunnerError> {
        let end = self.recovered.commands.0.position() + self.recovered.commands.0.behind()?;
        let shown = self.published.map_or(0, |position| position.offset);
        Ok(shown.max(end.saturating_sub(self.trail)))
    }

    fn read_ledger(&mut self, wait: Duration) -> Result<usize, RunnerError> {
        self.records.clear();
        let read = self.ledger.0.poll(FACTS_MAX, wait, &mut self.records)?;
        // Sources grow, but for what a replaced owner repeats: the last one is enough, and one
        // that is not the furthest only makes this follower wait.
        for record in self.records.iter().rev() {
            if let Some(position) = fact_position(record)? {
                self.published = self.published.max(Some(position));
                break;
            }
        }
        Ok(read)
    }

    /// Fills up what is read ahead, so that it is known how far the end is.
    fn read_ahead(&mut self) -> Result<(), RunnerError> {
        let room = BATCH_MAX - self.ahead.len();
        if room > 0 {
            self.records.clear();
            self.recovered.commands.0.poll(room, Duration::ZERO, &mut self.records)?;
            self.ahead.extend(self.records.drain(..));
        }
        Ok(())
    }

    fn forget_published(&mut self) {
        let published = self.published;
        self.kept.retain(|fact| published.is_none_or(|last| fact.position > last));
    }

    /// Folds a batch, or up to the first command that has facts the ledger does not show.
    fn fold_up_to(&mut self, goal: Offset) -> Result<usize, RunnerError> {
        let count = self.ahead.iter().take_while(|record| record.offset < goal).count();
        let mut places = Vec::with_capacity(count);
        self.envelopes.clear();
        for (place, record) in self.ahead.iter().enumerate().take(count) {
            if let Ok(envelope) = decode_command(&record.value) {
                self.envelopes.push(envelope);
                places.push(place);
            }
        }
        self.recovered.engine.look_ahead(&self.envelopes);
        let mut folded = count;
        let mut facts = Vec::new();
        for (envelope, &place) in self.envelopes.iter().zip(&places) {
            let Record { offset, at, .. } = self.ahead[place];
            let LoopConfig { partition, .. } = self.config;
            let step = self.recovered.engine.step(offset, at, envelope, &mut facts);
            step.map_err(|newer| RunnerError::NewerVersion { partition, newer })?;
            if let Some(last) = facts.last() {
                self.recovered.basis.fact = Some(last.position);
            }
            if let Some(comparison) = &mut self.comparison {
                facts.iter().try_for_each(|fact| comparison.check(fact))?;
            }
            let published = self.published;
            let is_new = |fact: &FactRecord| published.is_none_or(|last| fact.position > last);
            self.kept.extend(facts.drain(..).filter(is_new));
            if !self.kept.is_empty() {
                folded = place + 1;
                break;
            }
        }
        if let Some(last) = folded.checked_sub(1) {
            self.recovered.basis.command = Some(RecordMark::of(&self.ahead[last]));
        }
        let foreign = self.ahead.drain(..folded).enumerate();
        let foreign = foreign.filter(|(place, _)| places.binary_search(place).is_err());
        self.foreign.extend(foreign.map(|(_, record)| record));
        let next = self.next();
        if let Some(comparison) = &mut self.comparison
            && comparison.is_over(next)?
        {
            self.comparison = None;
        }
        let surplus = self.foreign.len().saturating_sub(FOREIGN_MAX);
        self.foreign.drain(..surplus);
        Ok(folded)
    }

    /// Becomes the owner: publishes what the last one did not, and answers from there on.
    pub fn take_over(mut self) -> Result<PartitionLoop, RunnerError> {
        let LoopConfig { partition, .. } = self.config;
        // An owner does not wait for company as a follower does. First, because it takes a moment
        // to connect.
        let from = self.recovered.commands.0.position();
        let commands = Reader(self.config.log.reader(Topic::Commands, partition, from)?);
        let end = self.config.log.end(Topic::Ledger, partition)?;
        while self.ledger.0.position() < end {
            if self.read_ledger(TAIL_WITHIN)? == 0 {
                return Err(late_tail(partition));
            }
        }
        self.forget_published();
        let parked_tail = parked_tail(&*self.config.log, partition)?;
        self.recovered.commands = Reader(Box::new(Kept::new(self.ahead, commands)));
        let owner = PartitionLoop::resume(Resume {
            config: self.config,
            recovered: self.recovered,
            facts_tail: self.published,
            unpublished: self.kept,
            foreign: self.foreign.into(),
            parked_tail,
        })?;
        Ok(owner.comparing(self.comparison))
    }
}

fn late_tail(partition: Partition) -> RunnerError {
    let reason = format!("the facts of partition {partition} did not come to their end in time");
    RunnerError::Log(LogError::Backend(reason))
}
