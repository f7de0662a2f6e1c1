//! Commands on the wire.
//!
//! `version u8, kind u8, actor kind u8, actor u64, command id u128, fingerprint u32,
//! event u64, reply-to u32`, all little-endian, then the body.

use super::announcement::{
    read_announcement, read_channel, read_consent, read_scope, read_step, write_announcement,
    write_consent,
};
use super::cursor::{Cursor, WireError, WireWriter};
use super::dials::{read_dial_change, write_dial_change};
use super::event::{
    read_details, read_new_event, read_policy, read_prices, write_details, write_new_event,
    write_policy, write_prices,
};
use super::house::{read_gift, read_house, read_last_why, write_gift, write_house, write_why};
use super::payment::{read_action, read_authorised, write_action, write_authorised};
use super::presale::{read_code, read_mint, write_code, write_mint};
use super::release::{read_release, write_release};
use super::{MESSAGE_BYTES_MAX, WIRE_VERSION};
use crate::cohort::Cohort;
use crate::command::{
    Command, Envelope, METHOD_BYTES_MAX, PaymentMethod, RESTORED_BYTES_MAX, RESTORED_FACTS_MAX,
    SeatGroup,
};
use crate::consent::{Channel, ConsentScope};
use crate::details::EventDetails;
use crate::house::RefundWhy;
use crate::ids::{Actor, AnnouncementId, BuyerId, CommandId, EventId, GatewayId, HoldId, StaffId};
use crate::plan::CategorySet;
use crate::seats::SeatId;

/// Writes a command behind what is in `out` already.
pub fn encode_command(envelope: &Envelope, out: &mut Vec<u8>) {
    out.put_u8(WIRE_VERSION);
    out.put_u8(kind(&envelope.command));
    let (actor_kind, actor) = match envelope.actor {
        Actor::System => (0, 0),
        Actor::Buyer(buyer) => (1, buyer.0),
        Actor::Staff(staff) => (2, staff.0),
    };
    out.put_u8(actor_kind);
    out.put_u64_fixed(actor);
    out.put_u128_fixed(envelope.command_id.0);
    out.put_u32_fixed(envelope.fingerprint);
    out.put_u64_fixed(envelope.event_id.0);
    out.put_u32_fixed(envelope.reply_to.0);
    write_body(&envelope.command, out);
}

/// Reads one whole command.
pub fn decode_command(bytes: &[u8]) -> Result<Envelope, WireError> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8()?;
    if version != WIRE_VERSION {
        return Err(WireError::UnknownVersion(version));
    }
    let kind = cursor.u8()?;
    let actor_kind = cursor.u8()?;
    let actor = cursor.u64_fixed()?;
    let actor = match actor_kind {
        0 => Actor::System,
        1 => Actor::Buyer(BuyerId(actor)),
        2 => Actor::Staff(StaffId(actor)),
        _ => return Err(WireError::OutOfBounds("a kind of actor")),
    };
    let command_id = CommandId(cursor.u128_fixed()?);
    let fingerprint = cursor.u32_fixed()?;
    let event_id = EventId(cursor.u64_fixed()?);
    let reply_to = GatewayId(cursor.u32_fixed()?);
    let command = read_body(kind, &mut cursor)?;
    cursor.finish()?;
    Ok(Envelope { command_id, fingerprint, event_id, actor, reply_to, command })
}

/// Numbers of commands that were taken back: OpenSale, PauseSale, CloseSale and CancelEvent, which
/// the phase dial replaced, and TuneQueue. They are read as unknown and never given out again.
pub const RETIRED_COMMANDS: [u8; 5] = [4, 5, 6, 7, 29];

/// The kind's number; never used twice, see [`RETIRED_COMMANDS`].
fn kind(command: &Command) -> u8 {
    match command {
        Command::CreateEvent(_) => 1,
        Command::SetPrices(_) => 2,
        Command::SetPolicy(_) => 3,
        Command::CommitDraw { .. } => 8,
        Command::RevealDraw { .. } => 9,
        Command::ReservePlaces { .. } => 10,
        Command::Enter { .. } => 11,
        Command::Leave => 12,
        Command::HoldSeats { .. } => 13,
        Command::HoldBest(_) => 14,
        Command::ExtendHold { .. } => 15,
        Command::ReleaseHold { .. } => 16,
        Command::StartPurchase { .. } => 17,
        Command::PaymentAuthorised { .. } => 18,
        Command::PaymentDeclined { .. } => 19,
        Command::PaymentCaptured { .. } => 20,
        Command::PaymentLost { .. } => 21,
        Command::RefundOrder { .. } => 22,
        Command::TransferTicket { .. } => 23,
        Command::RedeemTicket { .. } => 24,
        Command::AnnounceToAll { .. } => 25,
        Command::Tick => 26,
        Command::EngineVersion { .. } => 27,
        Command::ReadStatus => 28,
        Command::CallPlaces { .. } => 30,
        Command::AwaitTurn { .. } => 31,
        Command::ShareCohort { .. } => 32,
        Command::WithdrawCohort => 33,
        Command::MarkTime => 34,
        Command::SetDials(_) => 35,
        Command::RecordPaymentAction { .. } => 36,
        Command::RestoreFacts { .. } => 37,
        Command::CaptureFailed { .. } => 38,
        Command::Stay => 39,
        Command::SetDetails { .. } => 40,
        Command::GiveConsent { .. } => 41,
        Command::WithdrawConsent { .. } => 42,
        Command::Announce(_) => 43,
        Command::SteerAnnouncement { .. } => 44,
        Command::MintCodes(_) => 45,
        Command::ClaimCode { .. } => 46,
        Command::BlockSeats(_) => 48,
        Command::UnblockSeats(_) => 49,
        Command::GiveSeats(_) => 50,
        Command::ReleaseAudience(_) => 51,
    }
}

fn write_body(command: &Command, out: &mut Vec<u8>) {
    match command {
        Command::CreateEvent(new) => write_new_event(new, out),
        Command::SetPrices(prices) => write_prices(prices, out),
        Command::SetPolicy(policy) => write_policy(policy, out),
        Command::SetDetails { details, revision } => write_set_details(details, *revision, out),
        Command::CommitDraw { commitment } => out.put_bytes(commitment),
        Command::RevealDraw { secret, public_value } => {
            out.put_bytes(secret);
            out.put_bytes(public_value);
        }
        Command::ReservePlaces { count } => out.put_varint(u64::from(*count)),
        Command::Enter { place } | Command::AwaitTurn { place } => out.put_varint(place.0),
        Command::CallPlaces { below } => out.put_varint(below.0),
        Command::ShareCohort { cohort } => out.put_varint(u64::from(cohort.number())),
        Command::HoldSeats { seats, accessible } => {
            out.put_seats(seats);
            out.put_u8(u8::from(*accessible));
        }
        Command::HoldBest(group) => write_group(group, out),
        Command::ExtendHold { hold_id } | Command::ReleaseHold { hold_id } => put_id(*hold_id, out),
        Command::RefundOrder { hold_id, why } => write_refund(*hold_id, why.as_deref(), out),
        Command::StartPurchase { hold_id, method, despite_unanswered } => {
            out.put_u64_fixed(hold_id.0);
            out.put_text(method.as_str());
            write_last_flag(*despite_unanswered, out);
        }
        Command::PaymentAuthorised { hold_id, attempt, payment } => {
            write_attempt((*hold_id, *attempt), out);
            write_authorised(payment, out);
        }
        Command::RecordPaymentAction { hold_id, attempt, action } => {
            write_attempt((*hold_id, *attempt), out);
            write_action(action, out);
        }
        Command::PaymentDeclined { hold_id, attempt }
        | Command::PaymentCaptured { hold_id, attempt }
        | Command::PaymentLost { hold_id, attempt }
        | Command::CaptureFailed { hold_id, attempt } => write_attempt((*hold_id, *attempt), out),
        Command::TransferTicket { hold_id, seat, edition, to } => {
            write_ticket((*hold_id, *seat, *edition), out);
            out.put_u64_fixed(to.0);
        }
        Command::RedeemTicket { hold_id: id, seat, edition } => {
            write_ticket((*id, *seat, *edition), out);
        }
        Command::AnnounceToAll { message } => out.put_text(message),
        Command::GiveConsent { consent } => write_consent(consent, out),
        Command::WithdrawConsent { scope, channel } => put_withdrawn(*scope, *channel, out),
        Command::Announce(announcement) => write_announcement(announcement, out),
        Command::SteerAnnouncement { id, step } => {
            out.put_u64_fixed(id.0);
            out.put_u8(*step as u8);
        }
        Command::SetDials(change) => write_dial_change(change, out),
        Command::EngineVersion { version } => out.put_varint(u64::from(*version)),
        Command::RestoreFacts { facts } => write_restored(facts, out),
        Command::BlockSeats(house) | Command::UnblockSeats(house) => write_house(house, out),
        Command::GiveSeats(gift) => write_gift(gift, out),
        Command::MintCodes(mint) => write_mint(mint, out),
        Command::ClaimCode { code } => write_code(*code, out),
        Command::ReleaseAudience(release) => write_release(release, out),
        Command::Leave
        | Command::Stay
        | Command::WithdrawCohort
        | Command::MarkTime
        | Command::Tick
        | Command::ReadStatus => {}
    }
}

fn read_body(kind: u8, cursor: &mut Cursor<'_>) -> Result<Command, WireError> {
    Ok(match kind {
        1 => Command::CreateEvent(Box::new(read_new_event(cursor)?)),
        2 => Command::SetPrices(Box::new(read_prices(cursor)?)),
        3 => Command::SetPolicy(Box::new(read_policy(cursor)?)),
        8 => Command::CommitDraw { commitment: cursor.array()? },
        9 => Command::RevealDraw { secret: cursor.array()?, public_value: cursor.array()? },
        10 => Command::ReservePlaces { count: cursor.u32()? },
        11 => Command::Enter { place: cursor.place()? },
        12 => Command::Leave,
        13 => Command::HoldSeats { seats: cursor.seats()?, accessible: cursor.bool()? },
        14 => Command::HoldBest(read_group(cursor)?),
        15 => Command::ExtendHold { hold_id: read_hold(cursor)? },
        16 => Command::ReleaseHold { hold_id: read_hold(cursor)? },
        17 => Command::StartPurchase {
            hold_id: read_hold(cursor)?,
            method: read_method(cursor)?,
            despite_unanswered: read_last_flag(cursor)?,
        },
        18 => Command::PaymentAuthorised {
            hold_id: read_hold(cursor)?,
            attempt: cursor.u8()?,
            payment: read_authorised(cursor)?,
        },
        19 => Command::PaymentDeclined { hold_id: read_hold(cursor)?, attempt: cursor.u8()? },
        20 => Command::PaymentCaptured { hold_id: read_hold(cursor)?, attempt: cursor.u8()? },
        21 => Command::PaymentLost { hold_id: read_hold(cursor)?, attempt: cursor.u8()? },
        22 => Command::RefundOrder { hold_id: read_hold(cursor)?, why: read_last_why(cursor)? },
        23 => read_transfer(cursor)?,
        24 => read_redemption(cursor)?,
        25 => Command::AnnounceToAll { message: cursor.text(MESSAGE_BYTES_MAX)? },
        26 => Command::Tick,
        27 => Command::EngineVersion { version: cursor.u32()? },
        28 => Command::ReadStatus,
        30 => Command::CallPlaces { below: cursor.frontier()? },
        31 => Command::AwaitTurn { place: cursor.place()? },
        32 => Command::ShareCohort { cohort: read_cohort(cursor)? },
        33 => Command::WithdrawCohort,
        34 => Command::MarkTime,
        35 => Command::SetDials(Box::new(read_dial_change(cursor)?)),
        36 => Command::RecordPaymentAction {
            hold_id: read_hold(cursor)?,
            attempt: cursor.u8()?,
            action: read_action(cursor)?,
        },
        37 => Command::RestoreFacts { facts: read_restored(cursor)? },
        38 => Command::CaptureFailed { hold_id: read_hold(cursor)?, attempt: cursor.u8()? },
        39 => Command::Stay,
        40 => Command::SetDetails {
            details: Box::new(read_details(cursor)?),
            revision: cursor.u32()?,
        },
        41 => Command::GiveConsent { consent: read_consent(cursor)? },
        42 => {
            Command::WithdrawConsent { scope: read_scope(cursor)?, channel: read_channel(cursor)? }
        }
        43 => Command::Announce(Box::new(read_announcement(cursor)?)),
        44 => Command::SteerAnnouncement {
            id: AnnouncementId(cursor.u64_fixed()?),
            step: read_step(cursor)?,
        },
        45 => Command::MintCodes(Box::new(read_mint(cursor)?)),
        46 => Command::ClaimCode { code: read_code(cursor)? },
        48 => Command::BlockSeats(Box::new(read_house(cursor)?)),
        49 => Command::UnblockSeats(Box::new(read_house(cursor)?)),
        50 => Command::GiveSeats(Box::new(read_gift(cursor)?)),
        51 => Command::ReleaseAudience(Box::new(read_release(cursor)?)),
        unknown => return Err(WireError::UnknownKind(unknown)),
    })
}

fn put_withdrawn(scope: ConsentScope, channel: Channel, out: &mut Vec<u8>) {
    out.put_bytes(&[scope as u8, channel as u8]);
}

fn read_redemption(cursor: &mut Cursor<'_>) -> Result<Command, WireError> {
    let (hold_id, seat, edition) = read_ticket(cursor)?;
    Ok(Command::RedeemTicket { hold_id, seat, edition })
}

fn put_id(hold_id: HoldId, out: &mut Vec<u8>) {
    out.put_u64_fixed(hold_id.0);
}

fn write_refund(hold_id: HoldId, why: Option<&RefundWhy>, out: &mut Vec<u8>) {
    put_id(hold_id, out);
    if let Some(why) = why {
        write_why(why, out);
    }
}

fn write_attempt((hold_id, attempt): (HoldId, u8), out: &mut Vec<u8>) {
    out.put_u64_fixed(hold_id.0);
    out.put_u8(attempt);
}

fn write_ticket((hold_id, seat, edition): (HoldId, SeatId, u16), out: &mut Vec<u8>) {
    out.put_u64_fixed(hold_id.0);
    out.put_u32_fixed(seat.0);
    out.put_varint(u64::from(edition));
}

fn read_ticket(cursor: &mut Cursor<'_>) -> Result<(HoldId, SeatId, u16), WireError> {
    Ok((read_hold(cursor)?, SeatId(cursor.u32_fixed()?), cursor.u16()?))
}

fn read_transfer(cursor: &mut Cursor<'_>) -> Result<Command, WireError> {
    let (hold_id, seat, edition) = read_ticket(cursor)?;
    Ok(Command::TransferTicket { hold_id, seat, edition, to: BuyerId(cursor.u64_fixed()?) })
}

fn write_set_details(details: &EventDetails, revision: u32, out: &mut Vec<u8>) {
    write_details(details, out);
    out.put_varint(u64::from(revision));
}

/// What was added later stands behind the rest, and only where somebody asked for it.
fn write_group(group: &SeatGroup, out: &mut Vec<u8>) {
    out.put_u8(group.count);
    out.put_u64_fixed(group.categories.0);
    if group.accessible || group.amount_max.is_some() {
        out.put_u8(u8::from(group.accessible));
        // Nothing costs nothing at most: 0 is no limit, and what is written is one more.
        out.put_varint(group.amount_max.map_or(0, |amount| amount.saturating_add(1)));
    }
}

fn read_group(cursor: &mut Cursor<'_>) -> Result<SeatGroup, WireError> {
    let group = SeatGroup::of(cursor.u8()?, CategorySet(cursor.u64_fixed()?));
    if cursor.remaining() == 0 {
        return Ok(group);
    }
    let (accessible, limit) = (cursor.bool()?, cursor.varint()?);
    // One that says nothing more would be a second form of the same record.
    if !accessible && limit == 0 {
        return Err(WireError::OutOfBounds("a condition"));
    }
    Ok(SeatGroup { accessible, amount_max: limit.checked_sub(1), ..group })
}

fn write_restored(facts: &[Vec<u8>], out: &mut Vec<u8>) {
    out.put_varint(facts.len() as u64);
    for fact in facts {
        out.put_varint(fact.len() as u64);
        out.put_bytes(fact);
    }
}

/// As many as a command can lead to, each as large as a record may be.
fn read_restored(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, WireError> {
    let count = cursor.usize(RESTORED_FACTS_MAX, "a number of facts")?;
    let mut facts = Vec::new();
    for _ in 0..count {
        let bytes = cursor.usize(RESTORED_BYTES_MAX, "a fact's length")?;
        facts.push(cursor.bytes(bytes)?.to_vec());
    }
    Ok(facts)
}

/// A flag that a record got after it was first written: absent where it is not set, so that those
/// written before read the same. Only the last field of a record can be one.
pub(super) fn write_last_flag(is_set: bool, out: &mut Vec<u8>) {
    if is_set {
        out.put_u8(1);
    }
}

pub(super) fn read_last_flag(cursor: &mut Cursor<'_>) -> Result<bool, WireError> {
    // One that says it is not set would be a second form of the same record.
    match cursor.remaining() {
        0 => Ok(false),
        _ if cursor.bool()? => Ok(true),
        _ => Err(WireError::OutOfBounds("a flag")),
    }
}

pub fn read_cohort(cursor: &mut Cursor<'_>) -> Result<Cohort, WireError> {
    Cohort::from_number(cursor.u16()?).ok_or(WireError::OutOfBounds("a cohort"))
}

pub(super) fn read_hold(cursor: &mut Cursor<'_>) -> Result<HoldId, WireError> {
    cursor.u64_fixed().map(HoldId)
}

pub(super) fn read_method(cursor: &mut Cursor<'_>) -> Result<PaymentMethod, WireError> {
    let count = cursor.usize(METHOD_BYTES_MAX, "a payment method's length")?;
    let text = std::str::from_utf8(cursor.bytes(count)?)
        .map_err(|_| WireError::OutOfBounds("a payment method"))?;
    PaymentMethod::parse(text).ok_or(WireError::OutOfBounds("a payment method"))
}
