//! Sinks: facts carried to where others look for them.
//!
//! A sink keeps its position together with its rows, so a crash repeats nothing and misses
//! nothing. One file a sink behind [`Sink`]; [`pump`] feeds them. Start reading there.

mod postgres;
mod pump;
mod sqlite;

pub use self::postgres::PostgresSink;
pub use pump::{Sink, SinkError, SinkHandle, spawn};
pub use sqlite::SqliteSink;
