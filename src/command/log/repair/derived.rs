//! What follows from other topics: commands from the facts they led to, facts from their commands,
//! public records from their facts.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use floodgate_audit::{Derivation, lies_between};
use floodgate_domain::wire::{decode_fact, encode_command, encode_fact};
use floodgate_domain::{Command, CommandId, Envelope, EventId, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{NewRecord, Offset, Partition, Record, Topic};
use floodgate_streams::public::{ledger_offset, public_record};

use super::super::super::exit::Failure;
use super::mending::Mending;
use super::sources::FoundIn;

/// Records that are missing one after the other, with what lies before and behind them.
struct Gap<P> {
    offsets: Vec<Offset>,
    after: Option<P>,
    before: Option<P>,
    /// The time of the record before them.
    at: LogTime,
}

/// Finds the gaps of a topic; `position` says where in its order a record is.
fn gaps<P: Copy>(
    mending: &Mending<'_>,
    (topic, partition): (Topic, Partition),
    position: impl Fn(&Record) -> Option<P>,
) -> Result<Vec<Gap<P>>, Failure> {
    let mut missing = mending.missing(topic, partition).into_iter().peekable();
    let mut gaps: Vec<Gap<P>> = Vec::new();
    if missing.peek().is_none() {
        return Ok(gaps);
    }
    let (mut last, mut at) = (None, LogTime(0));
    let mut open = false;
    mending.each(topic, partition, &mut |record| {
        let mut offsets = Vec::new();
        while let Some(offset) = missing.next_if(|offset| *offset < record.offset) {
            offsets.push(offset);
        }
        if !offsets.is_empty() {
            gaps.push(Gap { offsets, after: last, before: None, at });
            open = true;
        }
        let here = position(record);
        if let Some(gap) = gaps.last_mut().filter(|_| open && here.is_some()) {
            gap.before = here;
            open = false;
        }
        (last, at) = (here.or(last), record.at);
        Ok(())
    })?;
    let offsets: Vec<Offset> = missing.collect();
    if !offsets.is_empty() {
        gaps.push(Gap { offsets, after: last, before: None, at });
    }
    Ok(gaps)
}

fn fact_of(record: &Record) -> Option<FactRecord> {
    decode_fact(&record.value).ok()
}

/// In the place of a lost command: what the ledger says it led to. One behind the last fact may never
/// have been decided, and only people can say that it need not be.
pub(super) fn commands(
    mending: &mut Mending<'_>,
    partition: Partition,
    accept_loss: bool,
) -> Result<(), Failure> {
    let lost = mending.missing(Topic::Commands, partition);
    if lost.is_empty() {
        return Ok(());
    }
    let mut facts: BTreeMap<Offset, Vec<FactRecord>> =
        lost.iter().map(|offset| (*offset, Vec::new())).collect();
    let mut tail: Option<FactPosition> = None;
    mending.each(Topic::Ledger, partition, &mut |record| {
        let Some(fact) = fact_of(record) else { return Ok(()) };
        // What a replaced owner repeats is there already.
        let is_new = tail.is_none_or(|tail| fact.position > tail);
        tail = tail.max(Some(fact.position));
        if let Some(of_it) = facts.get_mut(&fact.position.offset).filter(|_| is_new) {
            of_it.push(fact);
        }
        Ok(())
    })?;
    let place = (Topic::Ledger, partition);
    let gaps = gaps(mending, place, |record| fact_of(record).map(|fact| fact.position))?;
    for (offset, facts) in facts {
        let may_be_in = |gap: &Gap<FactPosition>| {
            gap.after.is_none_or(|after| after.offset <= offset)
                && gap.before.is_none_or(|before| offset <= before.offset)
        };
        let is_hidden = |fact: &FactRecord| fact.fact.effects().cohort.is_some();
        let was_decided = tail.is_some_and(|tail| offset <= tail.offset);
        let why_not = if gaps.iter().any(may_be_in) {
            "the facts it led to are damaged as well"
        } else if facts.iter().any(is_hidden) {
            "facts do not say who shares a cohort"
        } else if !was_decided && !accept_loss {
            "no fact follows it, so it may never have been decided; see --accept-loss"
        } else {
            let before = mending.before(Topic::Commands, partition, offset);
            let at = facts.first().map(|fact| fact.at).or(before.map(|before| before.at));
            let record = restored(offset, at.unwrap_or_default(), &facts);
            mending.found(Topic::Commands, partition, (record, FoundIn::Ledger));
            continue;
        };
        mending.not_found(Topic::Commands, partition, offset, why_not);
    }
    Ok(())
}

/// Whether the commands lead to the ledger again, now that the lost ones are restored. Where one that
/// led to nothing was decided at another moment than the one assumed, they may not.
pub(super) fn follows_again(mending: &Mending<'_>, partition: Partition) -> Result<bool, Failure> {
    let (mut known, mut count, mut last) = (DefaultHasher::new(), 0_u64, None);
    mending.each(Topic::Ledger, partition, &mut |record| {
        let Some(fact) = fact_of(record) else { return Ok(()) };
        // What a replaced owner repeats was compared before.
        if last.is_none_or(|last| fact.position > last) {
            last = Some(fact.position);
            written(&fact).hash(&mut known);
            count += 1;
        }
        Ok(())
    })?;
    let (mut derivation, mut derived, mut left) =
        (Derivation::default(), DefaultHasher::new(), count);
    mending.each(Topic::Commands, partition, &mut |record| {
        let facts = derivation.take(record).map_err(Failure::bad_input)?;
        let published = usize::try_from(left).unwrap_or(usize::MAX).min(facts.len());
        facts[..published].iter().for_each(|fact| written(fact).hash(&mut derived));
        left -= published as u64;
        Ok(())
    })?;
    Ok(left == 0 && known.finish() == derived.finish())
}

fn written(fact: &FactRecord) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_fact(fact, &mut bytes);
    bytes
}

fn restored(offset: Offset, at: LogTime, facts: &[FactRecord]) -> Record {
    let event_id = facts.last().map_or(EventId(0), |fact| fact.event_id);
    let command = Command::RestoreFacts { facts: facts.iter().map(written).collect() };
    let envelope = Envelope::system(CommandId(0), event_id, command);
    let mut value = Vec::new();
    encode_command(&envelope, &mut value);
    let key = event_id.to_string().into();
    Record { offset, at, key, value: value.into(), headers: Vec::new() }
}

/// Facts follow from their commands, if every one of them is known.
pub(super) fn facts(mending: &mut Mending<'_>, partition: Partition) -> Result<(), Failure> {
    let place = (Topic::Ledger, partition);
    let gaps = gaps(mending, place, |record| fact_of(record).map(|fact| fact.position))?;
    if gaps.is_empty() {
        return Ok(());
    }
    let lost = mending.missing(Topic::Commands, partition).first().copied();
    let mut derived: Vec<Vec<FactRecord>> = gaps.iter().map(|_| Vec::new()).collect();
    let mut derivation = Derivation::default();
    mending.each(Topic::Commands, partition, &mut |record| {
        let facts = derivation.take(record).map_err(Failure::bad_input)?;
        for fact in facts {
            for (gap, derived) in gaps.iter().zip(&mut derived) {
                if lies_between(fact.position, gap.after, gap.before) {
                    derived.push(fact.clone());
                }
            }
        }
        Ok(())
    })?;
    for (gap, facts) in gaps.iter().zip(derived) {
        // At the end not all of them may have been published yet.
        let is_last = gap.before.is_none() && facts.len() > gap.offsets.len();
        let is_known = lost.is_none_or(|lost| gap.before.is_some_and(|one| one.offset < lost));
        if !is_known || facts.len() != gap.offsets.len() && !is_last {
            let why = "it does not follow from the commands that are left";
            gap.offsets.iter().for_each(|at| mending.not_found(place.0, partition, *at, why));
            continue;
        }
        for (&offset, fact) in gap.offsets.iter().zip(&facts) {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            let new = NewRecord::new(fact.event_id.to_string(), value);
            mending.found(place.0, partition, (at_offset(offset, gap.at, new), FoundIn::Commands));
        }
    }
    Ok(())
}

/// Public facts follow from the ledger.
pub(super) fn public(mending: &mut Mending<'_>, partition: Partition) -> Result<(), Failure> {
    let place = (Topic::Facts, partition);
    let gaps = gaps(mending, place, ledger_offset)?;
    if gaps.is_empty() {
        return Ok(());
    }
    let mut derived: Vec<Vec<NewRecord>> = gaps.iter().map(|_| Vec::new()).collect();
    mending.each(Topic::Ledger, partition, &mut |record| {
        let Some(fact) = fact_of(record) else { return Ok(()) };
        for (gap, derived) in gaps.iter().zip(&mut derived) {
            let is_in = gap.after.is_none_or(|after| record.offset > after)
                && gap.before.is_none_or(|before| record.offset < before);
            if is_in {
                derived.extend(public_record(partition, record.offset, &fact));
            }
        }
        Ok(())
    })?;
    for (gap, records) in gaps.iter().zip(derived) {
        let is_last = gap.before.is_none() && records.len() > gap.offsets.len();
        if records.len() != gap.offsets.len() && !is_last {
            let why = "it does not follow from the facts that are left";
            gap.offsets.iter().for_each(|at| mending.not_found(place.0, partition, *at, why));
            continue;
        }
        for (&offset, new) in gap.offsets.iter().zip(records) {
            mending.found(place.0, partition, (at_offset(offset, gap.at, new), FoundIn::Facts));
        }
    }
    Ok(())
}

fn at_offset(offset: Offset, at: LogTime, new: NewRecord) -> Record {
    let NewRecord { key, value, headers } = new;
    Record { offset, at, key, value, headers }
}
