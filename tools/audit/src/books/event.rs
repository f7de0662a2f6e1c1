//! The books of one event: what its facts have said so far.

use std::collections::{HashMap, HashSet};

use floodgate_domain::details::SaleTimes;
use floodgate_domain::policy::COOL_DOWNS_COUNT_MS;
use floodgate_domain::{
    BuyerId, Cohort, DialChange, Fact, FactRecord, HoldId, LogTime, NewEvent, Place, Policy,
    PriceTable, SalePhase, SeatList, SeatState,
};

use super::codes::CodeBook;
use super::crowd::CrowdBook;
use super::messages::MessageBook;
use super::releases::ReleaseBook;
use super::seats::SeatBooks;
use super::stage::{OrderBook, OrderStage, follow, transition};
use super::tally::TallyBook;
use super::tickets::{SoldOrder, TicketBook};
use super::unanswered::UnansweredBook;
use crate::findings::Findings;

/// What one buyer has.
#[derive(Debug, Default)]
pub(crate) struct BuyerBook {
    /// Held and bought.
    pub(crate) seats: u64,
    pub(crate) live: Vec<HoldId>,
    pub(crate) is_in_shop: bool,
    pub(crate) pass_until: LogTime,
    /// How long they may do nothing on this visit, and when they last did something.
    pub(crate) idle_ms: Option<u64>,
    pub(crate) acted_at: LogTime,
    /// No new hold before then.
    pub(crate) cooldown_until: LogTime,
    /// How often they let go of seats unpaid since they last bought.
    pub(crate) cooldown_count: u8,
    /// What they let themselves be counted under, by their commands.
    pub(crate) cohort: Option<Cohort>,
}

impl BuyerBook {
    /// Whether they still matter: from the second rules on those who were here and have nothing do
    /// not, once their cool-downs count no more.
    pub(crate) fn matters(&self, now: LogTime, version: u32) -> bool {
        let is_here = self.is_in_shop || now < self.pass_until;
        let has_something = self.seats > 0 || !self.live.is_empty() || self.cohort.is_some();
        version == 1 || is_here || has_something || self.cools(now)
    }

    fn cools(&self, now: LogTime) -> bool {
        let counts = now < self.cooldown_until.plus(COOL_DOWNS_COUNT_MS);
        now < self.cooldown_until || self.cooldown_count > 0 && counts
    }
}

/// Everything the facts of one event add up to.
#[derive(Debug)]
pub(crate) struct EventBook {
    pub(crate) policy: Policy,
    pub(crate) prices: PriceTable,
    /// When the sale opens and closes by itself, and how often what the event says was set.
    pub(crate) sale_times: SaleTimes,
    pub(crate) details_revision: u32,
    pub(crate) phase: SalePhase,
    pub(crate) category_count: usize,
    pub(crate) seats: SeatBooks,
    pub(crate) orders: HashMap<HoldId, OrderBook>,
    /// The last generation of each slot that holds are numbered by.
    generations: Vec<u32>,
    pub(crate) buyers: HashMap<BuyerId, BuyerBook>,
    pub(crate) shoppers: u64,
    /// When the sale was opened last.
    open_since: LogTime,
    pub(crate) spent: HashSet<Place>,
    pub(crate) places: u64,
    pub(crate) crowd: CrowdBook,
    pub(crate) tickets: TicketBook,
    /// Seats that no order has and nobody can have yet, by the order that had them.
    pub(crate) set_aside: HashMap<HoldId, (SeatList, LogTime)>,
    pub(crate) unanswered: UnansweredBook,
    pub(crate) messages: MessageBook,
    pub(crate) codes: CodeBook,
    pub(crate) releases: ReleaseBook,
    pub(crate) tally: TallyBook,
}

/// Slot and generation of a hold.
fn parts(hold_id: HoldId) -> (usize, u32) {
    ((hold_id.0 & 0xffff_ffff) as usize, (hold_id.0 >> 32) as u32)
}

impl EventBook {
    pub(crate) fn of(new: &NewEvent) -> Self {
        EventBook {
            policy: new.policy,
            prices: new.prices.clone(),
            sale_times: new.details.sale_times(),
            details_revision: 0,
            phase: SalePhase::Announced,
            category_count: new.plan.categories.len(),
            seats: SeatBooks::of(&new.plan, &new.prices),
            orders: HashMap::new(),
            generations: Vec::new(),
            buyers: HashMap::new(),
            shoppers: 0,
            open_since: LogTime(0),
            spent: HashSet::new(),
            places: 0,
            crowd: CrowdBook::default(),
            tickets: TicketBook::default(),
            set_aside: HashMap::new(),
            unanswered: UnansweredBook::default(),
            messages: MessageBook::default(),
            codes: CodeBook::default(),
            releases: ReleaseBook::default(),
            tally: TallyBook::default(),
        }
    }

    pub(crate) fn order(&self, hold_id: HoldId) -> Option<&OrderBook> {
        self.orders.get(&hold_id)
    }

    /// Whether its number has gone to a later hold, so that nobody knows it any more.
    pub(crate) fn is_forgotten(&self, hold_id: HoldId) -> bool {
        let (slot, generation) = parts(hold_id);
        self.generations.get(slot) != Some(&generation)
    }

    /// The buyer's last live order is over, or was never begun.
    pub(crate) fn has_no_live_order(&self, buyer: BuyerId) -> bool {
        self.buyers.get(&buyer).is_none_or(|book| book.live.is_empty())
    }

    /// Enters a fact.
    pub(crate) fn enter(&mut self, record: &FactRecord, version: u32, found: &mut Findings) {
        match &record.fact {
            Fact::PricesSet(prices) => {
                self.prices.clone_from(prices);
                self.seats.price(prices);
            }
            Fact::PolicySet(policy) => self.policy = **policy,
            Fact::DetailsSet(details) => {
                self.sale_times = details.sale_times();
                self.details_revision += 1;
            }
            Fact::SaleOpened => (self.phase, self.open_since) = (SalePhase::Open, record.at),
            Fact::PresaleOpened => (self.phase, self.open_since) = (SalePhase::Presale, record.at),
            Fact::SalePaused => self.phase = SalePhase::Paused,
            Fact::SaleClosed => self.phase = SalePhase::Closed,
            Fact::EventCancelled => self.phase = SalePhase::Cancelled,
            Fact::DialsSet { change, .. } => self.follow(change),
            Fact::PlacesReserved { first, count } => {
                let fits = first.0 == self.places;
                found.check("place-enters-once", fits, || {
                    format!("places from {} given out twice or left out", first.0)
                });
                self.places = first.0.saturating_add(u64::from(*count));
            }
            Fact::Entered { buyer, place, until, idle_until } => {
                self.entered(*buyer, *place, *until, found);
                let book = self.buyers.entry(*buyer).or_default();
                book.idle_ms = idle_until.map(|end| end.0.saturating_sub(record.at.0));
                book.acted_at = record.at;
            }
            Fact::ShopperStayed { buyer, .. } => {
                self.buyers.entry(*buyer).or_default().acted_at = record.at;
            }
            Fact::ShopperLeft { buyer, .. } => self.left(*buyer, found),
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by } => {
                let ends = (*until, *pay_by);
                let order = OrderBook::held((*buyer, *seats, *amount), ends, version);
                self.begin(*hold_id, order, found);
            }
            Fact::SeatsSetAside { hold_id, seats, until } => {
                self.take(*hold_id, seats, found);
                self.set_aside.insert(*hold_id, (*seats, *until));
            }
            Fact::SeatsReturned { hold_id, seats } => {
                let turned = self.seats.turn(*hold_id, seats, (SeatState::Held, SeatState::Free));
                let is_whole = self.set_aside.remove(hold_id).is_some_and(|(all, _)| all == *seats);
                found.check("seat-one-owner", turned.is_ok() && is_whole, || {
                    format!("{hold_id} returns seats that it did not set aside: {turned:?}")
                });
            }
            Fact::BuyerCooling { buyer, until, count } => {
                let book = self.buyers.entry(*buyer).or_default();
                (book.cooldown_until, book.cooldown_count) = (*until, *count);
            }
            fact if self.by_hand(fact, found) => {}
            fact => self.move_on(fact, record.at, found),
        }
        if let Some(buyer) = of_order(&record.fact) {
            self.buyers.entry(buyer).or_default().acted_at = record.at;
        }
    }

    /// When a shopper who has no seats has done nothing for too long, where there is such a moment.
    pub(crate) fn idle_end(&self, one: &BuyerBook) -> Option<LogTime> {
        let idle_ms = one.idle_ms.filter(|_| self.phase.sells())?;
        Some(one.acted_at.max(self.open_since).plus(idle_ms))
    }

    /// When a shopper who has no seats has to be out.
    pub(crate) fn visit_end(&self, one: &BuyerBook) -> LogTime {
        self.idle_end(one).map_or(one.pass_until, |end| end.min(one.pass_until))
    }

    fn follow(&mut self, change: &DialChange) {
        if let Some(limit) = change.shoppers_max {
            self.policy.shoppers_max = limit;
        }
    }

    fn entered(&mut self, buyer: BuyerId, place: Place, until: LogTime, found: &mut Findings) {
        let first = self.spent.insert(place) && place.0 < self.places;
        found.check("place-enters-once", first, || format!("place {} entered again", place.0));
        let book = self.buyers.entry(buyer).or_default();
        let is_new = !std::mem::replace(&mut book.is_in_shop, true);
        book.pass_until = until;
        // A smaller shop throws nobody out, and lets nobody in until there is room.
        let fits = !is_new || self.shoppers < u64::from(self.policy.shoppers_max);
        self.shoppers += u64::from(is_new);
        found.check("shoppers-within-limit", fits, || format!("{} shoppers", self.shoppers));
    }

    fn left(&mut self, buyer: BuyerId, found: &mut Findings) {
        let book = self.buyers.entry(buyer).or_default();
        let was_in = std::mem::replace(&mut book.is_in_shop, false);
        self.shoppers -= u64::from(was_in);
        found.check("shoppers-counted", was_in, || format!("{buyer} left without being in"));
    }

    fn begin(&mut self, hold_id: HoldId, order: OrderBook, found: &mut Findings) {
        self.number(hold_id, found);
        let OrderBook { buyer, seats, .. } = order;
        self.take(hold_id, &seats, found);
        let policy = self.policy;
        let book = self.buyers.entry(buyer).or_default();
        book.seats += seats.len() as u64;
        book.live.push(hold_id);
        let (has, holds) = (book.seats, book.live.len());
        let fits = has <= u64::from(policy.seats_per_buyer_max)
            && holds <= usize::from(policy.holds_per_buyer_max)
            && (1..=usize::from(policy.seats_per_hold_max)).contains(&seats.len());
        found.check("buyer-limits", fits, || {
            format!("{buyer} has {has} seats and {holds} holds after {hold_id}")
        });
        self.orders.insert(hold_id, order);
    }

    /// Holds are numbered without gaps; a slot serves again once its order is over.
    pub(super) fn number(&mut self, hold_id: HoldId, found: &mut Findings) {
        let (slot, generation) = parts(hold_id);
        let is_next = match self.generations.get(slot) {
            None => slot == self.generations.len() && generation == 1,
            Some(&last) => {
                let before = HoldId(u64::from(last) << 32 | slot as u64);
                let stage = self.order(before).map(|order| order.stage);
                let is_over = stage.is_some_and(|stage| !stage.is_live() && !stage.is_sold());
                is_over && generation == last.wrapping_add(1)
            }
        };
        found.check("hold-named-once", is_next, || format!("{hold_id} is not the next number"));
        if let Some(&last) = self.generations.get(slot) {
            let before = HoldId(u64::from(last) << 32 | slot as u64);
            if let Some(buyer) = self.order(before).map(|order| order.buyer) {
                self.unanswered.forget(buyer, before);
            }
        }
        if slot == self.generations.len() {
            self.generations.push(generation);
        } else if let Some(last) = self.generations.get_mut(slot) {
            *last = generation;
        }
    }

    /// Seats get an owner; each must be for sale and have none.
    fn take(&mut self, hold_id: HoldId, seats: &SeatList, found: &mut Findings) {
        let turned = self.seats.turn(hold_id, seats, (SeatState::Free, SeatState::Held));
        found.check("seat-one-owner", turned.is_ok() && !seats.has_duplicates(), || {
            format!("{hold_id} gets seats that are not free: {turned:?}")
        });
    }

    fn move_on(&mut self, fact: &Fact, at: LogTime, found: &mut Findings) {
        self.note_silence(fact);
        if let Some(row) = transition(fact) {
            let stage = self.order(row.hold_id).map(|order| order.stage);
            let lawful = stage.is_some_and(|stage| row.from.contains(&stage));
            found.check(row.rule, lawful, || {
                format!("{} of {}, which is {stage:?}", fact.name(), row.hold_id)
            });
            self.turn_seats(fact, row.hold_id, found);
            if stage.is_some_and(|stage| stage.is_live())
                && row.to.is_some_and(|to| !to.is_live())
                && let Some(buyer) = self.order(row.hold_id).map(|order| order.buyer)
            {
                let book = self.buyers.entry(buyer).or_default();
                book.live.retain(|live| *live != row.hold_id);
                if row.to == Some(OrderStage::Expired) {
                    book.cooldown_until = at.plus(self.policy.cooldown_ms);
                }
            }
            if let Some(order) = self.orders.get_mut(&row.hold_id) {
                order.stage = row.to.unwrap_or(order.stage);
                follow(order, fact);
            }
        }
        self.note_answer(fact);
        let sold = |hold_id| self.orders.get(&hold_id).map(sold_order);
        let of_ticket = self.tickets.enter(fact, sold);
        let finding = of_ticket.or_else(|| self.crowd.enter(fact, self.places));
        let finding = finding.or_else(|| self.messages.enter(fact, at));
        let finding = finding.or_else(|| self.codes.enter(fact));
        let finding = finding.or_else(|| self.releases.enter(fact, at));
        if let Some((id, holds, words)) = finding {
            found.check(id, holds, || words);
        }
    }

    /// An attempt that is given up while it waits has no answer.
    fn note_silence(&mut self, fact: &Fact) {
        match *fact {
            Fact::OrderUnanswered { hold_id, buyer, .. }
            | Fact::OrderExpired { hold_id, buyer, is_unanswered: true, .. } => {
                let waits = self.order(hold_id).filter(|one| one.stage == OrderStage::Pending);
                if let Some(attempt) = waits.map(|order| order.attempt) {
                    self.unanswered.give_up(buyer, (hold_id, attempt));
                }
            }
            Fact::PurchaseStarted { hold_id, buyer, .. } => {
                self.unanswered.pay_instead(buyer, hold_id);
            }
            _ => {}
        }
    }

    /// What was said about an attempt, or what ended, may settle what had no answer.
    fn note_answer(&mut self, fact: &Fact) {
        let buyer = match *fact {
            Fact::OrderDeclined { hold_id, buyer, attempt, .. }
            | Fact::PaymentNotTaken { hold_id, buyer, attempt }
            | Fact::PaymentVoided { hold_id, buyer, attempt, .. } => {
                self.unanswered.answer(buyer, (hold_id, attempt));
                buyer
            }
            Fact::OrderConfirmed { hold_id, buyer, .. } => {
                self.unanswered.close(buyer, hold_id);
                self.buyers.entry(buyer).or_default().cooldown_count = 0;
                buyer
            }
            Fact::HoldReleased { buyer, .. }
            | Fact::HoldExpired { buyer, .. }
            | Fact::OrderExpired { buyer, .. }
            | Fact::OrderRefunded { buyer, .. }
            | Fact::OrderCancelled { buyer, .. } => buyer,
            _ => return,
        };
        let orders = &self.orders;
        self.unanswered.prune(buyer, |hold_id| {
            let stage = orders.get(&hold_id).map(|order| order.stage);
            stage.is_some_and(|stage| stage.is_live() || stage.is_sold())
        });
    }

    /// The seats of an order that is sold or over.
    fn turn_seats(&mut self, fact: &Fact, hold_id: HoldId, found: &mut Findings) {
        let (seats, to) = match fact {
            Fact::OrderConfirmed { seats, .. } => (seats, SeatState::Sold),
            Fact::HoldReleased { seats, .. }
            | Fact::HoldExpired { seats, .. }
            | Fact::OrderExpired { seats, .. }
            | Fact::OrderRefunded { seats, .. }
            | Fact::OrderCancelled { seats, .. } => (seats, SeatState::Free),
            _ => return,
        };
        let order = self.orders.get(&hold_id);
        let buyer = order.map(|order| order.buyer);
        let has_seats = order.is_some_and(|order| order.stage.is_live() || order.stage.is_sold());
        if to == SeatState::Sold && !has_seats {
            self.take(hold_id, seats, found);
            let policy_max = u64::from(self.policy.seats_per_buyer_max);
            let book = self.buyers.entry(buyer.unwrap_or_default()).or_default();
            book.seats += seats.len() as u64;
            let has = book.seats;
            found.check("buyer-limits", has <= policy_max, || {
                format!("{has} seats of one buyer after the late payment for {hold_id}")
            });
        } else {
            let is_whole = order.is_some_and(|order| order.seats == *seats);
            found.check("order-moves", is_whole, || {
                format!("{} of {hold_id} names other seats than it has", fact.name())
            });
        }
        let from = match order_state(self.orders.get(&hold_id).map(|order| order.stage)) {
            SeatState::Free if to == SeatState::Sold => SeatState::Held,
            state => state,
        };
        let turned = self.seats.turn(hold_id, seats, (from, to));
        found.check("seat-one-owner", turned.is_ok(), || {
            format!("{} of {hold_id} moves seats of somebody else: {turned:?}", fact.name())
        });
        if to == SeatState::Free {
            self.tickets.forget(hold_id, seats);
            if buyer == Some(BuyerId::HOUSE) {
                return;
            }
            let book = self.buyers.entry(buyer.unwrap_or_default()).or_default();
            book.seats = book.seats.saturating_sub(seats.len() as u64);
        }
    }
}

/// Whose order a fact is about: something has happened to it, so nobody calls them idle.
fn of_order(fact: &Fact) -> Option<BuyerId> {
    let buyer = match *fact {
        Fact::SeatsHeld { buyer, .. }
        | Fact::HoldExtended { buyer, .. }
        | Fact::HoldReleased { buyer, .. }
        | Fact::HoldExpired { buyer, .. }
        | Fact::PurchaseStarted { buyer, .. }
        | Fact::OrderDeclined { buyer, .. }
        | Fact::OrderUnanswered { buyer, .. }
        | Fact::OrderConfirmed { buyer, .. }
        | Fact::OrderSettled { buyer, .. }
        | Fact::OrderExpired { buyer, .. }
        | Fact::OrderRefunded { buyer, .. }
        | Fact::OrderCancelled { buyer, .. } => buyer,
        _ => return None,
    };
    Some(buyer).filter(|buyer| *buyer != BuyerId::HOUSE)
}

/// How the seats of an order stand.
pub(crate) fn order_state(stage: Option<OrderStage>) -> SeatState {
    match stage {
        Some(stage) if stage.is_live() => SeatState::Held,
        Some(stage) if stage.is_sold() => SeatState::Sold,
        Some(_) | None => SeatState::Free,
    }
}

fn sold_order(order: &OrderBook) -> SoldOrder {
    SoldOrder { buyer: order.buyer, seats: order.seats, is_sold: order.stage.is_sold() }
}
