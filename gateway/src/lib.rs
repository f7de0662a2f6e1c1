//! HTTP: the one way in for people, apps and staff.
//!
//! A request is checked (token, limits, format), becomes a command in the log, and waits for its
//! outcome; reads come from views folded from facts. Nothing is decided here. Start reading at
//! [`app`], then `commands` and one file of `routes`.
//!
//! | module | holds |
//! |---|---|
//! | `state` | what handlers share, by subject |
//! | `commands` | subject: from a request to an outcome |
//! | `admission`, `staff`, `ticket` | subjects: waiting room and limits, keys, signatures |
//! | `payments`, `people`, `sign_in` | subjects: money; people; who is who |
//! | `pictures`, `search` | subjects: pictures of events; what visitors search |
//! | `caching`, `kept` | what may be kept of an answer; large answers, made once |
//! | `csp`, `same_site`, `costs`, `trust` | what pages may do; costs of calls; whose word counts |
//! | `lifecycle`, `telemetry` | subjects: readiness and shutdown; metrics and spans |
//! | `heartbeat` | rooms advance, gateways agree on a frontier and record it |
//! | `feed`, `queue_feeds`, `sse` | what many people watch, built once |
//! | `views`, `settings_file` | what is folded from facts; dials that a settings file turns |
//! | `extract` | preconditions as types: staff, device, shopper, idempotent |
//! | `problem`, `routes`, `model` | every error in one table; calls; what they take and give |
//! | `metering`, `readiness`, `status_page`, `traced` | numbers, readiness, spans of requests |
//! | `listen`, `connection`, `shares`, `server` | the socket, a connection, its share; draining |

#![allow(unused_qualifications, reason = "the OpenAPI macros name parameter types twice")]

mod admission;
mod caching;
mod commands;
mod connection;
mod costs;
mod csp;
mod extract;
mod feed;
mod heartbeat;
mod kept;
mod lifecycle;
mod listen;
mod metering;
mod model;
mod openapi;
mod payments;
mod people;
mod pictures;
mod places;
mod presence;
mod problem;
mod queue_feeds;
mod readiness;
mod routes;
mod same_site;
mod search;
mod server;
mod settings_file;
mod shares;
mod sign_in;
mod sse;
mod staff;
mod state;
mod status_page;
mod telemetry;
mod ticket;
mod time;
mod traced;
mod trust;
mod views;

pub use listen::listen;
pub use people::preview::{MailReports, MessagePreview, PreviewedMessage, ReturnedMessage};
pub use pictures::{PictureFolder, PictureStore};
pub use places::PlaceReservations;
pub use routes::{app, openapi};
pub use search::{SearchParts, Towns};
pub use server::run;
pub use settings_file::{FileChange, SettingsFileError};
pub use sign_in::{FanSignIn, SignInParts, StaffSignIn};
pub use staff::{StaffKey, StaffRole};
pub use state::{GatewayParts, GatewaySettings, GatewayState};
pub use status_page::{StatusPage, run_status};
pub use trust::{ForwardedHeader, Trust};
