//! Judges facts and answers at every step, in the order of the log.
//!
//! An answer is judged against the books as they stand behind its command. So an answer is
//! borne out by the published history, or the judge knows; a command that is answered twice, by
//! whomever, is answered alike; and nobody waits for a fact for ever.

use std::collections::{BTreeMap, HashMap};

use floodgate_domain::fact::{Fact, FactPosition, FactRecord};
use floodgate_domain::wire::{decode_command, decode_fact};
use floodgate_domain::{
    Actor, Answer, BuyerId, Command, CommandId, Envelope, EventId, OrderStatus, Refusal, Reply,
    SalePhase,
};
use floodgate_event_log::{Log, LogReader, Partition, Record, Topic};
use floodgate_testkit::MemoryLog;

use super::books::{Books, Wrong};

/// How long a durable command may wait for being decided and published: a session until the death of
/// an owner is noticed, or two if its successor dies as well, warm-up, and the backlog by then.
const PUBLISHED_WITHIN_MS: u64 = 20_000;

/// The judge of one world.
pub(crate) struct Judge {
    partitions: Vec<Bench>,
    pub(crate) books: BTreeMap<EventId, Books>,
    /// The first answer to every command, by its name.
    outcomes: HashMap<CommandId, Answer>,
    pub(crate) judged: u64,
    pub(crate) late: u64,
    pub(crate) repeated_facts: u64,
}

/// One partition before the judge.
struct Bench {
    commands: Box<dyn LogReader>,
    /// By offset, with their time.
    known: Vec<(u64, Option<Envelope>)>,
    ledger: Box<dyn LogReader>,
    last: Option<FactPosition>,
    facts: BTreeMap<u64, Vec<FactRecord>>,
    /// Not judged yet.
    replies: BTreeMap<u64, Vec<Reply>>,
    /// The answer given at each offset.
    given: HashMap<u64, Answer>,
    /// The books stand behind this command.
    stands_at: u64,
}

impl Judge {
    pub(crate) fn new(log: &MemoryLog) -> Self {
        let bench = |partition: Partition| Bench {
            commands: log.reader(Topic::Commands, partition, 0).unwrap(),
            known: Vec::new(),
            ledger: log.reader(Topic::Ledger, partition, 0).unwrap(),
            last: None,
            facts: BTreeMap::new(),
            replies: BTreeMap::new(),
            given: HashMap::new(),
            stands_at: 0,
        };
        Judge {
            partitions: (0..log.partitions(Topic::Commands)).map(bench).collect(),
            books: BTreeMap::new(),
            outcomes: HashMap::new(),
            judged: 0,
            late: 0,
            repeated_facts: 0,
        }
    }

    /// Takes what an owner, or a ghost of one, answered. `partition` is its event's.
    pub(crate) fn hear(&mut self, partition: Partition, reply: Reply) {
        let replies = &mut self.partitions[partition as usize].replies;
        replies.entry(reply.offset).or_default().push(reply);
    }

    /// Reads what is new and judges everything whose outcome the ledger shows.
    pub(crate) fn look(&mut self, now: u64) -> Result<(), Wrong> {
        for partition in 0..self.partitions.len() {
            self.repeated_facts += self.partitions[partition].read()?;
            let end = self.partitions[partition].last.map_or(0, |last| last.offset);
            let looked = self.look_at(partition, end);
            looked
                .and_then(|()| self.partitions[partition].nobody_waits(end, now))
                .map_err(|wrong| format!("partition {partition}: {wrong}"))?;
        }
        Ok(())
    }

    /// At rest every fact is in the ledger: what is left is judged too.
    pub(crate) fn look_at_the_rest(&mut self) -> Result<(), Wrong> {
        for partition in 0..self.partitions.len() {
            self.look_at(partition, u64::MAX)?;
            let left = &self.partitions[partition].replies;
            assert!(left.is_empty(), "{left:?}");
        }
        Ok(())
    }

    /// Judges up to `end`, the last command a fact is known of.
    fn look_at(&mut self, at: usize, end: u64) -> Result<(), Wrong> {
        loop {
            // Facts of one command come before its answers; both before those of the next.
            let bench = &mut self.partitions[at];
            let facts = bench.facts.first_key_value().map(|(offset, _)| *offset);
            let replies = bench.replies.first_key_value().map(|(offset, _)| *offset);
            let next = match (facts, replies) {
                (Some(facts), Some(replies)) => facts.min(replies),
                (Some(facts), None) => facts,
                // All facts of the last command may not be there yet.
                (None, Some(replies)) if replies < end => replies,
                _ => break,
            };
            let facts = bench.facts.remove(&next).unwrap_or_default();
            bench.stands_at = bench.stands_at.max(next);
            for fact in &facts {
                self.fold(fact).map_err(|wrong| format!("{:?}: {wrong}", fact.position))?;
            }
            if next == end {
                // One of its facts may be missing still; its answers wait for the next command's.
                break;
            }
            let replies = self.partitions[at].replies.remove(&next).unwrap_or_default();
            for reply in &replies {
                self.judge(at, reply, &facts)
                    .map_err(|wrong| format!("{wrong}\n  answer {reply:?}"))?;
            }
        }
        Ok(())
    }

    fn fold(&mut self, record: &FactRecord) -> Result<(), Wrong> {
        match (&record.fact, self.books.get_mut(&record.event_id)) {
            (Fact::EventCreated(new), None) => {
                self.books.insert(record.event_id, Books::new(new));
                Ok(())
            }
            (Fact::EventCreated(_), Some(_)) => Err("an event is created twice".to_owned()),
            (_, None) if record.event_id == EventId(0) => Ok(()),
            (fact, None) => Err(format!("{fact:?} of an event nobody created")),
            (fact, Some(books)) => books.fold(fact),
        }
    }

    fn judge(&mut self, at: usize, reply: &Reply, facts: &[FactRecord]) -> Result<(), Wrong> {
        self.judged += 1;
        let bench = &mut self.partitions[at];
        let Some(Some(envelope)) = bench.known.get(reply.offset as usize).map(|known| &known.1)
        else {
            return Err("an answer to no command".to_owned());
        };
        if envelope.command_id != reply.command_id || envelope.event_id != reply.event_id {
            return Err(format!("an answer to another command than {envelope:?}"));
        }
        let envelope = envelope.clone();
        if let Some(given) = bench.given.get(&reply.offset) {
            let same = *given == reply.answer;
            return if same { Ok(()) } else { Err(format!("first answered {given:?}")) };
        }
        bench.given.insert(reply.offset, reply.answer.clone());
        let is_late = reply.offset < bench.stands_at;
        self.same_outcome(reply)?;
        if is_late {
            // A ghost answers first what its successor only folded; the books are further on by now.
            self.late += 1;
            return Ok(());
        }
        let Some(books) = self.books.get(&reply.event_id) else {
            return Err("an answer of an event nobody created".to_owned());
        };
        match &reply.answer {
            Answer::Refused(refusal) if reply.repeated => books_differ(facts, *refusal),
            Answer::Refused(refusal) => is_true(books, &envelope, *refusal, facts),
            Answer::Done => Ok(()),
            Answer::Order(view) => books.is_order(view),
            Answer::Status(status) => books.is_status(status),
            Answer::Entered { place, .. } => {
                let spent = books.spent.contains(&place.0);
                if spent { Ok(()) } else { Err("entered, and the place is not spent".to_owned()) }
            }
            Answer::PlacesReserved { first, count } => {
                let given_out = first.0 + u64::from(*count) <= books.places;
                if given_out { Ok(()) } else { Err("places that were not given out".to_owned()) }
            }
        }
    }

    /// The same command never gets two outcomes, wherever it is in the log.
    fn same_outcome(&mut self, reply: &Reply) -> Result<(), Wrong> {
        if reply.command_id == CommandId(0) {
            return Ok(());
        }
        let first = self.outcomes.entry(reply.command_id).or_insert_with(|| reply.answer.clone());
        let same = match (&*first, &reply.answer) {
            // As it stands by now, but the same one.
            (Answer::Order(first), Answer::Order(again)) => first.hold_id == again.hold_id,
            (Answer::Status(_), Answer::Status(_)) => true,
            (first, again) => first == again,
        };
        if same { Ok(()) } else { Err(format!("the same command once got {first:?}")) }
    }

    /// Orders by event, for the end.
    pub(crate) fn confirmed(&self) -> usize {
        let orders = self.books.values().flat_map(|books| books.orders.values());
        orders.filter(|order| order.status == OrderStatus::Confirmed).count()
    }
}

impl Bench {
    /// Reads what is new; returns how many facts were repeated.
    fn read(&mut self) -> Result<u64, Wrong> {
        for record in drain(&mut *self.commands) {
            assert_eq!(record.offset, self.known.len() as u64, "the log is without gaps");
            self.known.push((record.at.0, decode_command(&record.value).ok()));
        }
        let mut repeated = 0;
        for record in drain(&mut *self.ledger) {
            let fact = decode_fact(&record.value).map_err(|error| error.to_string())?;
            if self.last.is_some_and(|last| fact.position <= last) {
                repeated += 1;
                continue;
            }
            if fact.position.offset >= self.known.len() as u64 {
                return Err(format!("a fact of a command that is not there: {fact:?}"));
            }
            self.last = Some(fact.position);
            self.facts.entry(fact.position.offset).or_default().push(fact);
        }
        Ok(repeated)
    }

    /// Marks of time have a fact each, so the ledger is never long behind the commands.
    fn nobody_waits(&self, end: u64, now: u64) -> Result<(), Wrong> {
        let is_mark = |known: &&(u64, Option<Envelope>)| {
            known.1.as_ref().is_some_and(|envelope| envelope.command == Command::MarkTime)
        };
        let behind = self.known.get(end as usize + 1..).unwrap_or_default();
        match behind.iter().find(is_mark) {
            Some((at, _)) if now > at + PUBLISHED_WITHIN_MS => {
                Err(format!("a command of {at} has no fact at {now}: nobody decides"))
            }
            _ => Ok(()),
        }
    }
}

fn drain(reader: &mut dyn LogReader) -> Vec<Record> {
    let mut records = Vec::new();
    while reader.poll(1024, std::time::Duration::ZERO, &mut records).unwrap() > 0 {}
    records
}

/// A refusal has no facts, but those that time alone brought about.
fn books_differ(facts: &[FactRecord], refusal: Refusal) -> Result<(), Wrong> {
    let by_command = facts.iter().find(|record| !is_of_time(&record.fact));
    by_command.map_or(Ok(()), |record| Err(format!("{refusal:?}, and {:?}", record.fact)))
}

fn is_of_time(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::HoldExpired { .. }
            | Fact::OrderExpired { .. }
            | Fact::ShopperLeft { .. }
            | Fact::SeatsSetAside { .. }
            | Fact::SeatsReturned { .. }
            | Fact::BuyerCooling { .. }
            | Fact::AnnouncementStarted { .. }
            // A cancelled event gives back, order by order.
            | Fact::HoldReleased { .. }
            | Fact::OrderRefunded { .. }
    )
}

/// Whether a refusal says what is so.
fn is_true(
    books: &Books,
    envelope: &Envelope,
    refusal: Refusal,
    facts: &[FactRecord],
) -> Result<(), Wrong> {
    books_differ(facts, refusal)?;
    let buyer = match envelope.actor {
        Actor::Buyer(buyer) => buyer,
        _ => BuyerId(0),
    };
    let order = envelope.command.hold_id().and_then(|hold_id| books.orders.get(&hold_id));
    let wanted = match &envelope.command {
        Command::HoldBest(group) => usize::from(group.count),
        Command::HoldSeats { seats, .. } => seats.len(),
        _ => 0,
    };
    let free = books.capacity as usize - books.owners.len();
    let policy = &books.policy;
    let holds = match refusal {
        Refusal::SeatTaken => match &envelope.command {
            Command::HoldSeats { seats, .. } => {
                seats.iter().any(|seat| books.owners.contains_key(&seat))
            }
            _ => false,
        },
        Refusal::SeatNotForSale => match &envelope.command {
            Command::HoldSeats { seats, .. } => {
                seats.iter().any(|seat| books.blocked.contains(&seat))
            }
            _ => false,
        },
        Refusal::SeatsInUse => match &envelope.command {
            Command::BlockSeats(house) => {
                house.seats.iter().any(|seat| books.owners.contains_key(&seat))
            }
            Command::GiveSeats(gift) => {
                gift.seats.iter().any(|seat| books.owners.contains_key(&seat))
            }
            _ => false,
        },
        Refusal::EventCancelled => books.phase == SalePhase::Cancelled,
        Refusal::SoldOut => free == 0,
        Refusal::NotEnoughTogether => wanted > 1 && free > 0,
        Refusal::NoPass | Refusal::NotInShop => !books.shoppers.contains(&buyer),
        Refusal::ShopFull => books.shoppers.len() >= policy.shoppers_max as usize,
        Refusal::PlaceSpent => match &envelope.command {
            Command::Enter { place } => books.spent.contains(&place.0),
            _ => true,
        },
        Refusal::TooManyHolds => books.live_holds(buyer) >= usize::from(policy.holds_per_buyer_max),
        Refusal::BuyerLimit => {
            books.seats_of(buyer) + wanted > usize::from(policy.seats_per_buyer_max)
        }
        Refusal::NotYourHold => order.is_some_and(|order| order.buyer != buyer),
        Refusal::UnknownHold => order.is_none_or(|order| !order.status.has_seats()),
        Refusal::HoldEnded => order.is_some_and(|order| order.status != OrderStatus::Confirmed),
        Refusal::AlreadyPurchased => {
            order.is_some_and(|order| order.status == OrderStatus::Confirmed)
        }
        Refusal::PaymentPending => {
            order.is_some_and(|order| order.status == OrderStatus::PaymentPending)
        }
        Refusal::PaymentUnanswered => books.silence.has(buyer),
        Refusal::AlreadyRefunded => {
            order.is_some_and(|order| order.status == OrderStatus::Refunded)
        }
        Refusal::NotConfirmed => order.is_some_and(|order| order.status != OrderStatus::Confirmed),
        Refusal::NoAttemptLeft => {
            order.is_some_and(|order| order.attempt >= policy.payment_attempts_max)
        }
        Refusal::PresaleOnly => {
            books.phase == SalePhase::Presale && !books.claims.contains_key(&buyer)
        }
        Refusal::CodeUsed => match envelope.command {
            Command::ClaimCode { code } => {
                books.claims.iter().any(|(of, taken)| *taken == code && *of != buyer)
            }
            _ => false,
        },
        Refusal::CodeClaimedAlready => books.claims.contains_key(&buyer),
        Refusal::CodeUnknown => match envelope.command {
            Command::ClaimCode { code } => {
                books.codes.get(&code.batch).is_none_or(|count| code.number >= *count)
            }
            _ => false,
        },
        Refusal::SaleNotOpen | Refusal::SalePaused | Refusal::SaleClosed => {
            books.phase.code() != "open"
        }
        // What the books say nothing about.
        _ => books.messages.is_true(envelope, refusal),
    };
    if holds { Ok(()) } else { Err(format!("refused as {refusal:?}, which is not so")) }
}
