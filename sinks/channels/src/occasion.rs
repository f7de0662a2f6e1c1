//! What messages are about, and how each kind is treated: whether it waits for the morning, whether
//! it counts towards what a person gets in a week, how long it is of use.

use std::time::Duration;

use crate::courier::Urgency;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How one kind of message is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// Stable text, and the name of its templates.
    pub code: &'static str,
    /// Written because somebody agreed to it, and not because they have bought something: such a
    /// message needs a consent, can be ended with one press, and counts in the week.
    pub is_by_consent: bool,
    /// It can wait until nobody is woken by it.
    pub is_held_at_night: bool,
    /// It is about an address itself, which need not be confirmed yet.
    pub is_about_address: bool,
    pub urgency: Urgency,
    pub useful_for: Duration,
}

const fn occasion(code: &'static str, useful_secs: u64) -> Occasion {
    Occasion {
        code,
        is_by_consent: false,
        is_held_at_night: false,
        is_about_address: false,
        urgency: Urgency::Normal,
        useful_for: Duration::from_secs(useful_secs),
    }
}

/// Asked for in advance, and not urgent.
const fn by_consent(code: &'static str, useful_secs: u64) -> Occasion {
    Occasion { is_by_consent: true, is_held_at_night: true, ..occasion(code, useful_secs) }
}

const fn urgent(code: &'static str, useful_secs: u64) -> Occasion {
    Occasion { urgency: Urgency::High, ..occasion(code, useful_secs) }
}

/// Every kind of message.
pub const OCCASIONS: [Occasion; 18] = [
    urgent("your_turn", 15 * MINUTE),
    urgent("hold_ending", MINUTE),
    occasion("order_confirmed", 7 * DAY),
    occasion("order_refunded", 7 * DAY),
    occasion("order_cancelled", 7 * DAY),
    urgent("order_declined", HOUR),
    occasion("order_no_answer", 6 * HOUR),
    occasion("order_expired", DAY),
    occasion("ticket_received", 7 * DAY),
    occasion("ticket_taken_back", 7 * DAY),
    Occasion { is_held_at_night: true, ..occasion("event_details_changed", 7 * DAY) },
    occasion("event_cancelled", 7 * DAY),
    by_consent("sale_opens_soon", HOUR),
    by_consent("event_open", 2 * DAY),
    by_consent("announcement", 7 * DAY),
    Occasion { is_about_address: true, ..occasion("announcement_test", DAY) },
    Occasion { is_about_address: true, ..urgent("confirm_address", DAY) },
    Occasion { is_about_address: true, ..urgent("sign_in", 15 * MINUTE) },
];

impl Occasion {
    /// The kind with this code.
    #[must_use]
    pub fn of(code: &str) -> Option<&'static Occasion> {
        OCCASIONS.iter().find(|occasion| occasion.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is of use for a week can be sent again by hand: the store says so by name.
    #[test]
    fn what_can_be_sent_again_is_what_is_true_for_days() {
        let lasts = |one: &&Occasion| one.useful_for >= Duration::from_secs(7 * DAY);
        let mut codes: Vec<_> = OCCASIONS.iter().filter(lasts).map(|one| one.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, floodgate_people::REPEATABLE);
    }
}
