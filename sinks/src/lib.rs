//! Sinks: facts carried to where others look for them.
//!
//! A sink keeps its position together with its rows, so a crash repeats nothing and misses
//! nothing. One file a sink behind [`Sink`]; [`pump`] feeds them. Start reading there.

mod inspect;
mod postgres;
mod pump;
mod rows;
mod sqlite;
mod tables;

pub use self::inspect::{PostgresFound, inspect_postgres};
pub use self::postgres::PostgresSink;
pub use pump::{Sink, SinkError, SinkHandle, role, spawn};
pub use sqlite::SqliteSink;
