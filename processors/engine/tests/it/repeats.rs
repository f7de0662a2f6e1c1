//! The same command again.

use floodgate_domain::{Answer, CommandId, Envelope, GatewayId, Refusal};

use crate::rows::no_queue;
use crate::stage::{EVENT, Stage, buyer, seats};

#[test]
fn a_repeated_command_hears_the_first_outcome() {
    let mut stage = Stage::open(no_queue());
    let envelope = |fingerprint, command| Envelope {
        command_id: CommandId(1 << 100),
        fingerprint,
        event_id: EVENT,
        actor: buyer(1),
        reply_to: GatewayId(3),
        command,
    };
    let first = stage.send(envelope(1, seats(&[0])));
    let facts = stage.facts.len();
    let second = stage.send(envelope(1, seats(&[0])));
    assert!(!first.repeated && second.repeated);
    assert_eq!(first.answer, second.answer);
    let other = stage.send(envelope(2, seats(&[1])));
    assert_eq!(other.answer, Answer::Refused(Refusal::KeyReused));
    assert_eq!(stage.facts.len(), facts, "a repeat makes no facts");
}
