//! What a channel is: it takes one message to one address, and says what became of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

/// One text for one person, ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same in every try of one message: characters of names (`a-z`, `A-Z`, `0-9`, `_`, `-`),
    /// at most 64. Becomes the `Message-ID`, the `webhook-id` or the `Topic`, so that a second copy
    /// can be recognised.
    pub message_id: String,
    /// Where to: a mailbox, a number as `+491701234567`, the subscription of a browser as JSON, a
    /// URL.
    pub address: String,
    /// What it is about, as `order_confirmed`; goes out where machines read it.
    pub occasion: String,
    pub language: Language,
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where the message leads; empty for none.
    pub link: String,
    /// The address that ends messages of this kind at one POST (RFC 8058).
    pub unsubscribe: Option<String>,
    /// After this long it is of no use any more.
    pub useful_for: Duration,
    pub urgency: Urgency,
}

/// The languages that every text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    English,
    German,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::German];

    /// As in BCP 47.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// The nearest to what somebody asked for: `de-AT` is German, what nobody wrote is English.
    #[must_use]
    pub fn nearest(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let found =
            Language::ALL.iter().find(|language| primary.eq_ignore_ascii_case(language.code()));
        found.copied().unwrap_or(Language::English)
    }
}

/// How much a device should hurry (RFC 8030, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It may wait for a charger.
    Low,
    Normal,
    /// Somebody's turn, or a hold that ends.
    High,
}

/// What became of one try. Reasons name codes and stages, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The other side has taken it; `reference` is the name it gave it, or empty.
    Sent { reference: String },
    /// Not now: it may be tried again, not before `after`. Also whatever nobody understands: the
    /// number of tries bounds it.
    Later { reason: String, after: Option<Duration> },
    /// Never to this address. With `suppress`, nothing else should go there either.
    Never { reason: String, suppress: bool },
}

impl Delivery {
    pub(crate) fn later(reason: impl Into<String>) -> Self {
        Delivery::Later { reason: reason.into(), after: None }
    }

    pub(crate) fn never(reason: impl Into<String>) -> Self {
        Delivery::Never { reason: reason.into(), suppress: false }
    }

    pub(crate) fn suppressed(reason: impl Into<String>) -> Self {
        Delivery::Never { reason: reason.into(), suppress: true }
    }
}

/// One connection of a channel. It blocks and belongs to one thread; several may run side by side.
pub trait Courier: Send {
    /// As in consents and settings: `email`, `sms`, `web_push`, `webhook`.
    fn channel(&self) -> &'static str;

    /// Tries once. Whatever happens is in the answer; each try takes bounded time.
    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery;
}

/// A setting that a channel cannot work with; says what to write instead.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ChannelSetting(pub String);

/// Whether a name can stand in a header as it is.
pub(crate) fn is_plain_id(message_id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&message_id.len()) && message_id.bytes().all(is_plain)
}

/// The name of a message as channels take it: as it is, or else what stands for it.
pub(crate) fn plain_id(name: &str) -> String {
    if is_plain_id(name) {
        return name.to_owned();
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

/// A reference of the other side, fit to be kept: short, printable, and no address.
pub(crate) fn plain_reference(given: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_graphic() && *c != '@';
    let plain: String = given.chars().filter(is_plain).take(100).collect();
    if given.contains('@') { String::new() } else { plain }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_nearest_language_is_found() {
        for (tag, language) in [
            ("de", Language::German),
            ("DE-at", Language::German),
            ("de_CH", Language::German),
            ("en-GB", Language::English),
            ("den", Language::English),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::nearest(tag), language, "{tag}");
        }
    }

    #[test]
    fn ids_stand_in_headers_and_references_name_nobody() {
        assert!(is_plain_id("msg_01HZX-9"));
        for id in ["", "a b", "a\r\nb", "ä", "a.b", &"x".repeat(65)] {
            assert!(!is_plain_id(id), "{id:?}");
        }
        for name in ["test-evt_1-a key with spaces", "ä", "", &"x".repeat(100)] {
            assert!(is_plain_id(&plain_id(name)) && plain_id(name) == plain_id(name));
        }
        assert_eq!(plain_id("msg_1"), "msg_1");
        assert_eq!(plain_reference("4F2A\r\n9"), "4F2A9");
        assert_eq!(plain_reference("queued for ada@example.org"), "");
    }
}
