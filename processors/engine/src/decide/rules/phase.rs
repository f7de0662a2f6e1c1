//! What a phase allows.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::refusal::Refusal;

use crate::event::Event;

/// Why nobody new may enter or hold in this phase.
pub(in crate::decide) fn must_be_open(event: &Event) -> Result<(), Refusal> {
    match event.phase {
        SalePhase::Open => Ok(()),
        SalePhase::Announced => Err(Refusal::SaleNotOpen),
        SalePhase::Paused => Err(Refusal::SalePaused),
        SalePhase::Closed => Err(Refusal::SaleClosed),
        SalePhase::Cancelled => Err(Refusal::EventCancelled),
    }
}
