//! People: who comes, what they want, what they were answered, and what they retry.

use std::collections::HashMap;

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_command;
use floodgate_domain::{
    Actor, AgeBand, Answer, BuyerId, CategorySet, CodeMint, CodeNumber, Cohort, Command, CommandId,
    Currency, DialChange, Envelope, EventId, Frontier, GatewayId, HoldId, NewEvent, OrderStatus,
    PaymentMethod, PaymentResult, PhaseDial, Place, Policy, PriceTable, Reply, SeatId, SeatList,
    StaffId, Subject,
};
use floodgate_event_log::{Log, NewRecord, Partition, PendingAppend, Topic, partition_of};
use floodgate_testkit::MemoryLog;
use rand::RngExt;

use super::bank::{Bank, authorised};
use super::house::by_hand;
use super::messages::something;
use super::streams::Streams;

/// Commands nobody answered yet, of which some are repeated; more would prove no more.
const OPEN_MAX: usize = 300;

/// Everybody who wants something, and what they know.
pub(crate) struct Buyers {
    log: MemoryLog,
    pub(crate) events: Vec<EventId>,
    next_id: u128,
    places: HashMap<EventId, u64>,
    /// Live holds as the buyers know them.
    held: Vec<(EventId, BuyerId, HoldId)>,
    /// Attempts a bank asks its customer about.
    asked: Vec<(EventId, HoldId, u8)>,
    pub(crate) answers: Vec<Reply>,
    /// Commands that were never answered, to be sent again under the same id.
    open: Vec<Envelope>,
    /// What banks reported, until the log has it.
    reports: Vec<(Envelope, PendingAppend)>,
}

/// An event on each partition, and one more.
fn events(partitions: u32) -> Vec<EventId> {
    let mut events: Vec<EventId> = (0..partitions)
        .map(|wanted| {
            let on_it = |id: &EventId| partition(*id, partitions) == wanted;
            (1..).map(EventId).find(on_it).expect("some event is on each partition")
        })
        .collect();
    events.extend((1..).map(EventId).find(|id| !events.contains(id)));
    events
}

pub(crate) fn partition(event_id: EventId, partitions: u32) -> Partition {
    partition_of(event_id.to_string().as_bytes(), partitions)
}

/// Two categories, two aisles: small enough that people are in each other's way.
fn plan() -> Plan {
    let run = |category, first, count| Run {
        category,
        labels: Labels::Numbers { first, step: 1, count },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = |category, at: u32| Row {
        label: at.to_string(),
        rank: at,
        runs: vec![run(category, 1, 6), run(category, 7, 4)],
    };
    let section = |category: u8| Section {
        name: category.to_string(),
        rows: (0..3).map(|at| row(category, at)).collect(),
        ..Section::default()
    };
    let category = |name: &str| Category { name: name.into(), color: [0; 3] };
    Plan {
        name: "Hall".into(),
        categories: vec![category("Near"), category("Far")],
        sections: vec![section(0), section(1)],
        size: (10, 10),
        focus: None,
    }
}

/// Short lengths, so that everything ends by itself again and again.
fn policy() -> Policy {
    Policy {
        hold_ms: 4_000,
        extension_ms: 2_000,
        payment_ms: 5_000,
        retry_ms: 3_000,
        pass_ms: 15_000,
        idle_ms: Some(6_000),
        shoppers_max: 14,
        holds_per_buyer_max: 2,
        ..Policy::default()
    }
}

impl Buyers {
    pub(crate) fn new(log: &MemoryLog) -> Self {
        Buyers {
            log: log.clone(),
            events: events(log.partitions(Topic::Commands)),
            next_id: 1,
            places: HashMap::new(),
            held: Vec::new(),
            asked: Vec::new(),
            answers: Vec::new(),
            open: Vec::new(),
            reports: Vec::new(),
        }
    }

    pub(crate) fn open_the_sales(&mut self) {
        let plan = plan();
        let prices = PriceTable::flat(Currency(*b"EUR"), &[9_000, 4_500]);
        for event_id in self.events.clone() {
            let new = NewEvent {
                plan: plan.clone(),
                prices: prices.clone(),
                policy: policy(),
                ..NewEvent::default()
            };
            self.ask(event_id, STAFF, Command::CreateEvent(Box::new(new)));
            self.ask(event_id, STAFF, Command::turn_phase(PhaseDial::Open, "the day has come"));
        }
    }

    /// The log's time becomes visible on every partition, as the streams see to.
    pub(crate) fn mark_time(&mut self) {
        for event_id in self.events.clone() {
            drop(self.send(&Envelope {
                command_id: CommandId(0),
                fingerprint: 0,
                event_id,
                actor: Actor::System,
                reply_to: GatewayId(0),
                command: Command::MarkTime,
            }));
        }
    }

    fn ask(&mut self, event_id: EventId, actor: Actor, command: Command) {
        let envelope = Envelope {
            command_id: CommandId(self.next_id),
            fingerprint: 1,
            event_id,
            actor,
            reply_to: GatewayId(1),
            command,
        };
        self.next_id += 1;
        drop(self.send(&envelope));
        // Whatever the log said, it stays open until an answer comes.
        if self.open.len() < OPEN_MAX {
            self.open.push(envelope);
        }
    }

    /// Banks report again what no log has taken, as webhooks do.
    pub(crate) fn report_again(&mut self) {
        for (envelope, mut append) in std::mem::take(&mut self.reports) {
            match append.try_outcome() {
                None => self.reports.push((envelope, append)),
                Some(Ok(_)) => {}
                Some(Err(_)) => {
                    let again = self.send(&envelope);
                    self.reports.push((envelope, again));
                }
            }
        }
    }

    fn send(&self, envelope: &Envelope) -> PendingAppend {
        let mut value = Vec::new();
        encode_command(envelope, &mut value);
        let record = NewRecord::new(envelope.event_id.to_string(), value);
        let partition = partition(envelope.event_id, self.log.partitions(Topic::Commands));
        self.log.append(Topic::Commands, partition, vec![record])
    }

    /// Somebody wants something.
    pub(crate) fn arrive(&mut self, streams: &mut Streams, bank: &Bank, now: u64) {
        let arrivals = &mut streams.arrivals;
        let event_id = self.events[arrivals.random_range(0..self.events.len())];
        let actor = Actor::Buyer(BuyerId(arrivals.random_range(1..50)));
        if streams.house.random_ratio(1, 25) {
            let latest = self.held.iter().rev().find(|(event, ..)| *event == event_id);
            let command = by_hand(&mut streams.house, latest.map(|(.., hold_id)| *hold_id));
            self.ask(event_id, STAFF, command);
        }
        match arrivals.random_range(0..100) {
            0..20 => self.enter(event_id, actor),
            20..40 => {
                let count = streams.choices.random_range(1..5);
                let categories = CategorySet::ANY;
                self.ask(event_id, actor, Command::best(count, categories));
            }
            40..50 => self.hold_these(event_id, actor, streams),
            50..72 => self.shop_on(streams),
            72..78 => self.answer_bank(streams, bank),
            78 => self.ask(event_id, actor, Command::Leave),
            79 => self.ask(event_id, actor, Command::Stay),
            80..83 => self.line_and_cohorts(event_id, actor, streams),
            83..87 => self.ask(event_id, actor, Command::ReadStatus),
            87..88 => self.turn_dials(event_id, streams),
            88..91 => {
                let (who, command) = something(&mut streams.choices, (actor, STAFF), now);
                self.ask(event_id, who, command);
            }
            91 | 92 => self.of_codes(event_id, actor, streams),
            _ => self.repeat(streams),
        }
    }

    /// Somebody claims a code, or staff mint some.
    fn of_codes(&mut self, event_id: EventId, actor: Actor, streams: &mut Streams) {
        let batch = streams.choices.random_range(1..3);
        let number = streams.choices.random_range(0..40);
        let mint = CodeMint { batch, label: "Fan club".to_owned(), count: number };
        match number {
            0..10 => self.ask(event_id, STAFF, Command::MintCodes(Box::new(mint))),
            _ => {
                self.ask(
                    event_id,
                    actor,
                    Command::ClaimCode { code: CodeNumber { batch, number } },
                );
            }
        }
    }

    fn enter(&mut self, event_id: EventId, actor: Actor) {
        let places = self.places.entry(event_id).or_default();
        let place = Place(*places);
        *places += 1;
        if place.0.is_multiple_of(10) {
            self.ask(event_id, Actor::System, Command::ReservePlaces { count: 10 });
        }
        self.ask(event_id, actor, Command::Enter { place });
    }

    fn hold_these(&mut self, event_id: EventId, actor: Actor, streams: &mut Streams) {
        let mut seats = SeatList::new();
        let first = streams.choices.random_range(0..58);
        for seat in first..first + streams.choices.random_range(1..3) {
            seats.push(SeatId(seat));
        }
        self.ask(event_id, actor, Command::HoldSeats { seats, accessible: false });
    }

    /// Someone with a hold pays, wants more time, or lets go.
    fn shop_on(&mut self, streams: &mut Streams) {
        if self.held.is_empty() {
            return;
        }
        // Mostly one of the latest: most of the others have ended.
        let recent = self.held.len().saturating_sub(30);
        let at = streams.choices.random_range(recent..self.held.len());
        let (event_id, buyer, hold_id) = self.held[at];
        let cards = ["approve", "approve", "decline", "late", "lost", "challenge", "challenge"];
        let card = cards[streams.choices.random_range(0..cards.len())];
        let method = PaymentMethod::parse(&format!("pm_sandbox_{card}")).unwrap();
        let command = match streams.choices.random_range(0..12) {
            0 => Command::ExtendHold { hold_id },
            1 => Command::ReleaseHold { hold_id },
            2 => return self.ask(event_id, STAFF, Command::RefundOrder { hold_id, why: None }),
            at => Command::StartPurchase { hold_id, method, despite_unanswered: at % 2 == 0 },
        };
        self.ask(event_id, Actor::Buyer(buyer), command);
    }

    /// A buyer answers their bank, which reports to a gateway: once, twice, or at two gateways two
    /// things, now or when the order is long over.
    fn answer_bank(&mut self, streams: &mut Streams, bank: &Bank) {
        if self.asked.is_empty() {
            return;
        }
        let choices = &mut streams.choices;
        let at = choices.random_range(0..self.asked.len());
        let (event_id, hold_id, attempt) = self.asked.swap_remove(at);
        for _ in 0..choices.random_range(1..3) {
            let yes = choices.random_bool(0.6);
            let result =
                if yes { PaymentResult::Authorised(authorised()) } else { PaymentResult::Declined };
            bank.hear((event_id, hold_id, attempt), yes);
            let gateway_id = GatewayId(choices.random_range(1..4));
            let subject = Subject::Order { event_id, hold_id };
            let report = result.envelope(subject, attempt).unwrap();
            let report = Envelope { reply_to: gateway_id, ..report };
            let append = self.send(&report);
            self.reports.push((report, append));
        }
    }

    /// The line moves, somebody wants to be notified, somebody agrees to be counted or not.
    fn line_and_cohorts(&mut self, event_id: EventId, actor: Actor, streams: &mut Streams) {
        let places = self.places.get(&event_id).copied().unwrap_or_default();
        let place = Place(streams.choices.random_range(0..places + 20));
        let cohort = Cohort::new(AgeBand::ALL.get(place.0 as usize).copied(), None);
        match streams.choices.random_range(0..4) {
            0 => {
                self.ask(event_id, Actor::System, Command::CallPlaces { below: Frontier(place.0) });
            }
            1 => self.ask(event_id, actor, Command::AwaitTurn { place }),
            2 => self.ask(event_id, actor, Command::ShareCohort { cohort }),
            _ => self.ask(event_id, actor, Command::WithdrawCohort),
        }
    }

    /// Staff pause a sale and go on, or let more or fewer people in; now and then an event is over.
    fn turn_dials(&mut self, event_id: EventId, streams: &mut Streams) {
        let choices = &mut streams.choices;
        let is_last = Some(&event_id) == self.events.last();
        let command = match choices.random_range(0..10) {
            0 if is_last => Command::turn_phase(PhaseDial::Cancel, "the singer is ill"),
            0..3 => Command::turn_phase(PhaseDial::Pause, "a moment"),
            3 => Command::turn_phase(PhaseDial::Presale, "for the club first"),
            4..8 => Command::turn_phase(PhaseDial::Open, "on we go"),
            _ => {
                let shoppers_max = Some(choices.random_range(5..20));
                Command::SetDials(Box::new(DialChange { shoppers_max, ..DialChange::default() }))
            }
        };
        self.ask(event_id, STAFF, command);
    }

    /// Somebody who got no answer asks again, under the same id.
    fn repeat(&mut self, streams: &mut Streams) {
        if !self.open.is_empty() {
            let at = streams.choices.random_range(0..self.open.len());
            drop(self.send(&self.open[at]));
        }
    }

    /// An answer arrives.
    pub(crate) fn hear(&mut self, reply: Reply) {
        let at = self.open.iter().position(|open| open.command_id == reply.command_id);
        let command = at.map(|at| self.open.swap_remove(at).command);
        if let Answer::Order(order) = &reply.answer {
            let is_asked = |command: &Command| match command {
                Command::StartPurchase { method, .. } => method.as_str() == "pm_sandbox_challenge",
                _ => false,
            };
            if order.status == OrderStatus::PaymentPending && command.is_some_and(|c| is_asked(&c))
            {
                self.asked.push((reply.event_id, order.hold_id, order.attempt));
            }
            let held = (reply.event_id, order.buyer, order.hold_id);
            if !self.held.contains(&held) {
                self.held.push(held);
            }
        }
        self.answers.push(reply);
    }
}

const STAFF: Actor = Actor::Staff(StaffId(1));
