//! The streams from outside: facts as other teams read them.
#![allow(clippy::unwrap_used)]

#[path = "../../../../core/domain/tests/it/fixtures.rs"]
mod fixtures;
mod public;
#[path = "../../../../core/domain/tests/it/samples.rs"]
mod samples;
