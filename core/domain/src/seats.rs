//! Seats by number, and short lists of them without allocation.

use std::fmt;

/// A seat's index in its plan: sections, rows and seats in plan order, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SeatId(pub u32);

/// The state of a seat in a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SeatState {
    Free = 0,
    Held = 1,
    Sold = 2,
    /// Blocked, in the plan or by staff, or of a category that has no price.
    NotForSale = 3,
}

impl SeatState {
    /// The state as everybody has it, knowing whether the seat's category has a price: what has none
    /// is not free, whoever let go of it. What is held or sold stays so.
    #[must_use]
    #[inline]
    pub fn where_sold(self, has_price: bool) -> Self {
        if self == SeatState::Free && !has_price { SeatState::NotForSale } else { self }
    }

    /// Stable text, as in the tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            SeatState::Free => "free",
            SeatState::Held => "held",
            SeatState::Sold => "sold",
            SeatState::NotForSale => "not_for_sale",
        }
    }
}

/// The most seats one hold may name. Families and groups of friends fit; larger parties
/// are bulk buyers. It keeps every command, fact and answer a fixed size.
pub const SEATS_PER_HOLD_MAX: usize = 16;

/// Up to [`SEATS_PER_HOLD_MAX`] seats, inline.
#[derive(Clone, Copy)]
pub struct SeatList {
    count: u8,
    seats: [SeatId; SEATS_PER_HOLD_MAX],
}

impl SeatList {
    /// No seats.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        SeatList { count: 0, seats: [SeatId(0); SEATS_PER_HOLD_MAX] }
    }

    /// Adds a seat; `false` when the list is full.
    #[inline]
    pub fn push(&mut self, seat: SeatId) -> bool {
        let at = usize::from(self.count);
        if at >= SEATS_PER_HOLD_MAX {
            return false;
        }
        self.seats[at] = seat;
        self.count += 1;
        true
    }

    /// The seats, in the order they were added.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[SeatId] {
        &self.seats[..usize::from(self.count)]
    }

    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = SeatId> + '_ {
        self.as_slice().iter().copied()
    }

    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether some seat is named twice.
    #[must_use]
    #[inline]
    pub fn has_duplicates(&self) -> bool {
        let seats = self.as_slice();
        seats.iter().enumerate().any(|(at, seat)| seats[..at].contains(seat))
    }
}

impl Default for SeatList {
    fn default() -> Self {
        SeatList::new()
    }
}

impl PartialEq for SeatList {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SeatList {}

impl fmt::Debug for SeatList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|seat| seat.0)).finish()
    }
}

/// The most seats one command may take off sale or put back. The sections of a large stadium have
/// some thousand seats, so one call names one; and a command stays as small as the step it leads to:
/// at most 16 KB in the log, 33 KB as a public fact, and 4,096 seats turned in one step, like timers.
pub const SEATS_PER_SET_MAX: usize = 4_096;

/// Different seats in plan order: at least one, at most [`SEATS_PER_SET_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatSet(Vec<SeatId>);

impl SeatSet {
    /// These seats, each once; `None` when there are none, or too many.
    #[must_use]
    pub fn of(seats: impl IntoIterator<Item = SeatId>) -> Option<Self> {
        let mut seats: Vec<SeatId> = seats.into_iter().collect();
        seats.sort_unstable();
        seats.dedup();
        (1..=SEATS_PER_SET_MAX).contains(&seats.len()).then_some(SeatSet(seats))
    }

    #[must_use]
    pub fn as_slice(&self) -> &[SeatId] {
        &self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = SeatId> + '_ {
        self.0.iter().copied()
    }

    /// Runs of seats whose numbers follow each other: the first and how many.
    pub fn runs(&self) -> impl Iterator<Item = (SeatId, u32)> + '_ {
        let runs = self.0.chunk_by(|one, next| one.0 + 1 == next.0);
        runs.map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX)))
    }
}

impl TryFrom<&[u32]> for SeatList {
    type Error = TooManySeats;
    #[inline]
    fn try_from(numbers: &[u32]) -> Result<Self, TooManySeats> {
        let mut list = SeatList::new();
        for &number in numbers {
            if !list.push(SeatId(number)) {
                return Err(TooManySeats { asked: numbers.len() });
            }
        }
        Ok(list)
    }
}

/// More seats than one hold may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{asked} seats requested, a hold may have at most {SEATS_PER_HOLD_MAX}")]
pub struct TooManySeats {
    pub asked: usize,
}
