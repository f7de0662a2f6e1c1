//! When a presale begins, and a sale opens and closes by itself.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::details::{EventDetails, Look, SaleTimes};
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::LogTime;

use crate::decide::Context;
use crate::event::Event;
use crate::version::{EVENTS_HAVE_LOOKS, EVENTS_HAVE_PICTURES, PRESALE, SALES_HAVE_TIMES};

/// Whether the rules in force know all that these details say: an older build could not read them.
pub(in crate::decide) fn are_known(context: Context, details: &EventDetails) -> bool {
    (context.follows(EVENTS_HAVE_PICTURES) || details.picture.is_none())
        && (context.follows(EVENTS_HAVE_LOOKS) || details.look == Look::default())
}

/// Whether an event that was at `before` may say this of itself.
pub(in crate::decide) fn times_can_be(
    context: Context,
    details: &EventDetails,
    (before, phase): (SaleTimes, SalePhase),
) -> bool {
    let times = details.sale_times();
    let may_follow = times.may_follow(before, context.now, phase);
    let has_times = times != SaleTimes::default();
    let has_presale = details.announced_at.or(details.presale_at).is_some();
    details.check().is_ok()
        && may_follow.is_ok()
        && (context.follows(SALES_HAVE_TIMES) || !has_times)
        && (context.follows(PRESALE) || !has_presale)
}

/// What becomes of a sale at `at`, one of its times. One that was moved, or came after somebody had
/// turned the phase by hand, changes nothing.
pub(in crate::decide) fn turn_at(event: &Event, at: LogTime) -> Option<Fact> {
    let SaleTimes { presale_at, opens_at, closes_at } = event.sale_times;
    match event.phase {
        SalePhase::Announced if presale_at == Some(at) => Some(Fact::PresaleOpened),
        SalePhase::Announced | SalePhase::Presale if opens_at == Some(at) => Some(Fact::SaleOpened),
        SalePhase::Closed | SalePhase::Cancelled => None,
        _ => (closes_at == Some(at)).then_some(Fact::SaleClosed),
    }
}
