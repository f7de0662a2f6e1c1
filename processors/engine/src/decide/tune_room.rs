//! TuneRoom: the dials of an event, all that are named or none.

use floodgate_domain::dials::{PhaseDial, RoomDials};
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::{Actor, StaffId};
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;

/// Turns all dials that are named, or none of them. The engine keeps none but the shop's limit:
/// whoever runs a waiting room folds them from the facts.
pub(super) fn tune_room(
    event: &Event,
    context: Context,
    dials: &RoomDials,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !dials.are_sound() {
        return Err(Refusal::InvalidPolicy);
    }
    if let Some(dial) = dials.phase {
        set_phase(event, dial, facts)?;
    }
    facts.push(Fact::RoomTuned { dials: Box::new(dials.clone()), by: turned_by(context) });
    Ok(Outcome::Done)
}

fn set_phase(event: &Event, dial: PhaseDial, facts: &mut Vec<Fact>) -> Result<(), Refusal> {
    let phase = dial.turn(event.phase)?;
    if phase != event.phase {
        facts.push(match dial {
            PhaseDial::Open => Fact::SaleOpened,
            PhaseDial::Pause => Fact::SalePaused,
            PhaseDial::Close => Fact::SaleClosed,
            PhaseDial::Cancel => Fact::EventCancelled,
        });
    }
    Ok(())
}

/// Who turned a dial, as facts name them.
fn turned_by(context: Context) -> StaffId {
    match context.actor {
        Actor::Staff(staff) => staff,
        Actor::Buyer(_) | Actor::System => StaffId::SYSTEM,
    }
}
