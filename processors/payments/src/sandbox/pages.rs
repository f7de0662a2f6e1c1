//! The sandbox's own pages: the card form, tokens for test cards, and the bank that asks.

use floodgate_domain::{OrderStatus, PaymentResult};
use serde::Deserialize;
use serde_json::json;

use super::{Sandbox, authorised};
use crate::web::{Content, PageAnswer, PageMethod, PageRequest, Purchase};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The form of the pay page, which calls `tokenise`.
const FORM: Content = Content::file(SCRIPT, include_str!("form.js"));
/// The bank's page and its script, which calls the same address.
const BANK: Content = Content::file("text/html; charset=utf-8", include_str!("challenge.html"));
const BANK_SCRIPT: Content = Content::file(SCRIPT, include_str!("challenge.js"));

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    card_number: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    approve: bool,
}

pub(super) fn answer(request: &PageRequest<'_>) -> PageAnswer {
    match (request.method, request.page, request.purchase) {
        (PageMethod::Get, "form.js", None) => PageAnswer::Content(FORM),
        (PageMethod::Post, "tokenise", None) => tokenise(request.body),
        (PageMethod::Get, "challenge.js", None) => PageAnswer::Content(BANK_SCRIPT),
        (PageMethod::Get, "challenge", Some(purchase)) => match question(purchase) {
            Question::Open => PageAnswer::Content(BANK),
            Question::Unknown => PageAnswer::NotYet,
            Question::Answered => PageAnswer::NotFound,
        },
        (PageMethod::Post, "challenge", Some(purchase)) => decide(request.body, purchase),
        _ => PageAnswer::NotFound,
    }
}

fn tokenise(body: &[u8]) -> PageAnswer {
    let Ok(Card { card_number }) = serde_json::from_slice(body) else {
        return PageAnswer::Malformed("body", "an object with a card_number");
    };
    let digits: String = card_number.chars().filter(char::is_ascii_digit).collect();
    match Sandbox::tokenise(&digits) {
        Some(token) => PageAnswer::Content(Content::json(&json!({ "payment_method": token }))),
        None => PageAnswer::Malformed("card_number", "not a test card; the pay page lists them"),
    }
}

/// What the bank's question has come to.
enum Question {
    Open,
    /// Nobody was asked, as far as is known here.
    Unknown,
    Answered,
}

fn question(purchase: &Purchase) -> Question {
    match purchase.status {
        _ if purchase.action.is_none() => Question::Unknown,
        OrderStatus::PaymentPending => Question::Open,
        OrderStatus::Held => Question::Unknown,
        _ => Question::Answered,
    }
}

/// The buyer's answer to their bank. The bank knows its customer; here their device stands for them. It is
/// recorded under the name every report of this result has, so an answer given twice is one.
fn decide(body: &[u8], purchase: &Purchase) -> PageAnswer {
    let Ok(Decision { approve }) = serde_json::from_slice(body) else {
        return PageAnswer::Malformed("body", "an object with approve, true or false");
    };
    if let Question::Unknown = question(purchase) {
        return PageAnswer::NotYet;
    }
    PageAnswer::Report(match approve {
        true => PaymentResult::Authorised(authorised(purchase.subject, purchase.attempt)),
        false => PaymentResult::Declined,
    })
}
