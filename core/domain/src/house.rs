//! What staff do with seats and orders by hand: seats off sale and back, seats given away, refunds.

use crate::ids::StaffId;
use crate::seats::{SeatList, SeatSet};

/// The longest note of staff, in bytes: two or three sentences.
pub const NOTE_BYTES_MAX: usize = 500;

/// Seats that are taken off sale or put back, and why, in the words of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseSeats {
    pub seats: SeatSet,
    /// For staff alone; may be empty.
    pub note: String,
}

/// Seats that are given away: an order over nothing, of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    pub seats: SeatList,
    /// For staff alone; may be empty.
    pub note: String,
}

/// Why an order was refunded, and what staff noted beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundWhy {
    pub reason: RefundReason,
    /// For staff alone; may be empty.
    pub note: String,
}

/// The same with whoever of the staff refunded it; Floodgate itself is one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub why: RefundWhy,
    pub by: StaffId,
}

/// Why an order was refunded. The discriminant is the wire code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RefundReason {
    /// The buyer asked for it.
    Requested = 1,
    /// Another date, place or artist than was bought.
    EventChanged = 2,
    /// What Floodgate itself says once an event is cancelled.
    EventCancelled = 3,
    /// Bought twice by mistake.
    Duplicate = 4,
    Fraud = 5,
    Goodwill = 6,
    Other = 7,
}

impl RefundReason {
    pub const ALL: [RefundReason; 7] = [
        RefundReason::Requested,
        RefundReason::EventChanged,
        RefundReason::EventCancelled,
        RefundReason::Duplicate,
        RefundReason::Fraud,
        RefundReason::Goodwill,
        RefundReason::Other,
    ];

    /// Stable text, as in topics, tables and the API.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            RefundReason::Requested => "requested",
            RefundReason::EventChanged => "event_changed",
            RefundReason::EventCancelled => "event_cancelled",
            RefundReason::Duplicate => "duplicate",
            RefundReason::Fraud => "fraud",
            RefundReason::Goodwill => "goodwill",
            RefundReason::Other => "other",
        }
    }

    /// The reason with this text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        RefundReason::ALL.into_iter().find(|reason| reason.code() == code)
    }

    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        RefundReason::ALL.into_iter().find(|reason| *reason as u8 == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_by_text_and_number() {
        for reason in RefundReason::ALL {
            assert_eq!(RefundReason::parse(reason.code()), Some(reason));
            assert_eq!(RefundReason::from_number(reason as u8), Some(reason));
        }
        assert_eq!(RefundReason::parse("because"), None);
        assert_eq!(RefundReason::from_number(0), None);
    }
}
