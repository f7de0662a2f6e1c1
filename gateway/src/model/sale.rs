//! What changes the phase of a sale.

use serde::Deserialize;
use utoipa::ToSchema;

/// Why a phase changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PhaseChange {
    /// Why; kept in the log together with who did it. At most 500 bytes.
    pub(crate) reason: String,
}
