//! The text of a presale's code: sixteen characters that people can read out and type.
//!
//! `BBNN-NNMM-MMMM-MMMM`: ten bits of the batch, twenty of the number, fifty of a MAC over both
//! under a key of the event, in Crockford's base32. The text names no key, so both keys that count
//! are tried: a code survives one rotation of the root key, and its event is over before the next.
//!
//! Fifty bits: a claim costs ten ordinary requests, so a provider's whole network may try 2,000
//! codes a second and one address five. At 2,000 a second for the thirty days that a presale is
//! announced ahead at most, 2^32 guesses, the chance of any hit is below 2^-18 for each provider
//! that is spent on it. A longer one would be typed wrongly more often than it would be guessed.

use floodgate_domain::{CodeNumber, EventId};
use subtle::ConstantTimeEq;

use crate::keys::{Keys, Purpose};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code, five bits each.
const CHARS: usize = 16;
const NUMBER_BITS: u32 = 20;
const MAC_BITS: u32 = 50;
/// Of a text that somebody typed, as many are looked at: blanks and hyphens count.
const TYPED_MAX: usize = 64;

/// The text of a code of an event.
#[must_use]
pub fn seal_code(keys: &Keys, event_id: EventId, code: CodeNumber) -> String {
    let mac = keys.tags(Purpose::Code, event_id, &body(code)).next().map_or(0, shortened);
    let named = u128::from(code.batch) << NUMBER_BITS | u128::from(code.number);
    let value = named << MAC_BITS | u128::from(mac);
    let mut text = String::with_capacity(CHARS + 3);
    for at in 0..CHARS {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        let digit = value >> (5 * (CHARS - 1 - at)) & 31;
        text.push(char::from(ALPHABET[digit as usize]));
    }
    text
}

/// The code that a text stands for, however it is spaced and in whichever case; `None` of one that was not
/// made here for this event.
#[must_use]
pub fn open_code(keys: &Keys, event_id: EventId, text: &str) -> Option<CodeNumber> {
    if text.len() > TYPED_MAX {
        return None;
    }
    let mut value = 0_u128;
    let mut count = 0;
    for typed in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
        // What looks alike is meant alike.
        let meant = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|&one| char::from(one) == meant)?;
        value = value << 5 | digit as u128;
        count += 1;
        if count > CHARS {
            return None;
        }
    }
    if count < CHARS {
        return None;
    }
    let named = (value >> MAC_BITS) as u32;
    let code = CodeNumber {
        batch: (named >> NUMBER_BITS) as u16,
        number: named & ((1 << NUMBER_BITS) - 1),
    };
    let mac = (value & ((1 << MAC_BITS) - 1)) as u64;
    // Both keys are always tried, and every bit is compared.
    let named = body(code);
    let tags = keys.tags(Purpose::Code, event_id, &named).map(shortened);
    let is_good = tags.fold(subtle::Choice::from(0), |good, tag| good | tag.ct_eq(&mac));
    bool::from(is_good).then_some(code)
}

fn body(code: CodeNumber) -> [u8; 6] {
    let mut body = [0; 6];
    body[..2].copy_from_slice(&code.batch.to_be_bytes());
    body[2..].copy_from_slice(&code.number.to_be_bytes());
    body
}

/// The first bits of a tag.
fn shortened(tag: [u8; 16]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&tag[..8]);
    u64::from_be_bytes(first) >> (64 - MAC_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: EventId = EventId(7);
    const CODE: CodeNumber = CodeNumber { batch: 1023, number: (1 << 20) - 1 };

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let keys = Keys::new(1, [7; 32]);
        for code in [CODE, CodeNumber { batch: 1, number: 0 }, CodeNumber { batch: 3, number: 77 }]
        {
            let text = seal_code(&keys, EVENT, code);
            assert_eq!((text.len(), text.matches('-').count()), (19, 3), "{text}");
            for typed in [
                text.clone(),
                text.to_lowercase(),
                text.replace('-', " "),
                text.replace('-', ""),
                text.replace('0', "o").replace('1', "l"),
            ] {
                assert_eq!(open_code(&keys, EVENT, &typed), Some(code), "{typed}");
            }
        }
    }

    #[test]
    fn every_character_counts_and_no_other_event_or_key_opens_it() {
        let keys = Keys::new(1, [7; 32]);
        let text = seal_code(&keys, EVENT, CODE);
        for at in (0..text.len()).filter(|at| at % 5 != 4) {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'7' { b'8' } else { b'7' };
            let other = String::from_utf8(other).expect("ASCII");
            assert_eq!(open_code(&keys, EVENT, &other), None, "{other}");
        }
        assert_eq!(open_code(&keys, EventId(8), &text), None);
        assert_eq!(open_code(&Keys::new(1, [8; 32]), EVENT, &text), None);
        let rotated = Keys::new(2, [8; 32]).with_previous(1, [7; 32]);
        assert_eq!(open_code(&rotated, EVENT, &text), Some(CODE));
        for wrong in ["", "AAAA", "UUUU-UUUU-UUUU-UUUU", &format!("{text}0"), &"0".repeat(65)] {
            assert_eq!(open_code(&keys, EVENT, wrong), None, "{wrong}");
        }
    }
}
