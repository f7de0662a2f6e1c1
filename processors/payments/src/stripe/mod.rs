//! Stripe, with PaymentIntents that are captured manually.
//!
//! An attempt is one intent: created under the attempt's name, confirmed, and captured once the log
//! has the sale. A process that died in between finds it again, because creating it under the
//! same name returns the same one. Start at [`intent`]; `api` is the wire, `webhook` what comes in.

mod api;
mod dispute;
mod intent;
mod page;
mod secrets;
mod webhook;

use std::path::PathBuf;
use std::time::Duration;

use floodgate_domain::{ActionUrl, LogTime, PaymentAction};

use self::api::{Api, Budget, Reply};
use self::intent::{Form, Intent, Status};
use self::secrets::{secret, secrets};
use self::webhook::About;
use crate::error::ProviderError;
use crate::provider::{Authorisation, Captured, Charge, Payment, Provider};
use crate::web::{
    CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError, way_back,
};

/// Without webhooks an answer is only found by asking; with them asking is for those that got lost.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const ASK_AGAIN_WITH_WEBHOOKS: Duration = Duration::from_secs(30);

/// What it takes to use an account.
#[derive(Debug, Clone)]
pub struct StripeOptions {
    /// `https://api.stripe.com`, or a test server on loopback.
    pub api: String,
    /// A file with a key that may write PaymentIntents and Refunds; empty takes `STRIPE_SECRET_KEY`.
    pub secret_key_file: PathBuf,
    /// A file with the secrets of the webhook endpoint, one a line, two while they are rotated; empty
    /// takes `STRIPE_WEBHOOK_SECRETS`, separated by commas. None at all refuses every webhook.
    pub webhook_secrets_file: PathBuf,
    /// The key pages have; it is no secret.
    pub publishable_key: String,
    /// Where buyers reach this installation.
    pub public_url: String,
}

/// Why an account cannot be used as it is described.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    #[error("{0}")]
    Secret(String),
    #[error("payments.stripe.api = \"{0}\": it must be https, or http on loopback for tests")]
    Api(String),
    #[error("payments.stripe.publishable_key: it begins with pk_ and has the secret key's mode")]
    PublishableKey,
    #[error("payments.public_url is needed: Stripe sends buyers back there from their bank")]
    PublicUrl,
}

/// An account at Stripe.
#[derive(Debug)]
pub struct Stripe {
    api: Api,
    webhook_secrets: Vec<secrets::Secret>,
    publishable_key: String,
    public_url: String,
}

impl Stripe {
    /// Asks nothing yet; an error says what in the options cannot be.
    pub fn open(options: &StripeOptions) -> Result<Self, StripeError> {
        let StripeOptions { api, publishable_key, public_url, .. } = options;
        let key = secret(&options.secret_key_file, "STRIPE_SECRET_KEY")?;
        let webhook_secrets = secrets(&options.webhook_secrets_file, "STRIPE_WEBHOOK_SECRETS")?;
        let is_key = publishable_key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let mode = |key: &str| key.contains("_live_");
        let same_mode = mode(publishable_key) == mode(key.expose());
        if !publishable_key.starts_with("pk_") || !is_key || !same_mode {
            return Err(StripeError::PublishableKey);
        }
        if public_url.is_empty() {
            return Err(StripeError::PublicUrl);
        }
        if webhook_secrets.is_empty() {
            tracing::warn!("no webhook secrets: late answers of Stripe are only found by polling");
        }
        let api = Api::new(api, key).ok_or_else(|| StripeError::Api(api.clone()))?;
        let (publishable_key, public_url) = (publishable_key.clone(), public_url.clone());
        Ok(Stripe { api, webhook_secrets, publishable_key, public_url })
    }

    /// The intent of an attempt, made if there is none: it is not confirmed yet, and moves no money.
    /// `None` where Stripe does not take what the buyer gave.
    fn intent_of(
        &self,
        payment: &Payment,
        charge: Charge,
        budget: Budget,
    ) -> Result<Option<Intent>, ProviderError> {
        let form = Form::create(payment, charge);
        let key = payment.idempotency_key("create");
        match self.api.post("/v1/payment_intents", &form, &key, budget)? {
            Reply::Done { body, .. } => Intent::read(&body).map(Some),
            Reply::Refused(refusal) if refusal.is_the_buyers() => Ok(None),
            Reply::Refused(refusal) => Err(refusal.unexpected("create")),
        }
    }

    fn read(&self, id: &str, budget: Budget) -> Result<Intent, ProviderError> {
        match self.api.get(&format!("{}?expand[]=latest_charge", path(id, "")?), budget)? {
            Reply::Done { body, .. } => Intent::read(&body),
            Reply::Refused(refusal) => Err(refusal.unexpected("read")),
        }
    }

    /// Confirms an intent, or finds out what became of it; `None` is the bank's no.
    fn confirmed(
        &self,
        payment: &Payment,
        id: &str,
        budget: Budget,
    ) -> Result<Option<Intent>, ProviderError> {
        let back = format!("{}{}", self.public_url, way_back(payment.subject));
        let key = payment.idempotency_key("confirm");
        match self.api.post(&path(id, "/confirm")?, &Form::confirm(&back), &key, budget)? {
            // What was answered the first time need not be so any more.
            Reply::Done { is_replayed: true, .. } => self.read(id, budget).map(Some),
            Reply::Done { body, .. } => Intent::read(&body).map(Some),
            Reply::Refused(refusal) if refusal.is_the_buyers() => Ok(None),
            // Confirmed already, as somebody who died then did not get to know.
            Reply::Refused(refusal) => {
                let intent = self.read(id, budget)?;
                match intent.status {
                    Status::RequiresConfirmation => Err(refusal.unexpected("confirm")),
                    _ => Ok(Some(intent)),
                }
            }
        }
    }

    /// Cancels an intent that is not captured; what is captured is given back.
    fn release(&self, payment: &Payment, id: &str, budget: Budget) -> Result<(), ProviderError> {
        let key = payment.idempotency_key("cancel");
        match self.api.post(&path(id, "/cancel")?, &Form::default(), &key, budget)? {
            Reply::Done { .. } => Ok(()),
            Reply::Refused(refusal) => match self.read(id, budget)?.status {
                Status::Canceled => Ok(()),
                Status::Succeeded => self.give_back(payment, id, budget),
                _ => Err(refusal.unexpected("cancel")),
            },
        }
    }

    fn give_back(&self, payment: &Payment, id: &str, budget: Budget) -> Result<(), ProviderError> {
        let key = payment.idempotency_key("refund");
        match self.api.post("/v1/refunds", &Form::refund(payment, id), &key, budget)? {
            Reply::Done { .. } => Ok(()),
            Reply::Refused(refusal) if refusal.code == "charge_already_refunded" => Ok(()),
            Reply::Refused(refusal) => Err(refusal.unexpected("refund")),
        }
    }

    /// How an intent stands, as an answer to whoever asked for the money.
    fn standing(
        &self,
        payment: &Payment,
        charge: Charge,
        intent: Intent,
        budget: Budget,
    ) -> Result<Authorisation, ProviderError> {
        intent.is_for(payment, charge)?;
        Ok(match intent.status {
            Status::RequiresCapture | Status::Succeeded => {
                Authorisation::Authorised(intent.authorised())
            }
            Status::RequiresAction => match intent.action_url.as_deref().and_then(ActionUrl::parse)
            {
                Some(url) => Authorisation::ActionRequired(PaymentAction {
                    reference: intent.reference,
                    url,
                }),
                // What only a script of theirs could do cannot be done here: another card may.
                None => {
                    tracing::warn!(
                        reference = intent.reference.as_str(),
                        "no way to act for a buyer"
                    );
                    self.release(payment, intent.reference.as_str(), budget)?;
                    Authorisation::Declined
                }
            },
            Status::RequiresPaymentMethod | Status::Canceled => Authorisation::Declined,
            Status::Processing | Status::RequiresConfirmation => {
                Authorisation::Open(Some(intent.reference))
            }
        })
    }
}

/// The address of an intent. Its id comes from the log or from Stripe, and is part of a path here.
fn path(id: &str, operation: &str) -> Result<String, ProviderError> {
    let is_id = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if id.starts_with("pi_") && is_id {
        return Ok(format!("/v1/payment_intents/{id}{operation}"));
    }
    Err(ProviderError::new(format!("{id} is no PaymentIntent: was it another provider's?")))
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn moves_money(&self) -> bool {
        self.api.is_live()
    }

    fn authorise(&self, payment: &Payment, _now: LogTime) -> Result<Authorisation, ProviderError> {
        let budget = Budget::start();
        let charge = payment.charge.ok_or_else(|| ProviderError::new("nothing to charge"))?;
        let mut intent = match &payment.reference {
            Some(reference) => self.read(reference.as_str(), budget)?,
            None => match self.intent_of(payment, charge, budget)? {
                Some(intent) => intent,
                None => return Ok(Authorisation::Declined),
            },
        };
        if intent.status == Status::RequiresConfirmation {
            match self.confirmed(payment, intent.reference.as_str(), budget)? {
                Some(confirmed) => intent = confirmed,
                None => return Ok(Authorisation::Declined),
            }
        }
        self.standing(payment, charge, intent, budget)
    }

    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError> {
        let budget = Budget::start();
        let reference = payment.reference.as_ref();
        let id = reference.ok_or_else(|| ProviderError::new("no intent to capture"))?.as_str();
        let key = payment.idempotency_key("capture");
        let (intent, refusal) =
            match self.api.post(&path(id, "/capture")?, &Form::default(), &key, budget)? {
                Reply::Done { body, .. } => (Intent::read(&body)?, None),
                // Captured before, or gone: the intent itself says which.
                Reply::Refused(refusal) => (self.read(id, budget)?, Some(refusal)),
            };
        match intent.status {
            Status::Succeeded => Ok(Captured::Done),
            Status::Canceled | Status::RequiresPaymentMethod => Ok(Captured::Failed),
            other => Err(match refusal {
                Some(refusal) => refusal.unexpected("capture"),
                None => ProviderError::new(format!("captured, and then {other:?}")),
            }),
        }
    }

    fn void(&self, payment: &Payment) -> Result<(), ProviderError> {
        let budget = Budget::start();
        let id = match (&payment.reference, payment.charge) {
            (Some(reference), _) => reference.as_str().to_owned(),
            // Whether it was ever made is not known; made now under the same name, it is the same.
            (None, Some(charge)) => match self.intent_of(payment, charge, budget)? {
                Some(intent) => intent.reference.as_str().to_owned(),
                None => return Ok(()),
            },
            (None, None) => return Ok(()),
        };
        self.release(payment, &id, budget)
    }

    fn refund(&self, payment: &Payment) -> Result<(), ProviderError> {
        let budget = Budget::start();
        let reference = payment.reference.as_ref();
        let id = reference.ok_or_else(|| ProviderError::new("no intent to refund"))?.as_str();
        match self.read(id, budget)?.status {
            Status::Succeeded => self.give_back(payment, id, budget),
            Status::Canceled => Ok(()),
            _ => self.release(payment, id, budget),
        }
    }

    fn ask_again_max(&self) -> Duration {
        if self.webhook_secrets.is_empty() { ASK_AGAIN } else { ASK_AGAIN_WITH_WEBHOOKS }
    }

    fn card_form(&self) -> CardForm {
        CardForm::Page("card")
    }

    fn page(&self, request: &PageRequest<'_>) -> PageAnswer {
        page::answer(&self.publishable_key, request)
    }

    fn webhook(&self, webhook: &Webhook<'_>) -> Result<Vec<PaymentReport>, WebhookError> {
        let Some(about) = webhook::about(webhook, &self.webhook_secrets)? else {
            return Ok(Vec::new());
        };
        // What an event says may be old by now, or come before what happened first. So it is taken
        // as a hint, and Stripe is asked how the intent or the dispute stands.
        let budget = Budget::start();
        let report = match about {
            About::Intent(id) => self.read(&id, budget)?.report(),
            About::Dispute(id) => {
                let dispute = match self.api.get(&dispute::path(&id)?, budget)? {
                    Reply::Done { body, .. } => body,
                    Reply::Refused(refusal) => return Err(refusal.unexpected("dispute").into()),
                };
                let Some((id, result)) = dispute::standing(&dispute) else { return Ok(Vec::new()) };
                self.read(id, budget)?.reported(result)
            }
        };
        Ok(report.into_iter().collect())
    }
}
