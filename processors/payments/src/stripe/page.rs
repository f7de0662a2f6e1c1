//! The page where a buyer gives their card to Stripe's own form.

use std::borrow::Cow;

use floodgate_domain::{OrderStatus, Subject};

use crate::web::{Content, PageAnswer, PageMethod, PageRequest, Purchase, way_back};

/// What that form loads and talks to; no other page of an installation may.
const ORIGINS: [&str; 4] = [
    "https://js.stripe.com",
    "https://*.js.stripe.com",
    "https://api.stripe.com",
    "https://hooks.stripe.com",
];

const SCRIPT: Content = Content::file("text/javascript; charset=utf-8", include_str!("card.js"));

pub(super) fn answer(publishable_key: &str, request: &PageRequest<'_>) -> PageAnswer {
    match (request.method, request.page, request.purchase) {
        (PageMethod::Get, "card.js", None) => PageAnswer::Content(SCRIPT),
        (PageMethod::Get, "card", Some(purchase)) => match purchase.status {
            OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer => {
                card(publishable_key, purchase)
            }
            _ => PageAnswer::NotFound,
        },
        _ => PageAnswer::NotFound,
    }
}

/// Every value put in is an id, a number, an alphabetic code or an alphanumeric key.
fn card(publishable_key: &str, purchase: &Purchase) -> PageAnswer {
    let Subject::Order { event_id, hold_id } = purchase.subject else {
        return PageAnswer::NotFound;
    };
    let text = include_str!("card.html")
        .replace("{key}", publishable_key)
        .replace("{event}", &event_id.to_string())
        .replace("{hold}", &hold_id.to_string())
        .replace("{amount}", &purchase.amount.to_string())
        .replace("{currency}", &purchase.currency.as_str().to_ascii_lowercase())
        .replace("{again}", if purchase.is_again { "true" } else { "false" })
        .replace("{back}", &way_back(purchase.subject));
    let body = Cow::Owned(text.into_bytes());
    PageAnswer::Content(Content { kind: "text/html; charset=utf-8", body, origins: &ORIGINS })
}
