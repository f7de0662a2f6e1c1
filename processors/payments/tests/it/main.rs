//! What carries payments forward, against providers that misbehave.
#![allow(clippy::unwrap_used)]

mod bank;
mod cut;
mod money;
mod resting;
mod till;
mod turns;
