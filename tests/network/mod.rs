//! Networks as they are: real proxies in front, shared caches, clients that read nothing or hold
//! everything, many of them from one address.

mod addresses;
mod caches;
mod client;
mod crowds;
mod proxies;
mod servers;
mod wire;

/// Whether programs that may be missing are done without.
fn is_quick() -> bool {
    std::env::var_os("FLOODGATE_TEST_QUICK").is_some()
}
