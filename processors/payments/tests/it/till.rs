//! A provider whose answers a test decides, and the facts that make it be asked.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::wire::{decode_command, encode_fact};
use floodgate_domain::{
    ActionUrl, AuthorisedPayment, BuyerId, Command, Currency, EventId, Fact, FactPosition,
    FactRecord, HoldId, LogTime, PaymentAction, PaymentMethod, PaymentReference, SeatList,
};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_payments::web::{
    CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError,
};
use floodgate_payments::{Authorisation, Captured, Payment, Provider, ProviderError};
use floodgate_testkit::MemoryLog;

pub(crate) const EVENT: EventId = EventId(3);

/// Says yes to everything, unless a test asks otherwise.
#[derive(Debug, Default)]
pub(crate) struct Till(Mutex<State>, Condvar);

#[derive(Debug, Default)]
struct State {
    /// Whether calls about the method `slow` wait.
    is_shut: bool,
    /// Whether calls to capture are not answered, or answered with a no for good.
    captures: Captures,
    /// Calls by method that have begun.
    begun: HashMap<String, usize>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Captures {
    #[default]
    Done,
    Failed,
    Unanswered,
}

impl Till {
    pub(crate) fn shut() -> Arc<Self> {
        let till = Till::default();
        till.0.lock().unwrap().is_shut = true;
        Arc::new(till)
    }

    pub(crate) fn open(&self) {
        self.0.lock().unwrap().is_shut = false;
        self.1.notify_all();
    }

    pub(crate) fn capture_as(&self, captures: Captures) {
        self.0.lock().unwrap().captures = captures;
    }

    pub(crate) fn begun(&self, method: &str) -> usize {
        self.0.lock().unwrap().begun.get(method).copied().unwrap_or(0)
    }

    /// Waits until so many calls about a method have begun.
    pub(crate) fn until_begun(&self, method: &str, count: usize) {
        let state = self.0.lock().unwrap();
        let is_early = |state: &mut State| state.begun.get(method).copied().unwrap_or(0) < count;
        drop(self.1.wait_while(state, is_early).unwrap());
    }
}

pub(crate) fn reference(payment: &Payment) -> PaymentReference {
    PaymentReference::parse(&format!("till/{}/{}", payment.subject, payment.attempt)).unwrap()
}

impl Provider for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn moves_money(&self) -> bool {
        false
    }

    fn authorise(&self, payment: &Payment, _: LogTime) -> Result<Authorisation, ProviderError> {
        let method = payment.charge.map_or("none".to_owned(), |c| c.method.as_str().to_owned());
        let mut state = self.0.lock().unwrap();
        *state.begun.entry(method.clone()).or_default() += 1;
        self.1.notify_all();
        let waits = |state: &mut State| state.is_shut && method == "slow";
        drop(self.1.wait_while(state, waits).unwrap());
        match method.as_str() {
            "panics" => panic!("as a test asked for"),
            "asks" => {
                let url = ActionUrl::parse("https://bank.example/asks").unwrap();
                let action = PaymentAction { reference: reference(payment), url };
                Ok(Authorisation::ActionRequired(action))
            }
            _ => {
                let (reference, capture_before) = (reference(payment), None);
                Ok(Authorisation::Authorised(AuthorisedPayment { reference, capture_before }))
            }
        }
    }

    fn capture(&self, _: &Payment) -> Result<Captured, ProviderError> {
        match self.0.lock().unwrap().captures {
            Captures::Done => Ok(Captured::Done),
            Captures::Failed => Ok(Captured::Failed),
            Captures::Unanswered => Err(ProviderError::new("as a test asked for")),
        }
    }

    fn void(&self, _: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }

    fn refund(&self, _: &Payment) -> Result<(), ProviderError> {
        Ok(())
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
}

/// A fact behind those that are there.
pub(crate) fn publish(log: &MemoryLog, at: u64, fact: Fact) {
    let offset = log.end(Topic::Ledger, 0).unwrap();
    let position = FactPosition { offset, index: 0 };
    let record = FactRecord { position, at: LogTime(at), event_id: EVENT, fact };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("evt", value)]).wait().unwrap();
}

pub(crate) fn purchase(log: &MemoryLog, number: u64, method: &str) {
    let fact = Fact::PurchaseStarted {
        hold_id: HoldId(number),
        buyer: BuyerId(1),
        method: PaymentMethod::parse(method).unwrap(),
        amount: 100,
        currency: Currency::default(),
        attempt: 1,
        until: LogTime(u64::MAX / 2),
    };
    publish(log, 1, fact);
}

pub(crate) fn confirmed(log: &MemoryLog, number: u64, capture_before: Option<LogTime>) {
    let reference = PaymentReference::parse("till").unwrap();
    let fact = Fact::OrderConfirmed {
        hold_id: HoldId(number),
        buyer: BuyerId(1),
        seats: SeatList::new(),
        amount: 100,
        attempt: 1,
        kept: SeatsKept::Held,
        payment: AuthorisedPayment { reference, capture_before },
    };
    publish(log, 2, fact);
}

/// The commands so far, in short.
pub(crate) fn commands(log: &MemoryLog) -> Vec<(&'static str, u64)> {
    let read = |value: &[u8]| {
        let command = decode_command(value).unwrap().command;
        (command.name(), command.hold_id().unwrap().0)
    };
    log.records(Topic::Commands, 0).iter().map(|record| read(&record.value)).collect()
}

/// Whom the provider holds money of, as far as a reader of the commands has read.
pub(crate) fn paid(command: Command) -> u64 {
    match command {
        Command::PaymentAuthorised { hold_id, .. } => hold_id.0,
        other => panic!("{other:?}"),
    }
}
