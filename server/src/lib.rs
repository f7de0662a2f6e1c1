//! The roles of a process, wired from its settings.
//!
//! It reads settings and secrets, starts the rooms of the roles that are wanted, and ends them
//! calmly. It decides nothing itself. Start reading at [`Running::start`].

pub mod keys;
mod payments;
mod roles;

pub use payments::{PaymentsError, open_provider};
pub use roles::*;
