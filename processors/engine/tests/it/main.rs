//! The engine from outside: rows by subject, properties.
#![allow(clippy::unwrap_used)]

mod announcements;
mod consents;
mod details;
mod effects;
mod events;
#[path = "../../../../core/domain/tests/it/fixtures.rs"]
mod fixtures;
mod forgetting;
mod groups;
mod holds;
mod house;
mod idle;
mod line_and_cohorts;
mod patience;
mod presale;
mod properties;
mod purchases;
mod quality;
mod releases;
mod repeats;
mod restored;
mod rows;
mod shop;
mod silence;
mod stage;
mod tickets;
mod versions;
