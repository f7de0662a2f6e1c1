//! Commands an owner appends itself: time passes, newer rules come into force.

use std::sync::Arc;

use floodgate_domain::{Command, CommandId, Envelope, EventId};
use floodgate_event_log::{Log, Partition, PendingAppend};
use floodgate_transport::CommandSender;

/// At most one command on its way from the owner to its own partition.
#[derive(Debug, Default)]
pub(crate) enum OwnCommand {
    #[default]
    None,
    /// The log has not answered.
    Sent(PendingAppend),
    /// The log has it, the owner has still to read it.
    Written,
}

impl OwnCommand {
    /// Whether one is on its way; one that the log refused is not.
    pub(crate) fn is_on_its_way(&mut self) -> bool {
        if let OwnCommand::Sent(append) = self {
            match append.try_outcome() {
                None => {}
                Some(Ok(_)) => *self = OwnCommand::Written,
                Some(Err(_)) => *self = OwnCommand::None,
            }
        }
        !matches!(self, OwnCommand::None)
    }

    /// Appends it. It concerns no event, nobody waits for its answer, and it is never remembered.
    pub(crate) fn send(&mut self, log: &Arc<dyn Log>, partition: Partition, command: Command) {
        let envelope = Envelope::system(CommandId::NONE, EventId(0), command);
        let commands = CommandSender::new(Arc::clone(log));
        *self = OwnCommand::Sent(commands.send_all(partition, [&envelope]));
    }

    /// It was decided.
    pub(crate) fn arrive(&mut self) {
        *self = OwnCommand::None;
    }
}
