//! What a payment provider says about an attempt, under an id derived from it.
//!
//! Several may report the same result: the owner's outbox, again after a restart, and any gateway
//! the provider's webhook reached. All use the same command id, so the engine decides it once.

use std::fmt::Write;

use super::{AuthorisedPayment, PaymentAction, Subject};
use crate::command::{Command, Envelope};
use crate::ids::CommandId;

/// How an attempt to pay stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentResult {
    /// The provider holds the money.
    Authorised(AuthorisedPayment),
    /// The buyer has to do something first.
    ActionRequired(PaymentAction),
    /// The provider, or the bank behind it, said no, or let go of it when asked to.
    Declined,
    /// The money has moved.
    Captured,
    /// No answer in time. Never a no. Under the first rules a capture that failed is reported so too.
    Lost,
    /// What was held cannot be captured any more.
    CaptureFailed,
    /// The buyer's bank has taken the money back. The log decides nothing about it: products end by it,
    /// and what becomes of an order of seats is for staff to say.
    Disputed,
    /// The bank has given it back again: products go on.
    DisputeWon,
}

impl PaymentResult {
    /// The command that reports it; `None` about what the log does not decide.
    #[must_use]
    pub fn envelope(&self, subject: Subject, attempt: u8) -> Option<Envelope> {
        let command = match subject {
            Subject::Order { hold_id, .. } => match self.clone() {
                PaymentResult::Authorised(payment) => {
                    Command::PaymentAuthorised { hold_id, attempt, payment }
                }
                PaymentResult::ActionRequired(action) => {
                    Command::RecordPaymentAction { hold_id, attempt, action }
                }
                PaymentResult::Declined => Command::PaymentDeclined { hold_id, attempt },
                PaymentResult::Captured => Command::PaymentCaptured { hold_id, attempt },
                PaymentResult::Lost => Command::PaymentLost { hold_id, attempt },
                PaymentResult::CaptureFailed => Command::CaptureFailed { hold_id, attempt },
                PaymentResult::Disputed | PaymentResult::DisputeWon => return None,
            },
            Subject::Product { .. } => return None,
        };
        let command_id = self.command_id(command.name(), subject, attempt);
        Some(Envelope::system(command_id, subject.event_id(), command))
    }

    /// The version of the engine's rules from which on it may be reported: builds without them cannot
    /// read its command.
    #[must_use]
    pub fn rules(&self) -> u32 {
        match self {
            PaymentResult::CaptureFailed => 2,
            PaymentResult::Authorised(_)
            | PaymentResult::ActionRequired(_)
            | PaymentResult::Declined
            | PaymentResult::Captured
            | PaymentResult::Disputed
            | PaymentResult::DisputeWon
            | PaymentResult::Lost => 1,
        }
    }

    fn command_id(&self, command: &str, subject: Subject, attempt: u8) -> CommandId {
        let mut name = format!("payment {command} {subject} {attempt}");
        // A buyer may have to act more than once; each time is a result of its own. Of everything
        // else there is one an attempt, and the first report of it counts.
        if let PaymentResult::ActionRequired(PaymentAction { reference, url }) = self {
            let _ = write!(name, " {} {}", reference.as_str(), url.as_str());
        }
        CommandId::derived(&[name.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ActionUrl, PaymentReference};
    use super::*;
    use crate::ids::{EventId, HoldId, LogTime};

    fn reference(text: &str) -> PaymentReference {
        PaymentReference::parse(text).expect("short and printable")
    }

    fn action(url: &str) -> PaymentResult {
        let url = ActionUrl::parse(url).expect("a path");
        PaymentResult::ActionRequired(PaymentAction { reference: reference("a"), url })
    }

    fn authorised(capture_before: Option<LogTime>) -> PaymentResult {
        let reference = reference("a");
        PaymentResult::Authorised(AuthorisedPayment { reference, capture_before })
    }

    fn name(result: &PaymentResult, hold_id: u64, attempt: u8) -> CommandId {
        let subject = Subject::Order { event_id: EventId(3), hold_id: HoldId(hold_id) };
        let envelope = result.envelope(subject, attempt);
        envelope.map(|envelope| envelope.command_id).expect("an order is decided in the log")
    }

    #[test]
    fn names_are_those_of_every_build_before() {
        // A log that was written before must know what was reported to it.
        let known = CommandId(0x2776_75f2_6c75_7fa1_5740_3c97_fa2f_6972);
        assert_eq!(name(&PaymentResult::Captured, 7, 1), known);
    }

    #[test]
    fn each_result_of_each_attempt_has_a_name_of_its_own() {
        let results = [
            authorised(None),
            action("/a"),
            action("/b"),
            PaymentResult::Declined,
            PaymentResult::Captured,
            PaymentResult::Lost,
            PaymentResult::CaptureFailed,
        ];
        let mut all: Vec<_> = results
            .iter()
            .flat_map(|result| [(7, 1), (7, 2), (8, 1)].map(|(hold, n)| name(result, hold, n)))
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn who_reports_it_with_fewer_details_reports_the_same() {
        assert_eq!(name(&authorised(None), 7, 1), name(&authorised(Some(LogTime(9))), 7, 1));
    }
}
