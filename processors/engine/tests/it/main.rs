//! The engine from outside: tables, properties.
#![allow(clippy::unwrap_used)]

mod crowd;
mod earlier;
mod effects;
#[path = "../../../../core/domain/tests/it/fixtures.rs"]
mod fixtures;
mod house;
mod properties;
mod tables;
