//! Effects: everything a fact changes, defined once for all readers.
//!
//! Views, counts, tables, notifications and payments follow [`Effects`], not facts, so a new fact
//! reaches all of them by its row in [`table`]. Effects follow from the fact alone and cost a few
//! nanoseconds; nothing here keeps state but [`TicketStates`], which readers fold for themselves.
//!
//! | file | holds |
//! |---|---|
//! | [`table`] | the effects of every fact: one match over all of them |
//! | `seats`, `order`, `moves`, `codes` | what can change |
//! | `notice` | whom a fact concerns, and what they are notified of |
//! | `tickets` | who owns a sold seat now |

mod codes;
mod moves;
mod notice;
mod order;
mod seats;
pub mod table;
mod tickets;

pub use codes::CodesMove;
pub use moves::{
    AnnouncementMove, CohortMove, ConsentMove, LineMove, MoneyMove, MoneyStep, ReleaseMove,
    ShopMove,
};
pub use notice::{Concerns, Notice};
pub use order::OrderChange;
pub use seats::SeatMove;
pub use tickets::{HandedOn, TicketStates};

use crate::answer::SalePhase;
use crate::command::NewEvent;
use crate::details::EventDetails;
use crate::dials::DialChange;
use crate::house::RefundReason;
use crate::ids::{HoldId, StaffId};
use crate::policy::Policy;
use crate::price::PriceTable;

/// Who may read a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Other teams, in the public topic.
    Public,
    /// Our own roles alone: next to the public facts it would say too much of one person, or it is
    /// about Floodgate and no event.
    Internal,
}

/// Everything a fact changes; what it leaves as it is, is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effects<'a> {
    pub visibility: Visibility,
    /// The version of the engine's rules from here on, of the whole partition.
    pub rules: Option<u32>,
    /// The event is new. Its phase, prices and rules are among the effects too.
    pub created: Option<&'a NewEvent>,
    /// The phase of the sale from here on; likewise its prices and rules.
    pub phase: Option<SalePhase>,
    pub prices: Option<&'a PriceTable>,
    pub policy: Option<&'a Policy>,
    /// What the event says of itself from here on; of a new event too.
    pub details: Option<&'a EventDetails>,
    /// Dials that were turned.
    pub dials: Option<&'a DialChange>,
    pub seats: Option<SeatMove<'a>>,
    pub order: Option<OrderChange<'a>>,
    /// What a provider of money has to do, or has done.
    pub money: Option<MoneyMove<'a>>,
    pub shop: Option<ShopMove>,
    pub line: Option<LineMove>,
    pub cohort: Option<CohortMove>,
    /// Whom staff may write to.
    pub consent: Option<ConsentMove>,
    /// Codes of a presale.
    pub codes: Option<CodesMove<'a>>,
    /// A table of the audience.
    pub release: Option<ReleaseMove<'a>>,
    pub announcement: Option<AnnouncementMove<'a>>,
    /// The member of staff who did it, where the fact says so.
    pub by: Option<StaffId>,
    /// Why: a stable code, or the words of staff.
    pub reason: Option<&'a str>,
    /// Words of staff for everybody.
    pub message: Option<&'a str>,
    /// Why an order was refunded.
    pub refund: Option<RefundReason>,
    /// Words of staff for staff alone: in no topic that others read.
    pub note: Option<&'a str>,
    pub concerns: Concerns,
}

impl Effects<'_> {
    /// The hold or order it is about.
    #[must_use]
    pub fn hold_id(&self) -> Option<HoldId> {
        let of_order = self.order.map(|order| order.hold_id);
        let of_seats = || self.seats.and_then(|seats| seats.hold_id);
        let of_money = || self.money.map(|money| money.hold_id);
        of_order.or_else(of_seats).or_else(of_money)
    }
}
