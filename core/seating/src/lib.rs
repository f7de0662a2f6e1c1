//! Readers and generators of seating plans.
//!
//! Owns the way from a venue's file to a plan that can be sold: reading, finding
//! adjacent seats, ranking rows, and reporting what was assumed and what is wrong. Never sells,
//! stores or draws. Start at [`import()`].
//!
//! | module | holds |
//! |---|---|
//! | `pretix`, `table`, `native` | one format each |
//! | `draft` | what a foreign file says, before anything is inferred |
//! | `names` | what a name may hold, for every format |
//! | `aisles`, `numbers` | which seats are adjacent: by geometry, or from the numbers |
//! | `layout`, `local` | a drawing for files without coordinates, or with a block's own |
//! | `focus` | what everybody looks at, by whose distance seats are good |
//! | `assemble` | draft → plan and report; with `doubles`, `overlap`, `fit` and `palette` |
//! | `mend`, `open_row` | what a person knows better than the file |
//! | [`report`] | what a person should know before selling the plan |
//! | [`generate`], [`demo_prices`] | venues and prices that are free to ship |

mod aisles;
mod assemble;
mod demo_prices;
mod doubles;
mod draft;
mod fit;
mod focus;
mod format;
pub mod generate;
mod import;
mod layout;
mod local;
mod mend;
mod names;
mod native;
mod numbers;
mod open_row;
mod overlap;
mod palette;
mod pretix;
pub mod report;
mod table;

pub use demo_prices::demo_prices;
pub use focus::{Focus, ImportOptions};
pub use format::Format;
pub use import::{INPUT_BYTES_MAX, import, import_with};
pub use mend::{MENDS_MAX, Marked, Mend};
pub use names::{is_identifier, says_not_for_sale};
pub use native::to_base64;
pub use report::{ImportReport, Imported, Issue, IssueCode, Rejected, Severity};
