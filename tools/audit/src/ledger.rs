//! Books kept from the facts alone: who owns each seat, who is in the shop, who paid.

use std::collections::{BTreeMap, HashMap, HashSet};

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::plan::SeatFlags;
use floodgate_domain::{
    BuyerId, EventId, Fact, FactPosition, FactRecord, HoldId, LogTime, Place, Policy, PriceTable,
    SeatId, SeatList,
};

use crate::crowd::CrowdBook;
use crate::report::{AuditReport, Check, SeatCounts};
use crate::tickets::{SoldOrder, TicketBook};

/// Violations given in words; the counts say how many there are.
const EXAMPLES_MAX: usize = 20;
/// How late a hold may end: a slot of the engine's wheel, and the idle owner's next Tick.
const EXPIRY_SLACK_MS: u64 = 5_000;

/// Where an order stands, by the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Held,
    Pending,
    Sold { settled: bool },
    Over,
}

#[derive(Debug)]
struct OrderBook {
    buyer: BuyerId,
    seats: SeatList,
    amount: u64,
    until: LogTime,
    stage: Stage,
    /// What was ever true of it, for acknowledgements.
    started: bool,
    confirmed: bool,
}

impl OrderBook {
    fn as_sold(&self) -> SoldOrder {
        let is_sold = matches!(self.stage, Stage::Sold { .. });
        SoldOrder { buyer: self.buyer, seats: self.seats, is_sold }
    }
}

#[derive(Debug, Default)]
struct BuyerBook {
    seats: u64,
    holds: u64,
}

#[derive(Debug)]
struct EventBook {
    policy: Policy,
    /// The largest shop this event ever allowed since it was last emptier than that.
    shoppers_ceiling: u64,
    owners: HashMap<SeatId, HoldId>,
    /// Seats that can be sold at all, by their category.
    for_sale: HashMap<SeatId, u8>,
    prices: PriceTable,
    orders: HashMap<HoldId, OrderBook>,
    buyers: HashMap<BuyerId, BuyerBook>,
    shoppers: HashSet<BuyerId>,
    spent: HashSet<Place>,
    places: u64,
    crowd: CrowdBook,
    tickets: TicketBook,
}

impl EventBook {
    fn sells(&self, seat: &SeatId) -> bool {
        self.for_sale.get(seat).is_some_and(|category| self.prices.sells(*category))
    }

    /// Seats that are for sale, and those that somebody has though their price is gone.
    fn capacity(&self) -> u64 {
        let counts = |seat: &&SeatId| self.sells(seat) || self.owners.contains_key(seat);
        self.for_sale.keys().filter(counts).count() as u64
    }
}

/// The books of all events.
#[derive(Debug)]
pub(super) struct Ledger {
    events: BTreeMap<EventId, EventBook>,
    checks: BTreeMap<&'static str, Check>,
    examples: Vec<String>,
    last: Option<FactPosition>,
    commands_end: u64,
    last_at: LogTime,
    facts_pending: u64,
    facts_repeated: u64,
    totals: (SeatCounts, u64, u64),
}

impl Ledger {
    pub(super) fn new() -> Self {
        Ledger {
            events: BTreeMap::new(),
            checks: BTreeMap::new(),
            examples: Vec::new(),
            last: None,
            commands_end: 0,
            last_at: LogTime(0),
            facts_pending: 0,
            facts_repeated: 0,
            totals: (SeatCounts::default(), 0, 0),
        }
    }

    /// Positions start anew with each partition.
    pub(super) fn start_partition(&mut self, _partition: u32, commands_end: u64) {
        self.last = None;
        self.commands_end = commands_end;
    }

    pub(super) fn check(
        &mut self,
        invariant: &'static str,
        holds: bool,
        what: impl FnOnce() -> String,
    ) {
        let check = self.checks.entry(invariant).or_default();
        check.checked += 1;
        if !holds {
            check.violations += 1;
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(format!("{invariant}: {}", what()));
            }
        }
    }

    pub(super) fn undecodable(&mut self, offset: u64, error: &str) {
        self.check("facts-by-position", false, || format!("fact {offset} cannot be read: {error}"));
    }

    /// Whether the books know this hold with these seats.
    pub(super) fn knows_hold(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id).is_some()
    }

    pub(super) fn order_started(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id).is_some_and(|order| order.started)
    }

    pub(super) fn order_confirmed(&self, event_id: EventId, hold_id: HoldId) -> bool {
        self.order(event_id, hold_id).is_some_and(|order| order.confirmed)
    }

    fn order(&self, event_id: EventId, hold_id: HoldId) -> Option<&OrderBook> {
        self.events.get(&event_id)?.orders.get(&hold_id)
    }

    /// Enters a published fact, unless it is a repetition: two owners of one partition, one of
    /// them a ghost, publish the same facts, and readers drop what is not greater than the last.
    pub(super) fn take_published(&mut self, record: &FactRecord) {
        if self.last.is_some_and(|last| record.position <= last) {
            self.facts_repeated += 1;
        } else {
            self.take(record);
        }
    }

    /// Enters a fact that is certain and not published yet.
    pub(super) fn take_pending(&mut self, record: &FactRecord) {
        self.facts_pending += 1;
        self.take(record);
    }

    /// Enters one fact into the books.
    pub(super) fn take(&mut self, record: &FactRecord) {
        let position = record.position;
        let in_order =
            self.last.is_none_or(|last| last < position) && position.offset < self.commands_end;
        self.check("facts-by-position", in_order, || {
            format!("fact at {position:?} is out of order")
        });
        self.last = Some(position);
        self.last_at = self.last_at.max(record.at);
        if let Fact::EventCreated(new) = &record.fact {
            let for_sale = new.plan.seats().filter(|seat| !seat.flags.has(SeatFlags::BLOCKED));
            let book = EventBook {
                policy: new.policy,
                shoppers_ceiling: u64::from(new.policy.shoppers_max),
                owners: HashMap::new(),
                for_sale: for_sale.map(|seat| (seat.seat, seat.category)).collect(),
                prices: new.prices.clone(),
                orders: HashMap::new(),
                buyers: HashMap::new(),
                shoppers: HashSet::new(),
                spent: HashSet::new(),
                places: 0,
                crowd: CrowdBook::default(),
                tickets: TicketBook::default(),
            };
            let is_new = self.events.insert(record.event_id, book).is_none();
            self.check("event-created-once", is_new, || {
                format!("{} exists twice", record.event_id)
            });
            return;
        }
        let Some(mut book) = self.events.remove(&record.event_id) else {
            let known = matches!(record.fact, Fact::EngineVersionSet { .. });
            self.check("event-created-once", known, || {
                format!("{} was not created", record.event_id)
            });
            return;
        };
        self.enter(&mut book, record);
        self.events.insert(record.event_id, book);
    }

    fn enter(&mut self, book: &mut EventBook, record: &FactRecord) {
        match &record.fact {
            Fact::PricesSet(prices) => book.prices.clone_from(prices),
            Fact::PolicySet(policy) => {
                book.policy = **policy;
                let now = book.shoppers.len() as u64;
                book.shoppers_ceiling = now.max(u64::from(policy.shoppers_max));
            }
            // A smaller shop throws nobody out: those inside are the ceiling until they leave.
            Fact::DialsSet { change, .. } => {
                if let Some(limit) = change.shoppers_max {
                    book.policy.shoppers_max = limit;
                    book.shoppers_ceiling = u64::from(limit).max(book.shoppers.len() as u64);
                }
            }
            Fact::PlacesReserved { first, count } => {
                let fits = first.0 == book.places;
                self.check("place-enters-once", fits, || {
                    format!("places from {} given twice", first.0)
                });
                book.places = first.0 + u64::from(*count);
            }
            Fact::Entered { buyer, place, .. } => self.entered(book, *buyer, *place),
            Fact::ShopperLeft { buyer, .. } => {
                let was_in = book.shoppers.remove(buyer);
                self.check("shoppers-within-limit", was_in, || {
                    format!("{buyer} left without being in")
                });
                book.shoppers_ceiling =
                    u64::from(book.policy.shoppers_max).max(book.shoppers.len() as u64);
            }
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until } => {
                let sells = |seat| book.sells(&seat);
                let priced = seats.iter().all(sells);
                self.check("seat-has-price", priced, || {
                    format!("{hold_id} holds what has no price")
                });
                self.own(book, *hold_id, seats);
                let order = OrderBook {
                    buyer: *buyer,
                    seats: *seats,
                    amount: *amount,
                    until: *until,
                    stage: Stage::Held,
                    started: false,
                    confirmed: false,
                };
                let is_new = book.orders.insert(*hold_id, order).is_none();
                self.check("hold-named-once", is_new, || format!("{hold_id} was given out twice"));
                self.count(book, *buyer, seats.len() as u64, 1);
            }
            _ => self.enter_order(book, record),
        }
    }

    fn enter_order(&mut self, book: &mut EventBook, record: &FactRecord) {
        match &record.fact {
            Fact::HoldExtended { hold_id, until, .. } => {
                if let Some(order) = self.live(book, *hold_id, "extended") {
                    order.until = *until;
                }
            }
            Fact::PurchaseStarted { hold_id, until, amount, .. } => {
                let fixed = book.orders.get(hold_id).is_some_and(|order| order.amount == *amount);
                self.check("price-fixed", fixed, || format!("{hold_id} asks for {amount}"));
                if let Some(order) = self.live(book, *hold_id, "paid for") {
                    order.until = *until;
                    order.stage = Stage::Pending;
                    order.started = true;
                }
            }
            Fact::OrderDeclined { hold_id, until, .. }
            | Fact::OrderUnanswered { hold_id, until, .. } => {
                if let Some(order) = self.live(book, *hold_id, "declined") {
                    order.until = *until;
                    order.stage = Stage::Held;
                }
            }
            Fact::OrderConfirmed { hold_id, seats, amount, kept, .. } => {
                self.confirmed(book, *hold_id, seats, *amount, *kept);
            }
            Fact::OrderSettled { hold_id, .. } => {
                let order = book.orders.get_mut(hold_id);
                let sold = order.filter(|order| order.stage == Stage::Sold { settled: false });
                let ok = sold.map(|order| order.stage = Stage::Sold { settled: true }).is_some();
                self.check("captured-confirmed", ok, || {
                    format!("{hold_id} was captured, not confirmed")
                });
            }
            Fact::HoldReleased { hold_id, seats, .. }
            | Fact::HoldExpired { hold_id, seats, .. }
            | Fact::OrderExpired { hold_id, seats, .. }
            | Fact::OrderRefunded { hold_id, seats, .. }
            | Fact::OrderCancelled { hold_id, seats, .. } => self.over(book, *hold_id, seats),
            other => {
                let sold = |hold_id| book.orders.get(&hold_id).map(OrderBook::as_sold);
                let of_ticket = book.tickets.enter(other, sold);
                let found = of_ticket.or_else(|| book.crowd.enter(other, book.places));
                if let Some((id, holds, words)) = found {
                    self.check(id, holds, || words);
                }
            }
        }
    }

    fn entered(&mut self, book: &mut EventBook, buyer: BuyerId, place: Place) {
        let first = book.spent.insert(place) && place.0 < book.places;
        self.check("place-enters-once", first, || format!("place {} entered again", place.0));
        book.shoppers.insert(buyer);
        let fits = book.shoppers.len() as u64 <= book.shoppers_ceiling;
        self.check("shoppers-within-limit", fits, || format!("{} shoppers", book.shoppers.len()));
    }

    /// Seats get an owner; each must be for sale and have none.
    fn own(&mut self, book: &mut EventBook, hold_id: HoldId, seats: &SeatList) {
        for seat in seats.iter() {
            let before = book.owners.insert(seat, hold_id);
            let ok = before.is_none() && book.for_sale.contains_key(&seat);
            self.check("seat-one-owner", ok, || {
                format!("seat {} goes to {hold_id} and belongs to {before:?}", seat.0)
            });
        }
    }

    fn count(&mut self, book: &mut EventBook, buyer: BuyerId, seats: u64, holds: u64) {
        let counts = book.buyers.entry(buyer).or_default();
        counts.seats += seats;
        counts.holds += holds;
        let fits = counts.seats <= u64::from(book.policy.seats_per_buyer_max)
            && counts.holds <= u64::from(book.policy.holds_per_buyer_max);
        let words = format!("{buyer} has {} seats and {} holds", counts.seats, counts.holds);
        self.check("buyer-limits", fits, || words);
    }

    /// The order, which must still be held or awaiting payment.
    fn live<'a>(
        &mut self,
        book: &'a mut EventBook,
        hold_id: HoldId,
        what: &str,
    ) -> Option<&'a mut OrderBook> {
        let order = book
            .orders
            .get_mut(&hold_id)
            .filter(|order| matches!(order.stage, Stage::Held | Stage::Pending));
        self.check("order-moves", order.is_some(), || format!("{hold_id} was {what} when over"));
        order
    }

    fn confirmed(
        &mut self,
        book: &mut EventBook,
        hold_id: HoldId,
        seats: &SeatList,
        amount: u64,
        kept: SeatsKept,
    ) {
        let Some(order) = book.orders.get_mut(&hold_id) else {
            return self
                .check("order-moves", false, || format!("{hold_id} was confirmed, never held"));
        };
        let was_live = matches!(order.stage, Stage::Held | Stage::Pending);
        order.stage = Stage::Sold { settled: false };
        order.confirmed = true;
        let (buyer, fixed) = (order.buyer, order.amount == amount);
        let before = std::mem::replace(&mut order.seats, *seats);
        self.check("price-fixed", fixed, || format!("{hold_id} was confirmed at {amount}"));
        if kept == SeatsKept::Held {
            let same = was_live && before == *seats;
            self.check("order-moves", same, || format!("{hold_id} was confirmed with other seats"));
            if let Some(counts) = book.buyers.get_mut(&buyer) {
                counts.holds = counts.holds.saturating_sub(1);
            }
        } else {
            self.check("order-moves", !was_live, || format!("{hold_id} found seats it still had"));
            self.own(book, hold_id, seats);
            self.count(book, buyer, seats.len() as u64, 0);
        }
    }

    /// The order ends; its seats must have been its own.
    fn over(&mut self, book: &mut EventBook, hold_id: HoldId, seats: &SeatList) {
        book.tickets.forget(hold_id, seats);
        for seat in seats.iter() {
            let owner = book.owners.remove(&seat);
            self.check("seat-one-owner", owner == Some(hold_id), || {
                format!("seat {} freed by {hold_id}, was of {owner:?}", seat.0)
            });
        }
        let Some(order) = book.orders.get_mut(&hold_id) else {
            return self.check("order-moves", false, || format!("{hold_id} ended, never began"));
        };
        let stage = std::mem::replace(&mut order.stage, Stage::Over);
        let whole = stage != Stage::Over && order.seats == *seats;
        if let Some(counts) = book.buyers.get_mut(&order.buyer) {
            counts.seats = counts.seats.saturating_sub(seats.len() as u64);
            counts.holds = counts
                .holds
                .saturating_sub(u64::from(matches!(stage, Stage::Held | Stage::Pending)));
        }
        self.check("order-moves", whole, || format!("{hold_id} ended twice or in part"));
    }

    /// The books at the end: every hold has ended in time, every count adds up.
    pub(super) fn close(&mut self) {
        let (mut seats, mut orders, mut in_flight) = (SeatCounts::default(), 0, 0);
        let mut books = BTreeMap::new();
        for (event_id, book) in std::mem::take(&mut self.events) {
            let (mut held, mut sold) = (0, 0);
            for (hold_id, order) in &book.orders {
                let count = order.seats.len() as u64;
                match order.stage {
                    Stage::Held | Stage::Pending => {
                        held += count;
                        let late = order.until.plus(EXPIRY_SLACK_MS) < self.last_at;
                        self.check("hold-ends", !late, || format!("{hold_id} should have ended"));
                    }
                    Stage::Sold { settled } => {
                        sold += count;
                        orders += 1;
                        in_flight += u64::from(!settled);
                    }
                    Stage::Over => self.check("hold-ends", true, String::new),
                }
            }
            let owned = book.owners.len() as u64;
            let capacity = book.capacity();
            self.check("seats-add-up", owned == held + sold && owned <= capacity, || {
                format!("{owned} seats have owners, {held} held, {sold} sold of {capacity}")
            });
            seats.free += capacity - owned.min(capacity);
            seats.held += held;
            seats.sold += sold;
            books.insert(event_id, book);
        }
        self.events = books;
        self.totals = (seats, orders, in_flight);
    }

    pub(super) fn into_report(self, missing: Option<(u64, u64)>) -> AuditReport {
        let (seats, orders, orders_in_flight) = self.totals;
        AuditReport {
            violations: self.checks.values().map(|check| check.violations).sum(),
            invariants: self.checks,
            seats,
            orders,
            orders_in_flight,
            facts_pending: self.facts_pending,
            facts_repeated: self.facts_repeated,
            acked_missing: missing.map(|(_, missing)| missing),
            acked_checked: missing.map(|(checked, _)| checked),
            examples: self.examples,
        }
    }
}
