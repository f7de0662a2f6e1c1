//! The words from outside: their wire form.
#![allow(clippy::unwrap_used)]

mod fixtures;
mod wire;
