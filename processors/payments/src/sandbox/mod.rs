//! A provider for demos and tests: public test cards, no money, its own bank.
//!
//! It has no state: the state of a payment follows from the card, and what a buyer answers to their
//! bank goes into the log from whichever gateway shows the bank's page.

mod pages;

use floodgate_domain::{
    ActionUrl, AuthorisedPayment, LogTime, PaymentAction, PaymentMethod, PaymentReference, Subject,
};

use crate::error::ProviderError;
use crate::provider::{Authorisation, Captured, Payment, Provider};
use crate::web::{
    CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError, page_about,
};

/// The method whose bank asks the buyer before it says anything.
const ASKS: &str = "pm_sandbox_challenge";

/// Test cards and what they do, as published on the payment page.
const CARDS: [(&str, &str); 5] = [
    ("4000000000000077", "pm_sandbox_approve"),
    ("4000000000000002", "pm_sandbox_decline"),
    ("4000000000003220", ASKS),
    ("4000000000000259", "pm_sandbox_late"),
    ("4000000000000119", "pm_sandbox_lost"),
];

/// How long after the order's time the late card authorises.
const LATE_BY_MS: u64 = 2_000;

/// The sandbox.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sandbox {
    /// The token for a published test card.
    #[must_use]
    pub fn tokenise(card_number: &str) -> Option<&'static str> {
        CARDS.iter().find(|(number, _)| *number == card_number).map(|(_, token)| *token)
    }
}

/// What the sandbox calls a payment: its own name is as good as any.
fn reference(subject: Subject, attempt: u8) -> PaymentReference {
    PaymentReference::parse(&format!("sandbox/{subject}/{attempt}"))
        .expect("ids and a number, printable and far below the bound")
}

/// Money that is not there may be captured at any time.
fn authorised(subject: Subject, attempt: u8) -> AuthorisedPayment {
    AuthorisedPayment { reference: reference(subject, attempt), capture_before: None }
}

/// Where the buyer's bank asks them.
fn action(subject: Subject, attempt: u8) -> PaymentAction {
    let url = ActionUrl::parse(&page_about("challenge", subject)).expect("a short path of ids");
    PaymentAction { reference: reference(subject, attempt), url }
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn moves_money(&self) -> bool {
        false
    }

    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError> {
        let Payment { subject, attempt, .. } = *payment;
        let card = payment.charge.map(|charge| charge.method);
        let is_late = now >= payment.deadline.plus(LATE_BY_MS);
        Ok(match card.as_ref().map_or("", PaymentMethod::as_str) {
            "pm_sandbox_approve" => Authorisation::Authorised(authorised(subject, attempt)),
            "pm_sandbox_late" if is_late => Authorisation::Authorised(authorised(subject, attempt)),
            "pm_sandbox_late" | "pm_sandbox_lost" => {
                Authorisation::Open(Some(reference(subject, attempt)))
            }
            ASKS => Authorisation::ActionRequired(action(subject, attempt)),
            // The declining card, and every token that is not one of ours.
            _ => Authorisation::Declined,
        })
    }

    fn capture(&self, _payment: &Payment) -> Result<Captured, ProviderError> {
        Ok(Captured::Done)
    }

    fn void(&self, _payment: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }

    fn refund(&self, _payment: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }

    fn card_form(&self) -> CardForm {
        CardForm::Script("form.js")
    }

    fn page(&self, request: &PageRequest<'_>) -> PageAnswer {
        pages::answer(request)
    }

    fn webhook(&self, _webhook: &Webhook<'_>) -> Result<Vec<PaymentReport>, WebhookError> {
        Err(WebhookError::NotOffered)
    }
}
