//! Rows of codes.

use super::PUBLIC;
use crate::effects::{CodesMove, Concerns, Effects, Visibility};
use crate::fact::Fact;
use crate::ids::{BuyerId, StaffId};
use crate::presale::CodeNumber;

/// The rows of both.
pub(super) fn of_codes(fact: &Fact) -> Effects<'_> {
    if let Fact::CodesMinted { batch, label, count, by } = fact {
        return minted(*batch, label, *count, *by);
    }
    let Fact::CodeClaimed { buyer, code } = fact else { return PUBLIC };
    claimed(*buyer, *code)
}

fn minted(batch: u16, label: &str, count: u32, by: StaffId) -> Effects<'_> {
    let codes = Some(CodesMove::Minted { batch, label, count });
    Effects { codes, by: Some(by), ..PUBLIC }
}

/// Internal: which club or card somebody got a code by is nobody else's business.
fn claimed(buyer: BuyerId, code: CodeNumber) -> Effects<'static> {
    let (visibility, concerns) = (Visibility::Internal, Concerns::Buyer(buyer, None));
    let codes = Some(CodesMove::Claimed { buyer, code });
    Effects { visibility, codes, concerns, ..PUBLIC }
}
