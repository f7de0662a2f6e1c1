//! Codes of a presale that are minted and claimed.

use crate::ids::BuyerId;
use crate::presale::CodeNumber;

/// What becomes of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodesMove<'a> {
    /// A batch has so many more; an empty label leaves its name.
    Minted { batch: u16, label: &'a str, count: u32 },
    /// It is this buyer's, and with it a way into the presale.
    Claimed { buyer: BuyerId, code: CodeNumber },
}
