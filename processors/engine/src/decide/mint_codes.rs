//! MintCodes: a batch of codes, or more of one.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::fact::Fact;
use floodgate_domain::presale::CodeMint;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PRESALE;

pub(super) fn mint_codes(
    event: &Event,
    context: Context,
    mint: &CodeMint,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !context.follows(PRESALE) {
        return Err(Refusal::NeedsNewerEngine);
    }
    match event.phase {
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        _ => {}
    }
    if !event.codes.has_room(mint) {
        return Err(Refusal::CodesOutOfBounds);
    }
    let CodeMint { batch, ref label, count } = *mint;
    facts.push(Fact::CodesMinted { batch, label: label.clone(), count, by: context.staff_id() });
    Ok(Outcome::Done)
}
