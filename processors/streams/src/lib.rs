//! Live counts as a dataflow: free, held and sold by event, section and category.
//!
//! Facts of one partition are turned into differences (`deltas`), a timely dataflow keeps the
//! totals (`flow`), and changed totals are published, each with the position it is true as
//! of (`publish`). The same facts, told to other teams, and the cells of those who agreed to be
//! counted (`audience`). [`public`] is the form other teams read. Start reading at `flow`.

use std::time::Duration;

mod audience;
pub mod cloudevents;
mod deltas;
mod flow;
mod forget;
pub mod public;
mod publish;
mod worker;

pub use audience::AudienceSettings;
pub use worker::{LiveHandle, LiveSettings, spawn};

/// How long facts may lie before they are counted: nobody sees a difference.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);
