//! Rows of the waiting room: the line, the shop, and what people share about themselves.

use super::PUBLIC;
use crate::cohort::Cohort;
use crate::effects::{CohortMove, Concerns, Effects, LineMove, ReleaseMove, ShopMove, Visibility};
use crate::fact::{Fact, LeaveReason};
use crate::ids::{BuyerId, LogTime, Place};
use crate::line::Frontier;

pub(super) fn reserved(first: Place, count: u32) -> Effects<'static> {
    Effects { line: Some(LineMove::Reserved { first, count }), ..PUBLIC }
}

pub(super) fn called(below: Frontier) -> Effects<'static> {
    Effects { line: Some(LineMove::Called { below }), ..PUBLIC }
}

pub(super) fn awaited(buyer: BuyerId, place: Place) -> Effects<'static> {
    let concerns = Concerns::Buyer(buyer, None);
    Effects { line: Some(LineMove::Awaited { buyer, place }), concerns, ..PUBLIC }
}

pub(super) fn entered(
    buyer: BuyerId,
    place: Place,
    (until, idle_until): (LogTime, Option<LogTime>),
) -> Effects<'static> {
    let shop = Some(ShopMove::Entered { buyer, place, until, idle_until });
    Effects { shop, concerns: Concerns::Buyer(buyer, None), ..PUBLIC }
}

/// Internal: when somebody was at their screen is nobody else's business.
pub(super) fn stayed(buyer: BuyerId, until: LogTime) -> Effects<'static> {
    let (visibility, concerns) = (Visibility::Internal, Concerns::Buyer(buyer, None));
    Effects { visibility, shop: Some(ShopMove::Stayed { buyer, until }), concerns, ..PUBLIC }
}

pub(super) fn left(buyer: BuyerId, reason: LeaveReason) -> Effects<'static> {
    Effects {
        shop: Some(ShopMove::Left { buyer, reason }),
        reason: Some(reason.code()),
        concerns: Concerns::Buyer(buyer, None),
        ..PUBLIC
    }
}

pub(super) fn cooling(buyer: BuyerId, until: LogTime) -> Effects<'static> {
    let concerns = Concerns::Buyer(buyer, None);
    Effects { shop: Some(ShopMove::Cooling { buyer, until }), concerns, ..PUBLIC }
}

/// Who is counted, and tables of that.
pub(super) fn count(fact: &Fact) -> Effects<'_> {
    if let Fact::AudienceReleased { number, spent_micros, release } = fact {
        let of = ReleaseMove { number: *number, spent_micros: *spent_micros, release };
        // Internal: it has the seed of the noise.
        return Effects { visibility: Visibility::Internal, release: Some(of), ..PUBLIC };
    }
    if let Fact::CohortJoined { cohort } = fact {
        return of_cohort(*cohort, 1);
    }
    let Fact::CohortLeft { cohort } = fact else { return PUBLIC };
    of_cohort(*cohort, -1)
}

/// Internal, and it concerns nobody: beside the public facts of one person's purchase it would
/// say which cohort that person is in.
fn of_cohort(cohort: Cohort, change: i8) -> Effects<'static> {
    let visibility = Visibility::Internal;
    Effects { visibility, cohort: Some(CohortMove { cohort, change }), ..PUBLIC }
}
