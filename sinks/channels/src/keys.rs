//! Private keys in files: PEM, as `openssl` writes them. And Base64 in its two alphabets.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::courier::ChannelSetting;

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// As addresses and tokens have it: `-` and `_`, no padding.
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// The bytes between the first `BEGIN` and its `END`, and what they are called there.
pub(crate) fn from_pem(text: &str) -> Result<(String, Vec<u8>), ChannelSetting> {
    let wrong =
        || ChannelSetting("the key is no PEM file; write one with `openssl genpkey`".into());
    let start = text.find("-----BEGIN ").ok_or_else(wrong)?;
    let rest = &text[start + "-----BEGIN ".len()..];
    let (label, rest) = rest.split_once("-----").ok_or_else(wrong)?;
    let (body, _) = rest.split_once("-----END").ok_or_else(wrong)?;
    let body: String = body.split_whitespace().collect();
    let bytes = STANDARD.decode(body).map_err(|_| wrong())?;
    Ok((label.to_owned(), bytes))
}

/// PEM with lines of 64 characters.
pub(crate) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let bytes: Vec<u8> = (0..=200).collect();
        let text = format!("words before\n{}", to_pem("PRIVATE KEY", &bytes));
        assert_eq!(from_pem(&text), Ok(("PRIVATE KEY".into(), bytes)));
        assert!(text.lines().all(|line| line.len() <= 64));
        for wrong in ["", "-----BEGIN X-----", "-----BEGIN X-----\n!\n-----END X-----"] {
            assert!(from_pem(wrong).is_err(), "{wrong}");
        }
    }
}
