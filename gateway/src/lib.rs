//! HTTP: the one way in for people, apps and staff.
//!
//! A request is checked (token, limits, form), becomes a command in the log, and waits for its
//! outcome; reads come from views folded from facts. Nothing is decided here. Start reading at
//! [`app`], then `commands` and one file of `routes`.
//!
//! | module | holds |
//! |---|---|
//! | `state` | what every handler shares |
//! | `commands` | from a request to an outcome |
//! | `calling` | the line's progress, written to the log |
//! | `file_dials` | dials that a settings file turns |
//! | `views` | events, seats and orders, folded from facts |
//! | `extract` | preconditions as types: staff, device, shopper, wish |
//! | `problem` | every way to say no, in one table |
//! | `routes` | one file a group of routes |
//! | `model` | what is sent and received |
//! | `metering` | counters and latencies of answers |
//! | `readiness` | each service of a process, as machines read it |
//! | `status_page` | readiness and metrics of the other roles |
//! | `traced` | spans of requests that are traced |
//! | `listen` | the socket, and how many may wait at it |
//! | `server` | sockets, time limits, draining |

#![allow(unused_qualifications, reason = "the OpenAPI macros name parameter types twice")]

mod calling;
mod commands;
mod extract;
mod file_dials;
mod listen;
mod metering;
mod model;
mod openapi;
mod places;
mod problem;
mod readiness;
mod routes;
mod server;
mod state;
mod status_page;
mod ticket;
mod time;
mod traced;
mod views;

pub use extract::staff::{Role, StaffKey};
pub use file_dials::{FileDials, FileDialsError, FileTurn};
pub use listen::listen;
pub use routes::app;
pub use routes::sandbox::PaymentSandbox;
pub use server::run;
pub use state::{GatewayParts, GatewaySettings, GatewayState};
pub use status_page::{StatusPage, run_status};

pub use places::PlaceReservations;
