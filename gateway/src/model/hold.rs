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
    /// Names of price categories; any when absent. Where no category has so many together, they may
    /// be seats of several that touch.
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// The most that all of them may cost, in minor units and with all fees; any price when absent.
    #[schema(example = 12_000)]
    pub(crate) amount_max: Option<u64>,
}

/// Either `seats` or `best`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acquire {
    #[serde(default)]
    pub(crate) seats: Vec<SeatName>,
    pub(crate) best: Option<Best>,
    /// Needed for wheelchair spaces and the seats beside them. With `best`, one wheelchair space at
    /// least is among them, and companions' seats beside it.
    #[serde(default)]
    pub(crate) accessible: bool,
}
