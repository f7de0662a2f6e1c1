//! The roles of a process, built from its settings.
//!
//! It reads settings and secrets, starts the services of the configured roles, and stops them
//! gracefully. It decides nothing itself. Start reading at [`Running::start`].

mod channels;
pub mod keys;
mod payments;
mod private;
mod roles;
mod sign_in;

pub use payments::{PaymentsError, open_provider};
pub use private::is_open_to_others;
pub use roles::*;
