//! Preconditions as types: a handler that needs a shopper takes a `Shopper`.

pub(crate) mod address;
pub(crate) mod fan;
pub(crate) mod path;
pub(crate) mod staff;
pub(crate) mod ticket;
pub(crate) mod wish;

pub(crate) use fan::{Fan, Shopper, token_of};
pub(crate) use path::{EventPath, OrderPath};
pub(crate) use staff::{Manager, Operator, StaffMember};
pub(crate) use ticket::queue_ticket;
pub(crate) use wish::{PlanWish, Wish};
