//! A lean HTTP/1.1 client that speaks JSON.
//!
//! For what asks our own servers and collectors over plain HTTP: staff commands, the load
//! generator, benches, exported spans. It costs a few microseconds a request, so that whoever
//! measures a server with it does not measure the client. Start reading at [`Http::call`].

mod client;
mod http1;

pub use client::{Call, Http, HttpError, Response};
pub use http1::Received;
