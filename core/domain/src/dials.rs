//! Dials: what an operator turns while a sale runs, each turn with who did it and why.

use crate::answer::SalePhase;
use crate::refusal::Refusal;

/// Bytes of a message and of a reason: what fits on a phone's screen.
pub const WORDS_BYTES_MAX: usize = 500;
/// The hardest puzzle of the door; 0 asks for none.
pub const PUZZLE_LEVEL_MAX: u8 = 12;

/// Where a sale is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PhaseDial {
    /// From announced or paused.
    Open = 1,
    /// No new holds and no new shoppers; what is held may be paid.
    Pause = 2,
    /// No new holds ever; what is held may be paid.
    Close = 3,
    /// Everything held is released and everything sold is refunded.
    Cancel = 4,
}

impl PhaseDial {
    pub const ALL: [PhaseDial; 4] =
        [PhaseDial::Open, PhaseDial::Pause, PhaseDial::Close, PhaseDial::Cancel];

    /// Stable text, as in the API and the public topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PhaseDial::Open => "open",
            PhaseDial::Pause => "pause",
            PhaseDial::Close => "close",
            PhaseDial::Cancel => "cancel",
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        PhaseDial::ALL.into_iter().find(|dial| *dial as u8 == code)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        PhaseDial::ALL.into_iter().find(|dial| dial.code() == text)
    }

    /// The phase a turn leads to; turning to where a sale is already is lawful and changes nothing.
    pub fn turn(self, from: SalePhase) -> Result<SalePhase, Refusal> {
        match (self, from) {
            (PhaseDial::Cancel, _) => Ok(SalePhase::Cancelled),
            (_, SalePhase::Cancelled) => Err(Refusal::EventCancelled),
            (PhaseDial::Close, _) => Ok(SalePhase::Closed),
            (_, SalePhase::Closed) => Err(Refusal::SaleClosed),
            (PhaseDial::Open, _) => Ok(SalePhase::Open),
            (PhaseDial::Pause, SalePhase::Announced) => Err(Refusal::SaleNotOpen),
            (PhaseDial::Pause, _) => Ok(SalePhase::Paused),
        }
    }
}

/// One turn of any of the dials of an event, as one fact; `None` leaves a dial as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomDials {
    /// Places called a minute; 0 holds the line.
    pub per_minute: Option<u32>,
    /// Shoppers at once. Below those who are inside, nobody new enters until enough have left.
    pub shoppers_max: Option<u32>,
    /// How much work the door asks for.
    pub puzzle_level: Option<u8>,
    pub phase: Option<PhaseDial>,
    /// Shown to everybody who waits; an empty one takes the last away.
    pub message: Option<String>,
    /// Why, for those who look back; may be empty.
    pub reason: String,
    /// Digest of the entry of a settings file it came from; 0 when a person did it.
    pub origin: u64,
}

impl RoomDials {
    /// Whether every dial stays within its range.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        let message = self.message.as_ref().map_or(0, String::len);
        message.max(self.reason.len()) <= WORDS_BYTES_MAX
            && self.puzzle_level.is_none_or(|level| level <= PUZZLE_LEVEL_MAX)
    }

    /// Whether any dial is turned at all.
    #[must_use]
    pub fn turn_anything(&self) -> bool {
        let RoomDials { per_minute, shoppers_max, puzzle_level, phase, message, .. } = self;
        per_minute.is_some()
            || shoppers_max.is_some()
            || puzzle_level.is_some()
            || phase.is_some()
            || message.is_some()
    }
}
