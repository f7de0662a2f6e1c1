//! What the door asks for.

use serde::Serialize;
use utoipa::ToSchema;

/// What the door asks for. With `required` false, join without anything.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DoorAnswer {
    pub(crate) required: bool,
    /// 0 means no work; each level doubles it.
    pub(crate) level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asks: Option<PuzzleChallenge>,
}

/// A challenge. To solve it: let seed be the SHA-256 of `challenge` as ASCII. For each part from
/// 0, find a 32-bit number for which SHA-256 of seed, part and number (both as four bytes, most
/// significant first) begins with `bits` zero bits. The solution is the numbers, four bytes each,
/// as base64url without padding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PuzzleChallenge {
    /// Send it with the join, as it is.
    pub(crate) challenge: String,
    /// work: solve it. wait: send it after `wait_ms`, without a solution.
    #[schema(example = "work")]
    pub(crate) kind: &'static str,
    pub(crate) parts: u8,
    pub(crate) bits: u8,
    /// 0 for work.
    pub(crate) wait_ms: u64,
    pub(crate) expires_at: String,
    /// The device it is for. Send as Floodgate-Device from now on; browsers have it as a cookie.
    pub(crate) device: String,
}
