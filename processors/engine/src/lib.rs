//! The seat engine: a pure, deterministic fold of commands into facts.
//!
//! No I/O, clock, randomness, async or logging here: time and ids come in as values, and
//! everything that happens goes out as data. Start reading at [`Engine::step`], then
//! `decide/` (what may happen) and `apply.rs` (what then is).

mod apply;
mod buyers;
mod decide;
mod engine;
mod event;
mod invariants;
mod orders;
mod outcomes;
mod run_index;
mod seat_map;
mod snapshot;
mod table;
mod waiting_line;
mod wheel;

pub use engine::{ENGINE_VERSION, Engine, EngineLimits};
pub use invariants::{INVARIANTS, Violation};
pub use snapshot::SnapshotError;
