//! How many partitions a processor follows as a standby.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Partitions a processor follows beside those it owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standbys {
    All,
    None,
    /// At most so many.
    AtMost(u32),
}

impl Standbys {
    /// As a number.
    #[must_use]
    pub fn count_max(self) -> usize {
        match self {
            Standbys::All => usize::MAX,
            Standbys::None => 0,
            Standbys::AtMost(count) => count as usize,
        }
    }
}

/// A number in a file is one; in the environment it is a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u32),
    Text(String),
}

impl<'de> Deserialize<'de> for Standbys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fix = "engine.standbys is \"all\", \"none\" or a number of partitions";
        match Written::deserialize(deserializer).map_err(|_| D::Error::custom(fix))? {
            Written::Number(count) => Ok(Standbys::AtMost(count)),
            Written::Text(text) if text == "all" => Ok(Standbys::All),
            Written::Text(text) if text == "none" => Ok(Standbys::None),
            Written::Text(text) => text
                .parse()
                .map(Standbys::AtMost)
                .map_err(|_| D::Error::custom(format!("`{text}`: {fix}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Standbys;

    #[test]
    fn all_none_or_a_number() {
        let read = |text: &str| {
            let table: toml::Table = format!("standbys = {text}").parse().unwrap();
            serde::Deserialize::deserialize(table["standbys"].clone())
        };
        let rows = [
            ("\"all\"", Standbys::All),
            ("\"none\"", Standbys::None),
            ("3", Standbys::AtMost(3)),
            ("\"3\"", Standbys::AtMost(3)),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in ["\"some\"", "-1", "true"] {
            let error: toml::de::Error = read(text).unwrap_err();
            assert!(error.to_string().contains("\"none\""), "{text}: {error}");
        }
    }
}
