//! The books of one event, by its facts.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::fact::{Fact, LeaveReason, SeatsKept};
use floodgate_domain::{
    BuyerId, CodeNumber, EventStatus, HoldId, NewEvent, OrderStatus, OrderView, Policy, SalePhase,
    SeatId, SeatList, SeatSet,
};

use super::messages::Messages;
use super::silence::Silence;

/// Why a fact or an answer cannot be.
pub(crate) type Wrong = String;

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) buyer: BuyerId,
    pub(crate) seats: SeatList,
    pub(crate) amount: u64,
    pub(crate) status: OrderStatus,
    pub(crate) attempt: u8,
    pub(crate) settled: bool,
}

impl Order {
    pub(crate) fn is_live(&self) -> bool {
        use OrderStatus::{Declined, Held, NoAnswer, PaymentPending};
        matches!(self.status, Held | PaymentPending | Declined | NoAnswer)
    }
}

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) policy: Policy,
    pub(crate) phase: SalePhase,
    pub(crate) capacity: u32,
    seat_count: u32,
    /// Seats that staff took off sale.
    pub(crate) blocked: BTreeSet<SeatId>,
    /// How often seats were taken off sale, and given away.
    pub(crate) blocked_count: usize,
    pub(crate) given_count: usize,
    /// Whose a taken seat is.
    pub(crate) owners: BTreeMap<SeatId, HoldId>,
    pub(crate) orders: BTreeMap<HoldId, Order>,
    pub(crate) shoppers: BTreeSet<BuyerId>,
    pub(crate) places: u64,
    pub(crate) spent: BTreeSet<u64>,
    pub(crate) called: u64,
    pub(crate) silence: Silence,
    pub(crate) messages: Messages,
    /// Codes of each batch, and which somebody has claimed.
    pub(crate) codes: BTreeMap<u16, u32>,
    pub(crate) claims: BTreeMap<BuyerId, CodeNumber>,
}

fn ensure(holds: bool, wrong: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong()) }
}

impl Books {
    /// The plans of the simulator have every seat on sale.
    pub(crate) fn new(new: &NewEvent) -> Self {
        Books {
            policy: new.policy,
            phase: SalePhase::Announced,
            capacity: new.plan.seat_count(),
            seat_count: new.plan.seat_count(),
            blocked: BTreeSet::new(),
            blocked_count: 0,
            given_count: 0,
            owners: BTreeMap::new(),
            orders: BTreeMap::new(),
            shoppers: BTreeSet::new(),
            places: 0,
            spent: BTreeSet::new(),
            called: 0,
            silence: Silence::default(),
            messages: Messages::default(),
            codes: BTreeMap::new(),
            claims: BTreeMap::new(),
        }
    }

    /// Follows one fact; says what is wrong with it.
    pub(crate) fn fold(&mut self, fact: &Fact) -> Result<(), Wrong> {
        self.silence.fold(fact)?;
        self.messages.fold(fact)?;
        match fact {
            Fact::SaleOpened => self.turn(SalePhase::Open),
            Fact::PresaleOpened => self.turn(SalePhase::Presale),
            Fact::CodesMinted { batch, count, .. } => {
                *self.codes.entry(*batch).or_default() += count;
                Ok(())
            }
            Fact::CodeClaimed { buyer, code } => self.claim(*buyer, *code),
            Fact::SalePaused => self.turn(SalePhase::Paused),
            Fact::SaleClosed => self.turn(SalePhase::Closed),
            Fact::EventCancelled => self.turn(SalePhase::Cancelled),
            Fact::DialsSet { change, .. } => {
                self.policy.shoppers_max = change.shoppers_max.unwrap_or(self.policy.shoppers_max);
                Ok(())
            }
            Fact::PlacesReserved { first, count } => {
                let was = std::mem::replace(&mut self.places, first.0 + u64::from(*count));
                ensure(was == first.0, || format!("places from {} after {was}", first.0))
            }
            Fact::PlacesCalled { below } => {
                let was = std::mem::replace(&mut self.called, below.0);
                ensure(was < below.0 && below.0 <= self.places, || format!("{below:?} called"))
            }
            Fact::Entered { buyer, place, .. } => self.enter(*buyer, place.0),
            Fact::ShopperLeft { buyer, reason: LeaveReason::Idle }
                if self.live_holds(*buyer) > 0 =>
            {
                Err(format!("{buyer} has orders that run and is called idle"))
            }
            Fact::ShopperLeft { buyer, .. } => {
                ensure(self.shoppers.remove(buyer), || format!("{buyer} left and was not inside"))
            }
            Fact::SeatsHeld { hold_id, buyer, seats, amount, .. } => {
                self.hold(*hold_id, *buyer, seats, *amount)
            }
            Fact::PurchaseStarted { hold_id, amount, attempt, .. } => {
                self.start(*hold_id, *amount, *attempt)
            }
            Fact::OrderDeclined { hold_id, attempt, .. } => {
                self.fail(*hold_id, *attempt, OrderStatus::Declined)
            }
            Fact::OrderUnanswered { hold_id, attempt, .. } => {
                self.fail(*hold_id, *attempt, OrderStatus::NoAnswer)
            }
            Fact::OrderConfirmed { hold_id, seats, amount, attempt, kept, .. } => {
                self.confirm((*hold_id, *attempt), seats, *amount, *kept)
            }
            Fact::OrderSettled { hold_id, .. } => self.settle(*hold_id),
            Fact::HoldExtended { hold_id, .. } => {
                let held = self.orders.get(hold_id).is_some_and(|o| o.status == OrderStatus::Held);
                ensure(held, || format!("{hold_id} is extended and not held"))
            }
            // Of no order for a while, and of nobody else.
            Fact::SeatsSetAside { hold_id, seats, .. } => self.take(*hold_id, seats),
            Fact::SeatsReturned { hold_id, seats } => self.give_back(*hold_id, seats),
            Fact::HoldReleased { hold_id, seats, .. } => {
                self.over(*hold_id, seats, OrderStatus::Released)
            }
            Fact::HoldExpired { hold_id, seats, .. }
            | Fact::OrderExpired { hold_id, seats, .. } => {
                self.over(*hold_id, seats, OrderStatus::Expired)
            }
            Fact::OrderRefunded { hold_id, seats, .. } => {
                self.over(*hold_id, seats, OrderStatus::Refunded)
            }
            Fact::OrderCancelled { hold_id, seats, .. } => {
                self.over(*hold_id, seats, OrderStatus::Cancelled)
            }
            Fact::SeatsBlocked { seats, .. } => self.block(seats),
            Fact::SeatsUnblocked { seats, .. } => self.unblock(seats),
            Fact::SeatsGiven { hold_id, buyer, seats, .. } => self.give(*hold_id, *buyer, seats),
            _ => Ok(()),
        }
    }

    fn turn(&mut self, phase: SalePhase) -> Result<(), Wrong> {
        let was = std::mem::replace(&mut self.phase, phase);
        ensure(was != SalePhase::Cancelled && was != phase, || format!("{was:?}, then {phase:?}"))
    }

    /// A code is one buyer's, a buyer has one, and it was minted.
    fn claim(&mut self, buyer: BuyerId, code: CodeNumber) -> Result<(), Wrong> {
        let exists = self.codes.get(&code.batch).is_some_and(|count| code.number < *count);
        let is_taken = self.claims.values().any(|taken| *taken == code);
        let is_first = self.claims.insert(buyer, code).is_none();
        ensure(exists && !is_taken && is_first, || format!("{buyer} claims {code:?}"))
    }

    fn enter(&mut self, buyer: BuyerId, place: u64) -> Result<(), Wrong> {
        ensure(place < self.places && self.spent.insert(place), || {
            format!("{buyer} enters at place {place}, which is spent or nobody's")
        })?;
        let is_new = self.shoppers.insert(buyer);
        let (inside, max) = (self.shoppers.len(), self.policy.shoppers_max);
        ensure(!is_new || inside <= max as usize, || format!("{inside} shoppers of {max}"))
    }

    fn hold(
        &mut self,
        hold_id: HoldId,
        buyer: BuyerId,
        seats: &SeatList,
        amount: u64,
    ) -> Result<(), Wrong> {
        let status = OrderStatus::Held;
        let order = Order { buyer, seats: *seats, amount, status, attempt: 0, settled: false };
        let before = self.orders.insert(hold_id, order);
        ensure(before.is_none(), || format!("{hold_id} is there already"))?;
        let is_inside = !self.policy.pass_required || self.shoppers.contains(&buyer);
        ensure(is_inside, || format!("{buyer} holds without a pass"))?;
        let has_code = self.claims.contains_key(&buyer);
        let is_let_in = self.phase == SalePhase::Presale && has_code;
        ensure(is_let_in || self.phase == SalePhase::Open, || {
            format!("{hold_id} in phase {:?}", self.phase)
        })?;
        self.take(hold_id, seats)?;
        let holds = self.live_holds(buyer);
        let max = usize::from(self.policy.holds_per_buyer_max);
        ensure(holds <= max, || format!("{buyer} has {holds} holds of {max}"))?;
        self.within_limit(buyer)
    }

    fn block(&mut self, seats: &SeatSet) -> Result<(), Wrong> {
        self.blocked_count += 1;
        for seat in seats.iter() {
            let is_free = seat.0 < self.seat_count && !self.owners.contains_key(&seat);
            ensure(is_free && self.blocked.insert(seat), || format!("{seat:?} goes off sale"))?;
            self.capacity -= 1;
        }
        Ok(())
    }

    fn unblock(&mut self, seats: &SeatSet) -> Result<(), Wrong> {
        for seat in seats.iter() {
            ensure(self.blocked.remove(&seat), || format!("{seat:?} was on sale"))?;
            self.capacity += 1;
        }
        Ok(())
    }

    fn give(&mut self, hold_id: HoldId, buyer: BuyerId, seats: &SeatList) -> Result<(), Wrong> {
        self.given_count += 1;
        let status = OrderStatus::Confirmed;
        let order = Order { buyer, seats: *seats, amount: 0, status, attempt: 0, settled: true };
        let is_new = self.orders.insert(hold_id, order).is_none();
        ensure(is_new && buyer == BuyerId::HOUSE, || format!("{hold_id} is given to {buyer}"))?;
        ensure(self.phase != SalePhase::Cancelled, || format!("{hold_id} is given, too late"))?;
        self.take(hold_id, seats)
    }

    /// Seats get an owner; each must have none.
    fn take(&mut self, hold_id: HoldId, seats: &SeatList) -> Result<(), Wrong> {
        for seat in seats.iter() {
            ensure(seat.0 < self.seat_count, || format!("{seat:?} does not exist"))?;
            ensure(!self.blocked.contains(&seat), || format!("{seat:?} is off sale"))?;
            if let Some(other) = self.owners.insert(seat, hold_id) {
                return Err(format!("{seat:?} goes to {hold_id} and belongs to {other}"));
            }
        }
        Ok(())
    }

    pub(crate) fn live_holds(&self, buyer: BuyerId) -> usize {
        self.orders.values().filter(|order| order.buyer == buyer && order.is_live()).count()
    }

    pub(crate) fn seats_of(&self, buyer: BuyerId) -> usize {
        let has = |order: &&Order| order.buyer == buyer && order.status.has_seats();
        self.orders.values().filter(has).map(|order| order.seats.len()).sum()
    }

    fn within_limit(&self, buyer: BuyerId) -> Result<(), Wrong> {
        let (seats, max) = (self.seats_of(buyer), self.policy.seats_per_buyer_max);
        ensure(seats <= usize::from(max), || format!("{buyer} has {seats} seats of {max}"))
    }

    fn order(&mut self, hold_id: HoldId) -> Result<&mut Order, Wrong> {
        self.orders.get_mut(&hold_id).ok_or_else(|| format!("{hold_id} was never held"))
    }

    fn start(&mut self, hold_id: HoldId, amount: u64, attempt: u8) -> Result<(), Wrong> {
        let order = self.order(hold_id)?;
        let was = std::mem::replace(&mut order.status, OrderStatus::PaymentPending);
        order.attempt += 1;
        let fits = matches!(was, OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer)
            && order.amount == amount
            && order.attempt == attempt;
        ensure(fits, || format!("attempt {attempt} to pay {amount} for {hold_id}, {was:?}"))
    }

    /// No, or no answer; the no may come after.
    fn fail(&mut self, hold_id: HoldId, attempt: u8, status: OrderStatus) -> Result<(), Wrong> {
        let order = self.order(hold_id)?;
        let was = std::mem::replace(&mut order.status, status);
        let is_late = was == OrderStatus::NoAnswer && status == OrderStatus::Declined;
        let fits = (was == OrderStatus::PaymentPending || is_late) && order.attempt == attempt;
        ensure(fits, || format!("attempt {attempt} of {hold_id} is {status:?}, {was:?}"))
    }

    fn confirm(
        &mut self,
        (hold_id, attempt): (HoldId, u8),
        seats: &SeatList,
        amount: u64,
        kept: SeatsKept,
    ) -> Result<(), Wrong> {
        let order = self.order(hold_id)?;
        let (was, buyer) = (order.status, order.buyer);
        // An earlier attempt may be answered before the last.
        let same = order.amount == amount && attempt <= order.attempt;
        order.attempt = attempt;
        let was_held = matches!(
            was,
            OrderStatus::PaymentPending | OrderStatus::Declined | OrderStatus::NoAnswer
        );
        let fits = match kept {
            SeatsKept::Held => was_held && order.seats == *seats,
            SeatsKept::Retaken => was == OrderStatus::Expired && order.seats == *seats,
            SeatsKept::Moved => was == OrderStatus::Expired && order.seats.len() == seats.len(),
        };
        (order.status, order.seats) = (OrderStatus::Confirmed, *seats);
        ensure(same && fits, || format!("{hold_id} confirmed ({kept:?}), {was:?}"))?;
        if kept != SeatsKept::Held {
            self.take(hold_id, seats)?;
            self.within_limit(buyer)?;
        }
        Ok(())
    }

    fn settle(&mut self, hold_id: HoldId) -> Result<(), Wrong> {
        let order = self.order(hold_id)?;
        let fits = order.status == OrderStatus::Confirmed && !order.settled;
        order.settled = true;
        ensure(fits, || format!("{hold_id} is captured and not confirmed"))
    }

    /// The order ends with this status; its seats, which were its own, are free.
    fn over(
        &mut self,
        hold_id: HoldId,
        seats: &SeatList,
        status: OrderStatus,
    ) -> Result<(), Wrong> {
        let order = self.order(hold_id)?;
        let (was, had) = (order.status, order.seats);
        let was_live = order.is_live();
        order.status = status;
        let fits = match status {
            OrderStatus::Refunded | OrderStatus::Cancelled => was == OrderStatus::Confirmed,
            _ => was_live,
        };
        ensure(fits && had == *seats, || format!("{hold_id} is {status:?} after {was:?}"))?;
        self.give_back(hold_id, seats)
    }

    /// Seats are free; each must have been that order's.
    fn give_back(&mut self, hold_id: HoldId, seats: &SeatList) -> Result<(), Wrong> {
        for seat in seats.iter() {
            let owner = self.owners.remove(&seat);
            ensure(owner == Some(hold_id), || format!("{seat:?} of {hold_id} was of {owner:?}"))?;
        }
        Ok(())
    }

    /// Whether an order as it was answered is the order of the books.
    pub(crate) fn is_order(&self, view: &OrderView) -> Result<(), Wrong> {
        let order = self.orders.get(&view.hold_id);
        let fits = order.is_some_and(|order| {
            order.buyer == view.buyer
                && order.status == view.status
                && order.seats == view.seats
                && order.amount == view.amount
                && order.attempt == view.attempt
                && order.settled == view.settled
        });
        ensure(fits, || format!("answered {view:?}, the books have {order:?}"))
    }

    /// Whether the counts of a strong status are those of the books.
    pub(crate) fn is_status(&self, status: &EventStatus) -> Result<(), Wrong> {
        let sold = |hold_id: &&HoldId| self.orders[hold_id].status == OrderStatus::Confirmed;
        let sold = self.owners.values().filter(sold).count() as u32;
        let held = self.owners.len() as u32 - sold;
        let fits = status.free == self.capacity - held - sold
            && (status.held, status.sold, status.capacity) == (held, sold, self.capacity)
            && status.shoppers as usize == self.shoppers.len()
            && status.phase == self.phase
            && status.places_reserved == self.places;
        ensure(fits, || format!("answered {status:?}, the books have {held} held and {sold} sold"))
    }
}
