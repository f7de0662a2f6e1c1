//! Simulated buyers against a server, over HTTP only, open loop.
//!
//! | module | holds |
//! |---|---|
//! | `options` | what to send |
//! | [`stampede`] | schedules arrivals |
//! | `buyer`, `door`, `queue` | one whole visit: the queue, the door, seats, payment |
//! | `single` | one hold per device, to measure the path through the log |
//! | `tally` | latencies and outcomes |

mod buyer;
mod door;
mod options;
mod queue;
mod single;
mod stampede;
mod tally;

pub use options::{LoadOptions, Visit};
pub use stampede::{Prepared, prepare, run};
pub use tally::{LoadProgress, LoadReport};
