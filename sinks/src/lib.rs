//! Sinks: facts written to other systems.
//!
//! A sink stores its position together with its rows, so a crash repeats nothing and misses
//! nothing. One file per sink behind [`Sink`]; `destinations` lists them; `pump` feeds them. Start
//! reading at `sink`.

mod check;
mod columns;
mod comparison;
mod destinations;
mod inspect;
mod postgres;
mod pump;
mod rows;
mod search;
mod sink;
mod sqlite;
mod tables;

pub use self::postgres::PostgresSink;
pub use check::check;
pub use destinations::destinations;
pub use pump::{rebuild, spawn};
pub use search::{carried, embedded_index, search_index};
pub use sink::{ClockReading, Destination, Fill, Inspection, Sink, SinkError, role};
pub use sqlite::SqliteSink;
