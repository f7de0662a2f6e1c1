//! As much of CBOR (RFC 8949) as authenticators write: definite lengths, few levels, no floats, no
//! tags (CTAP2, section 8).

/// Levels of arrays and maps: CTAP2 allows four, and a statement within its object is one more.
const DEPTH_MAX: u8 = 6;
/// Items of one array or map; a key has five, a chain of certificates three.
const ITEMS_MAX: u64 = 64;

/// A value, without its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cbor {
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Cbor>),
    Map(Vec<(Cbor, Cbor)>),
    Simple(u8),
}

impl Cbor {
    /// The value at the beginning of `bytes`, and what follows it.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Cbor, &[u8])> {
        item(bytes, DEPTH_MAX)
    }

    /// The value of a map under a number.
    pub(crate) fn of(&self, label: i64) -> Option<&Cbor> {
        self.find(|key| *key == Cbor::Int(label))
    }

    /// The value of a map under a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Cbor> {
        self.find(|key| matches!(key, Cbor::Text(text) if text == name))
    }

    fn find(&self, is_wanted: impl Fn(&Cbor) -> bool) -> Option<&Cbor> {
        let Cbor::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| is_wanted(key)).map(|(_, value)| value)
    }

    pub(crate) fn int(&self) -> Option<i64> {
        if let Cbor::Int(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if let Cbor::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

fn item(bytes: &[u8], depth: u8) -> Option<(Cbor, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (number, rest) = number(first & 0x1f, rest)?;
    let signed = || i64::try_from(number).ok();
    let text = |rest: &[u8]| -> Option<(Vec<u8>, usize)> {
        let length = usize::try_from(number).ok()?;
        Some((rest.get(..length)?.to_vec(), length))
    };
    match first >> 5 {
        0 => Some((Cbor::Int(signed()?), rest)),
        1 => Some((Cbor::Int(-1 - signed()?), rest)),
        2 => text(rest).map(|(found, length)| (Cbor::Bytes(found), &rest[length..])),
        3 => {
            let (found, length) = text(rest)?;
            Some((Cbor::Text(String::from_utf8(found).ok()?), &rest[length..]))
        }
        4 => {
            let (found, rest) = items(rest, number, depth)?;
            Some((Cbor::Array(found), rest))
        }
        5 => {
            let (found, rest) = items(rest, number.checked_mul(2)?, depth)?;
            let mut pairs = Vec::with_capacity(found.len() / 2);
            let mut found = found.into_iter();
            while let (Some(key), Some(value)) = (found.next(), found.next()) {
                // Two values under one key are two meanings.
                if pairs.iter().any(|(known, _)| *known == key) {
                    return None;
                }
                pairs.push((key, value));
            }
            Some((Cbor::Map(pairs), rest))
        }
        7 if number < 24 => Some((Cbor::Simple(u8::try_from(number).ok()?), rest)),
        _ => None,
    }
}

fn items(bytes: &[u8], count: u64, depth: u8) -> Option<(Vec<Cbor>, &[u8])> {
    let depth = depth.checked_sub(1)?;
    if count > 2 * ITEMS_MAX {
        return None;
    }
    let (mut found, mut rest) = (Vec::new(), bytes);
    for _ in 0..count {
        let (one, after) = item(rest, depth)?;
        found.push(one);
        rest = after;
    }
    Some((found, rest))
}

/// The number that follows a head.
fn number(short: u8, bytes: &[u8]) -> Option<(u64, &[u8])> {
    let width = match short {
        0..24 => return Some((u64::from(short), bytes)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (head, rest) = bytes.split_at_checked(width)?;
    Some((head.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_standard_writes_them() {
        let rows: [(&[u8], Option<Cbor>); 12] = [
            (&[0x00], Some(Cbor::Int(0))),
            (&[0x18, 0x64], Some(Cbor::Int(100))),
            (&[0x38, 0x63], Some(Cbor::Int(-100))),
            (&[0x39, 0x01, 0x00], Some(Cbor::Int(-257))),
            (&[0x43, 1, 2, 3], Some(Cbor::Bytes(vec![1, 2, 3]))),
            (&[0x61, 0x61], Some(Cbor::Text("a".to_owned()))),
            (&[0x82, 1, 0xf5], Some(Cbor::Array(vec![Cbor::Int(1), Cbor::Simple(21)]))),
            (&[0xa1, 1, 2], Some(Cbor::Map(vec![(Cbor::Int(1), Cbor::Int(2))]))),
            // Twice the same key; too short; without an end; far too many.
            (&[0xa2, 1, 2, 1, 3], None),
            (&[0x43, 1, 2], None),
            (&[0x9f, 1, 0xff], None),
            (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], None),
        ];
        for (bytes, expected) in rows {
            let found = Cbor::read(bytes);
            assert_eq!(found.as_ref().map(|(value, _)| value), expected.as_ref(), "{bytes:x?}");
            assert!(found.is_none_or(|(_, rest)| rest.is_empty()), "{bytes:x?}");
        }
        assert_eq!(Cbor::read(&[0x81; 100]), None, "no deeper than authenticators go");
    }
}
