//! PaymentIntents: what is requested, and their state.

use std::collections::HashMap;
use std::fmt::Write;

use floodgate_domain::{
    ActionUrl, AuthorisedPayment, LogTime, PaymentAction, PaymentReference, PaymentResult, Subject,
};
use serde::Deserialize;
use serde_json::Value;

use crate::error::ProviderError;
use crate::provider::{Charge, Payment};
use crate::web::PaymentReport;

/// Where our names are in Stripe's metadata, so that anyone can match its records with ours.
const SUBJECT: &str = "floodgate_subject";
const ATTEMPT: &str = "floodgate_attempt";

/// A request's body, as `application/x-www-form-urlencoded`.
#[derive(Debug, Default)]
pub(super) struct Form(String);

impl Form {
    fn with(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.encode(name);
        self.0.push('=');
        self.encode(value);
        self
    }

    fn encode(&mut self, text: &str) {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(self.0, "%{byte:02X}");
            }
        }
    }

    pub(super) fn encoded(&self) -> &str {
        &self.0
    }

    fn named(self, payment: &Payment) -> Self {
        self.with(&format!("metadata[{SUBJECT}]"), &payment.subject.to_string())
            .with(&format!("metadata[{ATTEMPT}]"), &payment.attempt.to_string())
    }

    /// An intent whose money is only held, by card: other ways to pay cannot be held.
    pub(super) fn create(payment: &Payment, charge: Charge) -> Self {
        Form::default()
            .with("amount", &charge.amount.to_string())
            .with("currency", &charge.currency.as_str().to_ascii_lowercase())
            .with("capture_method", "manual")
            .with("payment_method_types[]", "card")
            .with("payment_method", charge.method.as_str())
            .named(payment)
    }

    /// A bank that asks leads back to `back`.
    pub(super) fn confirm(back: &str) -> Self {
        Form::default().with("return_url", back).with("expand[]", "latest_charge")
    }

    pub(super) fn refund(payment: &Payment, id: &str) -> Self {
        Form::default().with("payment_intent", id).named(payment)
    }
}

/// The states of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// None was given, or the last one was refused.
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

/// How an intent stands.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) reference: PaymentReference,
    pub(super) status: Status,
    /// Where the buyer's bank asks them.
    pub(super) action_url: Option<String>,
    amount: u64,
    currency: String,
    /// Until when the charge can be captured, as Stripe says it.
    capture_before: Option<LogTime>,
    name: Option<(Subject, u8)>,
}

/// What is read of Stripe's form.
#[derive(Debug, Deserialize)]
struct Wire {
    id: String,
    status: Status,
    amount: u64,
    currency: String,
    #[serde(default)]
    metadata: HashMap<String, String>,
    next_action: Option<Value>,
    /// An object where it was asked for, else an id.
    latest_charge: Option<Value>,
}

impl Intent {
    /// Reads an intent; one in a state that this code does not know says nothing.
    pub(super) fn read(body: &Value) -> Result<Self, ProviderError> {
        let strange =
            |what: &dyn std::fmt::Display| ProviderError::new(format!("an intent: {what}"));
        let wire = Wire::deserialize(body).map_err(|error| strange(&error))?;
        let reference = PaymentReference::parse(&wire.id);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let action = wire.next_action.as_ref().map(|action| &action["redirect_to_url"]["url"]);
        let charge = wire.latest_charge.as_ref();
        let seconds = charge
            .and_then(|charge| charge["payment_method_details"]["card"]["capture_before"].as_u64());
        let subject = wire.metadata.get(SUBJECT).and_then(|text| text.parse().ok());
        let attempt = wire.metadata.get(ATTEMPT).and_then(|text| text.parse().ok());
        Ok(Intent {
            reference: reference.ok_or_else(|| strange(&"its id"))?,
            status: wire.status,
            action_url: action.and_then(text),
            amount: wire.amount,
            currency: wire.currency,
            capture_before: seconds.map(|seconds| LogTime(seconds.saturating_mul(1000))),
            name: subject.zip(attempt),
        })
    }

    /// Whether it is for this attempt and this charge. Anything else would sell seats for other money.
    pub(super) fn is_for(&self, payment: &Payment, charge: Charge) -> Result<(), ProviderError> {
        let is_named = self.name == Some((payment.subject, payment.attempt));
        let currency = charge.currency.as_str();
        let is_same = self.amount == charge.amount && self.currency.eq_ignore_ascii_case(currency);
        if is_named && is_same {
            return Ok(());
        }
        let reference = self.reference.as_str();
        let problem = format!("{reference} is not for {} over {}", payment.subject, charge.amount);
        Err(ProviderError::new(problem))
    }

    pub(super) fn authorised(self) -> AuthorisedPayment {
        AuthorisedPayment { reference: self.reference, capture_before: self.capture_before }
    }

    /// What it says to somebody who did not ask; `None` where it is not ours, or nothing is decided.
    /// A cancelled intent is no news: whoever cancelled it, we ask when it matters.
    pub(super) fn report(self) -> Option<PaymentReport> {
        let (subject, attempt) = self.name?;
        let result = match self.status {
            Status::RequiresCapture => PaymentResult::Authorised(self.authorised()),
            Status::Succeeded => PaymentResult::Captured,
            Status::RequiresPaymentMethod => PaymentResult::Declined,
            Status::RequiresAction => {
                let url = self.action_url.as_deref().and_then(ActionUrl::parse)?;
                PaymentResult::ActionRequired(PaymentAction { reference: self.reference, url })
            }
            Status::Canceled | Status::Processing | Status::RequiresConfirmation => return None,
        };
        Some(PaymentReport { subject, attempt, result })
    }

    /// What somebody else says of it; `None` where it is not ours.
    pub(super) fn reported(self, result: PaymentResult) -> Option<PaymentReport> {
        let (subject, attempt) = self.name?;
        Some(PaymentReport { subject, attempt, result })
    }
}
