//! HTTP: the one way in for people, apps and staff.
//!
//! A request is checked (token, limits, format), becomes a command in the log, and waits for its
//! outcome; reads come from views folded from facts. Nothing is decided here. Start reading at
//! [`app`], then `commands` and one file of `routes`.
//!
//! | module | holds |
//! |---|---|
//! | `state`, `commands` | what handlers share, by subject; from a request to an outcome |
//! | `admission`, `staff`, `share_links`, `ticket` | subjects: limits, keys, links, signatures |
//! | `payments`, `people`, `sign_in`, `pictures`, `search` | subjects: money; people; pictures |
//! | `csp`, `same_site`, `costs`, `trust` | what pages may do; costs of calls; whose word counts |
//! | `lifecycle`, `telemetry` | subjects: readiness and shutdown; metrics and spans |
//! | `heartbeat`, `settings_file` | rooms advance by an agreed frontier; dials changed by a file |
//! | `feed`, `queue_feeds`, `sse` | what many people watch, built once |
//! | `views`, `caching`, `kept` | what is folded from facts; what may be kept of an answer |
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
mod share_links;
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
pub use people::preview::{
    ChannelReports, ForgedReport, MessagePreview, PreviewedMessage, ReturnedMessage,
};
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
