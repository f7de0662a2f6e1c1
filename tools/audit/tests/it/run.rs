//! A seeded run: two events of one partition, sold out by a handful of people who change their minds.

use floodgate_domain::wire::{decode_command, decode_fact, encode_command, encode_fact};
use floodgate_domain::{
    Actor, AgeBand, Answer, BuyerId, CategorySet, Cohort, Command, CommandId, DialChange, Envelope,
    EventDetails, EventId, Fact, FactRecord, Frontier, GatewayId, HoldId, LogTime, OrderStatus,
    OrderView, PhaseDial, Place, Policy, SeatId, SeatList, StaffId,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_testkit::MemoryLog;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixtures::{action, method, new_event, payment};

pub(crate) const EVENTS: [EventId; 3] = [EventId(7), EventId(8), EventId(9)];
const BUYERS: u64 = 14;

/// What was stored: commands with their times, and the facts they led to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) commands: Vec<(LogTime, Envelope)>,
    pub(crate) facts: Vec<FactRecord>,
}

impl Stored {
    /// As a log of one partition.
    pub(crate) fn log(&self) -> MemoryLog {
        let log = MemoryLog::new(1);
        for (at, envelope) in &self.commands {
            log.set_time(*at);
            let mut value = Vec::new();
            encode_command(envelope, &mut value);
            assert_eq!(decode_command(&value).as_ref(), Ok(envelope));
            drop(log.append(Topic::Commands, 0, vec![NewRecord::new("evt", value)]));
        }
        for fact in &self.facts {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            assert_eq!(decode_fact(&value).as_ref(), Ok(fact));
            drop(log.append(Topic::Ledger, 0, vec![NewRecord::new("evt", value)]));
        }
        log
    }
}

struct Run {
    rng: StdRng,
    engine: Engine,
    stored: Stored,
    now: u64,
    orders: Vec<(EventId, HoldId, BuyerId)>,
}

pub(crate) fn policy() -> Policy {
    Policy {
        shoppers_max: 6,
        cooldown_ms: 5_000,
        seats_per_buyer_max: 9,
        seats_per_hold_max: 4,
        extensions_max: 2,
        idle_ms: Some(90_000),
        ..crate::fixtures::policy()
    }
}

/// The run of a seed, of about `length` commands; odd seeds follow the first rules, even ones the
/// newest.
pub(crate) fn run(seed: u64, length: usize) -> Stored {
    let engine = Engine::new(EngineLimits::default());
    let (rng, stored) = (StdRng::seed_from_u64(seed), Stored::default());
    // Streams of their own, so that the sale is the one it would be without.
    let mut messages = StdRng::seed_from_u64(seed ^ 0x6d65_7373);
    let mut run = Run { rng, engine, stored, now: 1_000_000, orders: Vec::new() };
    let version = if seed % 2 == 1 { 1 } else { NEWEST_VERSION };
    run.ask(Actor::System, EVENTS[0], Command::EngineVersion { version });
    for event_id in EVENTS {
        run.open(event_id);
    }
    let mut released = StdRng::seed_from_u64(seed ^ 0x7265_6c65);
    let mut house = StdRng::seed_from_u64(seed ^ 0x686f_7573);
    let mut presale = StdRng::seed_from_u64(seed ^ 0x636f_6465);
    let mut of_messages = 0;
    while run.stored.commands.len() < length + of_messages {
        run.now += run.rng.random_range(1..2_500);
        if run.rng.random_ratio(1, 40) {
            run.now += run.rng.random_range(10_000..130_000);
            run.tick();
        }
        let at = usize::from(run.rng.random_ratio(1, 3));
        run.something(EVENTS[at]);
        if messages.random_ratio(1, 6) {
            let (actor, command) = crate::messages::something(&mut messages, BUYERS, run.now);
            run.ask(actor, EVENTS[at], command);
            of_messages += 1;
        }
        if presale.random_ratio(1, 12) {
            let (actor, command) = crate::presale::something(&mut presale, BUYERS);
            run.ask(actor, EVENTS[at], command);
            of_messages += 1;
        }
        if released.random_ratio(1, 30) {
            let command = crate::releases::something(&mut released, run.now);
            run.ask(Actor::System, EVENTS[at], command);
            of_messages += 1;
        }
        if house.random_ratio(1, 14) {
            let command = crate::house::something(&mut house, &run.orders_of(EVENTS[at]));
            run.ask(staff(), EVENTS[at], command);
            of_messages += 1;
        }
    }
    for dial in [PhaseDial::Close, PhaseDial::Cancel] {
        let at = usize::from(dial == PhaseDial::Cancel);
        run.ask(staff(), EVENTS[at], Command::turn_phase(dial, "over"));
    }
    for _ in 0..20 {
        run.now += 60_000;
        run.tick();
    }
    // Facts behind all that, or nobody could know that nothing is still to be published.
    for _ in 0..8 {
        run.ask(Actor::System, EVENTS[0], Command::MarkTime);
    }
    run.stored
}

pub(crate) fn staff() -> Actor {
    Actor::Staff(StaffId(4))
}

impl Run {
    fn open(&mut self, event_id: EventId) {
        self.ask(staff(), event_id, Command::CreateEvent(Box::new(new_event(policy()))));
        self.ask(Actor::System, event_id, Command::ReservePlaces { count: 64 });
        self.ask(staff(), event_id, Command::turn_phase(PhaseDial::Presale, "for the club"));
        self.ask(staff(), event_id, Command::turn_phase(PhaseDial::Open, "doors"));
    }

    fn ask(&mut self, actor: Actor, event_id: EventId, command: Command) -> Answer {
        let command_id = CommandId(self.stored.commands.len() as u128 + 1);
        let (fingerprint, reply_to) = (0, GatewayId(0));
        self.send(Envelope { command_id, fingerprint, event_id, actor, reply_to, command })
    }

    fn send(&mut self, envelope: Envelope) -> Answer {
        let (offset, at) = (self.stored.commands.len() as u64, LogTime(self.now));
        let reply = self.engine.step(offset, at, &envelope, &mut self.stored.facts).unwrap();
        if let Answer::Order(OrderView { hold_id, buyer, .. }) = reply.answer {
            self.orders.push((envelope.event_id, hold_id, buyer));
        }
        self.stored.commands.push((at, envelope));
        reply.answer
    }

    fn orders_of(&self, event_id: EventId) -> Vec<HoldId> {
        let of_event = self.orders.iter().filter(|(event, ..)| *event == event_id);
        of_event.map(|(_, hold_id, _)| *hold_id).collect()
    }

    fn tick(&mut self) {
        self.send(Envelope::system(CommandId::NONE, EventId(0), Command::Tick));
    }

    fn something(&mut self, event_id: EventId) {
        let id = BuyerId(self.rng.random_range(1..=BUYERS));
        let buyer = Actor::Buyer(id);
        match self.rng.random_range(0..60) {
            0..16 => {
                let place = Place(self.rng.random_range(0..200));
                self.ask(buyer, event_id, Command::Enter { place });
            }
            16..20 => {
                let seat = self.rng.random_range(0..40);
                let count = self.rng.random_range(1..4);
                let numbers: Vec<u32> = (seat..seat + count).collect();
                let seats = SeatList::try_from(&numbers[..]).unwrap();
                let accessible = self.rng.random_ratio(1, 3);
                self.ask(buyer, event_id, Command::HoldSeats { seats, accessible });
            }
            20..26 => {
                let categories = CategorySet(self.rng.random_range(1..8));
                let count = self.rng.random_range(1..5);
                self.ask(buyer, event_id, Command::best(count, categories));
            }
            26..48 => self.of_order(),
            48 => {
                let leaves = self.rng.random_ratio(1, 2);
                let command = if leaves { Command::Leave } else { Command::Stay };
                self.ask(buyer, event_id, command);
            }
            49..52 => self.of_line(event_id, buyer),
            52..54 => self.of_cohort(event_id, buyer),
            54..57 => self.of_staff(event_id),
            57 => drop(self.ask(Actor::System, event_id, Command::MarkTime)),
            58 => {
                let at = self.rng.random_range(0..self.stored.commands.len());
                let again = self.stored.commands[at].1.clone();
                self.send(again);
            }
            _ => self.stray(event_id),
        }
    }

    /// Money for something that nobody knows.
    fn stray(&mut self, event_id: EventId) {
        let (hold_id, attempt) = (HoldId(77 << 32 | 1), 1);
        let command = Command::PaymentAuthorised { hold_id, attempt, payment: payment() };
        self.ask(Actor::System, event_id, command);
    }

    fn of_order(&mut self) {
        if self.orders.is_empty() {
            return;
        }
        let recent = self.orders.len().saturating_sub(12);
        let from = if self.rng.random_ratio(1, 3) { 0 } else { recent };
        let at = self.rng.random_range(from..self.orders.len());
        let (event_id, hold_id, id) = self.orders[at];
        let buyer = Actor::Buyer(id);
        // What stands at the moment, as a repeated request of its buyer would be answered.
        let view = self.engine_view(event_id, hold_id);
        let Some(view) = view else { return };
        // Now and then a provider speaks of an earlier attempt.
        let attempt = view.attempt.saturating_sub(u8::from(self.rng.random_ratio(1, 8)));
        let system = Actor::System;
        let lots = self.rng.random_range(0..12);
        let command = match view.status {
            OrderStatus::NoAnswer if lots < 4 => {
                (system, Command::PaymentDeclined { hold_id, attempt })
            }
            OrderStatus::NoAnswer if lots < 6 => {
                let payment = payment();
                (system, Command::PaymentAuthorised { hold_id, attempt, payment })
            }
            OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer => match lots {
                0 | 8 => (buyer, Command::ExtendHold { hold_id }),
                1 => (buyer, Command::ReleaseHold { hold_id }),
                2 => return,
                _ => {
                    let (method, despite_unanswered) = (method(), self.rng.random_ratio(2, 3));
                    (buyer, Command::StartPurchase { hold_id, method, despite_unanswered })
                }
            },
            OrderStatus::PaymentPending => match lots {
                0 => (system, Command::PaymentDeclined { hold_id, attempt }),
                1 | 5 | 6 => (system, Command::PaymentLost { hold_id, attempt }),
                2..4 => {
                    let action = action();
                    (system, Command::RecordPaymentAction { hold_id, attempt, action })
                }
                4 => return self.now += 121_000,
                _ => {
                    let payment = payment();
                    (system, Command::PaymentAuthorised { hold_id, attempt, payment })
                }
            },
            OrderStatus::Confirmed => match lots {
                0 => (staff(), Command::RefundOrder { hold_id, why: None }),
                1 if !view.settled => (system, Command::PaymentLost { hold_id, attempt }),
                6 if !view.settled => (system, Command::CaptureFailed { hold_id, attempt }),
                2..6 => return self.of_ticket(event_id, &view),
                _ => (system, Command::PaymentCaptured { hold_id, attempt }),
            },
            _ if lots < 6 => (system, Command::PaymentDeclined { hold_id, attempt }),
            _ => {
                let payment = payment();
                let attempt = attempt.max(1);
                (system, Command::PaymentAuthorised { hold_id, attempt, payment })
            }
        };
        self.ask(command.0, event_id, command.1);
    }

    /// An order as a fresh engine would show it to whoever asks again for what is so already.
    fn engine_view(&self, event_id: EventId, hold_id: HoldId) -> Option<OrderView> {
        let mut views = std::collections::HashMap::new();
        for record in self.stored.facts.iter().filter(|one| one.event_id == event_id) {
            if let Some(change) = record.fact.effects().order {
                if let Some(view) = OrderView::begun_by(&change) {
                    views.insert(change.hold_id, view);
                } else if let Some(view) = views.get_mut(&change.hold_id) {
                    OrderView::follow(view, &change);
                }
            }
        }
        views.remove(&hold_id)
    }

    fn of_ticket(&mut self, event_id: EventId, view: &OrderView) {
        let seat: SeatId = view.seats.as_slice()[0];
        let hold_id = view.hold_id;
        let handed = self.stored.facts.iter().filter_map(|record| match record.fact {
            Fact::TicketTransferred { hold_id: id, seat: at, to, .. }
                if (record.event_id, id, at) == (event_id, hold_id, seat) =>
            {
                Some(to)
            }
            _ => None,
        });
        let owners: Vec<BuyerId> = handed.collect();
        let owner = owners.last().copied().unwrap_or(view.buyer);
        let edition = owners.len() as u16;
        if self.rng.random_ratio(1, 3) {
            self.ask(staff(), event_id, Command::RedeemTicket { hold_id, seat, edition });
        } else {
            let to = BuyerId(self.rng.random_range(1..=BUYERS));
            let command = Command::TransferTicket { hold_id, seat, edition, to };
            self.ask(Actor::Buyer(owner), event_id, command);
        }
    }

    fn of_line(&mut self, event_id: EventId, buyer: Actor) {
        match self.rng.random_range(0..3) {
            0 => {
                let below = Frontier(self.rng.random_range(0..200));
                self.ask(Actor::System, event_id, Command::CallPlaces { below })
            }
            1 => {
                let place = Place(self.rng.random_range(0..200));
                self.ask(buyer, event_id, Command::AwaitTurn { place })
            }
            _ => {
                let count = self.rng.random_range(8..32);
                self.ask(Actor::System, event_id, Command::ReservePlaces { count })
            }
        };
    }

    fn of_cohort(&mut self, event_id: EventId, buyer: Actor) {
        let age = AgeBand::ALL[self.rng.random_range(0..3)];
        let cohort = Cohort::new(Some(age), None);
        let command = Command::ShareCohort { cohort };
        let withdraws = self.rng.random_ratio(1, 4);
        self.ask(buyer, event_id, if withdraws { Command::WithdrawCohort } else { command });
    }

    fn of_staff(&mut self, event_id: EventId) {
        let command = match self.rng.random_range(0..7) {
            4 => {
                let is_it = |one: &&FactRecord| {
                    one.event_id == event_id && matches!(one.fact, Fact::DetailsSet(_))
                };
                let revision = self.stored.facts.iter().filter(is_it).count() as u32;
                let closes_at = Some(LogTime(self.now + 1_000_000_000));
                let details = EventDetails { closes_at, ..EventDetails::named("Late") };
                Command::SetDetails { details: Box::new(details), revision }
            }
            0 => {
                let mut prices = new_event(policy()).prices;
                prices.categories[0][0].amount = self.rng.random_range(4_000..6_000);
                prices.categories[2][0].until_taken = Some(30);
                let late = floodgate_domain::Tier {
                    amount: 2_500,
                    fee: 0,
                    until_taken: None,
                    until: None,
                };
                prices.categories[2].push(late);
                Command::SetPrices(Box::new(prices))
            }
            1 => {
                let hold_ms = self.rng.random_range(30_000..90_000);
                Command::SetPolicy(Box::new(Policy { hold_ms, ..policy() }))
            }
            2 => {
                let shoppers_max = Some(self.rng.random_range(4..9));
                let pace_per_minute = Some(self.rng.random_range(0..900));
                let change = DialChange { shoppers_max, pace_per_minute, ..DialChange::default() };
                Command::SetDials(Box::new(change))
            }
            3 => Command::turn_phase(PhaseDial::Pause, "a moment"),
            _ => Command::turn_phase(PhaseDial::Open, "on"),
        };
        self.ask(staff(), event_id, command);
    }
}
