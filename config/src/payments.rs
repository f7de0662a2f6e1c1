//! Settings of payments: the provider, and what any provider needs.

use std::path::PathBuf;

use serde::Deserialize;

use crate::InvalidSetting;
use crate::units::HumanDuration;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsSettings {
    pub provider: PaymentsProvider,
    pub allow_sandbox: bool,
    pub calls_max: usize,
    pub public_url: String,
    pub seller: Vec<String>,
    pub vat_basis_points: u32,
    pub patience: HumanDuration,
    pub late_window: HumanDuration,
    pub stripe: StripeAccount,
}

/// An account at Stripe; empty files take secrets from the environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeAccount {
    pub api: String,
    pub secret_key_file: PathBuf,
    pub webhook_secrets_file: PathBuf,
    pub publishable_key: String,
}

/// The kinds of payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentsProvider {
    Sandbox,
    Stripe,
    None,
}

impl PaymentsSettings {
    pub(crate) fn violations(&self) -> Vec<InvalidSetting> {
        let mut found = Vec::new();
        if !(1..=1024).contains(&self.calls_max) {
            let value = self.calls_max.to_string();
            found.push(("payments.calls_max", value, "between 1 and 1024; each takes a thread"));
        }
        let url = &self.public_url;
        let is_origin = url.starts_with("https://") || url.starts_with("http://");
        if !url.is_empty() && (!is_origin || url.ends_with('/') || !url.is_ascii()) {
            let fix = "an address such as https://tickets.example, without a slash at its end";
            found.push(("payments.public_url", url.clone(), fix));
        }
        let is_line = |line: &String| (1..=100).contains(&line.chars().count());
        if self.seller.len() > 8 || !self.seller.iter().all(is_line) {
            let fix = "up to 8 lines of 1 to 100 characters: name, address, tax number";
            found.push(("payments.seller", self.seller.join(" / "), fix));
        }
        if self.vat_basis_points > 5_000 {
            let value = self.vat_basis_points.to_string();
            let fix = "at most 5000, which is 50 %: hundredths of a percent";
            found.push(("payments.vat_basis_points", value, fix));
        }
        found
    }
}
