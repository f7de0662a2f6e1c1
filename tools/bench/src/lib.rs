//! The promised figures, one JSON object per row, each next to its goal.

pub mod admission;
mod cpu;
mod crowd;
pub mod engine;
mod figure;
mod flame;
mod floor;
pub mod form;
pub mod grow;
mod installation;
pub mod limit;
pub mod live;
pub mod log;
pub mod messages;
mod process;
pub mod recovery;
pub mod seats;
pub mod serve;

pub use figure::{Beside, Figure};
