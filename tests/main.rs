//! One binary for everything that needs more than one crate.
#![allow(clippy::unwrap_used)]

mod cluster;
mod crash;
mod damage;
mod declared;
mod doctor;
mod drain;
mod failing;
mod form;
mod help;
mod http;
mod mailbox;
mod network;
mod outages;
mod process;
mod schemas;
mod settings;
mod simulation;
mod stored_log;
mod stripe;
mod tidy;
mod traces;
mod versions;
mod world;
