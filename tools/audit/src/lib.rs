//! Audit: reads the log from its first record and recomputes every invariant.
//!
//! The books here are kept from the facts, compared with the commands they follow from, and share
//! nothing with the engine's decisions. One more check, which can be left out, runs the engine
//! itself over the commands and compares its facts, byte by byte, with those in the log.
//!
//! | module | holds |
//! |---|---|
//! | `whole`, `partition` | all partitions; one of them, command by command |
//! | `ledger`, `books` | what the facts add up to |
//! | `rules` | what may happen, and what has to |
//! | `replay` | the engine once more |
//! | `public` | what was published for others is what happened |
//! | `attack` | what is published of an audience against what the ledger claims |
//! | `acked` | what was promised is there |

mod acked;
mod attack;
mod books;
mod derive;
mod findings;
mod ledger;
mod partition;
mod public;
mod published;
mod reading;
mod replay;
mod report;
mod rules;
mod seen;
mod whole;

pub use self::acked::Acked;
pub use self::attack::{AttackOptions, AttackReport, Plant, TestReport, attack};
pub use self::derive::{Derivation, lies_between};
pub use self::report::{AuditReport, Check, SeatCounts};
pub use self::whole::{AuditOptions, audit, audit_with};
