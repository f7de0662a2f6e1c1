//! Sinks: repeats, disorder, restarts; and that both databases say the same.
#![allow(clippy::unwrap_used)]

mod cut;
mod dead_letters;
mod disorder;
mod history;
mod postgres;
mod rebuild;
mod search;
