//! A lean HTTP/1.1 client that speaks JSON.
//!
//! For callers of our own servers and collectors over plain HTTP: staff commands, the load
//! generator, benches, span export. It costs a few microseconds per request, so that measuring a
//! server with it does not measure the client. Start reading at [`Http::call`].

mod client;
mod http1;

pub use client::{Call, Http, HttpError, Response};
pub use http1::Received;
