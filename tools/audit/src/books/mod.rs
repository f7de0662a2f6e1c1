//! Books kept from the facts alone: who owns each seat, who is in the shop, who paid.
//!
//! | file | holds |
//! |---|---|
//! | `stage` | where an order stands, and the table of lawful transitions |
//! | `event` | everything the facts of one event add up to |
//! | `seats`, `tickets`, `unanswered`, `crowd`, `messages`, `codes` | parts of it |
//! | `tally` | what happened, counted |
//! | `house` | what staff did by hand, entered into it |

pub(crate) mod codes;
pub(crate) mod crowd;
pub(crate) mod event;
mod house;
pub(crate) mod messages;
pub(crate) mod releases;
pub(crate) mod seats;
pub(crate) mod stage;
pub(crate) mod tally;
pub(crate) mod tickets;
pub(crate) mod unanswered;
