//! A bank that keeps real books, and whose line fails as the seed says.

use std::collections::HashMap;
use std::sync::Mutex;

use floodgate_domain::{
    ActionUrl, AuthorisedPayment, EventId, HoldId, LogTime, PaymentAction, PaymentReference,
    Subject,
};
use floodgate_payments::web::{
    CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError,
};
use floodgate_payments::{Authorisation, Captured, Payment, Provider, ProviderError};
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) const EVENT: EventId = EventId(3);

/// Where the money of one attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purse {
    Buyer,
    OnHold,
    Captured,
}

pub(crate) type Attempt = (Subject, u8);

/// A provider that keeps real books and fails as the seed says.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) books: Mutex<HashMap<Attempt, Purse>>,
    pub(crate) rng: Mutex<StdRng>,
}

impl Bank {
    fn fails(&self) -> Result<(), ProviderError> {
        match self.rng.lock().unwrap().random_bool(0.3) {
            true => Err(ProviderError::new("the line is down")),
            false => Ok(()),
        }
    }

    fn set(&self, payment: &Payment, purse: Purse) {
        let key = (payment.subject, payment.attempt);
        self.books.lock().unwrap().insert(key, purse);
    }

    /// The buyer answers the bank: whether the money is held now. What was let go of stays so.
    pub(crate) fn answered(&self, attempt: Attempt, yes: bool) -> bool {
        let mut books = self.books.lock().unwrap();
        yes && *books.entry(attempt).or_insert(Purse::OnHold) != Purse::Buyer
    }

    fn purse(&self, payment: &Payment) -> Purse {
        let key = (payment.subject, payment.attempt);
        self.books.lock().unwrap().get(&key).copied().unwrap_or(Purse::Buyer)
    }
}

/// What the bank calls a payment.
fn reference(payment: &Payment) -> PaymentReference {
    PaymentReference::parse(&format!("bank/{}/{}", payment.subject, payment.attempt)).unwrap()
}

fn authorised(payment: &Payment) -> Authorisation {
    let capture_before = Some(payment.deadline.plus(3_600_000));
    Authorisation::Authorised(AuthorisedPayment { reference: reference(payment), capture_before })
}

fn asks(payment: &Payment) -> Authorisation {
    let url = ActionUrl::parse("https://bank.example/asks").unwrap();
    Authorisation::ActionRequired(PaymentAction { reference: reference(payment), url })
}

fn card(payment: &Payment) -> &str {
    payment.charge.as_ref().map_or("", |charge| charge.method.as_str())
}

pub(crate) fn order(hold_id: HoldId) -> Subject {
    Subject::Order { event_id: EVENT, hold_id }
}

impl Provider for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn moves_money(&self) -> bool {
        false
    }

    fn card_form(&self) -> CardForm {
        CardForm::Script("form.js")
    }

    fn page(&self, _: &PageRequest<'_>) -> PageAnswer {
        PageAnswer::NotFound
    }

    fn webhook(&self, _: &Webhook<'_>) -> Result<Vec<PaymentReport>, WebhookError> {
        Err(WebhookError::NotOffered)
    }

    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError> {
        self.fails()?;
        if self.purse(payment) != Purse::Buyer {
            return Ok(authorised(payment));
        }
        let late = payment.deadline.plus(1_000);
        let outcome = match card(payment) {
            "late" if now < late => Authorisation::Open(None),
            "lost" => Authorisation::Open(Some(reference(payment))),
            "asks" => asks(payment),
            "no" => Authorisation::Declined,
            _ => authorised(payment),
        };
        if matches!(outcome, Authorisation::Authorised(_)) {
            self.set(payment, Purse::OnHold);
        }
        // The answer may be lost on its way back: the money is held all the same.
        self.fails()?;
        Ok(outcome)
    }

    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError> {
        self.fails()?;
        assert_eq!(payment.reference, Some(reference(payment)), "what the bank called it");
        if self.purse(payment) == Purse::Captured {
            return Ok(Captured::Done);
        }
        if card(payment) == "bounces" {
            self.set(payment, Purse::Buyer);
            return Ok(Captured::Failed);
        }
        assert_eq!(self.purse(payment), Purse::OnHold, "captured without an authorisation");
        self.set(payment, Purse::Captured);
        self.fails()?;
        Ok(Captured::Done)
    }

    fn void(&self, payment: &Payment) -> Result<(), ProviderError> {
        self.fails()?;
        self.set(payment, Purse::Buyer);
        Ok(())
    }

    fn refund(&self, payment: &Payment) -> Result<(), ProviderError> {
        self.void(payment)
    }
}

/// What the bank reported to a gateway, without saying until when to capture.
pub(crate) fn by_webhook((subject, attempt): Attempt) -> AuthorisedPayment {
    let reference = PaymentReference::parse(&format!("bank/{subject}/{attempt}")).unwrap();
    AuthorisedPayment { reference, capture_before: None }
}
