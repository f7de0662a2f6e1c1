//! A provider for demos and tests: published cards, no money.

use floodgate_domain::{
    ActionUrl, AuthorisedPayment, LogTime, PaymentAction, PaymentMethod, PaymentReference, Subject,
};

use crate::provider::{Authorisation, Captured, Payment, Provider, ProviderError};

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

/// The sandbox. It keeps nothing: everything follows from the card, and what a buyer answers to
/// his bank goes into the log from whichever gateway shows the bank's page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sandbox {
    /// The token for a published test card.
    #[must_use]
    pub fn tokenise(card_number: &str) -> Option<&'static str> {
        CARDS.iter().find(|(number, _)| *number == card_number).map(|(_, token)| *token)
    }

    /// Whether paying this way makes the buyer's bank ask him.
    #[must_use]
    pub fn asks_buyer(method: &str) -> bool {
        method == ASKS
    }
}

/// What the sandbox calls a payment: its own name is as good as any.
fn reference(payment: &Payment) -> PaymentReference {
    let name = format!("sandbox/{}/{}", payment.subject, payment.attempt);
    PaymentReference::parse(&name).expect("ids and a number, printable and far below the bound")
}

/// Money that is not there can be captured at any time.
fn authorised(reference: PaymentReference) -> Authorisation {
    Authorisation::Authorised(AuthorisedPayment { reference, capture_before: None })
}

impl Provider for Sandbox {
    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError> {
        let card = payment.charge.map(|charge| charge.method);
        let reference = reference(payment);
        Ok(match card.as_ref().map_or("", PaymentMethod::as_str) {
            "pm_sandbox_approve" => authorised(reference),
            ASKS => {
                let Subject::Order { event_id, hold_id } = payment.subject;
                let url = format!("/sandbox/challenge/{event_id}/{}", hold_id.order());
                let url = ActionUrl::parse(&url).expect("a short path");
                Authorisation::ActionRequired(PaymentAction { reference, url })
            }
            "pm_sandbox_late" if now >= payment.deadline.plus(LATE_BY_MS) => authorised(reference),
            "pm_sandbox_late" | "pm_sandbox_lost" => Authorisation::Open(Some(reference)),
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
}
