//! What a payment provider says of an attempt, under a name that follows from it.
//!
//! Several may report the same result: the owner's outbox, again after a restart, and any gateway
//! the provider's answer reached. All use the same command id, so the engine takes one.

use crate::command::{Command, Envelope};
use crate::ids::{CommandId, EventId, HoldId};

/// How an attempt to pay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentResult {
    /// The provider holds the money.
    Authorised,
    Declined,
    /// The money has moved.
    Captured,
    /// No answer in time, or a capture that failed for good.
    Lost,
}

impl PaymentResult {
    /// The command that lets the engine know.
    #[must_use]
    pub fn envelope(self, event_id: EventId, (hold_id, attempt): (HoldId, u8)) -> Envelope {
        let command = match self {
            PaymentResult::Authorised => Command::PaymentAuthorised { hold_id, attempt },
            PaymentResult::Declined => Command::PaymentDeclined { hold_id, attempt },
            PaymentResult::Captured => Command::PaymentCaptured { hold_id, attempt },
            PaymentResult::Lost => Command::PaymentLost { hold_id, attempt },
        };
        let (event, hold) = (event_id.0.to_be_bytes(), hold_id.0.to_be_bytes());
        let parts: [&[u8]; 5] = [b"payment", command.name().as_bytes(), &event, &hold, &[attempt]];
        Envelope::system(CommandId::derived(&parts), event_id, command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_every_build_before() {
        let name = |result: PaymentResult, attempt| {
            result.envelope(EventId(3), (HoldId(7), attempt)).command_id
        };
        let mut all = Vec::new();
        for result in [
            PaymentResult::Authorised,
            PaymentResult::Declined,
            PaymentResult::Captured,
            PaymentResult::Lost,
        ] {
            all.extend([name(result, 1), name(result, 2)]);
        }
        // A log that was written before must know what it has.
        assert_eq!(all[0], CommandId(0xfe05_8a0d_7e37_48c2_9a13_76ba_a89d_7bfe));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 8, "each result of each attempt has a name of its own");
    }
}
