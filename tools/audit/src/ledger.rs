//! The books of all events, entered command by command.

use std::collections::{BTreeMap, HashSet, VecDeque};

use floodgate_domain::{
    Actor, Command, CommandId, Envelope, EventId, Fact, FactPosition, FactRecord, HoldId, LogTime,
    SalePhase, SeatState,
};

use crate::books::event::{BuyerBook, EventBook, order_state};
use crate::books::seats::CountScope;
use crate::books::stage::{OrderBook, OrderStage, transition};
use crate::findings::Findings;
use crate::report::{AuditReport, SeatCounts};
use crate::rules::due::{Deadlines, Due};
use crate::rules::follow::{self, BookTerms, is_follower};
use crate::rules::row::CAUSE;
use crate::rules::{CommandView, cause, messages, owed};

/// Commands whose outcome is remembered, so that the same id is not decided twice.
const REMEMBERED_MAX: usize = 1 << 19;
/// Orders of a cancelled event that one command undoes at least.
const UNDONE_PER_STEP: u64 = 512;

/// One command and what it led to.
pub(super) struct Step<'a> {
    pub(super) offset: u64,
    /// The log's time of it.
    pub(super) at: LogTime,
    /// `None` where it could not be read.
    pub(super) envelope: Option<&'a Envelope>,
    /// Whether all its facts are here.
    pub(super) is_whole: bool,
}

/// What is known of the partition that is read.
#[derive(Debug, Default)]
struct Reading {
    clock: LogTime,
    version: u32,
    /// Whether the log has said which rules are in force.
    is_version_set: bool,
    known: HashSet<CommandId>,
    known_in_order: VecDeque<CommandId>,
    deadlines: Deadlines,
    steps: u64,
    /// Events that were cancelled, and how many commands there had been.
    cancelled: Vec<(EventId, u64)>,
}

impl Reading {
    /// The log's time, and the rules in force.
    fn time(&self) -> (LogTime, u32) {
        (self.clock, self.version)
    }

    fn remember(&mut self, command_id: CommandId) {
        if command_id == CommandId::NONE || !self.known.insert(command_id) {
            return;
        }
        self.known_in_order.push_back(command_id);
        if self.known_in_order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.known_in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// The books of all events.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) events: BTreeMap<EventId, EventBook>,
    pub(super) found: Findings,
    reading: Reading,
    totals: (SeatCounts, u64, u64),
}

impl Ledger {
    /// Positions and time start anew with each partition.
    pub(super) fn start_partition(&mut self) {
        self.reading = Reading { version: 1, ..Reading::default() };
    }

    /// The log's time of the command that is entered.
    pub(super) fn now(&self) -> LogTime {
        self.reading.clock
    }

    /// Whether the books know this hold.
    pub(super) fn knows_hold(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id, |_| true)
    }

    pub(super) fn order_started(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id, |order| order.attempt > 0)
    }

    pub(super) fn order_confirmed(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id, |order| order.was_confirmed)
    }

    fn order(
        &self,
        event_id: EventId,
        hold_id: HoldId,
        is: impl FnOnce(&OrderBook) -> bool,
    ) -> bool {
        let book = self.events.get(&event_id);
        book.and_then(|book| book.order(hold_id)).is_some_and(is)
    }

    /// Enters what a command led to; `after` sees the books after every fact.
    pub(super) fn step(
        &mut self,
        step: &Step<'_>,
        facts: &[FactRecord],
        mut after: impl FnMut(&mut Ledger, &FactRecord),
    ) {
        self.reading.steps += 1;
        if step.envelope.is_some() {
            self.reading.clock = self.reading.clock.max(step.at);
        }
        let is_repeated =
            step.envelope.is_some_and(|one| self.reading.known.contains(&one.command_id));
        let mut own = 0;
        let mut is_owed = None;
        for (index, record) in facts.iter().enumerate() {
            self.position(step, index, record);
            let before = facts[..index].iter().rev().map(|record| &record.fact);
            let before = before.into_iter().find(|fact| !is_follower(fact));
            if is_follower(&record.fact) {
                // It goes with the fact before it.
            } else if !self.is_timed(record) {
                self.once(record, &facts[..index]);
                is_owed = is_owed.or_else(|| Some(self.is_owed(step, is_repeated)));
                own += usize::from(step.envelope.is_some_and(|one| owed::is_answer(one, record)));
            } else if own > 0 {
                self.comes_late(record, before);
            }
            self.fact(step, record, (before, &facts[..index]), is_repeated);
            after(self, record);
        }
        let is_owed = is_owed.unwrap_or_else(|| self.is_owed(step, is_repeated));
        if step.is_whole && is_owed {
            self.found.check("command-has-fact", own > 0, || {
                let name = step.envelope.map_or("", |one| one.command.name());
                format!("{name} at offset {} should have led to a fact", step.offset)
            });
        }
        if let Some(envelope) = step.envelope {
            self.reading.remember(envelope.command_id);
            if !is_repeated && step.is_whole {
                self.cohort_is_shared(envelope);
            }
            if step.is_whole {
                self.buyers_are_out(step, facts);
                self.seats_come_back(envelope, facts);
                let Ledger { events, found, reading, .. } = self;
                let book_of = |record: &FactRecord| events.get(&record.event_id);
                messages::check_started(book_of, facts, reading.clock, found);
                self.reading.deadlines.step(self.reading.clock, &mut self.found);
            }
        }
    }

    fn position(&mut self, step: &Step<'_>, index: usize, record: &FactRecord) {
        let expected = FactPosition { offset: step.offset, index: index as u16 };
        let is_next = record.position == expected && record.at == self.reading.clock;
        let is_of_command = is_next && step.envelope.is_some();
        self.found.check("facts-by-position", is_of_command, || {
            format!(
                "{} at {:?} is not at its place, or not in its time",
                record.fact.name(),
                record.position
            )
        });
    }

    /// A command leads to a fact of a kind once, or once for each hold.
    fn once(&mut self, record: &FactRecord, before: &[FactRecord]) {
        let of = |fact: &Fact| match *fact {
            // Somebody else's time may be over as well.
            Fact::ShopperLeft { buyer, .. } => Some(buyer.0),
            Fact::AnnouncementStarted { id } => Some(id.0),
            _ => transition(fact).map(|row| row.hold_id.0),
        };
        let is_same = |other: &FactRecord| {
            other.event_id == record.event_id
                && other.fact.name() == record.fact.name()
                && of(&other.fact) == of(&record.fact)
        };
        self.found.check(CAUSE, !before.iter().any(is_same), || {
            format!("{} at {:?} comes a second time", record.fact.name(), record.position)
        });
    }

    fn comes_late(&mut self, record: &FactRecord, before: Option<&Fact>) {
        let may = cause::may_come_late(before, &record.fact);
        self.found.check("facts-by-position", may, || {
            format!("{} at {:?} comes after its command", record.fact.name(), record.position)
        });
    }

    /// Whether time alone, or a cancellation before, has brought it about.
    fn is_timed(&self, record: &FactRecord) -> bool {
        self.events
            .get(&record.event_id)
            .is_some_and(|book| cause::is_without_command(book, &record.fact, self.reading.time()))
    }

    fn is_owed(&self, step: &Step<'_>, is_repeated: bool) -> bool {
        let Some(envelope) = step.envelope.filter(|_| !is_repeated) else { return false };
        if let Command::EngineVersion { version } = envelope.command {
            return envelope.actor == Actor::System && self.is_news(version);
        }
        let Some(book) = self.events.get(&envelope.event_id) else { return false };
        owed::is_owed(book, self.asked(envelope, None, is_repeated))
    }

    /// Whether a log that says which rules are in force says something new.
    fn is_news(&self, version: u32) -> bool {
        let Reading { version: before, is_version_set, .. } = self.reading;
        version > before || version == before && !is_version_set
    }

    fn asked<'a>(
        &self,
        envelope: &'a Envelope,
        before: Option<&'a Fact>,
        is_repeated: bool,
    ) -> CommandView<'a> {
        let Reading { clock: now, version, .. } = self.reading;
        CommandView { envelope, now, version, is_repeated, before }
    }

    fn fact(
        &mut self,
        step: &Step<'_>,
        record: &FactRecord,
        (cause, before): (Option<&Fact>, &[FactRecord]),
        is_repeated: bool,
    ) {
        let asked = step.envelope.map(|envelope| self.asked(envelope, cause, is_repeated));
        match &record.fact {
            Fact::EngineVersionSet { version } => {
                let is_asked = asked.is_some_and(|asked| {
                    asked.envelope.command == Command::EngineVersion { version: *version }
                        && asked.envelope.event_id == record.event_id
                        && asked.is_system()
                        && !is_repeated
                        || cause::is_restored(record, asked)
                }) && self.is_news(*version);
                self.reading.version = *version;
                self.reading.is_version_set = true;
                return self.found.check(CAUSE, is_asked, || {
                    format!("no command puts version {version} in force")
                });
            }
            Fact::EventCreated(new) => {
                let is_asked = asked.is_some_and(|asked| {
                    matches!(&asked.envelope.command, Command::CreateEvent(named) if named == new)
                        && asked.envelope.event_id == record.event_id
                        && asked.is_staff()
                        && !is_repeated
                        || cause::is_restored(record, asked)
                });
                let words = || format!("{} exists twice, or as nobody asked", record.event_id);
                let is_new = self.events.insert(record.event_id, EventBook::of(new)).is_none();
                self.set_sale_times(record.event_id, record.at);
                return self.found.check("event-created-once", is_new && is_asked, words);
            }
            _ => {}
        }
        let Some(book) = self.events.get_mut(&record.event_id) else {
            return self.found.check("event-created-once", false, || {
                format!("{} was not created", record.event_id)
            });
        };
        if is_follower(&record.fact) {
            for (invariant, what, holds) in follow::rows(book, record, before, self.reading.time())
            {
                self.found.check(invariant, holds, || {
                    format!("{} at {:?}: {what}", record.fact.name(), record.position)
                });
            }
        } else {
            cause::check(book, record, self.reading.time(), asked, &mut self.found);
        }
        book.tally.enter(record, &book.seats, &book.prices);
        book.enter(record, self.reading.version, &mut self.found);
        if let Some(asked) = asked {
            self.follow_cohort(asked.envelope, &record.fact);
        }
        if record.fact == Fact::EventCancelled {
            self.reading.cancelled.push((record.event_id, self.reading.steps));
        }
        self.set_deadlines(record);
        if matches!(record.fact, Fact::DetailsSet(_)) || record.fact.effects().phase.is_some() {
            self.set_sale_times(record.event_id, record.at);
        }
    }

    /// A sale that is announced begins its presale and opens in time; one that is not over yet closes in time.
    fn set_sale_times(&mut self, event_id: EventId, now: LogTime) {
        let Some(book) = self.events.get(&event_id) else { return };
        let is_announced = book.phase == SalePhase::Announced;
        let presale_at = book.sale_times.presale_at.filter(|_| is_announced);
        // A presale that staff began when the opening was over opens by hand alone.
        let may_open = |at: &LogTime| is_announced || book.phase == SalePhase::Presale && *at > now;
        let opens_at = book.sale_times.opens_at.filter(may_open);
        let is_over = matches!(book.phase, SalePhase::Closed | SalePhase::Cancelled);
        let closes_at = book.sale_times.closes_at.filter(|_| !is_over);
        self.reading.deadlines.set(event_id, Due::Presale, presale_at);
        self.reading.deadlines.set(event_id, Due::Opening, opens_at);
        self.reading.deadlines.set(event_id, Due::Closing, closes_at);
    }

    fn set_deadlines(&mut self, record: &FactRecord) {
        let Some(book) = self.events.get(&record.event_id) else { return };
        let aside = match record.fact {
            Fact::SeatsSetAside { hold_id, until, .. } => Some((hold_id, Some(until))),
            Fact::SeatsReturned { hold_id, .. } => Some((hold_id, None)),
            _ => None,
        };
        if let Some((hold_id, until)) = aside {
            self.reading.deadlines.set(record.event_id, Due::Seats(hold_id), until);
        }
        if let Some((id, until)) = messages::deadline(book, &record.fact) {
            self.reading.deadlines.set(record.event_id, Due::Announcement(id), until);
        }
        let effects_of = transition(&record.fact).map(|row| row.hold_id);
        let hold_id = match record.fact {
            Fact::SeatsHeld { hold_id, .. } => Some(hold_id),
            _ => effects_of,
        };
        let order = hold_id.and_then(|hold_id| Some((hold_id, book.order(hold_id)?)));
        let of_shop = match record.fact {
            Fact::Entered { buyer, .. }
            | Fact::ShopperStayed { buyer, .. }
            | Fact::ShopperLeft { buyer, .. } => Some(buyer),
            _ => None,
        };
        if let Some((hold_id, order)) = order {
            let until = order.stage.is_live().then_some(order.until);
            self.reading.deadlines.set(record.event_id, Due::Order(hold_id), until);
        }
        if let Some(buyer) = of_shop.or(order.map(|(_, order)| order.buyer)) {
            let record_of = book.buyers.get(&buyer);
            let free = record_of.filter(|one| one.is_in_shop && one.live.is_empty());
            let until = free.map(|one| book.visit_end(one));
            self.reading.deadlines.set(record.event_id, Due::Visit(buyer), until);
        }
        if record.fact.effects().phase.is_some() {
            for (buyer, one) in book.buyers.iter().filter(|(_, one)| one.is_in_shop) {
                let until = one.live.is_empty().then(|| book.visit_end(one));
                self.reading.deadlines.set(record.event_id, Due::Visit(*buyer), until);
            }
        }
    }

    /// Seats that are given back are set aside, and whoever let go of them cools down.
    fn seats_come_back(&mut self, envelope: &Envelope, facts: &[FactRecord]) {
        let Ledger { events, found, reading, .. } = self;
        let terms = |record: &FactRecord| {
            let book = events.get(&record.event_id)?;
            let follows = reading.version > 1;
            Some(BookTerms {
                phase: book.phase,
                sets_aside: follows && book.policy.return_ms_max() > 0,
                cools: follows && book.policy.cooldown_ms > 0,
            })
        };
        let paid = matches!(envelope.command, Command::PaymentAuthorised { .. });
        follow::check_all(terms, facts, paid, found);
    }

    /// Whoever has bought, and holds nothing more, is out of the shop at once.
    fn buyers_are_out(&mut self, step: &Step<'_>, facts: &[FactRecord]) {
        for record in facts {
            let Fact::OrderConfirmed { buyer, .. } = record.fact else { continue };
            let Some(book) = self.events.get(&record.event_id) else { continue };
            let record_of = book.buyers.get(&buyer);
            let is_out = record_of.is_none_or(|one| !one.is_in_shop || !one.live.is_empty());
            self.found.check("shoppers-counted", is_out, || {
                format!("{buyer} has bought at offset {} and is still in", step.offset)
            });
        }
    }

    /// The one thing facts do not say, by design: who is in which cohort. The command does.
    fn follow_cohort(&mut self, envelope: &Envelope, fact: &Fact) {
        let cohort = match fact {
            Fact::CohortJoined { cohort } => Some(*cohort),
            Fact::CohortLeft { .. } => None,
            _ => return,
        };
        if let Some(record) = self.sender(envelope) {
            record.cohort = cohort;
        }
    }

    /// After a command that shares one or takes it back, its sender is counted where it says.
    fn cohort_is_shared(&mut self, envelope: &Envelope) {
        let asked_for = match &envelope.command {
            Command::ShareCohort { cohort } => Some(*cohort),
            Command::WithdrawCohort => None,
            _ => return,
        };
        let Reading { clock, version, .. } = self.reading;
        let sender = self.sender(envelope);
        let Some(record) = sender.filter(|one| one.matters(clock, version)) else { return };
        let is_there = std::mem::replace(&mut record.cohort, asked_for) == asked_for;
        self.found.check("cohorts-add-up", is_there, || {
            "somebody is not counted in the cohort they shared".to_owned()
        });
    }

    fn sender(&mut self, envelope: &Envelope) -> Option<&mut BuyerBook> {
        let Actor::Buyer(buyer) = envelope.actor else { return None };
        self.events.get_mut(&envelope.event_id)?.buyers.get_mut(&buyer)
    }

    /// The end of a partition: a cancelled event has been given back if there was time.
    pub(super) fn end_partition(&mut self) {
        let orders: usize = self.events.values().map(|book| book.orders.len()).sum();
        let needed = 3 + orders as u64 / UNDONE_PER_STEP;
        for (event_id, at) in std::mem::take(&mut self.reading.cancelled) {
            let Some(book) = self.events.get(&event_id) else { continue };
            let had_time = self.reading.steps.saturating_sub(at) > needed;
            let is_left = |stage: OrderStage| stage.is_live() || stage.is_sold();
            let left = book.orders.values().filter(|order| is_left(order.stage)).count();
            self.found.check("order-moves", !had_time || left == 0, || {
                format!("{left} orders of {event_id} are left, which was cancelled")
            });
        }
    }

    /// The books at the end: every count adds up.
    pub(super) fn close(&mut self) {
        let (mut seats, mut orders, mut in_flight) = (SeatCounts::default(), 0, 0);
        for (event_id, book) in &self.events {
            let aside = book.set_aside.values().map(|(seats, _)| seats.len() as u64);
            let (mut held, mut sold) = (aside.sum::<u64>(), 0);
            for order in book.orders.values() {
                let count = order.seats.len() as u64;
                match order_state(Some(order.stage)) {
                    SeatState::Held => held += count,
                    SeatState::Sold => {
                        sold += count;
                        orders += 1;
                        in_flight += u64::from(order.stage == OrderStage::Confirmed);
                    }
                    SeatState::Free | SeatState::NotForSale => {}
                }
            }
            let all = book.seats.amounts(CountScope::Event).unwrap_or_default();
            let [free, is_held, is_sold] = all.map(|amount| u64::try_from(amount).unwrap_or(0));
            self.found.check("seats-add-up", (is_held, is_sold) == (held, sold), || {
                format!("{event_id}: {is_held} held and {is_sold} sold seats, orders have {held} and {sold}")
            });
            seats.free += free;
            seats.held += held;
            seats.sold += sold;
        }
        self.totals = (seats, orders, in_flight);
    }

    /// Whether an event is cancelled or closed, so that its counts may be forgotten.
    pub(super) fn is_over(&self, event_id: EventId) -> bool {
        let phase = self.events.get(&event_id).map(|book| book.phase);
        matches!(phase, Some(SalePhase::Closed | SalePhase::Cancelled))
    }

    pub(super) fn into_report(self) -> AuditReport {
        let (seats, orders, orders_in_flight) = self.totals;
        AuditReport {
            violations: self.found.violations(),
            invariants: self.found.checks,
            seats,
            orders,
            orders_in_flight,
            examples: self.found.examples,
            ..AuditReport::default()
        }
    }
}
