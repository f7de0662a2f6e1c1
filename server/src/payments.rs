//! The payment provider that the settings name. Another one is a match arm here.

use std::sync::Arc;

use floodgate_config::{PaymentsProvider, Settings};
use floodgate_payments::stripe::{Stripe, StripeError, StripeOptions};
use floodgate_payments::{Provider, Sandbox};

/// Why a process does not start with the provider it was given.
#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error(
        "payments.provider = \"{0}\" moves no money: it sells tickets for test cards. Name a real one; \
        for trying things out, allow it with --allow-sandbox or payments.allow_sandbox = true"
    )]
    MovesNoMoney(&'static str),
    #[error(transparent)]
    Stripe(#[from] StripeError),
}

/// The provider, if there is one.
pub fn open_provider(settings: &Settings) -> Result<Option<Arc<dyn Provider>>, PaymentsError> {
    let provider: Arc<dyn Provider> = match settings.payments.provider {
        PaymentsProvider::None => return Ok(None),
        PaymentsProvider::Sandbox => Arc::new(Sandbox),
        PaymentsProvider::Stripe => Arc::new(stripe(settings)?),
    };
    if provider.moves_money() || settings.payments.allow_sandbox {
        return Ok(Some(provider));
    }
    Err(PaymentsError::MovesNoMoney(provider.name()))
}

fn stripe(settings: &Settings) -> Result<Stripe, StripeError> {
    let (payments, account) = (&settings.payments, &settings.payments.stripe);
    Stripe::open(&StripeOptions {
        api: account.api.clone(),
        secret_key_file: account.secret_key_file.clone(),
        webhook_secrets_file: account.webhook_secrets_file.clone(),
        publishable_key: account.publishable_key.clone(),
        public_url: payments.public_url.clone(),
    })
}
