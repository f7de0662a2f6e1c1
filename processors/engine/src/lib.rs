//! The seat engine: a pure, deterministic fold of commands into facts.
//!
//! No I/O, clock, randomness, async or logging here: time and ids come in as values, and
//! everything that happens goes out as data. Start reading at [`Engine::step`], then
//! `decide/` (what may happen) and `apply.rs` (the resulting state).

mod announcements;
mod apply;
mod block;
mod buyers;
mod codes;
mod consents;
mod decide;
mod engine;
mod event;
mod invariants;
mod lines;
mod orders;
mod outcomes;
mod quality;
mod releases;
mod run_index;
mod seat_map;
mod snapshot;
mod snapshot_additions;
mod table;
mod unanswered;
mod version;
mod waiting_line;
mod wheel;

pub use engine::{Engine, EngineLimits};
pub use invariants::{INVARIANTS, Violation};
pub use snapshot::SnapshotError;
#[cfg(feature = "test-version")]
pub use version::TEST_VERSION;
pub use version::{BASE_VERSION, InForce, NEWEST_VERSION, NewerVersion};
