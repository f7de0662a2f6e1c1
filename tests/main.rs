//! One binary for everything that needs more than one crate.
#![allow(clippy::unwrap_used)]

mod tidy;
