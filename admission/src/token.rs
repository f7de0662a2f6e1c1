//! The tokens a visitor holds: device, queue ticket, pass.
//!
//! Every token is a fixed-width record: version, key id, event, buyer, three numbers, MAC. No
//! strings are concatenated, so no two tokens are ambiguous. They are checked in the order length,
//! version, MAC, binding, expiry, before any other work.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use floodgate_domain::{BuyerId, EventId, LogTime, Place};

use crate::keys::{Keys, MAC_BYTES, Purpose};

const VERSION: u8 = 1;
const BODY_BYTES: usize = 2 + 5 * 8;
const TOKEN_BYTES: usize = BODY_BYTES + MAC_BYTES;
/// Characters of a token's text form.
const TEXT_CHARS: usize = (TOKEN_BYTES * 4).div_ceil(3);

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("this is not one of our tokens, or it was changed")]
    Forged,
    #[error("this token is for another event")]
    OtherEvent,
    #[error("this token belongs to another device")]
    OtherDevice,
    #[error("this token has expired")]
    Expired,
}

/// A visitor's device towards this installation. Names the buyer; carries nothing personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub buyer: BuyerId,
}

/// A place in the queue. The place is kept here: losing every store loses no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueTicket {
    pub event_id: EventId,
    pub buyer: BuyerId,
    pub place: Place,
    pub joined_at: LogTime,
}

/// The signed proof of a shopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub event_id: EventId,
    pub buyer: BuyerId,
    pub place: Place,
    pub until: LogTime,
}

/// The fields all tokens share; each kind uses some of them.
#[derive(Debug, Clone, Copy, Default)]
struct Body {
    event_id: EventId,
    buyer: BuyerId,
    numbers: [u64; 3],
}

fn seal(keys: &Keys, purpose: Purpose, body: Body) -> String {
    let mut bytes = [0; TOKEN_BYTES];
    bytes[0] = VERSION;
    bytes[1] = keys.current_id();
    let [a, b, c] = body.numbers;
    for (at, number) in [body.event_id.0, body.buyer.0, a, b, c].into_iter().enumerate() {
        bytes[2 + at * 8..10 + at * 8].copy_from_slice(&number.to_be_bytes());
    }
    let tag = keys.sign(purpose, body.event_id, &bytes[..BODY_BYTES]);
    bytes[BODY_BYTES..].copy_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open(keys: &Keys, purpose: Purpose, text: &str) -> Result<Body, TokenError> {
    if text.len() != TEXT_CHARS {
        return Err(TokenError::Forged);
    }
    let mut bytes = [0; TOKEN_BYTES];
    let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| TokenError::Forged)?;
    if written != TOKEN_BYTES || bytes[0] != VERSION {
        return Err(TokenError::Forged);
    }
    let number = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[2 + at * 8..10 + at * 8]);
        u64::from_be_bytes(eight)
    };
    let body = Body {
        event_id: EventId(number(0)),
        buyer: BuyerId(number(1)),
        numbers: [number(2), number(3), number(4)],
    };
    let mut tag = [0; MAC_BYTES];
    tag.copy_from_slice(&bytes[BODY_BYTES..]);
    let signed = keys.verify(bytes[1], purpose, body.event_id, &bytes[..BODY_BYTES], &tag);
    if signed { Ok(body) } else { Err(TokenError::Forged) }
}

/// The event a token says it is for, if it has the form of one; whether it is ours is not looked
/// at.
#[must_use]
pub fn event_named_by(text: &str) -> Option<EventId> {
    if text.len() != TEXT_CHARS {
        return None;
    }
    // Twelve bytes are the version, the key and the event, and a little of the buyer.
    let mut bytes = [0; 12];
    URL_SAFE_NO_PAD.decode_slice(text.get(..16)?, &mut bytes).ok()?;
    let mut event = [0; 8];
    event.copy_from_slice(&bytes[2..10]);
    Some(EventId(u64::from_be_bytes(event)))
}

impl Device {
    /// A device nobody had before; `random` comes from a good source.
    #[must_use]
    pub fn fresh(random: u64) -> Self {
        Device { buyer: BuyerId(random) }
    }

    #[must_use]
    pub fn seal(&self, keys: &Keys) -> String {
        seal(keys, Purpose::Device, Body { buyer: self.buyer, ..Body::default() })
    }

    pub fn open(keys: &Keys, text: &str) -> Result<Self, TokenError> {
        open(keys, Purpose::Device, text).map(|body| Device { buyer: body.buyer })
    }
}

impl QueueTicket {
    #[must_use]
    pub fn seal(&self, keys: &Keys) -> String {
        let QueueTicket { event_id, buyer, place, joined_at } = *self;
        let numbers = [place.0, joined_at.0, 0];
        seal(keys, Purpose::QueueTicket, Body { event_id, buyer, numbers })
    }

    /// The ticket, if it is for this event and this device.
    pub fn open(
        keys: &Keys,
        text: &str,
        event_id: EventId,
        device: Device,
    ) -> Result<Self, TokenError> {
        let body = open(keys, Purpose::QueueTicket, text)?;
        bound(&body, event_id, device)?;
        let [place, joined_at, _] = body.numbers;
        let (place, joined_at) = (Place(place), LogTime(joined_at));
        Ok(QueueTicket { event_id, buyer: body.buyer, place, joined_at })
    }
}

impl Pass {
    #[must_use]
    pub fn seal(&self, keys: &Keys) -> String {
        let Pass { event_id, buyer, place, until } = *self;
        let numbers = [place.0, until.0, 0];
        seal(keys, Purpose::Pass, Body { event_id, buyer, numbers })
    }

    /// The pass, if it is for this event and this device and not over.
    pub fn open(
        keys: &Keys,
        text: &str,
        event_id: EventId,
        device: Device,
        now: LogTime,
    ) -> Result<Self, TokenError> {
        let body = open(keys, Purpose::Pass, text)?;
        bound(&body, event_id, device)?;
        let [place, until, _] = body.numbers;
        if now.0 >= until {
            return Err(TokenError::Expired);
        }
        Ok(Pass { event_id, buyer: body.buyer, place: Place(place), until: LogTime(until) })
    }
}

fn bound(body: &Body, event_id: EventId, device: Device) -> Result<(), TokenError> {
    if body.event_id != event_id {
        Err(TokenError::OtherEvent)
    } else if body.buyer != device.buyer {
        Err(TokenError::OtherDevice)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> Keys {
        Keys::new(1, [7; 32])
    }

    fn pass() -> Pass {
        let until = LogTime(1000);
        Pass { event_id: EventId(5), buyer: BuyerId(6), place: Place(7), until }
    }

    #[test]
    fn passes_are_bound_and_end() {
        let (text, device) = (pass().seal(&keys()), Device { buyer: BuyerId(6) });
        let open =
            |event, device, now| Pass::open(&keys(), &text, EventId(event), device, LogTime(now));
        assert_eq!(open(5, device, 999), Ok(pass()));
        assert_eq!(open(5, device, 1000), Err(TokenError::Expired));
        assert_eq!(open(4, device, 0), Err(TokenError::OtherEvent));
        assert_eq!(open(5, Device { buyer: BuyerId(1) }, 0), Err(TokenError::OtherDevice));
    }

    #[test]
    fn a_token_names_its_event_before_it_is_opened() {
        assert_eq!(event_named_by(&pass().seal(&keys())), Some(EventId(5)));
        assert_eq!(event_named_by("short"), None);
        assert_eq!(event_named_by(&"é".repeat(TEXT_CHARS / 2)), None);
    }

    #[test]
    fn one_kind_does_not_pass_for_another() {
        let device = Device { buyer: BuyerId(6) };
        let text = pass().seal(&keys());
        let forged = Err(TokenError::Forged);
        assert_eq!(QueueTicket::open(&keys(), &text, EventId(5), device), forged);
        assert_eq!(Device::open(&keys(), &text), Err(TokenError::Forged));
        let other = Keys::new(1, [8; 32]);
        assert_eq!(
            Pass::open(&other, &text, EventId(5), device, LogTime(0)),
            Err(TokenError::Forged)
        );
    }

    #[test]
    fn rotation_keeps_everybody_in_line() {
        let device = Device { buyer: BuyerId(6) };
        let text = device.seal(&keys());
        let rotated = Keys::new(2, [9; 32]).with_previous(1, [7; 32]);
        assert_eq!(Device::open(&rotated, &text), Ok(device));
        assert_eq!(Device::open(&Keys::new(2, [9; 32]), &text), Err(TokenError::Forged));
    }

    proptest! {
        #[test]
        fn a_changed_token_is_forged(at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let text = pass().seal(&keys());
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            // The last character carries unused bits; every other one is under the MAC.
            bytes[at] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789"[usize::from(value) % 38];
            let changed = String::from_utf8(bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assume!(changed != text);
            let device = Device { buyer: BuyerId(6) };
            let opened = Pass::open(&keys(), &changed, EventId(5), device, LogTime(0));
            prop_assert_eq!(opened, Err(TokenError::Forged));
        }

        #[test]
        fn foreign_texts_never_panic(text in ".{0,120}") {
            prop_assert!(Device::open(&keys(), &text).is_err());
        }
    }
}
