//! The vocabulary of payments: what is paid for, and what a provider says about it.
//!
//! Nothing here names a provider. What one of them calls a payment, and where a buyer has to go,
//! are opaque, bounded texts; whoever shows or records them needs to know no more.

mod result;
mod subject;

pub use result::PaymentResult;
pub use subject::Subject;

use std::sync::Arc;

use crate::ids::LogTime;

/// The longest reference of a provider, in bytes: the most that one we know of promises.
pub const REFERENCE_BYTES_MAX: usize = 255;
/// The longest address a buyer is sent to, in bytes: browsers and proxies agree on about so much.
pub const ACTION_URL_BYTES_MAX: usize = 2048;

/// What a provider calls a payment: opaque, printable ASCII, at most [`REFERENCE_BYTES_MAX`].
/// Shared by the command and its fact, so that deciding copies nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentReference(Arc<str>);

impl PaymentReference {
    /// Reads a reference; `None` when it is empty, too long or not printable ASCII.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= REFERENCE_BYTES_MAX;
        (fits && is_graphic(text)).then(|| PaymentReference(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a buyer has to go: an address by https, or a path of this installation. Nothing else, so
/// that a page may link to it unseen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActionUrl(Box<str>);

impl ActionUrl {
    /// Reads an address; `None` when it is none that a buyer may be sent to.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
        let is_whole = text.len() > "https://".len() && text.starts_with("https://");
        let fits = text.len() <= ACTION_URL_BYTES_MAX && is_graphic(text);
        (fits && (is_path || is_whole)).then(|| ActionUrl(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something only the buyer can do before the provider decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PaymentAction {
    pub reference: PaymentReference,
    /// Where they do it.
    pub url: ActionUrl,
}

/// Money a provider holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorisedPayment {
    pub reference: PaymentReference,
    /// Until when it can be captured, as the provider said; `None` when it did not say. Never
    /// computed: networks, cards and contracts differ.
    pub capture_before: Option<LogTime>,
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_and_printable() {
        let longest = "r".repeat(REFERENCE_BYTES_MAX);
        for good in ["pi_3MtwBwLkdIwHu7ix28a3tqPa", "8835511210681145", &longest] {
            assert_eq!(
                PaymentReference::parse(good).as_ref().map(PaymentReference::as_str),
                Some(good)
            );
        }
        for bad in ["", "a b", "a\n", "réf", &"r".repeat(REFERENCE_BYTES_MAX + 1)] {
            assert_eq!(PaymentReference::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_buyer_is_sent_nowhere_else() {
        for good in ["/v1/payments/pages/challenge", "https://hooks.bank.example/3ds?token=a%20b"] {
            assert_eq!(ActionUrl::parse(good).as_ref().map(ActionUrl::as_str), Some(good));
        }
        let long = format!("https://{}", "a".repeat(ACTION_URL_BYTES_MAX));
        for bad in [
            "",
            "https://",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "http://bank.example/",
            "https://bank.example/ x",
            "ftp://bank.example/",
            &long,
        ] {
            assert_eq!(ActionUrl::parse(bad), None, "{bad}");
        }
    }
}
