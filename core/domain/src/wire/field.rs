//! The parts of a fact, each with its own encoding, determined by its type alone.

use super::announcement::{
    read_announcement, read_channel, read_consent, read_scope, read_step, write_announcement,
    write_consent,
};
use super::command::{read_cohort, read_hold, read_last_flag, read_method, write_last_flag};
use super::cursor::{Cursor, WireError, WireWriter};
use super::dials::{read_dial_change, write_dial_change};
use super::event::{
    read_currency, read_details, read_new_event, read_policy, read_prices, write_details,
    write_new_event, write_policy, write_prices,
};
use super::house::{read_seat_set, read_why, write_seat_set, write_why};
use super::payment::{
    read_action, read_authorised, read_reference, write_action, write_authorised,
};
use super::presale::{read_code, write_code};
use super::release::{read_release, write_release};
use crate::announcement::{Announcement, AnnouncementStep};
use crate::cohort::Cohort;
use crate::command::{NewEvent, PaymentMethod};
use crate::consent::{Channel, Consent, ConsentScope};
use crate::details::EventDetails;
use crate::dials::DialChange;
use crate::fact::{DeclineReason, LeaveReason, SeatsKept, SetBy};
use crate::house::{NOTE_BYTES_MAX, Refund};
use crate::ids::{AnnouncementId, BuyerId, HoldId, LogTime, Place, StaffId};
use crate::line::Frontier;
use crate::payment::{AuthorisedPayment, PaymentAction, PaymentReference};
use crate::policy::Policy;
use crate::presale::CodeNumber;
use crate::price::{Currency, PriceTable};
use crate::release::AudienceRelease;
use crate::seats::{SeatId, SeatList, SeatSet};

/// A type with one form on the wire.
pub(super) trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError>;
}

/// The form of each type: how it is written, how it is read.
macro_rules! fields {
    ($($kind:ty: |$value:ident, $out:ident| $put:expr, |$cursor:ident| $take:expr;)*) => {
        $(impl Field for $kind {
            #[inline]
            fn put(&self, $out: &mut Vec<u8>) {
                let $value = self;
                $put
            }
            #[inline]
            fn take($cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                $take
            }
        })*
    };
}

fields! {
    // Only behind all others: what is not set or not known is not written.
    bool: |is_set, out| write_last_flag(*is_set, out), |cursor| read_last_flag(cursor);
    Option<LogTime>: |at, out| if let Some(at) = at { at.put(out) },
        |cursor| if cursor.remaining() == 0 { Ok(None) } else { LogTime::take(cursor).map(Some) };
    u8: |number, out| out.put_u8(*number), |cursor| cursor.u8();
    u16: |number, out| out.put_varint(u64::from(*number)), |cursor| cursor.u16();
    u32: |number, out| out.put_varint(u64::from(*number)), |cursor| cursor.u32();
    u64: |number, out| out.put_varint(*number), |cursor| cursor.varint();
    [u8; 32]: |bytes, out| out.put_bytes(bytes), |cursor| cursor.array();
    LogTime: |at, out| out.put_varint(at.0), |cursor| cursor.time();
    Place: |place, out| out.put_varint(place.0), |cursor| cursor.place();
    Frontier: |below, out| out.put_varint(below.0), |cursor| cursor.frontier();
    BuyerId: |id, out| out.put_u64_fixed(id.0), |cursor| cursor.u64_fixed().map(BuyerId);
    StaffId: |id, out| out.put_u64_fixed(id.0), |cursor| cursor.u64_fixed().map(StaffId);
    HoldId: |id, out| out.put_u64_fixed(id.0), |cursor| read_hold(cursor);
    SeatId: |seat, out| out.put_u32_fixed(seat.0), |cursor| cursor.u32_fixed().map(SeatId);
    SeatList: |seats, out| out.put_seats(seats), |cursor| cursor.seats();
    Cohort: |cohort, out| out.put_varint(u64::from(cohort.number())), |cursor| read_cohort(cursor);
    Currency: |currency, out| out.put_bytes(&currency.0), |cursor| read_currency(cursor);
    PaymentMethod: |method, out| out.put_text(method.as_str()), |cursor| read_method(cursor);
    PaymentReference: |name, out| out.put_text(name.as_str()), |cursor| read_reference(cursor);
    PaymentAction: |action, out| write_action(action, out), |cursor| read_action(cursor);
    AuthorisedPayment: |payment, out| write_authorised(payment, out),
        |cursor| read_authorised(cursor);
    Box<NewEvent>: |new, out| write_new_event(new, out),
        |cursor| read_new_event(cursor).map(Box::new);
    SetBy<PriceTable>: |set, out| {
        write_prices(set, out);
        write_last_staff(set.by, out);
    }, |cursor| {
        let value = read_prices(cursor).map(Box::new)?;
        Ok(SetBy { value, by: read_last_staff(cursor)? })
    };
    SetBy<Policy>: |set, out| {
        write_policy(set, out);
        write_last_staff(set.by, out);
    }, |cursor| {
        let value = read_policy(cursor).map(Box::new)?;
        Ok(SetBy { value, by: read_last_staff(cursor)? })
    };
    SetBy<EventDetails>: |set, out| {
        write_details(set, out);
        write_last_staff(set.by, out);
    }, |cursor| {
        let value = read_details(cursor).map(Box::new)?;
        Ok(SetBy { value, by: read_last_staff(cursor)? })
    };
    AnnouncementId: |id, out| out.put_u64_fixed(id.0),
        |cursor| cursor.u64_fixed().map(AnnouncementId);
    Box<Announcement>: |announcement, out| write_announcement(announcement, out),
        |cursor| read_announcement(cursor).map(Box::new);
    AnnouncementStep: |step, out| out.put_u8(*step as u8), |cursor| read_step(cursor);
    Consent: |consent, out| write_consent(consent, out), |cursor| read_consent(cursor);
    ConsentScope: |scope, out| out.put_u8(*scope as u8), |cursor| read_scope(cursor);
    Channel: |channel, out| out.put_u8(*channel as u8), |cursor| read_channel(cursor);
    Box<AudienceRelease>: |release, out| write_release(release, out),
        |cursor| read_release(cursor).map(Box::new);
    CodeNumber: |code, out| write_code(*code, out), |cursor| read_code(cursor);
    SeatSet: |seats, out| write_seat_set(seats, out), |cursor| read_seat_set(cursor);
    Option<Box<Refund>>: |refund, out| if let Some(refund) = refund {
        refund.by.put(out);
        write_why(&refund.why, out);
    }, |cursor| {
        if cursor.remaining() == 0 {
            return Ok(None);
        }
        let by = StaffId::take(cursor)?;
        Ok(Some(Box::new(Refund { why: read_why(cursor)?, by })))
    };
    String: |note, out| out.put_text(note), |cursor| cursor.text(NOTE_BYTES_MAX);
    Box<DialChange>: |change, out| write_dial_change(change, out),
        |cursor| read_dial_change(cursor).map(Box::new);
    LeaveReason: |reason, out| out.put_u8(match reason {
        LeaveReason::ByChoice => 0,
        LeaveReason::Purchased => 1,
        LeaveReason::PassExpired => 2,
        LeaveReason::Idle => 3,
    }), |cursor| match cursor.u8()? {
        0 => Ok(LeaveReason::ByChoice),
        1 => Ok(LeaveReason::Purchased),
        2 => Ok(LeaveReason::PassExpired),
        3 => Ok(LeaveReason::Idle),
        _ => Err(WireError::OutOfBounds("a reason to leave")),
    };
    DeclineReason: |reason, out| out.put_u8(match reason {
        DeclineReason::Declined => 0,
        DeclineReason::Lost => 1,
    }), |cursor| match cursor.u8()? {
        0 => Ok(DeclineReason::Declined),
        1 => Ok(DeclineReason::Lost),
        _ => Err(WireError::OutOfBounds("a reason to decline")),
    };
    SeatsKept: |kept, out| out.put_u8(match kept {
        SeatsKept::Held => 0,
        SeatsKept::Retaken => 1,
        SeatsKept::Moved => 2,
    }), |cursor| match cursor.u8()? {
        0 => Ok(SeatsKept::Held),
        1 => Ok(SeatsKept::Retaken),
        2 => Ok(SeatsKept::Moved),
        _ => Err(WireError::OutOfBounds("a way seats were kept")),
    };
}

/// The last field of a record, which older ones do not have: absent where it is not known.
fn write_last_staff(by: Option<StaffId>, out: &mut Vec<u8>) {
    if let Some(by) = by {
        by.put(out);
    }
}

fn read_last_staff(cursor: &mut Cursor<'_>) -> Result<Option<StaffId>, WireError> {
    if cursor.remaining() == 0 { Ok(None) } else { StaffId::take(cursor).map(Some) }
}
