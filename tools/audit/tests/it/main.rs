//! Stored logs of seeded runs, altered in every way that makes them unlawful: the rules of the
//! audit's own, without the engine, have to find each of them.
#![allow(clippy::unwrap_used)]

mod alterations;
mod attack;
#[path = "../../../../core/domain/tests/it/fixtures.rs"]
mod fixtures;
mod house;
mod kinds;
mod lawful;
mod live;
mod messages;
mod mutations;
mod presale;
mod public;
mod releases;
mod run;
