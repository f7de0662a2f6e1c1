//! Stripe against two servers that others wrote: one that keeps state and signs webhooks, one that
//! checks requests against Stripe's own description. Left out only under FLOODGATE_TEST_QUICK.
#![allow(clippy::unwrap_used)]

mod faults;
mod flows;
mod front;
mod pages;
mod servers;
mod shapes;
mod webhooks;

/// Whether real servers are left out on purpose.
fn is_quick() -> bool {
    std::env::var_os("FLOODGATE_TEST_QUICK").is_some()
}
