//! Identifiers: fixed-width numbers inside, prefixed Crockford base32 outside.
//!
//! An identifier says what it names (`evt_…`, `byr_…`), has no meaningful order and contains no
//! personal data. The engine never generates one at random: ids come in with commands, and
//! the engine numbers holds itself.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Crockford's base32 alphabet: no I, L, O or U, so that ids survive being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} id: expected `{prefix}` followed by {digits} base32 digits")]
pub struct IdError {
    pub kind: &'static str,
    pub prefix: &'static str,
    pub digits: usize,
}

fn encode_base32(mut value: u128, digits: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [b'0'; 26];
    for place in text[..digits].iter_mut().rev() {
        *place = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    // Every byte comes from ALPHABET, which is ASCII.
    f.write_str(std::str::from_utf8(&text[..digits]).map_err(|_| fmt::Error)?)
}

fn decode_base32(text: &str, digits: usize, bits: u32) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    let mut value: u128 = 0;
    for byte in text.bytes() {
        let upper = byte.to_ascii_uppercase();
        let digit = ALPHABET.iter().position(|&a| a == upper)?;
        if value >> 123 != 0 {
            return None;
        }
        value = (value << 5) | digit as u128;
    }
    (bits == 128 || value >> bits == 0).then_some(value)
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $repr:ty, $kind:literal, $prefix:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(pub $repr);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                encode_base32(u128::from(self.0), $digits, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .and_then(|rest| decode_base32(rest, $digits, <$repr>::BITS))
                    .and_then(|value| <$repr>::try_from(value).ok())
                    .map($name)
                    .ok_or(IdError { kind: $kind, prefix: $prefix, digits: $digits })
            }
        }
    };
}

identifier!(
    /// The show. Also the partition key of everything that concerns it.
    EventId, u64, "event", "evt_", 13
);
identifier!(
    /// A venue, named by the content of its plan.
    VenueId, u64, "venue", "ven_", 13
);
identifier!(
    /// A visitor towards one installation; the `user_id` of the views.
    BuyerId, u64, "buyer", "byr_", 13
);
identifier!(
    /// A hold, and the order that grows from it: an order keeps the number of its hold.
    /// The upper half is a generation, the lower half a slot, so a stale id never matches.
    HoldId, u64, "hold", "hld_", 13
);
identifier!(
    /// The client-made name of one command; the same id always gets the first outcome.
    CommandId, u128, "command", "cmd_", 26
);
identifier!(
    /// Words of staff for the people of one event; whoever asks for it makes the number.
    AnnouncementId, u64, "announcement", "ann_", 13
);
identifier!(
    /// A member of staff, named by the key used.
    StaffId, u64, "staff", "stf_", 13
);

identifier!(
    /// Somebody who left an address: known to the store of people alone, never to the log.
    PersonId, u64, "person", "per_", 13
);
identifier!(
    /// An address of a person.
    ContactId, u64, "contact", "con_", 13
);
identifier!(
    /// A program that is called with facts: known to the store of people alone.
    WebhookId, u64, "webhook", "whk_", 13
);

impl BuyerId {
    /// The house: it has what staff give away until a guest takes it. No device has this number.
    pub const HOUSE: BuyerId = BuyerId(u64::MAX);
}

impl StaffId {
    /// Floodgate itself.
    pub const SYSTEM: StaffId = StaffId(0);
    /// The settings file a gateway follows; no key has this number.
    pub const SETTINGS_FILE: StaffId = StaffId(u64::MAX);
}

impl CommandId {
    /// Nobody repeats such a command, and nobody waits for its answer.
    pub const NONE: CommandId = CommandId(0);

    /// An id that follows from `parts`, so that whoever sends the same command sends it under the
    /// same id. Never [`CommandId::NONE`].
    #[must_use]
    pub fn derived(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length, so that no two lists of parts read the same.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        CommandId(u128::from_be_bytes(head).max(1))
    }
}

impl HoldId {
    /// The public name of the order that grew from this hold: `ord_…`, same digits.
    #[must_use]
    pub fn order(self) -> OrderName {
        OrderName(self)
    }
}

/// A hold id once it is an order: `ord_` and the digits of the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderName(pub HoldId);

impl fmt::Display for OrderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ord_")?;
        encode_base32(u128::from(self.0.0), 13, f)
    }
}

impl FromStr for OrderName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix("ord_")
            .and_then(|rest| decode_base32(rest, 13, 64))
            .and_then(|value| u64::try_from(value).ok())
            .map(|value| OrderName(HoldId(value)))
            .ok_or(IdError { kind: "order", prefix: "ord_", digits: 13 })
    }
}

/// A visitor's number in the waiting order of one event, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Place(pub u64);

/// The gateway that waits for an answer; 0 when nobody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct GatewayId(pub u32);

impl GatewayId {
    /// No answer is wanted.
    pub const NOBODY: GatewayId = GatewayId(0);
}

/// Milliseconds since the Unix epoch, as stamped by the log. The engine knows no other clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LogTime(pub u64);

impl LogTime {
    /// This instant moved `ms` milliseconds on; saturates at the end of time.
    #[must_use]
    #[inline]
    pub fn plus(self, ms: u64) -> Self {
        LogTime(self.0.saturating_add(ms))
    }
}

/// Who sends a command, which decides what it may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Floodgate itself: ticks, payment results, reserved places.
    System,
    /// A visitor, for their own holds and orders only.
    Buyer(BuyerId),
    /// A manager or operator, for the event.
    Staff(StaffId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_text() {
        for value in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab_cdef] {
            let id = EventId(value);
            assert_eq!(id.to_string().parse(), Ok(id));
            let hold = HoldId(value);
            assert_eq!(hold.order().to_string().parse(), Ok(OrderName(hold)));
        }
        let command = CommandId(u128::MAX);
        assert_eq!(command.to_string().parse(), Ok(command));
    }

    #[test]
    fn derived_ids_follow_from_their_parts() {
        let id = CommandId::derived(&[b"payment", b"captured", &7_u64.to_be_bytes()]);
        // Logs hold it: a build that derives another one would repeat what was done.
        assert_eq!(id, CommandId(0x2803_196f_09e3_1cbe_7e48_20d3_975f_b351));
        assert_ne!(CommandId::derived(&[b"ab", b"c"]), CommandId::derived(&[b"a", b"bc"]));
        assert_ne!(CommandId::derived(&[]), CommandId::NONE);
    }

    #[test]
    fn foreign_texts_are_refused() {
        for text in ["", "evt_", "byr_0000000000001", "evt_000000000000U", "evt_ZZZZZZZZZZZZZ"] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
    }
}
