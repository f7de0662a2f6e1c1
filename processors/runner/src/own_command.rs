//! Commands an owner appends itself: time passes, other rules come into force.

use floodgate_domain::wire::encode_command;
use floodgate_domain::{Actor, Command, CommandId, Envelope, EventId, GatewayId};
use floodgate_event_log::{Log, NewRecord, Partition, Ticket, Topic};

/// At most one command on its way from the owner to its own partition.
#[derive(Debug, Default)]
pub(crate) enum OwnCommand {
    #[default]
    None,
    /// The log has not answered.
    Sent(Ticket),
    /// The log has it, the owner has still to read it.
    Written,
}

impl OwnCommand {
    /// Whether one is on its way; one that the log refused is not.
    pub(crate) fn is_on_its_way(&mut self) -> bool {
        if let OwnCommand::Sent(ticket) = self {
            match ticket.try_outcome() {
                None => {}
                Some(Ok(_)) => *self = OwnCommand::Written,
                Some(Err(_)) => *self = OwnCommand::None,
            }
        }
        !matches!(self, OwnCommand::None)
    }

    /// Appends it. It concerns no event, nobody waits for its answer, and it is never remembered.
    pub(crate) fn send(&mut self, log: &dyn Log, partition: Partition, command: Command) {
        let envelope = Envelope {
            command_id: CommandId(0),
            fingerprint: 0,
            event_id: EventId(0),
            actor: Actor::System,
            reply_to: GatewayId(0),
            command,
        };
        let mut value = Vec::new();
        encode_command(&envelope, &mut value);
        let record = NewRecord::new(EventId(0).to_string(), value);
        *self = OwnCommand::Sent(log.append(Topic::Commands, partition, vec![record]));
    }

    /// It was decided.
    pub(crate) fn arrive(&mut self) {
        *self = OwnCommand::None;
    }
}
