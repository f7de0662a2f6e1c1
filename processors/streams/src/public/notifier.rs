//! Who is notified of what, and when: most of it is in the effects of a fact; holds about to end,
//! turns that come, and changes that depend on what was before are tracked here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use floodgate_domain::effects::{LineMove, Notice, ShopMove, TicketStates};
use floodgate_domain::{
    BuyerId, Effects, EventDetails, EventId, FactPosition, FactRecord, Frontier, HoldId, LineOrder,
    LogTime, Policy, PriceTable, Rank, SalePhase, SeatState,
};
use floodgate_event_log::Partition;

use super::notification::{Cause, Notification};

/// How long before its end the owner of a hold is notified; of a short hold, half of it.
const ENDING_MS: u64 = 60_000;

/// Hold numbers are each event's own.
type HoldKey = (EventId, HoldId);

/// A hold whose buyer should be notified of its end in time.
#[derive(Debug, Clone, Copy)]
struct Ending {
    cause: Cause,
    buyer: BuyerId,
    until: LogTime,
    /// When to notify them.
    due: LogTime,
}

/// One event's line, as far as somebody wants to be notified.
#[derive(Debug, Default)]
struct Line {
    order: LineOrder,
    called: Frontier,
    /// Those not called yet; the engine lets about a million await their turn at once.
    awaiting: BTreeMap<Rank, (BuyerId, FactPosition)>,
}

/// What people know of an event: its prices, its rules, and what it says of itself.
#[derive(Debug)]
struct Terms {
    prices: PriceTable,
    policy: Policy,
    details: EventDetails,
}

/// Messages on their way out. What was published before a restart is followed in silence: then none
/// is even made, since a restart follows everything from the first fact on.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) all: Vec<Notification>,
    pub(super) is_silent: bool,
}

impl Notes {
    fn add(&mut self, make: impl FnOnce() -> Notification) {
        if !self.is_silent {
            self.all.push(make());
        }
    }
}

/// Everything one partition's notifications follow from.
#[derive(Debug)]
pub(super) struct Notifier {
    partition: Partition,
    /// Holds that end by themselves; as many as there are holds.
    endings: BTreeMap<HoldKey, Ending>,
    /// The same by the time they are due, so that looking costs nothing.
    due: BTreeSet<(LogTime, HoldKey)>,
    lines: HashMap<EventId, Line>,
    terms: HashMap<EventId, Terms>,
    /// Tickets that were handed on, of events that have any.
    tickets: HashMap<EventId, TicketStates>,
}

impl Notifier {
    pub(super) fn new(partition: Partition) -> Self {
        Notifier {
            partition,
            endings: BTreeMap::new(),
            due: BTreeSet::new(),
            lines: HashMap::new(),
            terms: HashMap::new(),
            tickets: HashMap::new(),
        }
    }

    /// Follows a fact and appends the messages it brings, last of all its own.
    pub(super) fn take(&mut self, record: &FactRecord, notes: &mut Notes) {
        let effects = record.fact.effects();
        let cause = Cause::of(self.partition, record);
        self.follow_hold(&effects, cause);
        self.follow_line(&effects, cause, notes);
        if self.is_news(record.event_id, &effects) {
            for (to, notice) in effects.concerns.notices() {
                // The house reads no messages; those it gave tickets to do.
                if to != Some(BuyerId::HOUSE) {
                    notes.add(|| Notification::new(notice, to, cause).about(&effects));
                }
                self.notify_other_owners(&effects, notice, cause, notes);
            }
        }
        self.follow_tickets(record.event_id, &effects);
    }

    /// Messages to those whose hold ends soon, by log time `at`; each once. `now` is the time in
    /// the world: too late is worse than not at all, for the hold has ended already.
    pub(super) fn endings(&mut self, at: LogTime, now: LogTime, notes: &mut Notes) {
        while let Some(&(due, key)) = self.due.first()
            && due <= at
        {
            self.due.pop_first();
            let Some(Ending { cause, buyer, until, .. }) = self.endings.remove(&key) else {
                continue;
            };
            if until > at.max(now) {
                let (_, hold_id) = key;
                let notice = Notice::HoldEnding;
                notes.add(|| {
                    Notification::new(notice, Some(buyer), cause).about_hold(hold_id, until)
                });
            }
        }
    }

    fn follow_hold(&mut self, effects: &Effects<'_>, cause: Cause) {
        let Some(change) = effects.order else { return };
        let key = (cause.event_id, change.hold_id);
        if let Some(ending) = self.endings.remove(&key) {
            self.due.remove(&(ending.due, key));
        }
        if let Some(until) = change.buyer_must_act_until() {
            let lead = ENDING_MS.min(until.0.saturating_sub(cause.at.0) / 2);
            let due = LogTime(until.0.saturating_sub(lead));
            self.endings.insert(key, Ending { cause, buyer: change.buyer, until, due });
            self.due.insert((due, key));
        }
    }

    fn follow_line(&mut self, effects: &Effects<'_>, cause: Cause, notes: &mut Notes) {
        let mut your_turn = |buyer, cause| {
            notes.add(|| Notification::new(Notice::YourTurn, Some(buyer), cause));
        };
        match effects.line {
            Some(LineMove::Awaited { buyer, place }) => {
                let line = self.lines.entry(cause.event_id).or_default();
                let rank = line.order.rank(place);
                if line.called.has_called(rank) {
                    your_turn(buyer, cause);
                } else {
                    line.awaiting.insert(rank, (buyer, cause.position));
                }
            }
            Some(LineMove::Called { below }) => {
                let line = self.lines.entry(cause.event_id).or_default();
                line.called = line.called.max(below);
                let behind = line.awaiting.split_off(&line.called.first_waiting());
                for (buyer, position) in std::mem::replace(&mut line.awaiting, behind).into_values()
                {
                    // Its position is the request it answers: one of its own for each person.
                    your_turn(buyer, Cause { position, ..cause });
                }
            }
            Some(LineMove::Reserved { .. }) | None => {}
        }
        // Whoever is in the shop already need not be notified.
        if let Some(ShopMove::Entered { place, .. }) = effects.shop
            && let Some(line) = self.lines.get_mut(&cause.event_id)
        {
            line.awaiting.remove(&line.order.rank(place));
        }
        // Nobody is called any more.
        if let Some(SalePhase::Closed | SalePhase::Cancelled) = effects.phase {
            self.lines.remove(&cause.event_id);
        }
    }

    /// Whether people learn anything by a fact: prices, rules and details may be set to what they were.
    fn is_news(&mut self, event_id: EventId, effects: &Effects<'_>) -> bool {
        if let Some(new) = effects.created {
            let (prices, details) = (new.prices.clone(), new.details.clone());
            let terms = Terms { prices, policy: new.policy, details };
            self.terms.insert(event_id, terms);
            return true;
        }
        let sets = effects.prices.is_some() || effects.policy.is_some();
        if !sets && effects.details.is_none() {
            return true;
        }
        let Some(terms) = self.terms.get_mut(&event_id) else { return false };
        let changes_prices = effects
            .prices
            .is_some_and(|prices| std::mem::replace(&mut terms.prices, prices.clone()) != *prices);
        let changes_rules = effects.policy.is_some_and(|policy| {
            felt(std::mem::replace(&mut terms.policy, *policy)) != felt(*policy)
        });
        let changes_details = effects.details.is_some_and(|details| {
            std::mem::replace(&mut terms.details, details.clone()) != *details
        });
        changes_prices || changes_rules || changes_details
    }

    /// When sold seats are taken back, those they were given to get the same message as the buyer.
    fn notify_other_owners(
        &self,
        effects: &Effects<'_>,
        notice: Notice,
        cause: Cause,
        notes: &mut Notes,
    ) {
        let (Some(order), Some(change)) = (effects.order, effects.seats) else { return };
        let Some(tickets) = self.tickets.get(&cause.event_id) else { return };
        let hold_id = order.hold_id;
        if change.to != SeatState::Free {
            return;
        }
        let owners = change.seats.iter().filter_map(|seat| tickets.owner(hold_id, *seat));
        let others: BTreeSet<_> = owners.filter(|owner| *owner != order.buyer).collect();
        for owner in others {
            notes.add(|| Notification::new(notice, Some(owner), cause).about(effects));
        }
    }

    fn follow_tickets(&mut self, event_id: EventId, effects: &Effects<'_>) {
        let Some(change) = effects.seats else { return };
        if change.from == SeatState::Sold && change.to == SeatState::Sold {
            self.tickets.entry(event_id).or_default().follow(&change);
        } else if let Some(tickets) = self.tickets.get_mut(&event_id) {
            tickets.follow(&change);
        }
    }
}

/// The rules as people feel them: what bounds only the house is levelled.
fn felt(policy: Policy) -> Policy {
    let Policy { shoppers_max, buyers_max, .. } = Policy::default();
    Policy { shoppers_max, buyers_max, ..policy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodgate_domain::fact::SeatsKept;
    use floodgate_domain::{AuthorisedPayment, Fact, PaymentReference, SeatId, SeatList};

    #[test]
    fn whoever_has_a_ticket_hears_what_becomes_of_it() {
        let (hold_id, buyer, to) = (HoldId(7), BuyerId(5), BuyerId(6));
        let (seat, amount, attempt, kept) = (SeatId(1), 100, 1, SeatsKept::Held);
        let reference = PaymentReference::parse("pi_x").expect("short and printable");
        let payment = AuthorisedPayment { reference, capture_before: None };
        let mut seats = SeatList::new();
        [seat, SeatId(2)].into_iter().for_each(|seat| assert!(seats.push(seat)));
        let facts = [
            Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment },
            Fact::TicketTransferred { hold_id, seat, from: buyer, to },
            Fact::TicketRedeemed { hold_id, buyer: to, seat },
            Fact::OrderSettled { hold_id, buyer, amount },
            Fact::OrderRefunded { hold_id, buyer, seats, amount, why: None },
            Fact::OrderRefunded { hold_id, buyer, seats, amount, why: None },
        ];
        let (mut notifier, mut notes) = (Notifier::new(0), Notes::default());
        for (offset, fact) in facts.into_iter().enumerate() {
            let position = FactPosition { offset: offset as u64, index: 0 };
            let record = FactRecord { position, at: LogTime(0), event_id: EventId(1), fact };
            notifier.take(&record, &mut notes);
        }
        let heard = notes.all.iter().map(|note| {
            let to = note.user_id.as_deref().unwrap_or_default();
            (note.position.offset, note.kind.as_str(), to.trim_start_matches("byr_0"))
        });
        let expected = [
            (0, "order_confirmed", "000000000005"),
            (1, "ticket_transferred", "000000000005"),
            (1, "ticket_received", "000000000006"),
            (2, "ticket_redeemed", "000000000006"),
            (3, "order_settled", "000000000005"),
            (4, "order_refunded", "000000000005"),
            (4, "order_refunded", "000000000006"),
            (5, "order_refunded", "000000000005"),
        ];
        assert_eq!(heard.collect::<Vec<_>>(), expected);
        let seats: Vec<_> = notes.all.iter().map(|note| note.seats.clone()).collect();
        assert_eq!((&seats[1], &seats[2], &seats[5]), (&Some(vec![1]), &Some(vec![1]), &None));
    }
}
