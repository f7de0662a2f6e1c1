//! Alterations that leave a lawful log: what they say could have happened just so.
//!
//! Each has its reason, and the run says how many there were of each.

use floodgate_domain::fact::LeaveReason;
use floodgate_domain::{BuyerId, Fact, FactRecord};

use crate::alterations::Alteration;
use crate::run::Stored;

/// Why nobody can see an alteration; `None` if it has to be found.
pub(crate) fn reason(before: &Stored, alteration: &Alteration) -> Option<&'static str> {
    let fact = &before.facts[alteration.at];
    let next = before.facts.get(alteration.at + 1);
    if alteration.what.ends_with("exchanged with the next")
        && let Some(next) = next
        && has_no_order(fact, next)
    {
        return Some("things that end at the same instant have no order among them");
    }
    if alteration.what.ends_with(": missing") && next.is_none() {
        return Some("what is behind the last fact is still to be published");
    }
    if alteration.what.ends_with("of another command")
        && ends_by_itself(&fact.fact).is_some()
        && !is_let_go(before, alteration.at)
        && before.commands.get(fact.position.offset as usize + 1).map(|one| one.0) == Some(fact.at)
    {
        return Some("time promises an end soon, not with which command of the same instant");
    }
    None
}

/// Whether it is an announcement that goes out with its command, and not because its time has come.
fn is_let_go(before: &Stored, at: usize) -> bool {
    let (fact, last) = (&before.facts[at], at.checked_sub(1).map(|at| &before.facts[at]));
    let lets_go = |last: &FactRecord| {
        let is_it =
            matches!(last.fact, Fact::AnnouncementMade { .. } | Fact::AnnouncementSteered { .. });
        last.position.offset == fact.position.offset && is_it
    };
    matches!(fact.fact, Fact::AnnouncementStarted { .. }) && last.is_some_and(lets_go)
}

/// Whose it is, for what ends because of time, a cancellation, or because its owner leaves.
fn ends_by_itself(fact: &Fact) -> Option<(BuyerId, bool)> {
    match *fact {
        Fact::HoldExpired { buyer, .. }
        | Fact::OrderExpired { buyer, .. }
        | Fact::HoldReleased { buyer, .. }
        | Fact::OrderRefunded { buyer, .. } => Some((buyer, false)),
        Fact::ShopperLeft { buyer, reason: LeaveReason::PassExpired | LeaveReason::Idle } => {
            Some((buyer, true))
        }
        Fact::SeatsReturned { .. } | Fact::AnnouncementStarted { .. } => Some((BuyerId(0), false)),
        _ => None,
    }
}

/// Whoever has to leave because nothing is held any more leaves afterwards; nothing else of the same
/// command has an order.
fn has_no_order(one: &FactRecord, other: &FactRecord) -> bool {
    let ends = (ends_by_itself(&one.fact), ends_by_itself(&other.fact));
    let (Some((buyer, leaves)), Some((next, next_leaves))) = ends else { return false };
    let is_same = one.position.offset == other.position.offset;
    is_same && (buyer != next || leaves == next_leaves)
}
