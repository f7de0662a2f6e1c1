//! Who asks, when, by which rules: everything a decision may know besides the state.

use floodgate_domain::ids::{Actor, BuyerId, LogTime, StaffId};
use floodgate_domain::refusal::Refusal;

use crate::version::CHANGES_SAY_WHO;

/// Who asks, and when, and which rules are in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) now: LogTime,
    pub(crate) actor: Actor,
    pub(crate) version: u32,
    /// A number that follows from the last commands of everybody, so that nobody outside can foresee
    /// it.
    pub(crate) chance: u64,
}

impl Context {
    /// Whether the rules of `version`, or later ones, are in force.
    pub(super) fn follows(self, version: u32) -> bool {
        self.version >= version
    }

    pub(super) fn buyer(self) -> Result<BuyerId, Refusal> {
        match self.actor {
            Actor::Buyer(buyer) => Ok(buyer),
            Actor::System | Actor::Staff(_) => Err(Refusal::NotAllowed),
        }
    }

    pub(super) fn staff(self) -> Result<(), Refusal> {
        match self.actor {
            Actor::Staff(_) | Actor::System => Ok(()),
            Actor::Buyer(_) => Err(Refusal::NotAllowed),
        }
    }

    /// Whoever of the staff sets something, where the rules in force write that down.
    pub(super) fn setter(self) -> Option<StaffId> {
        self.follows(CHANGES_SAY_WHO).then(|| self.staff_id())
    }

    /// Whoever of the staff asks; Floodgate itself is one of them.
    pub(super) fn staff_id(self) -> StaffId {
        match self.actor {
            Actor::Staff(staff) => staff,
            Actor::System | Actor::Buyer(_) => StaffId::SYSTEM,
        }
    }

    pub(crate) fn system(self) -> Result<(), Refusal> {
        match self.actor {
            Actor::System => Ok(()),
            Actor::Buyer(_) | Actor::Staff(_) => Err(Refusal::NotAllowed),
        }
    }
}
