//! The promised figures, one JSON object per row, each next to its goal.

pub mod admission;
pub mod engine;
mod figure;
pub mod form;
pub mod log;
pub mod messages;
pub mod recovery;
pub mod seats;

pub use figure::Figure;
