//! What a hold asks for.

use serde::Deserialize;
use utoipa::ToSchema;

/// A seat by its number in the plan, or by name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SeatName {
    Number(u32),
    /// `section/row/seat`
    Name(String),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    /// How many, together.
    #[schema(example = 2)]
    pub(crate) count: u8,
    /// Names of price categories; any when absent.
    #[serde(default)]
    pub(crate) categories: Vec<String>,
}

/// Either `seats` or `best`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acquire {
    #[serde(default)]
    pub(crate) seats: Vec<SeatName>,
    pub(crate) best: Option<Best>,
    /// Needed for wheelchair spaces and the seats beside them.
    #[serde(default)]
    pub(crate) accessible: bool,
}
