//! The state of an order's payment, and how one is started.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::OrderStatus;
use floodgate_payments::Provider;
use floodgate_payments::web::{CardForm, PAGES};

use crate::views::{Failure, PaymentView};

/// Something only the buyer can do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Action {
    #[serde(rename = "type")]
    #[schema(example = "redirect")]
    pub(crate) kind: &'static str,
    /// Where to send the buyer: an https URL or a path on this server.
    pub(crate) url: String,
}

/// How an order is paid for: the last attempt, and the money of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OrderPayment {
    /// What the buyer has to do before the provider decides.
    pub(crate) action: Option<Action>,
    /// Of the last attempt. declined: the bank said no. no_answer: nobody said no, and it may still go
    /// through.
    #[schema(example = "declined")]
    pub(crate) failure: Option<&'static str>,
    /// Where the money is, over all attempts. none: the bank said no to each, so nothing was charged.
    /// unknown: an attempt has no answer yet, so nobody knows. held: reserved, about to be charged.
    /// charged. let_go: it was reserved, is not charged, and the reservation ends. refunded.
    #[schema(example = "unknown")]
    pub(crate) money: &'static str,
}

impl OrderPayment {
    pub(crate) fn of(view: &PaymentView, status: OrderStatus) -> Self {
        let is_open = status == OrderStatus::PaymentPending;
        let action = view.action.as_ref().filter(|_| is_open);
        OrderPayment {
            action: action
                .map(|action| Action { kind: "redirect", url: action.url.as_str().to_owned() }),
            failure: view.failure.map(Failure::code),
            money: view.money().code(),
        }
    }
}

/// How to get a token for a payment method.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PaymentForm {
    #[schema(example = "sandbox")]
    pub(crate) provider: &'static str,
    /// False for test cards.
    pub(crate) moves_money: bool,
    /// script: a module that makes the form inside a page of ours. page: where the buyer goes, with
    /// `/events/{event_id}/orders/{order_id}` behind the url, and comes back from.
    #[serde(rename = "type")]
    #[schema(example = "script")]
    pub(crate) kind: &'static str,
    pub(crate) url: String,
    /// The prefix of the provider's own calls.
    #[schema(example = "/v1/payments/pages")]
    pub(crate) pages: &'static str,
}

impl PaymentForm {
    pub(crate) fn of(provider: &dyn Provider) -> Self {
        let (kind, page) = match provider.card_form() {
            CardForm::Script(page) => ("script", page),
            CardForm::Page(page) => ("page", page),
        };
        PaymentForm {
            provider: provider.name(),
            moves_money: provider.moves_money(),
            kind,
            url: format!("{PAGES}/{page}"),
            pages: PAGES,
        }
    }
}

/// A result recorded in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recorded {
    pub(crate) recorded: bool,
}

/// The results of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookTaken {
    /// Results that are in the log, now or already before.
    pub(crate) reports: usize,
}
