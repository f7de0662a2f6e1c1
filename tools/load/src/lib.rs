//! Simulated buyers against a server, over HTTP only, open loop.
//!
//! | module | holds |
//! |---|---|
//! | `options` | what to send |
//! | [`stampede`] | schedules arrivals |
//! | `buyer`, `door`, `queue`, `seen` | one whole visit: the queue, the door, seats, payment |
//! | [`profile`] | when a crowd comes, how long it thinks, what it wants |
//! | `single` | one hold per device, to measure the path through the log |
//! | `tally` | latencies and outcomes |
//! | `timeline` | what happened when, and what was waited for |

mod buyer;
mod door;
mod options;
pub mod profile;
mod queue;
mod seen;
mod single;
mod stampede;
mod tally;
mod timeline;

pub use options::{LoadOptions, Visit};
pub use profile::Profile;
pub use stampede::{Prepared, prepare, run};
pub use tally::{Held, LoadProgress, LoadReport};
pub use timeline::{Second, Wait};
