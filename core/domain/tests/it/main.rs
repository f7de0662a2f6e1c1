//! The words from outside: their wire form, and what facts change.
#![allow(clippy::unwrap_used)]

mod effects;
mod fixtures;
mod samples;
mod tally;
mod wire;
