//! The one path from a request to an outcome.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use floodgate_domain::{Actor, Answer, Command, CommandId, Envelope, EventId, GatewayId, Reply};
use floodgate_event_log::TraceContext;
use floodgate_transport::{AskError, CommandClient};

use crate::problem::{ApiError, Code};
use crate::telemetry::Telemetry;
use crate::traced;

/// How long to wait for an answer that missed its deadline.
const LATE_FOR: Duration = Duration::from_secs(60);
/// Late answers kept for those who ask: a few megabytes.
const LATE_MAX: usize = 16_384;

/// A request under the name its client gave it.
#[derive(Debug, Clone)]
pub(crate) struct RequestKey {
    pub(crate) name: String,
    pub(crate) fingerprint: u32,
    /// The span of the request, if it is traced.
    pub(crate) trace: Option<TraceContext>,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    Decided(Box<Reply>),
    /// In the log or on its way; ask again under this id.
    Pending(CommandId),
}

/// A command whose answer missed its deadline: whose it is, and the answer once it is there.
#[derive(Debug)]
struct LateCommand {
    event_id: EventId,
    owner: Actor,
    reply: Option<Reply>,
}

/// Commands whose request got 202.
#[derive(Debug, Default)]
struct Late {
    // A plain mutex: held for one map operation.
    commands: Mutex<(HashMap<CommandId, LateCommand>, VecDeque<CommandId>)>,
}

/// What is known of a command that somebody asks about.
#[derive(Debug)]
pub(crate) enum LateAnswer {
    Decided(Box<Reply>),
    /// Not decided yet, or another gateway knows.
    NotKnown,
    /// Somebody else's, or of another event.
    Foreign,
}

impl Late {
    fn expect(&self, command_id: CommandId, event_id: EventId, owner: Actor) {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let (by_id, order) = &mut *commands;
        if by_id.contains_key(&command_id) {
            return;
        }
        if order.len() >= LATE_MAX
            && let Some(oldest) = order.pop_front()
        {
            by_id.remove(&oldest);
        }
        order.push_back(command_id);
        by_id.insert(command_id, LateCommand { event_id, owner, reply: None });
    }

    fn keep(&self, reply: Reply) {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(command) = commands.0.get_mut(&reply.command_id) {
            command.reply = Some(reply);
        }
    }

    fn find(&self, command_id: CommandId, event_id: EventId, askers: &[Actor]) -> LateAnswer {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(command) = commands.0.get(&command_id) else { return LateAnswer::NotKnown };
        if command.event_id != event_id || !askers.contains(&command.owner) {
            return LateAnswer::Foreign;
        }
        command
            .reply
            .clone()
            .map_or(LateAnswer::NotKnown, |reply| LateAnswer::Decided(Box::new(reply)))
    }
}

/// The command's id: who asks, of which event, under which key.
pub(crate) fn command_id(actor: Actor, event_id: EventId, key: &str) -> CommandId {
    let (kind, number) = match actor {
        Actor::System => (0, 0),
        Actor::Buyer(buyer) => (1, buyer.0),
        Actor::Staff(staff) => (2, staff.0),
    };
    let (number, event) = (number.to_be_bytes(), event_id.0.to_be_bytes());
    CommandId::derived(&[&[kind], &number, &event, key.as_bytes()])
}

/// Sends commands and waits for their outcomes; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Commands(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: CommandClient,
    /// How long a command is waited for before 202.
    deadline: Duration,
    late: Late,
    telemetry: Telemetry,
}

impl Commands {
    pub(crate) fn new(client: CommandClient, deadline: Duration, telemetry: Telemetry) -> Self {
        let late = Late::default();
        Commands(Arc::new(Inner { client, deadline, late, telemetry }))
    }

    /// How long a command is waited for before 202.
    pub(crate) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Commands that wait for their answer.
    pub(crate) fn waiting_count(&self) -> usize {
        self.0.client.waiting_count()
    }

    /// What is known of a command that missed its deadline, for those who sent it.
    pub(crate) fn late(
        &self,
        command_id: CommandId,
        event_id: EventId,
        askers: &[Actor],
    ) -> LateAnswer {
        self.0.late.find(command_id, event_id, askers)
    }

    /// Appends the command and waits for its outcome until the deadline.
    pub(crate) async fn submit(
        &self,
        event_id: EventId,
        actor: Actor,
        key: &RequestKey,
        command: Command,
    ) -> Result<Outcome, ApiError> {
        self.submit_for(actor, event_id, actor, key, command).await
    }

    /// The same in the name of another: `owner` is who sent it and may ask what became of it.
    pub(crate) async fn submit_for(
        &self,
        owner: Actor,
        event_id: EventId,
        actor: Actor,
        key: &RequestKey,
        command: Command,
    ) -> Result<Outcome, ApiError> {
        let envelope = Envelope {
            command_id: command_id(actor, event_id, &key.name),
            fingerprint: key.fingerprint,
            event_id,
            actor,
            reply_to: GatewayId::NOBODY,
            command,
        };
        self.submit_named(owner, envelope, key.trace).await
    }

    /// The same for a command that has its name already.
    pub(crate) async fn submit_named(
        &self,
        owner: Actor,
        envelope: Envelope,
        trace: Option<TraceContext>,
    ) -> Result<Outcome, ApiError> {
        let Envelope { command_id, event_id, .. } = envelope;
        let name = envelope.command.name();
        let started = Instant::now();
        let exchange = self.exchange(envelope, trace);
        let deadline = tokio::time::Instant::now() + self.0.deadline;
        tokio::pin!(exchange);
        let outcome = match tokio::time::timeout_at(deadline, &mut exchange).await {
            Ok(reply) => Outcome::Decided(Box::new(reply?)),
            Err(_) => {
                self.0.late.expect(command_id, event_id, owner);
                self.wait_on(command_id, name);
                Outcome::Pending(command_id)
            }
        };
        self.0.telemetry.metering().commanded(name, started.elapsed());
        Ok(outcome)
    }

    /// Appends and waits, however long it takes.
    async fn exchange(
        &self,
        envelope: Envelope,
        trace: Option<TraceContext>,
    ) -> Result<Reply, ApiError> {
        let client = &self.0.client;
        Ok(match trace {
            Some(trace) => {
                traced::exchange(self.0.telemetry.tracer(), trace, client, envelope).await?
            }
            None => client.ask(envelope).await?,
        })
    }

    /// Appends a command of Floodgate's own and goes on: whoever sends it looks at the facts.
    pub(crate) fn append(&self, event_id: EventId, command: Command) {
        self.append_named(&Envelope::system(CommandId::NONE, event_id, command));
    }

    /// The same for a command that has its name already.
    pub(crate) fn append_named(&self, envelope: &Envelope) {
        drop(self.0.client.sender().send(envelope));
    }

    /// Keeps waiting for an answer that is late, for those who ask about it.
    fn wait_on(&self, command_id: CommandId, command: &'static str) {
        tracing::warn!(%command_id, command, "an answer is late");
        metrics::counter!("floodgate_answers_late_total").increment(1);
        let wait = self.0.client.expect(command_id);
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Ok(Ok(reply)) = tokio::time::timeout(LATE_FOR, wait).await {
                inner.late.keep(reply);
            }
        });
    }

    /// A question Floodgate itself has, such as a strong status.
    pub(crate) async fn ask(&self, event_id: EventId, command: Command) -> Result<Reply, ApiError> {
        match self.0.client.ask_once(self.0.deadline, event_id, command).await {
            Ok(reply) => refused_or(reply),
            Err(AskError::Log(error)) => Err(error.into()),
            Err(AskError::Late) => Err(ApiError::new(Code::Overloaded).retry_after_ms(1_000)),
        }
    }
}

/// A refusal becomes a problem; everything else passes.
pub(crate) fn refused_or(reply: Reply) -> Result<Reply, ApiError> {
    match reply.answer {
        Answer::Refused(refusal) => Err(refusal.into()),
        _ => Ok(reply),
    }
}

#[cfg(test)]
mod tests {
    use floodgate_domain::{BuyerId, LogTime};

    use super::*;

    fn reply(command_id: CommandId) -> Reply {
        Reply {
            command_id,
            event_id: EventId(7),
            reply_to: GatewayId::NOBODY,
            offset: 1,
            at: LogTime(0),
            repeated: false,
            answer: Answer::Done,
        }
    }

    #[test]
    fn only_who_sent_a_command_hears_what_became_of_it() {
        let late = Late::default();
        let (event, id) = (EventId(7), CommandId(1));
        let (owner, other) = (Actor::Buyer(BuyerId(1)), Actor::Buyer(BuyerId(2)));
        assert!(matches!(late.find(id, event, &[owner]), LateAnswer::NotKnown));
        late.expect(id, event, owner);
        assert!(matches!(late.find(id, event, &[owner]), LateAnswer::NotKnown));
        assert!(
            matches!(late.find(id, event, &[other]), LateAnswer::Foreign),
            "before it is decided"
        );
        late.keep(reply(id));
        assert!(matches!(late.find(id, event, &[other, owner]), LateAnswer::Decided(_)));
        assert!(matches!(late.find(id, event, &[other]), LateAnswer::Foreign));
        assert!(
            matches!(late.find(id, EventId(8), &[owner]), LateAnswer::Foreign),
            "of another event"
        );
        assert!(matches!(late.find(id, event, &[]), LateAnswer::Foreign));
    }

    #[test]
    fn late_commands_are_bounded() {
        let late = Late::default();
        for number in 0..LATE_MAX as u128 + 10 {
            late.expect(CommandId(number), EventId(7), Actor::System);
        }
        let commands = late.commands.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((commands.0.len(), commands.1.len()), (LATE_MAX, LATE_MAX));
    }
}
