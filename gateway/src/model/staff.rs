//! Staff, as identified by their key.

use serde::Serialize;
use utoipa::ToSchema;

/// Whose key this is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffMe {
    /// How changes refer to the user of this key.
    #[schema(example = "stf_0000000000001")]
    pub(crate) staff_id: String,
    /// manager, operator, artist or advertiser.
    #[schema(example = "manager")]
    pub(crate) role: &'static str,
}
