//! Ways to sign in, and what comes of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{ApiError, Code};

/// The ways that are offered beside a link by e-mail; absent are those that are not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInWays {
    pub(crate) staff: Option<SignInWay>,
    pub(crate) fans: Option<SignInWay>,
    pub(crate) passkeys: bool,
}

/// A provider of identities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInWay {
    /// As a button says it.
    #[schema(example = "Example ID")]
    pub(crate) name: String,
}

/// Who wants to be sent to their provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskProvider {
    /// staff or fan.
    #[schema(example = "fan")]
    pub(crate) who: String,
    /// The page to go on with afterwards; /me where it is absent.
    #[schema(example = "/me", max_length = 200)]
    pub(crate) back: Option<String>,
    /// Whether the fan agrees that the address which the provider has made sure of is kept, for
    /// messages about orders and what they follow.
    #[serde(default)]
    pub(crate) keep_address: bool,
}

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderWay {
    pub(crate) location: String,
}

/// What the provider sent the browser back with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderReturn {
    #[schema(max_length = 4096)]
    pub(crate) code: String,
    #[schema(max_length = 64)]
    pub(crate) state: String,
    /// The provider's name for itself, where it was there.
    #[schema(max_length = 512)]
    pub(crate) iss: Option<String>,
    /// en or de, for messages to somebody who comes for the first time.
    pub(crate) language: Option<String>,
    /// Name in the IANA time zone database, likewise.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
}

/// Somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedInAnswer {
    /// signed_in.
    pub(crate) state: &'static str,
    /// The page to go on with.
    pub(crate) back: String,
    /// What staff may do.
    pub(crate) role: Option<&'static str>,
    /// Whether the address of a fan is kept.
    pub(crate) address_kept: Option<bool>,
}

/// Numbers that are names: sixteen digits.
pub(crate) fn hex(number: u64) -> String {
    format!("{number:016x}")
}

/// Reads such a name.
pub(crate) fn number(name: &'static str, text: &str) -> Result<u64, ApiError> {
    let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(text, 16).ok().filter(|_| is_plain);
    number.ok_or_else(|| ApiError::new(Code::InvalidId).field(name, "sixteen hex digits"))
}
