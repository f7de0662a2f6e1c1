//! The engine: one serial fold of commands into facts.
//!
//! [`Engine::step`] is the whole path of a command: time passes, the command is decided,
//! its facts are applied, the outcome is remembered, the answer is given. Given the same
//! log it does the same thing, always and everywhere.

use std::hint::black_box;

use crate::apply::Target;
use crate::decide::{Context, create_event, decide, engine_version, expire, undo_cancelled};
use crate::event::Event;
use crate::outcomes::{Outcome, Outcomes, Remembered};
use crate::table::{Index, mix64};
use crate::version::{InForce, NEWEST_VERSION, NewerVersion, SEATS_RETURN_LATER, at_most};
use crate::wheel::{Timer, TimerKind, Wheel};
use floodgate_domain::answer::{Answer, EventStatus, Reply};
use floodgate_domain::command::{Command, Envelope, NewEvent};
use floodgate_domain::fact::{Fact, FactPosition, FactRecord};
use floodgate_domain::ids::{Actor, CommandId, EventId, LogTime};
use floodgate_domain::refusal::Refusal;
use floodgate_domain::wire::decode_fact;

/// Timers fired in one step. A mass expiry is spread over steps, each about a millisecond;
/// what is still due stays due. A rule: another number is another version.
const TIMERS_PER_STEP: usize = 4096;
/// Orders undone in one step after a cancellation, for the same reason; a rule as well.
const SWEEP_PER_STEP: u32 = 1024;

/// Bounds of one partition's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineLimits {
    /// Outcomes remembered for repeated command ids, 60 bytes each; the oldest goes first.
    pub outcomes_max: usize,
    /// Events of one partition; cancelled and closed ones count.
    pub events_max: usize,
    /// The newest rules it may follow; the log decides which it does.
    pub version_max: u32,
}

impl Default for EngineLimits {
    fn default() -> Self {
        EngineLimits { outcomes_max: 1 << 19, events_max: 1024, version_max: NEWEST_VERSION }
    }
}

/// All events of one partition.
#[derive(Debug)]
pub struct Engine {
    limits: EngineLimits,
    pub(crate) in_force: InForce,
    pub(crate) clock: LogTime,
    /// See [`Context::chance`]; zero while the first rules are in force.
    pub(crate) chance: u64,
    pub(crate) events: Vec<Event>,
    /// Event ids to positions in `events`.
    numbers: Index,
    pub(crate) outcomes: Outcomes,
    pub(crate) wheel: Wheel,
    /// Cancelled events with orders still to undo.
    pub(crate) sweeping: Vec<u32>,
    scratch: Scratch,
}

/// Memory used again in every step; empty between steps.
#[derive(Debug, Default)]
struct Scratch {
    facts: Vec<Fact>,
    due: Vec<Timer>,
}

/// Where a step's facts go.
#[derive(Debug)]
struct Output<'a> {
    facts: &'a mut Vec<FactRecord>,
    position: FactPosition,
}

impl Output<'_> {
    fn push(&mut self, event_id: EventId, at: LogTime, fact: Fact) {
        self.facts.push(FactRecord { position: self.position, at, event_id, fact });
        self.position.index += 1;
    }
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(limits: EngineLimits) -> Self {
        Engine {
            limits: EngineLimits { version_max: at_most(limits.version_max), ..limits },
            in_force: InForce::BASE,
            clock: LogTime(0),
            chance: 0,
            events: Vec::new(),
            numbers: Index::with_room_for(limits.events_max),
            outcomes: Outcomes::new(limits.outcomes_max),
            wheel: Wheel::new(),
            sweeping: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Loads what the coming commands will need, and changes nothing.
    ///
    /// The tables are larger than the caches, so each step would wait for memory several
    /// times. Here the loads of a whole batch overlap: about twice the rate. Call it with the
    /// next few dozen commands, then [`Engine::step`] each.
    pub fn look_ahead(&self, commands: &[Envelope]) {
        for (ahead, envelope) in commands.iter().enumerate() {
            self.outcomes.touch(envelope.command_id, ahead);
            if let (Actor::Buyer(buyer), Some(event)) =
                (envelope.actor, self.event(envelope.event_id))
            {
                event.buyers.touch(buyer);
            }
        }
        for envelope in commands {
            let Some(event) = self.event(envelope.event_id) else {
                continue;
            };
            let order = envelope.command.hold_id().and_then(|hold_id| event.orders.get(hold_id));
            black_box(order.map(|order| order.status));
            if let Actor::Buyer(buyer) = envelope.actor {
                black_box(event.buyer(buyer).map(|buyer| buyer.in_shop));
            }
        }
    }

    /// Takes the command at `offset`, stamped `at` by the log, and appends what happened to
    /// `facts`, first what time alone brought about, then what the command did. A command that puts
    /// rules in force which this build does not have changes nothing and ends the fold: what follows
    /// is for a newer build.
    pub fn step(
        &mut self,
        offset: u64,
        at: LogTime,
        envelope: &Envelope,
        facts: &mut Vec<FactRecord>,
    ) -> Result<Reply, NewerVersion> {
        if let Command::EngineVersion { version } = envelope.command
            && self.is_beyond(version, envelope)
        {
            return Err(NewerVersion { version, offset, known: self.limits.version_max });
        }
        self.clock = self.clock.max(at);
        self.draw(offset);
        let mut output = Output { facts, position: FactPosition { offset, index: 0 } };
        self.fire_timers(&mut output);
        self.undo_cancelled_orders(&mut output);
        let (answer, repeated) = self.answer_to(envelope, &mut output);
        Ok(Reply {
            command_id: envelope.command_id,
            event_id: envelope.event_id,
            reply_to: envelope.reply_to,
            offset,
            at: self.clock,
            repeated,
            answer,
        })
    }

    /// A bit of each of the last 64 commands, by its instant in the log: nobody knows those of others
    /// to the millisecond. No more than 64, and nothing but what facts say as well, so that a log
    /// whose lost commands were restored comes to the same numbers again.
    fn draw(&mut self, offset: u64) {
        if self.in_force.version >= SEATS_RETURN_LATER {
            let bit = mix64(mix64(offset) ^ self.clock.0) & 1;
            self.chance = self.chance << 1 | bit;
        }
    }

    /// Whether only a newer build may decide this. What every build refuses or repeats is not.
    fn is_beyond(&self, version: u32, envelope: &Envelope) -> bool {
        version > self.limits.version_max
            && envelope.actor == Actor::System
            && self.outcomes.find(envelope.command_id).is_none()
    }

    /// The rules in force after the last step.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        self.in_force
    }

    /// The next instant at which a Tick would do something; `None` when nothing runs.
    #[must_use]
    pub fn next_due(&self) -> Option<LogTime> {
        if self.sweeping.is_empty() { self.wheel.next_due() } else { Some(self.clock) }
    }

    /// Counts and phase of an event as of the last step.
    #[must_use]
    pub fn status(&self, event_id: EventId) -> Option<EventStatus> {
        self.event(event_id).map(Event::status)
    }

    pub(crate) fn number(&self, event_id: EventId) -> Option<u32> {
        let is = |number: u32| self.events[number as usize].id == event_id;
        self.numbers.find(mix64(event_id.0), is)
    }

    fn event(&self, event_id: EventId) -> Option<&Event> {
        self.number(event_id).map(|number| &self.events[number as usize])
    }

    pub(crate) fn add_event(&mut self, event: Event) {
        self.numbers.grow_for(self.events.len() + 1);
        self.numbers.insert(mix64(event.id.0), self.events.len() as u32);
        self.events.push(event);
    }

    /// The log time of the last step.
    #[must_use]
    pub fn clock(&self) -> LogTime {
        self.clock
    }

    fn fire_timers(&mut self, output: &mut Output<'_>) {
        let mut due = std::mem::take(&mut self.scratch.due);
        self.wheel.take_due(self.clock, TIMERS_PER_STEP, &mut due);
        let context = self.context(Actor::System);
        for timer in due.drain(..) {
            let mut facts = std::mem::take(&mut self.scratch.facts);
            let event = &self.events[timer.event as usize];
            let again = expire(event, &timer, context, &mut facts);
            self.apply_all(timer.event, facts, output);
            if let Some(deadline) = again {
                self.start_again(Timer { deadline, ..timer });
            }
        }
        self.scratch.due = due;
    }

    fn context(&self, actor: Actor) -> Context {
        Context { now: self.clock, actor, version: self.in_force.version, chance: self.chance }
    }

    /// A timer whose owner had moved its deadline.
    fn start_again(&mut self, timer: Timer) {
        if let TimerKind::Order { slot, .. } = timer.kind {
            let event = &mut self.events[timer.event as usize];
            event.orders.slots[slot as usize].armed = timer.deadline;
        }
        self.wheel.start(timer);
    }

    fn undo_cancelled_orders(&mut self, output: &mut Output<'_>) {
        let Some(&number) = self.sweeping.last() else {
            return;
        };
        let context = self.context(Actor::System);
        for _ in 0..SWEEP_PER_STEP {
            let event = &self.events[number as usize];
            let Some(slot) = event.sweep else { return };
            if slot as usize >= event.orders.slots.len() {
                self.events[number as usize].sweep = None;
                self.sweeping.pop();
                return;
            }
            let mut facts = std::mem::take(&mut self.scratch.facts);
            undo_cancelled(event, slot, context, &mut facts);
            self.apply_all(number, facts, output);
            self.events[number as usize].sweep = Some(slot + 1);
        }
    }

    fn answer_to(&mut self, envelope: &Envelope, output: &mut Output<'_>) -> (Answer, bool) {
        if let Some(first) = self.outcomes.find(envelope.command_id) {
            if first.fingerprint != envelope.fingerprint {
                return (Answer::Refused(Refusal::KeyReused), false);
            }
            let outcome = first.outcome;
            return (self.answer(envelope.event_id, outcome), true);
        }
        let outcome = self.decide_and_apply(envelope, output).unwrap_or_else(Outcome::Refused);
        if envelope.command_id != CommandId(0) {
            let Envelope { command_id, fingerprint, .. } = *envelope;
            self.outcomes.remember(Remembered { command_id, fingerprint, outcome });
        }
        (self.answer(envelope.event_id, outcome), false)
    }

    fn decide_and_apply(
        &mut self,
        envelope: &Envelope,
        output: &mut Output<'_>,
    ) -> Result<Outcome, Refusal> {
        match &envelope.command {
            Command::Tick => return Ok(Outcome::Done),
            Command::EngineVersion { version } => {
                return self.set_version(envelope, *version, output);
            }
            Command::RestoreFacts { facts } => {
                return self.restore_facts(envelope.actor, facts, output);
            }
            _ => {}
        }
        let Some(number) = self.number(envelope.event_id) else {
            return self.create(envelope, output);
        };
        let context = self.context(envelope.actor);
        let mut facts = std::mem::take(&mut self.scratch.facts);
        let event = &self.events[number as usize];
        let decision = decide(event, context, &envelope.command, &mut facts);
        self.apply_all(number, facts, output);
        if decision.is_ok() {
            self.events[number as usize].remember_cohort(envelope);
        }
        decision
    }

    fn set_version(
        &mut self,
        envelope: &Envelope,
        version: u32,
        output: &mut Output<'_>,
    ) -> Result<Outcome, Refusal> {
        let context = self.context(envelope.actor);
        if let Some(fact) = engine_version(self.in_force, context, version)? {
            self.in_force = InForce { version, since: Some(output.position.offset) };
            output.push(envelope.event_id, self.clock, fact);
        }
        Ok(Outcome::Done)
    }

    /// Makes true again what a lost command led to. What time alone brought about at that moment has
    /// been brought about already, as it was then.
    fn restore_facts(
        &mut self,
        actor: Actor,
        facts: &[Vec<u8>],
        output: &mut Output<'_>,
    ) -> Result<Outcome, Refusal> {
        self.context(actor).system()?;
        for bytes in facts {
            // A repair wrote only what it could read.
            let Ok(FactRecord { position, event_id, fact, .. }) = decode_fact(bytes) else {
                continue;
            };
            if position.index < output.position.index {
                continue;
            }
            match (&fact, self.number(event_id)) {
                (Fact::EngineVersionSet { version }, _) => {
                    let since = Some(output.position.offset);
                    self.in_force = InForce { version: *version, since };
                    output.push(event_id, self.clock, fact);
                }
                (Fact::EventCreated(new), None) => {
                    self.begin(event_id, new);
                    output.push(event_id, self.clock, fact);
                }
                (_, Some(number)) => self.apply_all(number, vec![fact], output),
                (_, None) => {}
            }
        }
        Ok(Outcome::Done)
    }

    fn create(&mut self, envelope: &Envelope, output: &mut Output<'_>) -> Result<Outcome, Refusal> {
        let Command::CreateEvent(new) = &envelope.command else {
            return Err(Refusal::UnknownEvent);
        };
        let (context, events) = (self.context(envelope.actor), self.events.len());
        let (fact, outcome) = create_event(context, new, events, self.limits.events_max)?;
        self.begin(envelope.event_id, new);
        output.push(envelope.event_id, self.clock, fact);
        Ok(outcome)
    }

    /// A new event, and the timers of its sale.
    fn begin(&mut self, event_id: EventId, new: &NewEvent) {
        let number = self.events.len() as u32;
        self.add_event(Event::new(event_id, new, self.in_force.version));
        let event = &mut self.events[number as usize];
        let (now, version) = (self.clock, self.in_force.version);
        let mut target = Target { event, number, wheel: &mut self.wheel, now, version };
        target.follow_sale_times(new.details.sale_times());
    }

    /// Makes decided facts true and hands them out; takes the scratch memory back.
    fn apply_all(&mut self, number: u32, mut facts: Vec<Fact>, output: &mut Output<'_>) {
        let event = &mut self.events[number as usize];
        let event_id = event.id;
        let (now, version) = (self.clock, self.in_force.version);
        let mut target = Target { event, number, wheel: &mut self.wheel, now, version };
        for fact in facts.drain(..) {
            target.apply(&fact);
            if fact == Fact::EventCancelled {
                self.sweeping.push(number);
            }
            output.push(event_id, self.clock, fact);
        }
        self.scratch.facts = facts;
    }

    /// Puts an outcome into words, with the state as it is now.
    fn answer(&self, event_id: EventId, outcome: Outcome) -> Answer {
        let event = self.event(event_id);
        match (outcome, event) {
            (Outcome::Refused(refusal), _) => Answer::Refused(refusal),
            (Outcome::Entered { place, until }, _) => Answer::Entered { place, until },
            (Outcome::Places { first, count }, _) => Answer::PlacesReserved { first, count },
            (Outcome::Status, Some(event)) => Answer::Status(event.status()),
            (Outcome::Order(hold_id), Some(event)) => event
                .orders
                .view(hold_id)
                .map_or(Answer::Refused(Refusal::HoldEnded), Answer::Order),
            (Outcome::Done | Outcome::Status | Outcome::Order(_), _) => Answer::Done,
        }
    }
}
