//! An order that starts, changes state or ends.

use crate::answer::{OrderStatus, OrderView};
use crate::fact::SeatsKept;
use crate::ids::{BuyerId, HoldId, LogTime};
use crate::seats::SeatList;

/// How an order stands from here on; what is absent stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderChange<'a> {
    pub hold_id: HoldId,
    /// Who made it, and pays for it.
    pub buyer: BuyerId,
    pub status: OrderStatus,
    /// When the status ends by itself; `None` when it does not.
    pub until: Option<LogTime>,
    pub seats: Option<&'a SeatList>,
    pub amount: Option<u64>,
    /// The attempt to pay that is under way, or was the last.
    pub attempt: Option<u8>,
    pub is_new: bool,
    /// Whether the buyer has used one of the extensions.
    pub is_extended: bool,
    /// Whether the money has been captured by this.
    pub is_settled: bool,
    /// Whether it goes on, or ends, without an answer to its last attempt to pay.
    pub is_unanswered: bool,
    /// Where a payment found the seats; once, with the status that says they are sold.
    pub kept: Option<SeatsKept>,
}

impl OrderChange<'_> {
    /// When the order ends unless its buyer does something; `None` when it is not on them.
    #[must_use]
    pub fn buyer_must_act_until(&self) -> Option<LogTime> {
        use OrderStatus::{Declined, Held, NoAnswer};
        let is_on_buyer = matches!(self.status, Held | Declined | NoAnswer);
        self.until.filter(|_| is_on_buyer)
    }
}

impl OrderView {
    /// The order that begins with a change, if one does.
    #[must_use]
    pub fn begun_by(change: &OrderChange<'_>) -> Option<Self> {
        let mut order = OrderView {
            hold_id: change.hold_id,
            buyer: change.buyer,
            status: change.status,
            seats: SeatList::new(),
            amount: 0,
            until: LogTime(0),
            extensions: 0,
            attempt: 0,
            settled: false,
        };
        order.follow(change);
        change.is_new.then_some(order)
    }

    /// Takes a change of this order over.
    pub fn follow(&mut self, change: &OrderChange<'_>) {
        self.status = change.status;
        self.until = change.until.unwrap_or(LogTime(0));
        self.seats = change.seats.copied().unwrap_or(self.seats);
        self.amount = change.amount.unwrap_or(self.amount);
        self.attempt = change.attempt.unwrap_or(self.attempt);
        self.extensions = self.extensions.saturating_add(u8::from(change.is_extended));
        self.settled |= change.is_settled;
    }
}
