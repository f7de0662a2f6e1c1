//! The waiting room: who waits, in which order, and who may go in now.
//!
//! Pure files first: tokens, frontier and pace take the time as a value and do no I/O. The
//! store keeps counters behind one trait. [`room::WaitingRoom`] puts them together.
//!
//! | module | holds |
//! |---|---|
//! | [`keys`] | signing keys, one family per purpose and event |
//! | [`token`] | fixed-width signed tokens: device, queue ticket, pass |
//! | `code` | the text of a presale's code |
//! | `presence` | who of those called is there |
//! | [`puzzle`] | proof of work at the door |
//! | [`pace`], `attendance` | how the frontier moves, and how many of those called come |
//! | [`forecast`] | how long the line takes, before a dial is changed |
//! | [`limits`] | rate limits by address and device |
//! | [`store`], [`memory`], [`redis`] | who has which place, behind one trait |
//! | [`room`] | the service |
//! | `inspect` | the state of a Redis server, compared with what the store needs |
//! | [`contract`], [`pace_contract`] | what every store must do |

mod attendance;
mod blocks;
mod code;
pub mod contract;
pub mod forecast;
mod inspect;
pub mod keys;
pub mod limits;
pub mod memory;
mod neighbours;
pub mod pace;
pub mod pace_contract;
mod presence;
pub mod puzzle;
pub mod redis;
pub mod room;
mod spent;
pub mod store;
pub mod token;

pub use code::{open_code, seal_code};
pub use forecast::Flow;
pub use inspect::{RedisFound, inspect as inspect_redis};
pub use keys::Keys;
pub use limits::{AddressKeys, Cost, LimitSettings, Limited, Limits, RemainingQuota};
pub use memory::MemoryStore;
pub use pace::{Pace, PaceSettings, ShopView};
pub use redis::RedisStore;
pub use room::{Joined, Joining, QueueView, RoomError, RoomSettings, WaitingRoom};
pub use store::{AdmissionStore, PlaceReserver, StoreError};
pub use token::{Device, Pass, QueueTicket, TokenError, event_named_by};
