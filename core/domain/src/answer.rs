//! Answers: what the sender of a command gets back, with the position it was decided at.

use crate::ids::{BuyerId, CommandId, EventId, GatewayId, HoldId, LogTime, Place};
use crate::refusal::Refusal;
use crate::seats::SeatList;

/// An answer on its way to the gateway that waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub command_id: CommandId,
    pub event_id: EventId,
    pub reply_to: GatewayId,
    /// Offset of the command that decided this, in the event's partition: the as-of.
    pub offset: u64,
    pub at: LogTime,
    /// Whether this repeats the outcome of an earlier command with the same id.
    pub repeated: bool,
    pub answer: Answer,
}

/// The outcome of a command, as of its offset.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Refused(Refusal),
    /// Done; nothing more to say.
    Done,
    /// What is held or ordered now.
    Order(OrderView),
    Entered {
        place: Place,
        until: LogTime,
    },
    PlacesReserved {
        first: Place,
        count: u32,
    },
    Status(EventStatus),
}

/// Where an order stands. Every order has exactly one of these at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OrderStatus {
    Held = 1,
    PaymentPending = 2,
    /// The seats are held for another card.
    Declined = 3,
    Confirmed = 4,
    /// Ended unpaid.
    Expired = 5,
    /// Given up by the buyer before paying.
    Released = 6,
    Refunded = 7,
    /// Undone: the event was cancelled or the money could not be captured.
    Cancelled = 8,
    /// The provider has not answered; whether money moves is not known. The seats are held for the
    /// answer or for another card.
    NoAnswer = 9,
}

impl OrderStatus {
    pub const ALL: [OrderStatus; 9] = [
        OrderStatus::Held,
        OrderStatus::PaymentPending,
        OrderStatus::Declined,
        OrderStatus::Confirmed,
        OrderStatus::Expired,
        OrderStatus::Released,
        OrderStatus::Refunded,
        OrderStatus::Cancelled,
        OrderStatus::NoAnswer,
    ];

    /// Stable text, as in the API and the views.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            OrderStatus::Held => "held",
            OrderStatus::PaymentPending => "payment_pending",
            OrderStatus::Declined => "declined",
            OrderStatus::Confirmed => "confirmed",
            OrderStatus::Expired => "expired",
            OrderStatus::Released => "released",
            OrderStatus::Refunded => "refunded",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::NoAnswer => "no_answer",
        }
    }

    /// Held in one way or another, with a deadline.
    #[must_use]
    pub fn is_live(self) -> bool {
        self.has_seats() && self != OrderStatus::Confirmed
    }

    /// Whether the order has its seats: held or sold.
    #[must_use]
    pub fn has_seats(self) -> bool {
        matches!(
            self,
            OrderStatus::Held
                | OrderStatus::PaymentPending
                | OrderStatus::Declined
                | OrderStatus::NoAnswer
                | OrderStatus::Confirmed
        )
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        OrderStatus::ALL.into_iter().find(|status| *status as u8 == code)
    }
}

/// A hold or order as its buyer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderView {
    pub hold_id: HoldId,
    pub buyer: BuyerId,
    pub status: OrderStatus,
    pub seats: SeatList,
    /// Total in minor units, all-in.
    pub amount: u64,
    /// When the current status ends by itself; 0 when it does not.
    pub until: LogTime,
    /// How often it was extended; a policy says how often it may be.
    pub extensions: u8,
    pub attempt: u8,
    /// Whether the money has been captured.
    pub settled: bool,
}

/// The phase of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SalePhase {
    Announced = 1,
    Open = 2,
    Paused = 3,
    Closed = 4,
    Cancelled = 5,
    /// Open to those who have claimed a code, before it opens to all.
    Presale = 6,
}

impl SalePhase {
    pub const ALL: [SalePhase; 6] = [
        SalePhase::Announced,
        SalePhase::Open,
        SalePhase::Paused,
        SalePhase::Closed,
        SalePhase::Cancelled,
        SalePhase::Presale,
    ];

    /// Whether seats are sold, be it to all or to some.
    #[must_use]
    pub fn sells(self) -> bool {
        matches!(self, SalePhase::Open | SalePhase::Presale)
    }

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            SalePhase::Announced => "announced",
            SalePhase::Open => "open",
            SalePhase::Paused => "paused",
            SalePhase::Closed => "closed",
            SalePhase::Cancelled => "cancelled",
            SalePhase::Presale => "presale",
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        SalePhase::ALL.into_iter().find(|phase| *phase as u8 == code)
    }
}

/// Counts and phase of an event: `getEventStatus` of the original requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventStatus {
    pub phase: SalePhase,
    pub capacity: u32,
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    pub shoppers: u32,
    pub shoppers_max: u32,
    pub places_reserved: u64,
}
