//! One way between rooms, and one rule for failure.
//!
//! | module | holds |
//! |---|---|
//! | [`service`] | [`Service`]: what a running process is made of |
//! | [`health`] | [`Health`]: how a service is, and how several are together |
//! | [`services`] | [`Services`]: the list of a process, readiness, the rule for failure, the end |

pub mod health;
pub mod service;
pub mod services;

pub use health::Health;
pub use service::{Service, ServiceError};
pub use services::{Need, Report, Services, Stage, is_ready};
