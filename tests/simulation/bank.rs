//! A bank that forgets nothing and answers when it likes: the judge of where the money is.
//!
//! Each attempt has an account of its own here. What a provider must never do it never does; what
//! the outbox must never leave behind is found at the end.

use std::collections::BTreeMap;
use std::sync::Mutex;

use floodgate_domain::{AuthorisedPayment, EventId, HoldId, LogTime, PaymentReference, Subject};
use floodgate_payments::web::{
    CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError,
};
use floodgate_payments::{Authorisation, Captured, Payment, Provider, ProviderError, Sandbox};
use rand::RngExt;
use rand::rngs::StdRng;

use super::streams::stream;

/// Where the money of an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Money {
    /// The bank said no; it may still say yes when the buyer answers it elsewhere.
    Declined,
    Held,
    Captured,
    LetGo,
    Refunded,
}

pub(crate) type Attempt = (EventId, HoldId, u8);

#[derive(Debug)]
pub(crate) struct Bank(Mutex<Books>);

#[derive(Debug)]
struct Books {
    accounts: BTreeMap<Attempt, Money>,
    rng: StdRng,
    /// No more failures: the world comes to rest.
    is_calm: bool,
    failures: u32,
}

impl Bank {
    pub(crate) fn new(seed: u64) -> Self {
        let (accounts, rng) = (BTreeMap::new(), stream(seed, "payments"));
        Bank(Mutex::new(Books { accounts, rng, is_calm: false, failures: 0 }))
    }

    pub(crate) fn calm_down(&self) {
        self.0.lock().unwrap().is_calm = true;
    }

    pub(crate) fn failures(&self) -> u32 {
        self.0.lock().unwrap().failures
    }

    /// The buyer answers their bank. A yes counts whenever it comes, unless the money was let go.
    pub(crate) fn hear(&self, attempt: Attempt, yes: bool) {
        let mut books = self.0.lock().unwrap();
        match (books.accounts.get(&attempt), yes) {
            (None | Some(Money::Declined), true) => {
                books.accounts.insert(attempt, Money::Held);
            }
            (None, false) => {
                books.accounts.insert(attempt, Money::Declined);
            }
            _ => {}
        }
    }

    pub(crate) fn accounts(&self) -> BTreeMap<Attempt, Money> {
        self.0.lock().unwrap().accounts.clone()
    }
}

impl Books {
    /// Half of the calls that fail have done what they were to do.
    fn call<T>(&mut self, then: impl FnOnce(&mut Self) -> T) -> Result<T, ProviderError> {
        let fails = !self.is_calm && self.rng.random_bool(0.1);
        if fails {
            self.failures += 1;
        }
        if fails && self.rng.random_bool(0.5) {
            return Err(ProviderError::new("nobody answers"));
        }
        let answer = then(self);
        if fails { Err(ProviderError::new("the answer was lost")) } else { Ok(answer) }
    }
}

fn attempt(payment: &Payment) -> Attempt {
    let Subject::Order { event_id, hold_id } = payment.subject else {
        panic!("{}", payment.subject)
    };
    (event_id, hold_id, payment.attempt)
}

/// Money this bank holds until somebody takes it or lets go of it.
pub(crate) fn authorised() -> AuthorisedPayment {
    let reference = PaymentReference::parse("simulated").unwrap();
    AuthorisedPayment { reference, capture_before: None }
}

impl Provider for Bank {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn moves_money(&self) -> bool {
        false
    }

    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError> {
        let key = attempt(payment);
        let sandbox = Sandbox.authorise(payment, now)?;
        self.0.lock().unwrap().call(|books| match books.accounts.get(&key) {
            Some(Money::Held | Money::Captured) => Authorisation::Authorised(authorised()),
            Some(Money::LetGo | Money::Refunded | Money::Declined) => Authorisation::Declined,
            None => {
                let money = match sandbox {
                    Authorisation::Authorised(_) => Some(Money::Held),
                    Authorisation::Declined => Some(Money::Declined),
                    Authorisation::Open(_) | Authorisation::ActionRequired(_) => None,
                };
                books.accounts.extend(money.map(|money| (key, money)));
                sandbox
            }
        })
    }

    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError> {
        let key = attempt(payment);
        self.0.lock().unwrap().call(|books| match books.accounts.get(&key) {
            Some(Money::Held | Money::Captured) => {
                books.accounts.insert(key, Money::Captured);
                Captured::Done
            }
            _ => Captured::Failed,
        })
    }

    fn void(&self, payment: &Payment) -> Result<(), ProviderError> {
        let key = attempt(payment);
        self.0.lock().unwrap().call(|books| {
            let before = books.accounts.insert(key, Money::LetGo);
            assert_ne!(before, Some(Money::Captured), "{key:?}: let go of money that has moved");
        })
    }

    fn refund(&self, payment: &Payment) -> Result<(), ProviderError> {
        let key = attempt(payment);
        self.0.lock().unwrap().call(|books| {
            books.accounts.insert(key, Money::Refunded);
        })
    }

    fn card_form(&self) -> CardForm {
        Sandbox.card_form()
    }

    fn page(&self, request: &PageRequest<'_>) -> PageAnswer {
        Sandbox.page(request)
    }

    fn webhook(&self, webhook: &Webhook<'_>) -> Result<Vec<PaymentReport>, WebhookError> {
        Sandbox.webhook(webhook)
    }
}
