//! Readers and generators of seating plans.
//!
//! Owns the way from a venue's file to a [`Plan`] that can be sold: reading, finding
//! adjacent seats, ranking rows, and reporting what was assumed and what is wrong. Never sells,
//! stores or draws. Start at [`import`].
//!
//! | module | holds |
//! |---|---|
//! | `pretix`, `table`, `native` | one format each |
//! | `draft` | what a foreign file says, before anything is inferred |
//! | `names` | what a name may hold, for every format |
//! | `aisles` | which seats are adjacent: by geometry, or from the numbers |
//! | `layout` | a drawing for files without coordinates |
//! | `assemble` | draft → plan and report; with `doubles`, `overlap`, `fit` and `palette` |
//! | [`report`] | what a person should know before selling the plan |
//! | [`generate`], [`demo_prices`] | venues and prices that are free to ship |

mod aisles;
mod assemble;
mod demo_prices;
mod doubles;
mod draft;
mod fit;
mod format;
pub mod generate;
mod layout;
mod names;
mod native;
mod overlap;
mod palette;
mod pretix;
pub mod report;
mod table;

use floodgate_domain::Plan;

pub use demo_prices::demo_prices;
pub use format::Format;
pub use names::says_not_for_sale;
pub use native::to_base64;
pub use report::{ImportReport, Issue, IssueCode, Rejected, Severity};

/// The largest file that is read: about 150 bytes for each of 200,000 seats, as pretix files have.
pub const INPUT_BYTES_MAX: usize = 32 << 20;

/// A plan and what was found while reading it.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub plan: Plan,
    pub report: ImportReport,
}

/// Reads a plan, or says everything that keeps it from being sold.
pub fn import(format: Format, bytes: &[u8]) -> Result<Imported, Rejected> {
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(Rejected::because(
            IssueCode::TooLarge,
            "",
            format!("the file has {} bytes; at most {INPUT_BYTES_MAX} are read", bytes.len()),
        ));
    }
    match format {
        Format::Pretix => pretix::read(bytes),
        Format::Csv => table::read(bytes),
        Format::Native => native::read(bytes),
    }
}
