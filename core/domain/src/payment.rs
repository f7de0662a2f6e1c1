//! What a payment provider says of an attempt, under a name that follows from it.
//!
//! Several may tell the same result: the owner's outbox, asked again after a restart, and any
//! gateway the provider's answer reached. All use the same command id, so the engine hears one.

use sha2::{Digest, Sha256};

use crate::command::{Command, Envelope};
use crate::ids::{Actor, CommandId, EventId, GatewayId, HoldId};

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
    /// The command that tells the engine; it asks for an answer under `reply_to`.
    #[must_use]
    pub fn envelope(
        self,
        event_id: EventId,
        (hold_id, attempt): (HoldId, u8),
        reply_to: GatewayId,
    ) -> Envelope {
        let command = match self {
            PaymentResult::Authorised => Command::PaymentAuthorised { hold_id, attempt },
            PaymentResult::Declined => Command::PaymentDeclined { hold_id, attempt },
            PaymentResult::Captured => Command::PaymentCaptured { hold_id, attempt },
            PaymentResult::Lost => Command::PaymentLost { hold_id, attempt },
        };
        Envelope {
            command_id: command_id(&command, event_id, hold_id, attempt),
            fingerprint: 0,
            event_id,
            actor: Actor::System,
            reply_to,
            command,
        }
    }
}

fn command_id(command: &Command, event_id: EventId, hold_id: HoldId, attempt: u8) -> CommandId {
    let mut hash = Sha256::new();
    hash.update(b"payment");
    hash.update(command.name().as_bytes());
    hash.update(event_id.0.to_be_bytes());
    hash.update(hold_id.0.to_be_bytes());
    hash.update([attempt]);
    let digest = hash.finalize();
    let mut head = [0; 16];
    head.copy_from_slice(&digest[..16]);
    CommandId(u128::from_be_bytes(head).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_every_build_before() {
        let name = |result: PaymentResult, attempt| {
            result.envelope(EventId(3), (HoldId(7), attempt), GatewayId(0)).command_id
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
        // A log that was written before must know what it was told.
        assert_eq!(all[0], CommandId(0xa3bd_e8af_ace8_dc57_5d4e_6d96_dbac_e555));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 8, "each result of each attempt has a name of its own");
    }
}
