//! The formats, by name and by what their first bytes look like.

/// Enough of a text to distinguish base64 from a table's first line.
const LOOKED_AT_BYTES: usize = 4096;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// pretix seating-plan JSON.
    Pretix,
    /// One seat a line, with a header.
    Csv,
    /// Our own compact form, as bytes or base64.
    Native,
}

impl Format {
    /// Reads a format's name as the HTTP interface spells it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "pretix" => Some(Format::Pretix),
            "csv" => Some(Format::Csv),
            "native" => Some(Format::Native),
            _ => None,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Pretix => "pretix",
            Format::Csv => "csv",
            Format::Native => "native",
        }
    }

    /// Guesses from the content: JSON starts with a brace, the native form with its version
    /// (or that as base64, which has no commas); the rest is a table.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Format::Pretix,
            Some(0..=8) => Format::Native,
            _ if looks_like_base64(text) => Format::Native,
            _ => Format::Csv,
        }
    }
}

/// Base64 of the native form starts with its version and has no separators.
fn looks_like_base64(text: &[u8]) -> bool {
    let head = &text[..text.len().min(LOOKED_AT_BYTES)];
    let (first, second) = match head {
        [first, second, ..] => (*first, *second),
        _ => return false,
    };
    // Version 1 fills the first six bits and two of the next with 0000_0001.
    let starts_right = first == b'A' && (b'Q'..=b'f').contains(&second);
    starts_right
        && head.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n')
        })
}
