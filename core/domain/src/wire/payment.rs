//! What providers say, on the wire.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::ids::LogTime;
use crate::payment::{
    ACTION_URL_BYTES_MAX, ActionUrl, AuthorisedPayment, PaymentAction, PaymentReference,
    REFERENCE_BYTES_MAX,
};

pub(super) fn write_authorised(payment: &AuthorisedPayment, out: &mut Vec<u8>) {
    out.put_text(payment.reference.as_str());
    // Zero means that the provider did not say; nothing could be captured before the epoch.
    out.put_varint(payment.capture_before.map_or(0, |before| before.0));
}

pub(super) fn read_authorised(cursor: &mut Cursor<'_>) -> Result<AuthorisedPayment, WireError> {
    let reference = read_reference(cursor)?;
    let capture_before = Some(cursor.time()?).filter(|&before| before != LogTime(0));
    Ok(AuthorisedPayment { reference, capture_before })
}

pub(super) fn write_action(action: &PaymentAction, out: &mut Vec<u8>) {
    out.put_text(action.reference.as_str());
    out.put_text(action.url.as_str());
}

pub(super) fn read_action(cursor: &mut Cursor<'_>) -> Result<PaymentAction, WireError> {
    let reference = read_reference(cursor)?;
    let url = ActionUrl::parse(cursor.str(ACTION_URL_BYTES_MAX)?);
    let url = url.ok_or(WireError::OutOfBounds("an address to act at"))?;
    Ok(PaymentAction { reference, url })
}

pub(super) fn read_reference(cursor: &mut Cursor<'_>) -> Result<PaymentReference, WireError> {
    let reference = PaymentReference::parse(cursor.str(REFERENCE_BYTES_MAX)?);
    reference.ok_or(WireError::OutOfBounds("a payment's reference"))
}
