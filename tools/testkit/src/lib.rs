//! Fakes for tests, and what services promise as functions to test with.

pub mod cut;
pub mod memory_log;
pub mod ports;
pub mod reading;

pub use memory_log::{Fate, MemoryLog};
pub use reading::{all_records, records};
