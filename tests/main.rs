//! One binary for everything that needs more than one crate.
#![allow(clippy::unwrap_used)]

mod crash;
mod http;
mod simulation;
mod tidy;
mod world;
