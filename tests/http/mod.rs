//! The HTTP interface as its clients meet it, on a whole running Floodgate.

mod abuse;
mod buying;
pub(crate) mod contracts;
mod crowd;
mod dead_letters;
mod details;
mod dials;
mod door;
mod fields;
mod house;
mod money;
mod names;
mod people;
mod pictures;
mod presale;
mod push;
mod reload;
mod roles;
mod search;
mod sign_in;
mod streams;
mod tables;
mod tickets;
mod turns;
mod webhooks;
