//! Replies on the wire, for gateways in other processes.

use super::WIRE_VERSION;
use super::cursor::{Cursor, WireError, WireWriter};
use crate::answer::{Answer, EventStatus, OrderStatus, OrderView, Reply, SalePhase};
use crate::ids::{BuyerId, CommandId, EventId, GatewayId, HoldId};
use crate::refusal::Refusal;

/// Writes a reply behind what is in `out` already.
pub fn encode_reply(reply: &Reply, out: &mut Vec<u8>) {
    out.put_u8(WIRE_VERSION);
    out.put_u128_fixed(reply.command_id.0);
    out.put_u64_fixed(reply.event_id.0);
    out.put_u32_fixed(reply.reply_to.0);
    out.put_varint(reply.offset);
    out.put_varint(reply.at.0);
    out.put_u8(u8::from(reply.repeated));
    match &reply.answer {
        Answer::Refused(refusal) => {
            out.put_u8(0);
            out.put_u8(*refusal as u8);
        }
        Answer::Done => out.put_u8(1),
        Answer::Order(view) => {
            out.put_u8(2);
            write_order(view, out);
        }
        Answer::Entered { place, until } => {
            out.put_u8(3);
            out.put_varint(place.0);
            out.put_varint(until.0);
        }
        Answer::PlacesReserved { first, count } => {
            out.put_u8(4);
            out.put_varint(first.0);
            out.put_varint(u64::from(*count));
        }
        Answer::Status(status) => {
            out.put_u8(5);
            write_status(status, out);
        }
    }
}

/// Reads the replies of one record: one behind the other, each with its own version.
pub fn decode_replies(bytes: &[u8]) -> Result<Vec<Reply>, WireError> {
    let mut cursor = Cursor::new(bytes);
    let mut replies = Vec::new();
    // Each takes at least 30 bytes, so the record's size bounds how many there are.
    while cursor.remaining() > 0 {
        replies.push(read_reply(&mut cursor)?);
    }
    Ok(replies)
}

fn read_reply(cursor: &mut Cursor<'_>) -> Result<Reply, WireError> {
    let version = cursor.u8()?;
    if version != WIRE_VERSION {
        return Err(WireError::UnknownVersion(version));
    }
    let command_id = CommandId(cursor.u128_fixed()?);
    let event_id = EventId(cursor.u64_fixed()?);
    let reply_to = GatewayId(cursor.u32_fixed()?);
    let offset = cursor.varint()?;
    let at = cursor.time()?;
    let repeated = cursor.bool()?;
    let answer = match cursor.u8()? {
        0 => {
            let code = cursor.u8()?;
            Answer::Refused(Refusal::from_code(code).ok_or(WireError::UnknownKind(code))?)
        }
        1 => Answer::Done,
        2 => Answer::Order(read_order(cursor)?),
        3 => Answer::Entered { place: cursor.place()?, until: cursor.time()? },
        4 => Answer::PlacesReserved { first: cursor.place()?, count: cursor.u32()? },
        5 => Answer::Status(read_status(cursor)?),
        unknown => return Err(WireError::UnknownKind(unknown)),
    };
    Ok(Reply { command_id, event_id, reply_to, offset, at, repeated, answer })
}

fn write_order(view: &OrderView, out: &mut Vec<u8>) {
    out.put_u64_fixed(view.hold_id.0);
    out.put_u64_fixed(view.buyer.0);
    out.put_u8(view.status as u8);
    out.put_seats(&view.seats);
    out.put_varint(view.amount);
    out.put_varint(view.until.0);
    out.put_u8(view.extensions);
    out.put_u8(view.attempt);
    out.put_u8(u8::from(view.settled));
}

fn read_order(cursor: &mut Cursor<'_>) -> Result<OrderView, WireError> {
    let hold_id = HoldId(cursor.u64_fixed()?);
    let buyer = BuyerId(cursor.u64_fixed()?);
    let status = cursor.u8()?;
    Ok(OrderView {
        hold_id,
        buyer,
        status: OrderStatus::from_code(status).ok_or(WireError::UnknownKind(status))?,
        seats: cursor.seats()?,
        amount: cursor.varint()?,
        until: cursor.time()?,
        extensions: cursor.u8()?,
        attempt: cursor.u8()?,
        settled: cursor.bool()?,
    })
}

fn write_status(status: &EventStatus, out: &mut Vec<u8>) {
    out.put_u8(status.phase as u8);
    for count in [
        status.capacity,
        status.free,
        status.held,
        status.sold,
        status.shoppers,
        status.shoppers_max,
    ] {
        out.put_varint(u64::from(count));
    }
    out.put_varint(status.places_reserved);
}

fn read_status(cursor: &mut Cursor<'_>) -> Result<EventStatus, WireError> {
    let phase = cursor.u8()?;
    Ok(EventStatus {
        phase: SalePhase::from_code(phase).ok_or(WireError::UnknownKind(phase))?,
        capacity: cursor.u32()?,
        free: cursor.u32()?,
        held: cursor.u32()?,
        sold: cursor.u32()?,
        shoppers: cursor.u32()?,
        shoppers_max: cursor.u32()?,
        places_reserved: cursor.varint()?,
    })
}
