//! One partition, command by command, each with the facts it led to.

use anyhow::{Context, Result};

use floodgate_domain::wire::decode_command;
use floodgate_domain::{Envelope, FactRecord};
use floodgate_engine::NewerVersion;
use floodgate_event_log::{Log, Record, Topic};

use crate::ledger::{Ledger, Step};
use crate::public::counts::PublishedCounts;
use crate::public::facts::PublicFacts;
use crate::public::live::PublishedLive;
use crate::public::windows::PublishedWindows;
use crate::published::{Published, PublishedFact};
use crate::reading::each_record;
use crate::replay::Replay;

/// What was read besides the books.
pub(super) struct PartitionRead {
    /// Facts that are certain and not published yet.
    pub(super) pending: u64,
    pub(super) repeated: u64,
}

/// What was published of each event as of a position.
pub(super) struct Totals {
    pub(super) counts: PublishedCounts,
    pub(super) windows: PublishedWindows,
    pub(super) live: PublishedLive,
}

struct Audited<'a> {
    partition: u32,
    ledger: &'a mut Ledger,
    published: Published,
    public: PublicFacts,
    totals: &'a mut Totals,
    replay: Option<Replay>,
    pending: u64,
    beyond: Option<NewerVersion>,
}

/// Reads one partition up to where it ends now.
pub(super) fn audit(
    log: &dyn Log,
    partition: u32,
    replay: bool,
    (ledger, totals): (&mut Ledger, &mut Totals),
) -> Result<PartitionRead> {
    // The public ends first, then the facts', then the commands': each follows from the next.
    let public = PublicFacts::open(log, partition)?;
    let facts_end = log.end(Topic::Ledger, partition)?;
    let commands_end = log.end(Topic::Commands, partition)?;
    ledger.start_partition();
    totals.live.start_partition();
    let published = Published::open(log, partition, facts_end)?;
    let replay = replay.then(Replay::new);
    let (pending, beyond) = (0, None);
    let mut audited =
        Audited { partition, ledger, published, public, totals, replay, pending, beyond };
    each_record(log, Topic::Commands, partition, commands_end, |record| audited.command(record))?;
    if let Some(newer) = audited.beyond {
        return Err(newer).with_context(|| format!("partition {partition} cannot be audited"));
    }
    audited.rest();
    let Audited { ledger, published, public, pending, .. } = audited;
    ledger.end_partition();
    public.finish(&mut ledger.found)?;
    let repeated = published.repeated;
    published.records.failure.map_or(Ok(PartitionRead { pending, repeated }), Err)
}

impl Audited<'_> {
    fn command(&mut self, record: &Record) {
        if self.beyond.is_some() {
            return;
        }
        let envelope = decode_command(&record.value).ok();
        let found = &mut self.ledger.found;
        let facts: Vec<PublishedFact> =
            std::iter::from_fn(|| self.published.up_to(record.offset, found)).collect();
        let is_whole = self.published.next_position(found).is_some();
        let mut pending: Vec<FactRecord> = Vec::new();
        if let (Some(replay), Some(envelope)) = (&mut self.replay, &envelope) {
            let command = (record.offset, record.at, envelope);
            match replay.step(command, &facts, is_whole, found) {
                Ok(facts) => pending.extend_from_slice(facts),
                Err(newer) => return self.beyond = Some(newer),
            }
        } else if facts.is_empty() && !is_whole && self.replay.is_none() {
            // What became of it is not known here.
            return;
        }
        self.enter(record, envelope.as_ref(), facts, pending, is_whole);
    }

    fn enter(
        &mut self,
        record: &Record,
        envelope: Option<&Envelope>,
        facts: Vec<PublishedFact>,
        pending: Vec<FactRecord>,
        is_whole: bool,
    ) {
        self.pending += pending.len() as u64;
        let published = facts.len();
        let mut facts: Vec<FactRecord> = facts.into_iter().map(|one| one.fact).collect();
        facts.extend(pending);
        let is_whole = is_whole || self.replay.is_some();
        let step = Step { offset: record.offset, at: record.at, envelope, is_whole };
        let Audited { partition, public, totals, .. } = self;
        let mut entered = 0;
        self.ledger.step(&step, &facts, |ledger, fact| {
            entered += 1;
            if entered <= published {
                public.compare(fact, &mut ledger.found);
                totals.counts.compare(*partition, fact.position, ledger);
                totals.windows.compare(*partition, fact.position, ledger);
                totals.live.follow(*partition, fact, &mut ledger.found);
            }
        });
    }

    /// Facts that follow from no command at all.
    fn rest(&mut self) {
        let found = &mut self.ledger.found;
        let mut left = 0_u64;
        while self.published.up_to(u64::MAX, found).is_some() {
            left += 1;
        }
        found.check("facts-by-position", left == 0, || {
            format!("{left} facts follow from no command")
        });
        if self.replay.is_some() {
            found
                .check("replay-byte-equal", left == 0, || format!("{left} facts were not decided"));
        }
    }
}
