//! Passkeys, as browsers and pages hand them over: bytes in base64url without padding.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A passkey of the person who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownPasskey {
    #[schema(example = "00c0ffee00c0ffee")]
    pub(crate) passkey_id: String,
    /// The browser it was made in.
    #[schema(example = "Firefox on Android")]
    pub(crate) label: String,
    #[schema(format = DateTime)]
    pub(crate) since: String,
    /// When it last signed in.
    #[schema(format = DateTime)]
    pub(crate) used_at: String,
}

/// The passkeys of the person who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    pub(crate) passkeys: Vec<ShownPasskey>,
}

/// What a passkey is made with: discoverable, with its user verified, attestation `none`,
/// algorithms -7, -8 and -257.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyOptions {
    pub(crate) challenge: String,
    /// The relying party's id.
    #[schema(example = "tickets.example")]
    pub(crate) host: String,
    /// What the authenticator calls this person.
    pub(crate) user_handle: String,
    /// Credentials they have already.
    pub(crate) known: Vec<String>,
}

/// A passkey that was made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskeyBody {
    /// `response.clientDataJSON`.
    #[schema(max_length = 8192)]
    pub(crate) client_data: String,
    /// `response.attestationObject`.
    #[schema(max_length = 16384)]
    pub(crate) attestation: String,
    /// en or de, for messages to somebody who has left no address before.
    pub(crate) language: Option<String>,
    /// Name in the IANA time zone database, likewise.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
}

/// What a passkey signs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyQuestion {
    pub(crate) challenge: String,
    /// The relying party's id.
    #[schema(example = "tickets.example")]
    pub(crate) host: String,
}

/// A signature of a passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignIn {
    /// Its id, `rawId`.
    #[schema(max_length = 1400)]
    pub(crate) credential: String,
    /// `response.clientDataJSON`.
    #[schema(max_length = 8192)]
    pub(crate) client_data: String,
    /// `response.authenticatorData`.
    #[schema(max_length = 8192)]
    pub(crate) authenticator_data: String,
    /// `response.signature`.
    #[schema(max_length = 2048)]
    pub(crate) signature: String,
}
