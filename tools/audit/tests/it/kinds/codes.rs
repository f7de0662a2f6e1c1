//! Facts about codes.

use floodgate_domain::CodeNumber;

use super::*;

pub(super) fn of_codes(fact: &Fact) -> Vec<Altered> {
    let more = |count: &mut u32| *count += 1;
    match fact {
        Fact::CodesMinted { .. } => vec![
            change!(fact, "another batch", CodesMinted, batch, |batch: &mut u16| *batch += 1),
            change!(fact, "another name", CodesMinted, label, |name: &mut String| name.push('!')),
            change!(fact, "another count", CodesMinted, count, more),
            change!(fact, "by another", CodesMinted, by, |by: &mut StaffId| by.0 += 1),
        ],
        Fact::CodeClaimed { .. } => vec![
            change!(fact, "another buyer", CodeClaimed, buyer, other_buyer),
            change!(fact, "another number", CodeClaimed, code, |code: &mut CodeNumber| {
                code.number += 1;
            }),
            change!(fact, "another batch", CodeClaimed, code, |code: &mut CodeNumber| {
                code.batch += 1;
            }),
        ],
        _ => Vec::new(),
    }
}
