//! A provider's web part, as plain data: its card form, its own pages, its webhooks.
//!
//! A gateway serves all of it under one prefix and knows no provider. The way back from a
//! provider's page is [`way_back`].

use std::borrow::Cow;

use floodgate_domain::{Currency, OrderStatus, PaymentAction, PaymentResult, Subject};

use crate::error::ProviderError;

/// Where a gateway serves a provider's own pages: `{PAGES}/{page}`, and
/// `{PAGES}/{page}/events/{event_id}/orders/{order_id}` for those about an order.
pub const PAGES: &str = "/v1/payments/pages";

/// The address of a provider's own page about something bought.
#[must_use]
pub fn page_about(page: &str, subject: Subject) -> String {
    match subject {
        Subject::Order { event_id, hold_id } => {
            format!("{PAGES}/{page}/events/{event_id}/orders/{}", hold_id.order())
        }
        // No provider's page is about a product: what asks its buyer is declined.
        Subject::Product { .. } => format!("{PAGES}/{page}"),
    }
}

/// Where a buyer follows what they bought, as a path of this installation.
#[must_use]
pub fn way_back(subject: Subject) -> String {
    match subject {
        Subject::Order { event_id, .. } | Subject::Product { event_id, .. } => {
            format!("/events/{event_id}")
        }
    }
}

/// How the pay page gets a token for a way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardForm {
    /// A script among its own pages, which makes the form inside the pay page; see `pay/form.js`.
    Script(&'static str),
    /// A page of its own about the order, which buys with the token and leads back.
    Page(&'static str),
}

/// The methods its pages are asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageMethod {
    Get,
    Post,
}

/// A request for one of a provider's own pages.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    pub method: PageMethod,
    /// Its name: what stands behind [`PAGES`].
    pub page: &'a str,
    /// JSON by its content type; at most an ordinary body.
    pub body: &'a [u8],
    /// What the address names, if it does; whoever asks is its buyer.
    pub purchase: Option<&'a Purchase>,
}

/// Something bought or about to be, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub subject: Subject,
    pub status: OrderStatus,
    /// The attempt to pay under way or last made; 0 before the first.
    pub attempt: u8,
    /// In minor units.
    pub amount: u64,
    pub currency: Currency,
    /// What the buyer has or had to do in this attempt.
    pub action: Option<PaymentAction>,
    /// Whether a payment of this buyer has no answer yet, so that one more has to be meant. The pay
    /// page has said so by then.
    pub is_again: bool,
}

/// What a page comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAnswer {
    Content(Content),
    /// A result of the purchase's attempt: recorded in the log, and then the request is answered.
    Report(PaymentResult),
    /// What was sent is not as it should be: the field, and the problem.
    Malformed(&'static str, &'static str),
    /// Not known here yet, perhaps to another gateway: tried again for a moment, then not found.
    NotYet,
    NotFound,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// As in `Content-Type`.
    pub kind: &'static str,
    pub body: Cow<'static, [u8]>,
    /// Origins a page loads scripts and frames from beside ours, and talks to. Nothing else that
    /// this installation serves may.
    pub origins: &'static [&'static str],
}

impl Content {
    /// A file inside the binary.
    #[must_use]
    pub const fn file(kind: &'static str, body: &'static str) -> Self {
        Content { kind, body: Cow::Borrowed(body.as_bytes()), origins: &[] }
    }

    #[must_use]
    pub fn json(body: &serde_json::Value) -> Self {
        let body = Cow::Owned(body.to_string().into_bytes());
        Content { kind: "application/json", body, origins: &[] }
    }
}

/// A request that claims to come from the provider; nothing of it has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Webhook<'a> {
    /// Names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    /// Seconds since the Unix epoch.
    pub now: u64,
}

impl Webhook<'_> {
    /// The header of this name, if it was sent once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| *header == name);
        let value = found.next().map(|(_, value)| *value);
        if found.next().is_some() { None } else { value }
    }
}

/// What a provider reports about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    pub subject: Subject,
    pub attempt: u8,
    pub result: PaymentResult,
}

/// Why a webhook was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WebhookError {
    /// The provider sends none.
    #[error("this provider sends no webhooks")]
    NotOffered,
    /// Whoever sent it has not the provider's secret, or the body was changed.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// Signed, but too long ago, or for a time to come: perhaps a replay.
    #[error("the signature is too old or from the future")]
    Stale,
    #[error("signed, but not in the provider's format: {0}")]
    Malformed(&'static str),
    /// The provider could not be asked about it. It sends the webhook again.
    #[error(transparent)]
    Unavailable(#[from] ProviderError),
}
