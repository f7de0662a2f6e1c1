//! SetDials: the dials of an event, all that are given or none.

use floodgate_domain::dials::{DialChange, PhaseDial};
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::PRESALE;

/// Turns all dials that are named, or none of them. The engine follows those that are rules; whoever
/// runs a waiting room folds the others from the facts.
pub(super) fn set_dials(
    event: &Event,
    context: Context,
    change: &DialChange,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    change.check().map_err(|_| Refusal::InvalidDials)?;
    if let Some(dial) = change.phase {
        set_phase(event, context, dial, facts)?;
    }
    facts.push(Fact::DialsSet { change: Box::new(change.clone()), by: context.staff_id() });
    Ok(Outcome::Done)
}

fn set_phase(
    event: &Event,
    context: Context,
    dial: PhaseDial,
    facts: &mut Vec<Fact>,
) -> Result<(), Refusal> {
    if dial == PhaseDial::Presale && !context.follows(PRESALE) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let phase = dial.turn(event.phase)?;
    if phase != event.phase {
        facts.push(match dial {
            PhaseDial::Open => Fact::SaleOpened,
            PhaseDial::Pause => Fact::SalePaused,
            PhaseDial::Close => Fact::SaleClosed,
            PhaseDial::Cancel => Fact::EventCancelled,
            PhaseDial::Presale => Fact::PresaleOpened,
        });
    }
    Ok(())
}
