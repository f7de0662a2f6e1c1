//! The compact, versioned form of commands, facts and replies.
//!
//! One version byte, then fixed-width ids and LEB128 numbers. Decoding never trusts a count:
//! what does not fit is a [`WireError`], never a panic or a large allocation. New fields are
//! added at the end under a new version; old versions stay readable for ever.

mod announcement;
mod command;
mod cursor;
mod dials;
mod event;
mod fact;
mod field;
mod house;
mod payment;
mod presale;
mod release;
mod reply;

pub use command::read_cohort;
pub use command::{RETIRED_COMMANDS, decode_command, encode_command};
pub use cursor::{Cursor, WireError, WireWriter};
pub use event::{read_policy, read_prices, read_time, write_policy, write_prices, write_time};
pub use fact::{RETIRED_FACTS, decode_fact, encode_fact};
pub use reply::{decode_replies, encode_reply};

/// The version written by this build.
pub const WIRE_VERSION: u8 = 1;
/// The longest message or reason, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4096;
