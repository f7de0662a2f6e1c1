//! Holds and orders of one event: a flat table of slots, numbered by slot and generation.
//!
//! An order that has ended keeps its slot for a while, so that its buyer can ask about it
//! and a late payment can find it; then the slot serves a new hold under a new generation.

use std::collections::VecDeque;

use floodgate_domain::answer::{OrderStatus, OrderView};
use floodgate_domain::ids::{BuyerId, HoldId, LogTime};
use floodgate_domain::seats::SeatList;

/// Ended orders kept. Every live one has a seat, so the table never outgrows
/// the capacity plus this.
const ENDED_KEPT: usize = 1 << 16;

/// A hold, and the order that grows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) generation: u32,
    pub(super) status: OrderStatus,
    pub(super) settled: bool,
    /// The payment attempt under way or last made; 0 before the first.
    pub(super) attempt: u8,
    pub(super) extensions: u8,
    pub(super) buyer: BuyerId,
    pub(super) amount: u64,
    /// When the status ends by itself; zero when it does not.
    pub(super) until: LogTime,
    /// When it ends unpaid, whatever is tried; only the first rules set no such end.
    pub(super) pay_by: Option<LogTime>,
    /// When the hold ends, or would have ended had nobody paid; zero where the rules it was made by do
    /// not ask for that.
    pub(super) held_until: LogTime,
    /// Deadline of the one timer that counts for this order.
    pub(super) armed: LogTime,
    pub(super) seats: SeatList,
}

impl Order {
    /// Held in one way or another, with a deadline.
    pub(super) fn is_live(&self) -> bool {
        use OrderStatus::{Declined, Held, NoAnswer, PaymentPending};
        matches!(self.status, Held | PaymentPending | Declined | NoAnswer)
    }

    /// When it ends if it should end then: earlier where its time to pay is over before.
    pub(super) fn within_bound(&self, until: LogTime) -> LogTime {
        self.pay_by.map_or(until, |pay_by| until.min(pay_by))
    }
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) slots: Vec<Order>,
    /// Slots of ended orders, the one that ended first in front.
    pub(super) ended: VecDeque<u32>,
}

impl Orders {
    /// An empty table with room for `expected` orders before it has to grow.
    pub(super) fn with_room_for(expected: usize) -> Self {
        let blank = Order {
            generation: 0,
            status: OrderStatus::Released,
            settled: false,
            attempt: 0,
            extensions: 0,
            buyer: BuyerId(0),
            amount: 0,
            until: LogTime(0),
            pay_by: None,
            held_until: LogTime(0),
            armed: LogTime(0),
            seats: SeatList::new(),
        };
        // Written once now, so that the first sale does not pay for fresh pages.
        let mut slots = vec![blank; expected];
        slots.clear();
        Orders { slots, ended: VecDeque::new() }
    }

    /// The id the next hold will get.
    pub(super) fn next_id(&self) -> HoldId {
        let (slot, generation) = match self.ended.front() {
            Some(&slot) if self.ended.len() > ENDED_KEPT => {
                (slot, self.slots[slot as usize].generation.wrapping_add(1))
            }
            _ => (self.slots.len() as u32, 1),
        };
        HoldId(u64::from(generation) << 32 | u64::from(slot))
    }

    /// Stores a new hold in the slot that [`Orders::next_id`] named.
    pub(super) fn insert(&mut self, order: Order, hold_id: HoldId) {
        let slot = slot_of(hold_id);
        if slot == self.slots.len() {
            self.slots.push(order);
        } else {
            debug_assert_eq!(self.ended.front().map(|&ended| ended as usize), Some(slot));
            self.ended.pop_front();
            self.slots[slot] = order;
        }
    }

    pub(super) fn get(&self, hold_id: HoldId) -> Option<&Order> {
        self.slots.get(slot_of(hold_id)).filter(|order| order.generation == generation_of(hold_id))
    }

    pub(super) fn get_mut(&mut self, hold_id: HoldId) -> Option<&mut Order> {
        self.slots
            .get_mut(slot_of(hold_id))
            .filter(|order| order.generation == generation_of(hold_id))
    }

    /// Notes that an order has ended and its slot will be free some day.
    pub(super) fn retire(&mut self, hold_id: HoldId) {
        self.ended.push_back(slot_of(hold_id) as u32);
    }

    /// Notes that an ended order goes on: a late payment found its seats.
    pub(super) fn revive(&mut self, hold_id: HoldId) {
        let slot = slot_of(hold_id) as u32;
        self.ended.retain(|&ended| ended != slot);
    }

    /// What a buyer sees of their order.
    pub(super) fn view(&self, hold_id: HoldId) -> Option<OrderView> {
        self.get(hold_id).map(|order| OrderView {
            hold_id,
            buyer: order.buyer,
            status: order.status,
            seats: order.seats,
            amount: order.amount,
            until: order.until,
            extensions: order.extensions,
            attempt: order.attempt,
            settled: order.settled,
        })
    }
}

pub(super) fn hold_in(slot: usize, generation: u32) -> HoldId {
    HoldId(u64::from(generation) << 32 | slot as u64)
}

pub(super) fn slot_of(hold_id: HoldId) -> usize {
    (hold_id.0 & 0xffff_ffff) as usize
}

pub(super) fn generation_of(hold_id: HoldId) -> u32 {
    (hold_id.0 >> 32) as u32
}
