//! The phase of a sale as a dial.

use crate::answer::SalePhase;
use crate::refusal::Refusal;

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
    /// From announced or paused: for those who have claimed a code.
    Presale = 5,
}

impl PhaseDial {
    pub const ALL: [PhaseDial; 5] = [
        PhaseDial::Open,
        PhaseDial::Pause,
        PhaseDial::Close,
        PhaseDial::Cancel,
        PhaseDial::Presale,
    ];

    /// Those a dial turns to; an event is cancelled by a call of its own.
    pub const TURNED: [PhaseDial; 4] =
        [PhaseDial::Presale, PhaseDial::Open, PhaseDial::Pause, PhaseDial::Close];

    /// Stable text, as in the API and the public topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PhaseDial::Open => "open",
            PhaseDial::Pause => "pause",
            PhaseDial::Close => "close",
            PhaseDial::Cancel => "cancel",
            PhaseDial::Presale => "presale",
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        PhaseDial::ALL.into_iter().find(|dial| *dial as u8 == code)
    }

    /// The phase of this name, if a dial turns to it.
    #[must_use]
    pub fn turned(text: &str) -> Option<Self> {
        PhaseDial::TURNED.into_iter().find(|dial| dial.code() == text)
    }

    /// The phase a turn leads to; turning to where a sale is already is lawful and changes nothing.
    pub fn turn(self, from: SalePhase) -> Result<SalePhase, Refusal> {
        match (self, from) {
            (PhaseDial::Cancel, _) => Ok(SalePhase::Cancelled),
            (_, SalePhase::Cancelled) => Err(Refusal::EventCancelled),
            (PhaseDial::Close, _) => Ok(SalePhase::Closed),
            (_, SalePhase::Closed) => Err(Refusal::SaleClosed),
            // Whoever came in without a code stays, so a sale that was opened to all stays so.
            (PhaseDial::Presale, SalePhase::Open) => Err(Refusal::WrongPhase),
            (PhaseDial::Presale, _) => Ok(SalePhase::Presale),
            (PhaseDial::Open, _) => Ok(SalePhase::Open),
            (PhaseDial::Pause, SalePhase::Announced) => Err(Refusal::SaleNotOpen),
            (PhaseDial::Pause, _) => Ok(SalePhase::Paused),
        }
    }
}
