//! When a sale opens and closes by itself.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::details::{EventDetails, SaleTimes};
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::LogTime;

use crate::decide::Context;
use crate::event::Event;
use crate::version::SALES_HAVE_TIMES;

/// Whether an event that was at `before` may say this of itself.
pub(in crate::decide) fn times_can_be(
    context: Context,
    details: &EventDetails,
    (before, phase): (SaleTimes, SalePhase),
) -> bool {
    let times = details.sale_times();
    let is_announced = phase == SalePhase::Announced;
    let may_follow = times.may_follow(before, context.now, is_announced);
    let has_times = times != SaleTimes::default();
    details.check().is_ok()
        && may_follow.is_ok()
        && (context.follows(SALES_HAVE_TIMES) || !has_times)
}

/// What becomes of a sale at `at`, one of its times. One that was moved, or came after somebody had
/// turned the phase by hand, changes nothing.
pub(in crate::decide) fn turn_at(event: &Event, at: LogTime) -> Option<Fact> {
    let SaleTimes { opens_at, closes_at } = event.sale_times;
    match event.phase {
        SalePhase::Announced if opens_at == Some(at) => Some(Fact::SaleOpened),
        SalePhase::Announced | SalePhase::Open | SalePhase::Paused if closes_at == Some(at) => {
            Some(Fact::SaleClosed)
        }
        _ => None,
    }
}
