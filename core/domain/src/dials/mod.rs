//! Dials: what an operator changes while a sale runs, in one table.
//!
//! The table below is the only place that lists them. Log, engine, waiting room, settings file,
//! HTTP, OpenAPI, command line and page take name, type, bounds and text from it. Another dial
//! is one more entry. One that is a rule of the sale needs nothing else; one that affects the
//! waiting room is read there.

#[macro_use]
mod change;
mod dial;
mod phase;
mod rules;

pub use change::DialEntry;
pub use dial::{Acts, Dial, DialError, DialKind, DialValue, Plain, Rule};
pub use phase::PhaseDial;

use crate::line::PLACES_MAX;
use dial::DialType;

/// The hardest puzzle of the door; 0 asks for none.
pub const PUZZLE_LEVEL_MAX: u8 = 12;
/// Bytes of a message and of a reason: what fits on a phone's screen.
pub const TEXT_BYTES_MAX: usize = 500;
/// What the reason of a change is, wherever one can be given.
pub const REASON: &str = "Why; kept in the log together with who did it.";
/// And what bounds it.
pub const REASON_KIND: DialKind = DialKind::Text { bytes_max: TEXT_BYTES_MAX };

dials! {
    pace_per_minute: u32 {
        wire: 1,
        // The longest line there can be, in one minute.
        kind: DialKind::Number { min: 0, max: PLACES_MAX, unit: "places a minute" },
        acts: Acts::Room,
        what: "Places called per minute; 0 stops the line.",
    }
    shoppers_max: u32 {
        wire: 2,
        kind: DialKind::Number { min: 0, max: PLACES_MAX, unit: "shoppers" },
        acts: Acts::Rule(rule!(shoppers_max)),
        what: "Shoppers at once. If more are inside, nobody new enters until enough have left.",
    }
    puzzle_level: u8 {
        wire: 3,
        kind: DialKind::Number { min: 0, max: PUZZLE_LEVEL_MAX as u64, unit: "levels" },
        acts: Acts::Room,
        what: "How much work the door asks for; 0 means none, each level doubles it.",
    }
    phase: PhaseDial {
        wire: 4,
        kind: DialKind::Phase,
        acts: Acts::Phase,
        what: "The phase of the sale. Closing is final and needs a manager.",
    }
    message: String {
        wire: 5,
        kind: DialKind::Text { bytes_max: TEXT_BYTES_MAX },
        acts: Acts::Room,
        what: "Shown to everybody who waits; an empty text removes it.",
    }
}

#[cfg(test)]
mod tests;
