//! Facts on the wire.
//!
//! `version u8, kind u8, event u64`, then the source (offset, index) and the log time as
//! LEB128 numbers, then the body.

use super::command::{read_cohort, read_hold, read_method};
use super::cursor::{Cursor, Sink, WireError};
use super::dials::{read_dial_change, write_dial_change};
use super::event::{
    read_currency, read_new_event, read_policy, read_prices, write_new_event, write_policy,
    write_prices,
};
use super::payment::{
    read_action, read_authorised, read_reference, write_action, write_authorised,
};
use super::{MESSAGE_BYTES_MAX, WIRE_VERSION};
use crate::fact::{DeclineReason, Fact, FactRecord, LeaveReason, SeatsKept, Source};
use crate::ids::{BuyerId, EventId, StaffId};
use crate::seats::SeatId;

/// Writes a fact behind what is in `out` already.
pub fn encode_fact(record: &FactRecord, out: &mut Vec<u8>) {
    out.put_u8(WIRE_VERSION);
    out.put_u8(kind(&record.fact));
    out.put_u64_fixed(record.event_id.0);
    out.put_varint(record.source.offset);
    out.put_varint(u64::from(record.source.index));
    out.put_varint(record.at.0);
    write_body(&record.fact, out);
}

/// Reads one whole fact.
pub fn decode_fact(bytes: &[u8]) -> Result<FactRecord, WireError> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8()?;
    if version != WIRE_VERSION {
        return Err(WireError::UnknownVersion(version));
    }
    let kind = cursor.u8()?;
    let event_id = EventId(cursor.u64_fixed()?);
    let source = Source { offset: cursor.varint()?, index: cursor.u16()? };
    let at = cursor.time()?;
    let fact = read_body(kind, &mut cursor)?;
    cursor.finish()?;
    Ok(FactRecord { source, at, event_id, fact })
}

/// Numbers of facts that were taken back: QueueTuned. They are read as unknown and never given out
/// again.
pub const RETIRED_FACTS: [u8; 1] = [29];

/// The kind's number; never used twice, see [`RETIRED_FACTS`].
fn kind(fact: &Fact) -> u8 {
    match fact {
        Fact::EventCreated(_) => 1,
        Fact::PricesSet(_) => 2,
        Fact::PolicySet(_) => 3,
        Fact::SaleOpened => 4,
        Fact::SalePaused => 5,
        Fact::SaleClosed => 6,
        Fact::EventCancelled => 7,
        Fact::DrawCommitted { .. } => 8,
        Fact::DrawRevealed { .. } => 9,
        Fact::PlacesReserved { .. } => 10,
        Fact::Entered { .. } => 11,
        Fact::ShopperLeft { .. } => 12,
        Fact::SeatsHeld { .. } => 13,
        Fact::HoldExtended { .. } => 14,
        Fact::HoldReleased { .. } => 15,
        Fact::HoldExpired { .. } => 16,
        Fact::PurchaseStarted { .. } => 17,
        Fact::OrderDeclined { .. } => 18,
        Fact::OrderConfirmed { .. } => 19,
        Fact::OrderSettled { .. } => 20,
        Fact::OrderExpired { .. } => 21,
        Fact::PaymentVoided { .. } => 22,
        Fact::OrderRefunded { .. } => 23,
        Fact::OrderCancelled { .. } => 24,
        Fact::TicketTransferred { .. } => 25,
        Fact::TicketRedeemed { .. } => 26,
        Fact::Announced { .. } => 27,
        Fact::EngineVersionSet { .. } => 28,
        Fact::PlacesCalled { .. } => 30,
        Fact::TurnAwaited { .. } => 31,
        Fact::CohortJoined { .. } => 32,
        Fact::CohortLeft { .. } => 33,
        Fact::TimeMarked => 34,
        Fact::DialsSet { .. } => 35,
        Fact::PaymentActionRequired { .. } => 36,
    }
}

fn write_body(fact: &Fact, out: &mut Vec<u8>) {
    match fact {
        Fact::EventCreated(new) => write_new_event(new, out),
        Fact::PricesSet(prices) => write_prices(prices, out),
        Fact::PolicySet(policy) => write_policy(policy, out),
        Fact::SaleOpened
        | Fact::SalePaused
        | Fact::SaleClosed
        | Fact::EventCancelled
        | Fact::TimeMarked => {}
        Fact::DrawCommitted { commitment } => out.put_bytes(commitment),
        Fact::DrawRevealed { secret, public_value } => {
            out.put_bytes(secret);
            out.put_bytes(public_value);
        }
        Fact::PlacesReserved { first, count } => {
            out.put_varint(first.0);
            out.put_varint(u64::from(*count));
        }
        Fact::Entered { buyer, place, until } => {
            out.put_u64_fixed(buyer.0);
            out.put_varint(place.0);
            out.put_varint(until.0);
        }
        Fact::ShopperLeft { buyer, reason } => {
            out.put_u64_fixed(buyer.0);
            out.put_u8(match reason {
                LeaveReason::Left => 0,
                LeaveReason::Purchased => 1,
                LeaveReason::PassExpired => 2,
            });
        }
        Fact::Announced { message } => out.put_text(message),
        Fact::EngineVersionSet { version } => out.put_varint(u64::from(*version)),
        Fact::PlacesCalled { below } => out.put_varint(below.0),
        Fact::TurnAwaited { buyer, place } => {
            out.put_u64_fixed(buyer.0);
            out.put_varint(place.0);
        }
        Fact::CohortJoined { cohort } | Fact::CohortLeft { cohort } => {
            out.put_varint(u64::from(cohort.number()));
        }
        Fact::DialsSet { change, by } => {
            write_dial_change(change, out);
            out.put_u64_fixed(by.0);
        }
        Fact::TicketTransferred { hold_id, seat, from, to } => {
            out.put_u64_fixed(hold_id.0);
            out.put_u32_fixed(seat.0);
            out.put_u64_fixed(from.0);
            out.put_u64_fixed(to.0);
        }
        Fact::TicketRedeemed { hold_id, buyer, seat } => {
            out.put_u64_fixed(hold_id.0);
            out.put_u64_fixed(buyer.0);
            out.put_u32_fixed(seat.0);
        }
        order_fact => write_order_body(order_fact, out),
    }
}

/// Facts about holds and orders: hold, buyer, then what each adds.
fn write_order_body(fact: &Fact, out: &mut Vec<u8>) {
    let mut head = |hold_id: &crate::ids::HoldId, buyer: &BuyerId| {
        out.put_u64_fixed(hold_id.0);
        out.put_u64_fixed(buyer.0);
    };
    match fact {
        Fact::SeatsHeld { hold_id, buyer, seats, amount, until } => {
            head(hold_id, buyer);
            out.put_seats(seats);
            out.put_varint(*amount);
            out.put_varint(until.0);
        }
        Fact::HoldExtended { hold_id, buyer, until } => {
            head(hold_id, buyer);
            out.put_varint(until.0);
        }
        Fact::HoldReleased { hold_id, buyer, seats }
        | Fact::HoldExpired { hold_id, buyer, seats }
        | Fact::OrderExpired { hold_id, buyer, seats }
        | Fact::OrderCancelled { hold_id, buyer, seats } => {
            head(hold_id, buyer);
            out.put_seats(seats);
        }
        Fact::PurchaseStarted { hold_id, buyer, method, amount, currency, attempt, until } => {
            head(hold_id, buyer);
            out.put_text(method.as_str());
            out.put_varint(*amount);
            out.put_bytes(&currency.0);
            out.put_u8(*attempt);
            out.put_varint(until.0);
        }
        Fact::PaymentActionRequired { hold_id, buyer, attempt, action } => {
            head(hold_id, buyer);
            out.put_u8(*attempt);
            write_action(action, out);
        }
        Fact::OrderDeclined { hold_id, buyer, attempt, reason, until } => {
            head(hold_id, buyer);
            out.put_u8(*attempt);
            out.put_u8(u8::from(*reason == DeclineReason::Lost));
            out.put_varint(until.0);
        }
        Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment } => {
            head(hold_id, buyer);
            out.put_seats(seats);
            out.put_varint(*amount);
            out.put_u8(*attempt);
            out.put_u8(match kept {
                SeatsKept::Held => 0,
                SeatsKept::Retaken => 1,
                SeatsKept::Moved => 2,
            });
            write_authorised(payment, out);
        }
        Fact::OrderSettled { hold_id, buyer, amount } => {
            head(hold_id, buyer);
            out.put_varint(*amount);
        }
        Fact::PaymentVoided { hold_id, buyer, attempt, reference } => {
            head(hold_id, buyer);
            out.put_u8(*attempt);
            out.put_text(reference.as_str());
        }
        Fact::OrderRefunded { hold_id, buyer, seats, amount } => {
            head(hold_id, buyer);
            out.put_seats(seats);
            out.put_varint(*amount);
        }
        // Written by `write_body`.
        _ => {}
    }
}

fn read_body(kind: u8, cursor: &mut Cursor<'_>) -> Result<Fact, WireError> {
    Ok(match kind {
        1 => Fact::EventCreated(Box::new(read_new_event(cursor)?)),
        2 => Fact::PricesSet(Box::new(read_prices(cursor)?)),
        3 => Fact::PolicySet(Box::new(read_policy(cursor)?)),
        4 => Fact::SaleOpened,
        5 => Fact::SalePaused,
        6 => Fact::SaleClosed,
        7 => Fact::EventCancelled,
        8 => Fact::DrawCommitted { commitment: cursor.array()? },
        9 => Fact::DrawRevealed { secret: cursor.array()?, public_value: cursor.array()? },
        10 => Fact::PlacesReserved { first: cursor.place()?, count: cursor.u32()? },
        11 => Fact::Entered {
            buyer: read_buyer(cursor)?,
            place: cursor.place()?,
            until: cursor.time()?,
        },
        12 => Fact::ShopperLeft {
            buyer: read_buyer(cursor)?,
            reason: match cursor.u8()? {
                0 => LeaveReason::Left,
                1 => LeaveReason::Purchased,
                2 => LeaveReason::PassExpired,
                _ => return Err(WireError::OutOfBounds("a reason to leave")),
            },
        },
        25 => Fact::TicketTransferred {
            hold_id: read_hold(cursor)?,
            seat: SeatId(cursor.u32_fixed()?),
            from: read_buyer(cursor)?,
            to: read_buyer(cursor)?,
        },
        26 => Fact::TicketRedeemed {
            hold_id: read_hold(cursor)?,
            buyer: read_buyer(cursor)?,
            seat: SeatId(cursor.u32_fixed()?),
        },
        27 => Fact::Announced { message: cursor.text(MESSAGE_BYTES_MAX)? },
        28 => Fact::EngineVersionSet { version: cursor.u32()? },
        30 => Fact::PlacesCalled { below: cursor.frontier()? },
        31 => Fact::TurnAwaited { buyer: read_buyer(cursor)?, place: cursor.place()? },
        32 => Fact::CohortJoined { cohort: read_cohort(cursor)? },
        33 => Fact::CohortLeft { cohort: read_cohort(cursor)? },
        34 => Fact::TimeMarked,
        35 => Fact::DialsSet {
            change: Box::new(read_dial_change(cursor)?),
            by: StaffId(cursor.u64_fixed()?),
        },
        13..=24 | 36 => return read_order_body(kind, cursor),
        unknown => return Err(WireError::UnknownKind(unknown)),
    })
}

fn read_order_body(kind: u8, cursor: &mut Cursor<'_>) -> Result<Fact, WireError> {
    let hold_id = read_hold(cursor)?;
    let buyer = read_buyer(cursor)?;
    Ok(match kind {
        13 => Fact::SeatsHeld {
            hold_id,
            buyer,
            seats: cursor.seats()?,
            amount: cursor.varint()?,
            until: cursor.time()?,
        },
        14 => Fact::HoldExtended { hold_id, buyer, until: cursor.time()? },
        15 => Fact::HoldReleased { hold_id, buyer, seats: cursor.seats()? },
        16 => Fact::HoldExpired { hold_id, buyer, seats: cursor.seats()? },
        17 => Fact::PurchaseStarted {
            hold_id,
            buyer,
            method: read_method(cursor)?,
            amount: cursor.varint()?,
            currency: read_currency(cursor)?,
            attempt: cursor.u8()?,
            until: cursor.time()?,
        },
        18 => Fact::OrderDeclined {
            hold_id,
            buyer,
            attempt: cursor.u8()?,
            reason: if cursor.bool()? { DeclineReason::Lost } else { DeclineReason::Declined },
            until: cursor.time()?,
        },
        19 => Fact::OrderConfirmed {
            hold_id,
            buyer,
            seats: cursor.seats()?,
            amount: cursor.varint()?,
            attempt: cursor.u8()?,
            kept: match cursor.u8()? {
                0 => SeatsKept::Held,
                1 => SeatsKept::Retaken,
                2 => SeatsKept::Moved,
                _ => return Err(WireError::OutOfBounds("a way seats were kept")),
            },
            payment: read_authorised(cursor)?,
        },
        20 => Fact::OrderSettled { hold_id, buyer, amount: cursor.varint()? },
        21 => Fact::OrderExpired { hold_id, buyer, seats: cursor.seats()? },
        22 => Fact::PaymentVoided {
            hold_id,
            buyer,
            attempt: cursor.u8()?,
            reference: read_reference(cursor)?,
        },
        23 => {
            Fact::OrderRefunded { hold_id, buyer, seats: cursor.seats()?, amount: cursor.varint()? }
        }
        24 => Fact::OrderCancelled { hold_id, buyer, seats: cursor.seats()? },
        36 => Fact::PaymentActionRequired {
            hold_id,
            buyer,
            attempt: cursor.u8()?,
            action: read_action(cursor)?,
        },
        unknown => return Err(WireError::UnknownKind(unknown)),
    })
}

fn read_buyer(cursor: &mut Cursor<'_>) -> Result<BuyerId, WireError> {
    cursor.u64_fixed().map(BuyerId)
}
