//! What staff may do with seats by hand, and how a refund says why.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::house::{Refund, RefundReason, RefundWhy};
use floodgate_domain::ids::StaffId;
use floodgate_domain::refusal::Refusal;

use crate::decide::Context;
use crate::event::Event;
use crate::version::{HOUSE_SEATS, REFUNDS_SAY_WHY};

/// In every phase but after a cancellation, when nothing is anybody's any more.
pub(in crate::decide) fn may_change(event: &Event, context: Context) -> Result<(), Refusal> {
    context.staff()?;
    if !context.follows(HOUSE_SEATS) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if event.phase == SalePhase::Cancelled { Err(Refusal::EventCancelled) } else { Ok(()) }
}

/// What a refund says of itself, where the rules in force write that down. Who names no reason has
/// one that nobody need know: the buyer reads it, and nothing untrue must stand there.
pub(in crate::decide) fn refund(context: Context, why: Option<&RefundWhy>) -> Option<Box<Refund>> {
    let other = || RefundWhy { reason: RefundReason::Other, note: String::new() };
    context.follows(REFUNDS_SAY_WHY).then(|| {
        let why = why.cloned().unwrap_or_else(other);
        Box::new(Refund { why, by: context.staff_id() })
    })
}

/// The same where a cancelled event gives everything back.
pub(in crate::decide) fn refund_of_cancelled(context: Context) -> Option<Box<Refund>> {
    context.follows(REFUNDS_SAY_WHY).then(|| {
        let why = RefundWhy { reason: RefundReason::EventCancelled, note: String::new() };
        Box::new(Refund { why, by: StaffId::SYSTEM })
    })
}
