//! The engine from outside: tables, properties, wire form.
#![allow(clippy::unwrap_used)]

mod crowd;
mod earlier;
mod house;
mod properties;
mod tables;
mod wire;
