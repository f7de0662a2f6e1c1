//! The channels against servers that answer as they are asked to.
#![allow(clippy::unwrap_used)]

mod email;
mod http;
mod http_server;
mod service;
mod smtp_server;
mod webhooks;
mod words;
