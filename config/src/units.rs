//! Durations and sizes as people write them.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use floodgate_domain::Network;

/// A duration such as `90s` or `250ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// Whole milliseconds.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(HumanDuration).map_err(|_| {
            D::Error::custom(format!("`{text}` is no duration; write \"90s\" or \"5m\""))
        })
    }
}

/// A size such as `64 KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text)
            .map(ByteSize)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no size; write \"64 KiB\"")))
    }
}

/// Networks, each as `10.0.0.0/8`, or as an address alone.
pub(crate) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

/// An address and port, or "" for none.
pub(crate) fn address_or_none<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| D::Error::custom(format!("`{text}` is no address; write \"127.0.0.1:9090\""));
    text.parse().map(Some).map_err(wrong)
}

fn parse_size(text: &str) -> Option<usize> {
    let digits = text.trim().find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.trim().split_at(digits);
    let factor: usize = match unit.trim() {
        "B" | "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes() {
        let rows = [
            ("64 KiB", Some(65_536)),
            ("2MiB", Some(2 << 20)),
            ("7", Some(7)),
            ("7 B", Some(7)),
            ("7 KB", None),
            ("", None),
            ("99999999999999999999 GiB", None),
        ];
        for (text, size) in rows {
            assert_eq!(parse_size(text), size, "{text}");
        }
    }
}
