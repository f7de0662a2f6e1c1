//! What a phase allows.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::ids::BuyerId;
use floodgate_domain::refusal::Refusal;

use crate::event::Event;

/// Why this buyer may not enter or hold in this phase.
pub(in crate::decide) fn must_be_open(event: &Event, buyer: BuyerId) -> Result<(), Refusal> {
    match event.phase {
        SalePhase::Open => Ok(()),
        SalePhase::Presale if event.codes.of(buyer).is_some() => Ok(()),
        SalePhase::Presale => Err(Refusal::PresaleOnly),
        SalePhase::Announced => Err(Refusal::SaleNotOpen),
        SalePhase::Paused => Err(Refusal::SalePaused),
        SalePhase::Closed => Err(Refusal::SaleClosed),
        SalePhase::Cancelled => Err(Refusal::EventCancelled),
    }
}
