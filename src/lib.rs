//! The command line of Floodgate, and the wiring of its roles into one process.
//!
//! Everything here is thin: it reads arguments and settings, starts rooms of the house, and
//! prints. Start reading at [`command`] (what one can type) and [`roles`] (what then runs).

pub mod audit;
pub mod bench;
pub mod client;
pub mod cloudevents;
pub mod command;
pub mod crowd;
pub mod http1;
pub mod keys;
pub mod otlp;
pub mod roles;
pub mod stampede;
