//! Secrets: from files or the environment, never shown.

use std::path::Path;

use super::StripeError;

/// A text that no log and no error shows.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Secret(text.to_owned())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret")
    }
}

/// Secrets of an endpoint at once: one, and the next while it is rotated. More would only widen what
/// a lost one opens.
const SECRETS_MAX: usize = 2;

/// The key of the account.
pub(super) fn secret(file: &Path, variable: &str) -> Result<Secret, StripeError> {
    let text = text(file, variable)?;
    let key = text.trim();
    if key.starts_with("sk_") || key.starts_with("rk_") {
        return Ok(Secret::new(key));
    }
    let expected = "it begins with sk_ or rk_, see payments.stripe.secret_key_file";
    Err(StripeError::Secret(format!("{}: {expected}", source(file, variable))))
}

/// The secrets of the webhook endpoint.
pub(super) fn secrets(file: &Path, variable: &str) -> Result<Vec<Secret>, StripeError> {
    let text = text(file, variable)?;
    let all = text.split([',', '\n']).map(str::trim).filter(|secret| !secret.is_empty());
    let secrets: Vec<Secret> = all.map(Secret::new).collect();
    if secrets.len() > SECRETS_MAX || secrets.iter().any(|s| !s.expose().starts_with("whsec_")) {
        let expected = format!("at most {SECRETS_MAX} secrets, each beginning with whsec_");
        return Err(StripeError::Secret(format!("{}: {expected}", source(file, variable))));
    }
    Ok(secrets)
}

fn text(file: &Path, variable: &str) -> Result<String, StripeError> {
    if file.as_os_str().is_empty() {
        return Ok(std::env::var(variable).unwrap_or_default());
    }
    let unreadable = |error| StripeError::Secret(format!("{}: {error}", file.display()));
    std::fs::read_to_string(file).map_err(unreadable)
}

fn source(file: &Path, variable: &str) -> String {
    if file.as_os_str().is_empty() { variable.to_owned() } else { file.display().to_string() }
}
