//! Policy: how long, how many, how often. Data in the log, so the past stays as decided.

/// The longest duration a policy may have, thirty days: longer waits are mistakes, and would fill
/// the engine's timing wheel.
pub const DURATION_MS_MAX: u64 = 30 * 24 * 3_600_000;

/// The rules of one event's sale. Durations in milliseconds of log time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A hold's length from SeatsHeld.
    pub hold_ms: u64,
    /// How often a buyer may extend a hold.
    pub extensions_max: u8,
    /// What one extension adds to what is left.
    pub extension_ms: u64,
    /// How long a payment may take from PurchaseStarted; a bank's challenge fits inside.
    pub payment_ms: u64,
    /// After a decline, how long the seats wait for another card.
    pub retry_ms: u64,
    /// How often another card may be tried.
    pub payment_attempts_max: u8,
    /// Seats one buyer may have in this event, held and bought together.
    pub seats_per_buyer_max: u16,
    /// Seats in one hold; at most [`crate::seats::SEATS_PER_HOLD_MAX`].
    pub seats_per_hold_max: u8,
    /// Holds and pending orders one buyer may have at once.
    pub holds_per_buyer_max: u8,
    /// After seats came back unpaid, how long the buyer may not hold again: twice as long each time, up
    /// to 64 times, until they buy. Payments that failed count as well.
    pub cooldown_ms: u64,
    /// Whether the shop is behind the queue. Without, anyone may hold.
    pub pass_required: bool,
    /// Shoppers at once.
    pub shoppers_max: u32,
    /// How long a pass is good for, from Entered.
    pub pass_ms: u64,
    /// Buyers at once: those who have seats, held or bought. Under the first rules, distinct people the
    /// event remembers.
    pub buyers_max: u32,
    /// How long a shopper who has no seats may do nothing before their place goes to others; 0 is for
    /// as long as their pass. Absent where nobody has said: [`IDLE_MS`].
    pub idle_ms: Option<u64>,
    /// Whether announcements go out only once somebody has approved them. Absent where nobody has
    /// said: they need not be.
    pub approve_announcements: Option<bool>,
    /// Whether only those who are signed in may join the line. Who is, only the gateways know, and
    /// they see to it. Absent where nobody has said: anybody may.
    pub sign_in_required: Option<bool>,
}

/// Three minutes: time to read a plan and to ask a friend, and short beside a pass of a quarter of an
/// hour. Whoever is there is asked before, and one press is enough.
pub const IDLE_MS: u64 = 180_000;

/// An hour after a cool-down it counts no more: whoever comes then begins again, and need not be
/// remembered.
pub const COOL_DOWNS_COUNT_MS: u64 = 3_600_000;

impl Policy {
    /// How long a shopper who has no seats may do nothing; `None` is for as long as their pass.
    #[must_use]
    pub fn idle(&self) -> Option<u64> {
        Some(self.idle_ms.unwrap_or(IDLE_MS)).filter(|&ms| ms > 0)
    }

    /// The longest that an order may be unpaid, whatever is tried: its hold with every extension, one
    /// payment, and the time for one more card.
    #[must_use]
    pub fn unpaid_ms_max(&self) -> u64 {
        let extensions = u64::from(self.extensions_max).saturating_mul(self.extension_ms);
        let parts = [self.hold_ms, extensions, self.payment_ms, self.retry_ms];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    /// How long seats that are given back may stay out of reach: a twentieth of a hold, a quarter of a
    /// minute at most.
    #[must_use]
    pub fn return_ms_max(&self) -> u64 {
        (self.hold_ms / 20).min(15_000)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            hold_ms: 300_000,
            extensions_max: 1,
            extension_ms: 120_000,
            payment_ms: 600_000,
            retry_ms: 180_000,
            payment_attempts_max: 3,
            seats_per_buyer_max: 6,
            seats_per_hold_max: 6,
            holds_per_buyer_max: 1,
            cooldown_ms: 5_000,
            pass_required: true,
            shoppers_max: 2_000,
            pass_ms: 900_000,
            buyers_max: 1 << 20,
            idle_ms: None,
            approve_announcements: None,
            sign_in_required: None,
        }
    }
}

/// Holds and pending orders one buyer can have at once, whatever an event's rules say.
pub const HOLDS_PER_BUYER_MAX: usize = 4;
/// Sixteen million buyers are a gigabyte of records.
pub const BUYERS_MAX: u32 = 1 << 24;
