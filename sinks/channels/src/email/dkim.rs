//! Signatures of mail (RFC 6376; Ed25519: RFC 8463), over the bytes that go out.
//!
//! Every name in `h=` is there once more than in the mail, so that nobody on the way can add a
//! second `From` or `Subject`, nor headers for unsubscribing where the mail has none.

use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::courier::ChannelSetting;
use crate::keys::from_pem;

/// What is signed. RFC 8058, section 4: both headers for unsubscribing have to be.
const SIGNED: [&str; 12] = [
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Where a key is, and the name under which its public half is in the DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimOptions {
    /// `d=`: the domain of the sender.
    pub domain: String,
    /// `s=`: the public key is the TXT record `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// PEM: RSA of at least 2048 bits (PKCS #1 or #8), or Ed25519 (PKCS #8).
    pub key_file: PathBuf,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Signs mail under one name.
pub struct DkimSigner {
    domain: String,
    selector: String,
    key: Key,
    random: SystemRandom,
}

impl fmt::Debug for DkimSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DkimSigner { domain, selector, .. } = self;
        f.debug_struct("DkimSigner").field("domain", domain).field("selector", selector).finish()
    }
}

impl DkimSigner {
    /// Reads the key.
    pub fn open(options: &DkimOptions) -> Result<Self, ChannelSetting> {
        let path = options.key_file.display();
        let text = std::fs::read_to_string(&options.key_file)
            .map_err(|error| ChannelSetting(format!("the DKIM key {path}: {error}")))?;
        DkimSigner::new(&options.domain, &options.selector, &text)
    }

    /// With a key in PEM.
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, ChannelSetting> {
        for name in [domain, selector] {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_plain) {
                return Err(ChannelSetting(format!("DKIM: {name:?} is no name in the DNS")));
            }
        }
        let (label, der) = from_pem(pem)?;
        let rsa = match label.as_str() {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            _ => RsaKeyPair::from_pkcs8(&der),
        };
        let key = match rsa {
            Ok(key) => Key::Rsa(Box::new(key)),
            Err(_) => {
                Key::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| {
                    ChannelSetting(
                        "DKIM: the key is neither RSA of 2048 bits or more nor Ed25519".into(),
                    )
                })?)
            }
        };
        let (domain, selector) = (domain.to_owned(), selector.to_owned());
        Ok(DkimSigner { domain, selector, key, random: SystemRandom::new() })
    }

    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The header for a whole mail with CRLF line ends, with its own line end; `at` in seconds.
    #[must_use]
    pub fn header(&self, mail: &[u8], at: i64) -> String {
        let (head, body) = halves(mail);
        let headers = unfolded(head);
        let names = signed_names(&headers);
        let body_hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)));
        let unsigned = format!(
            "v=1; a={}; c=relaxed/relaxed; d={}; s={}; t={at};\r\n h={};\r\n bh={body_hash};\r\n b=",
            self.algorithm(),
            self.domain,
            self.selector,
            names.join(":\r\n "),
        );
        let mut hashed = String::new();
        for (name, value) in chosen(&headers, &names) {
            hashed.push_str(&format!("{name}:{}\r\n", relaxed_value(value)));
        }
        hashed.push_str(&format!("dkim-signature:{}", relaxed_value(&unsigned)));
        let signature = STANDARD.encode(self.sign(hashed.as_bytes()));
        let lines: Vec<&str> = signature
            .as_bytes()
            .chunks(72)
            .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
            .collect();
        format!("DKIM-Signature: {unsigned}{}\r\n", lines.join("\r\n "))
    }

    fn sign(&self, hashed: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, hashed, &mut signature)
                    .expect("the buffer is as long as the modulus");
                signature
            }
            // RFC 8463: what is signed is the hash.
            Key::Ed25519(key) => key.sign(digest(&SHA256, hashed).as_ref()).as_ref().to_vec(),
        }
    }
}

fn halves(mail: &[u8]) -> (&str, &[u8]) {
    let end = mail.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(mail.len());
    let head = std::str::from_utf8(&mail[..end]).unwrap_or_default();
    (head, mail.get(end + 4..).unwrap_or_default())
}

/// Names in lower case, and values with their folds.
fn unfolded(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim_end().to_ascii_lowercase(), value.to_owned()));
        }
    }
    headers
}

/// Each name as often as it occurs, and once more.
fn signed_names(headers: &[(String, String)]) -> Vec<&'static str> {
    let count = |name: &str| headers.iter().filter(|(has, _)| has == name).count();
    SIGNED.into_iter().flat_map(|name| std::iter::repeat_n(name, count(name) + 1)).collect()
}

/// The headers that names stand for: from the last to the first of a name; absent ones are nothing.
fn chosen<'a>(
    headers: &'a [(String, String)],
    names: &[&'static str],
) -> Vec<(&'static str, &'a str)> {
    let mut left: Vec<&(String, String)> = headers.iter().collect();
    let mut found = Vec::new();
    for &name in names {
        if let Some(index) = left.iter().rposition(|(has, _)| has == name) {
            found.push((name, left.remove(index).1.as_str()));
        }
    }
    found
}

/// RFC 6376, section 3.4.2.
fn relaxed_value(value: &str) -> String {
    value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// RFC 6376, section 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    // Where the last line that has anything in it ends.
    let mut end = 0;
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut is_gap = false;
        let start = out.len();
        for &byte in line {
            if byte == b' ' || byte == b'\t' {
                is_gap = true;
                continue;
            }
            if is_gap {
                out.push(b' ');
                is_gap = false;
            }
            out.push(byte);
        }
        let is_empty = out.len() == start;
        out.extend_from_slice(b"\r\n");
        if !is_empty {
            end = out.len();
        }
    }
    out.truncate(end);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn bodies_are_relaxed_as_the_rfc_shows() {
        // RFC 6376, section 3.4.5.
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b""), b"");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"no end"), b"no end\r\n");
        assert_eq!(relaxed_body(b"a\r\n\r\nb\r\n"), b"a\r\n\r\nb\r\n");
    }

    #[test]
    fn every_name_is_signed_once_more_than_it_is_there() {
        let head = "From: a\r\nSubject: b\r\n\tc\r\nX-Other: d\r\nTo: e";
        let headers = unfolded(head);
        let names = signed_names(&headers);
        let count = |name| names.iter().filter(|has| **has == name).count();
        assert_eq!((count("from"), count("to"), count("list-unsubscribe")), (2, 2, 1));
        let chosen = chosen(&headers, &names);
        assert_eq!(chosen.len(), 3);
        assert_eq!(relaxed_value(chosen[2].1), "b c");
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_to_do() {
        let error = DkimSigner::new("example.org", "s1", "nothing").unwrap_err();
        assert!(error.to_string().contains("openssl"));
        assert!(DkimSigner::new("example.org\r\nx", "s1", "").is_err());
        let short = crate::keys::to_pem("PRIVATE KEY", &[1, 2, 3]);
        assert!(DkimSigner::new("example.org", "s1", &short).is_err());
    }
}
