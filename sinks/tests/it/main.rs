//! Sinks: repeats, disorder, restarts; and that both databases say the same.
#![allow(clippy::unwrap_used)]

mod disorder;
mod history;
mod letters;
mod postgres;
