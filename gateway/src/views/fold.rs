//! How facts change a view.

use floodgate_domain::{
    BuyerId, Fact, FactRecord, Frontier, HoldId, LogTime, OrderStatus, OrderView, SalePhase,
    SeatList,
};

use super::NEVER;
use super::event::{AsOf, Counts, EventView, FREE, HELD, Left, NOT_FOR_SALE, SOLD};

impl EventView {
    /// Enters one fact.
    pub(super) fn fold(&mut self, record: &FactRecord) {
        self.as_of = AsOf { source: record.source, at: record.at };
        self.changes.note(record);
        if let Some(money) = record.fact.effects().money {
            self.payments.follow(&money);
        }
        match &record.fact {
            Fact::PricesSet(prices) => self.prices.clone_from(prices),
            Fact::PolicySet(policy) => self.policy = **policy,
            Fact::SaleOpened => self.phase = SalePhase::Open,
            Fact::SalePaused => self.phase = SalePhase::Paused,
            Fact::SaleClosed => self.phase = SalePhase::Closed,
            Fact::EventCancelled => self.phase = SalePhase::Cancelled,
            Fact::PlacesReserved { first, count } => {
                self.places_reserved = first.0 + u64::from(*count);
            }
            Fact::PlacesCalled { below } => self.places_called = *below,
            Fact::Entered { buyer, place, until } => {
                if self.passes.insert(*buyer, (*place, *until)).is_none() {
                    self.shoppers += 1;
                }
                let behind = Frontier::behind(self.order.rank(*place));
                self.entered_beyond = self.entered_beyond.max(behind);
                self.entered_count += 1;
            }
            Fact::ShopperLeft { buyer, .. } => {
                if let Some((place, until)) = self.passes.remove(buyer) {
                    self.shoppers -= 1;
                    let entered_ms = until.0.saturating_sub(self.policy.pass_ms);
                    self.stay.note(record.at.0.saturating_sub(entered_ms));
                    self.left.insert(*buyer, Left { place, at: record.at });
                }
            }
            Fact::DialsSet { change, .. } => self.policy.follow(change),
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until } => {
                self.held(*hold_id, *buyer, seats, *amount, *until);
            }
            _ => self.fold_order(&record.fact),
        }
    }

    fn fold_order(&mut self, fact: &Fact) {
        match fact {
            Fact::HoldExtended { hold_id, until, .. } => self.with_order(*hold_id, |order| {
                order.until = *until;
                order.extensions_left = order.extensions_left.saturating_sub(1);
            }),
            Fact::PurchaseStarted { hold_id, attempt, until, .. } => {
                self.with_order(*hold_id, |order| {
                    order.status = OrderStatus::PaymentPending;
                    order.attempt = *attempt;
                    order.until = *until;
                });
            }
            Fact::OrderDeclined { hold_id, until, .. } => {
                self.with_order(*hold_id, |order| {
                    order.status = OrderStatus::Declined;
                    order.until = *until;
                });
            }
            Fact::OrderConfirmed { hold_id, seats, .. } => {
                self.with_order(*hold_id, |order| {
                    order.status = OrderStatus::Confirmed;
                    order.seats = *seats;
                    order.until = NEVER;
                });
                self.set_seats(seats, SOLD);
            }
            Fact::OrderSettled { hold_id, .. } => {
                self.with_order(*hold_id, |order| order.settled = true);
            }
            Fact::HoldReleased { hold_id, seats, .. } => {
                self.ended(*hold_id, seats, OrderStatus::Released);
            }
            Fact::HoldExpired { hold_id, seats, .. }
            | Fact::OrderExpired { hold_id, seats, .. } => {
                self.ended(*hold_id, seats, OrderStatus::Expired);
            }
            Fact::OrderRefunded { hold_id, seats, .. } => {
                self.ended(*hold_id, seats, OrderStatus::Refunded);
            }
            Fact::OrderCancelled { hold_id, seats, .. } => {
                self.ended(*hold_id, seats, OrderStatus::Cancelled);
            }
            _ => {}
        }
    }

    fn held(
        &mut self,
        hold_id: HoldId,
        buyer: BuyerId,
        seats: &SeatList,
        amount: u64,
        until: LogTime,
    ) {
        let order = OrderView {
            hold_id,
            buyer,
            status: OrderStatus::Held,
            seats: *seats,
            amount,
            until,
            extensions_left: self.policy.extensions_max,
            attempt: 0,
            settled: false,
        };
        self.orders.insert(hold_id, order);
        self.by_buyer.entry(buyer).or_default().push(hold_id);
        self.set_seats(seats, HELD);
    }

    fn ended(&mut self, hold_id: HoldId, seats: &SeatList, status: OrderStatus) {
        self.with_order(hold_id, |order| {
            order.status = status;
            order.until = NEVER;
        });
        self.set_seats(seats, FREE);
    }

    fn with_order(&mut self, hold_id: HoldId, change: impl FnOnce(&mut OrderView)) {
        if let Some(order) = self.orders.get_mut(&hold_id) {
            change(order);
        }
    }

    fn set_seats(&mut self, seats: &SeatList, state: u8) {
        for seat in seats.iter() {
            let at = seat.0 as usize;
            let (Some(now), Some(&category)) = (self.seats.get_mut(at), self.categories.get(at))
            else {
                continue;
            };
            let before = std::mem::replace(now, state);
            if before == state {
                continue;
            }
            self.changed.push(seat.0);
            move_one(&mut self.counts, before, state);
            if let Some(counts) = self.by_category.get_mut(usize::from(category)) {
                move_one(counts, before, state);
            }
        }
    }
}

fn move_one(counts: &mut Counts, from: u8, to: u8) {
    let mut add = |state: u8, change: i32| {
        let count = match state {
            FREE => &mut counts.free,
            HELD => &mut counts.held,
            SOLD => &mut counts.sold,
            _ => return,
        };
        *count = count.saturating_add_signed(change);
    };
    debug_assert_ne!(from, NOT_FOR_SALE, "what is not for sale is never held");
    add(from, -1);
    add(to, 1);
}
