//! The rules that the audit has of its own: what may happen, and what has to.
//!
//! They are written from what the policy and the documents promise, and share nothing with the
//! engine's decisions. A rule of the engine that changes with a version is a row here as well.
//!
//! | file | holds |
//! |---|---|
//! | `cause` | every fact follows from its command, or from time; field by field |
//! | `holds`, `payments`, `tickets`, `sale` | the fields, by subject |
//! | `messages`, `house`, `codes`, `releases` | more of them |
//! | `follow` | what some facts bring with them: seats set aside, a buyer who cools down |
//! | `due` | what ends by itself has to end, soon |
//! | `owed` | which commands have to lead to a fact |

pub(crate) mod cause;
mod codes;
pub(crate) mod due;
pub(crate) mod follow;
mod holds;
mod house;
pub(crate) mod messages;
pub(crate) mod owed;
mod payments;
mod releases;
pub(crate) mod row;
mod sale;
mod tickets;

use floodgate_domain::{Actor, BuyerId, Envelope, Fact, LogTime, Policy, SalePhase};

use crate::books::event::EventBook;

/// The newest rules of the engine that the books know in full.
pub(crate) const KNOWN_VERSION: u32 = 7;

/// A command as a fact is compared with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommandView<'a> {
    pub(crate) envelope: &'a Envelope,
    pub(crate) now: LogTime,
    /// Which rules of the engine are in force.
    pub(crate) version: u32,
    /// Whether the same id was decided before.
    pub(crate) is_repeated: bool,
    /// The fact before, of the same command.
    pub(crate) before: Option<&'a Fact>,
}

impl CommandView<'_> {
    pub(crate) fn buyer(&self) -> Option<BuyerId> {
        match self.envelope.actor {
            Actor::Buyer(buyer) => Some(buyer),
            Actor::Staff(_) | Actor::System => None,
        }
    }

    pub(crate) fn is_staff(&self) -> bool {
        matches!(self.envelope.actor, Actor::Staff(_) | Actor::System)
    }

    pub(crate) fn is_system(&self) -> bool {
        self.envelope.actor == Actor::System
    }

    /// Whether the books know the rules in force in full, so that they can say what is owed.
    pub(crate) fn is_known(&self) -> bool {
        self.version <= KNOWN_VERSION
    }

    /// Whether the sender may touch what is a buyer's.
    pub(crate) fn may_touch(&self, owner: BuyerId) -> bool {
        self.buyer().is_none_or(|buyer| buyer == owner)
    }

    /// Whether a deadline is the one the policy says. Rules that are newer than these books may end
    /// things earlier, or up to twice as late.
    pub(crate) fn is_deadline(&self, until: LogTime, by_policy: LogTime) -> bool {
        if self.version <= KNOWN_VERSION {
            return until == by_policy;
        }
        let length = by_policy.0.saturating_sub(self.now.0);
        self.now < until && until <= self.now.plus(length.saturating_mul(2))
    }
}

/// Whether a sale lets somebody in: in presale, those who have claimed a code.
pub(crate) fn is_open_to(book: &EventBook, buyer: BuyerId) -> bool {
    match book.phase {
        SalePhase::Open => true,
        SalePhase::Presale => book.codes.lets_in(buyer),
        _ => false,
    }
}

/// Why somebody may not hold seats now; `None` if they may.
pub(crate) fn no_hold(
    book: &EventBook,
    asked: &CommandView<'_>,
    buyer: BuyerId,
) -> Option<&'static str> {
    let Policy { pass_required, .. } = book.policy;
    let record = book.buyers.get(&buyer);
    let has_pass = record.is_some_and(|one| one.is_in_shop && asked.now < one.pass_until);
    let cools_down = record.is_some_and(|one| asked.now < one.cooldown_until);
    if !is_open_to(book, buyer) {
        Some("the sale is not open to them")
    } else if pass_required && !has_pass {
        Some("without a pass")
    } else if cools_down {
        Some("within a cool-down")
    } else {
        None
    }
}
