//! ClaimCode: a code becomes one buyer's.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::fact::Fact;
use floodgate_domain::presale::CodeNumber;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PRESALE;

/// Before and during the presale, and harmlessly after it. That the code was given out, whoever sends
/// this has proved before.
pub(super) fn claim_code(
    event: &Event,
    context: Context,
    code: CodeNumber,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    if !context.follows(PRESALE) {
        return Err(Refusal::NeedsNewerEngine);
    }
    match event.phase {
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        _ => {}
    }
    if !event.codes.exists(code) {
        return Err(Refusal::CodeUnknown);
    }
    match event.codes.of(buyer) {
        Some(own) if own == code => return Ok(Outcome::Done),
        Some(_) => return Err(Refusal::CodeClaimedAlready),
        None if event.codes.is_claimed(code) => return Err(Refusal::CodeUsed),
        None => {}
    }
    facts.push(Fact::CodeClaimed { buyer, code });
    Ok(Outcome::Done)
}
