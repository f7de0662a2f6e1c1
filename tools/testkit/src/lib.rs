//! Fakes for tests.

pub mod memory_log;

pub use memory_log::{Fate, MemoryLog};
