//! Engine, runner, payments and log in one seeded world where everything that can die does.
//!
//! One thread takes every step, so a seed is a whole history: `FLOODGATE_SEED=17 cargo test
//! simulation` repeats one. At the end the audit reads the log, and every answer a buyer ever
//! got must be true in it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_audit::{Acked, audit};
use floodgate_domain::wire::encode_command;
use floodgate_domain::{
    Actor, AgeBand, Answer, AuthorisedPayment, BuyerId, CategorySet, Cohort, Command, CommandId,
    Currency, Envelope, EventId, Frontier, GatewayId, HoldId, LogTime, NewEvent, OrderStatus,
    PaymentMethod, PaymentReference, PaymentResult, PhaseDial, Place, Policy, PriceTable, Reply,
    SeatId, SeatList, StaffId, Subject,
};
use floodgate_engine::{EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{Log, NewRecord, ReplySender, Topic};
use floodgate_payments::{OutboxConfig, PaymentWorker, ProviderCalls, Sandbox};
use floodgate_runner::{
    FolderStore, GroupVersion, LoopConfig, PartitionLoop, RunnerError, Standby,
};
use floodgate_seating::{demo_prices, generate};
use floodgate_testkit::{Fate, MemoryLog};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const EVENTS: [EventId; 2] = [EventId(3), EventId(8)];
const STEPS: usize = 1_500;

/// Where answers go; a reply may be lost on its way, as with a gateway that died.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Vec<Reply>>);

impl ReplySender for Mailbox {
    fn send(&self, replies: Vec<Reply>) {
        self.0.lock().unwrap().extend(replies);
    }
}

struct Simulation {
    rng: StdRng,
    log: MemoryLog,
    config: LoopConfig,
    mailbox: Arc<Mailbox>,
    owner: Option<PartitionLoop>,
    /// Follows, and takes over mostly.
    standby: Option<Standby>,
    takeovers: u32,
    payments: PaymentWorker,
    now: u64,
    next_id: u128,
    places: HashMap<EventId, u64>,
    /// Live holds as the buyers know them.
    held: Vec<(EventId, BuyerId, HoldId)>,
    /// Attempts a bank asks its customer about.
    asked: Vec<(EventId, HoldId, u8)>,
    answers: Vec<Reply>,
    /// Wishes that were never answered, to be sent again under the same id.
    open: Vec<Envelope>,
    crashes: u32,
    _folder: tempfile::TempDir,
}

fn outbox(log: &MemoryLog) -> PaymentWorker {
    PaymentWorker::new(OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        calls: ProviderCalls::inline(Arc::new(Sandbox)),
        patience: Duration::from_secs(10),
        late_window: Duration::from_secs(60),
    })
    .unwrap()
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let log = MemoryLog::new(1);
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(Mailbox::default());
        let config = LoopConfig {
            partition: 0,
            log: Arc::new(log.clone()),
            replies: Arc::clone(&mailbox) as Arc<dyn ReplySender>,
            snapshots: Arc::new(FolderStore::new(folder.path())),
            group_version: GroupVersion::known(NEWEST_VERSION),
            limits: EngineLimits {
                outcomes_max: 1 << 14,
                events_max: 4,
                ..EngineLimits::default()
            },
            snapshot_every: 97,
            tracer: Default::default(),
        };
        let payments = outbox(&log);
        Simulation {
            rng: StdRng::seed_from_u64(seed),
            log,
            config,
            mailbox,
            owner: None,
            standby: None,
            takeovers: 0,
            payments,
            now: 1_000_000,
            next_id: 1,
            places: HashMap::new(),
            held: Vec::new(),
            asked: Vec::new(),
            answers: Vec::new(),
            open: Vec::new(),
            crashes: 0,
            _folder: folder,
        }
    }

    fn wish(&mut self, event_id: EventId, actor: Actor, command: Command) {
        let envelope = Envelope {
            command_id: CommandId(self.next_id),
            fingerprint: 1,
            event_id,
            actor,
            reply_to: GatewayId(1),
            command,
        };
        self.next_id += 1;
        self.send(envelope);
    }

    /// Sends a wish; whatever the log says, it stays open until an answer comes.
    fn send(&mut self, envelope: Envelope) {
        let mut value = Vec::new();
        encode_command(&envelope, &mut value);
        let record = NewRecord::new(envelope.event_id.to_string(), value);
        let _ = self.log.append(Topic::Commands, 0, vec![record]).wait();
        if self.open.len() < 500 {
            self.open.push(envelope);
        }
    }

    /// The owner takes a few turns, or dies at one of them.
    fn own(&mut self, may_die: bool) {
        for _ in 0..self.rng.random_range(1..5) {
            let owner = match self.owner.take() {
                Some(owner) => owner,
                None => match self.next_owner() {
                    Ok(owner) => owner,
                    Err(_) => continue,
                },
            };
            self.turn(owner, may_die);
        }
        if let Some(standby) = &mut self.standby {
            standby.turn(Duration::ZERO).unwrap();
        }
        self.read_mail(may_die);
    }

    /// The follower, if there is one, or somebody who starts from the last snapshot.
    fn next_owner(&mut self) -> Result<PartitionLoop, RunnerError> {
        let Some(standby) = self.standby.take() else {
            let trail = self.rng.random_range(0..200);
            let standby = Standby::start(self.config.clone())?.with_trail(trail);
            self.standby = Some(standby);
            return PartitionLoop::start(self.config.clone());
        };
        self.takeovers += 1;
        standby.take_over()
    }

    fn turn(&mut self, mut owner: PartitionLoop, may_die: bool) {
        if owner.turn(Duration::ZERO).is_err() {
            self.crashes += 1;
            owner.abandon();
            return;
        }
        owner.tick_if_due(LogTime(self.now));
        owner.write_version_if_due();
        if may_die && self.rng.random_bool(0.04) {
            self.crashes += 1;
            if self.standby.is_none() && self.rng.random_bool(0.5) {
                // It loses the partition and lives on as a follower.
                self.standby = owner.stand_by().ok();
            } else {
                owner.abandon();
            }
            return;
        }
        if let Some((next, state)) = owner.storable_snapshot() {
            self.config.snapshots.save(0, next, &state).unwrap();
        }
        self.owner = Some(owner);
    }

    fn read_mail(&mut self, may_be_lost: bool) {
        for reply in std::mem::take(&mut *self.mailbox.0.lock().unwrap()) {
            if may_be_lost && self.rng.random_bool(0.05) {
                continue;
            }
            let at = self.open.iter().position(|open| open.command_id == reply.command_id);
            let wish = at.map(|at| self.open.remove(at).command);
            if let Answer::Order(order) = &reply.answer {
                if order.status == OrderStatus::PaymentPending
                    && wish.is_some_and(|wish| is_asked(&wish))
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

    fn step(&mut self) {
        let event_id = EVENTS[self.rng.random_range(0..EVENTS.len())];
        let buyer = BuyerId(self.rng.random_range(1..60));
        let actor = Actor::Buyer(buyer);
        match self.rng.random_range(0..100) {
            0..20 => {
                let places = self.places.entry(event_id).or_default();
                let place = Place(*places);
                *places += 1;
                if place.0.is_multiple_of(10) {
                    self.wish(event_id, Actor::System, Command::ReservePlaces { count: 10 });
                }
                self.wish(event_id, actor, Command::Enter { place });
            }
            20..45 => {
                let count = self.rng.random_range(1..5);
                let categories = CategorySet::ANY;
                self.wish(event_id, actor, Command::HoldBest { count, categories });
            }
            45..55 => {
                let mut seats = SeatList::new();
                seats.push(SeatId(self.rng.random_range(0..400)));
                self.wish(event_id, actor, Command::HoldSeats { seats, accessible: false });
            }
            55..73 => self.shop_on(),
            73..76 => self.answer_bank(),
            76..78 => self.wish(event_id, actor, Command::Leave),
            78..80 => self.line_and_cohorts(event_id, actor),
            80..88 => self.repeat(),
            88..92 => self.payments = outbox(&self.log),
            92..96 => {
                let fates = [Fate::Refused, Fate::WrittenButFailed];
                let topic = [Topic::Commands, Topic::Ledger][self.rng.random_range(0..2)];
                self.log.next_fate(topic, fates[self.rng.random_range(0..2)]);
            }
            _ => {
                self.now += self.rng.random_range(0..30_000);
                self.log.set_time(LogTime(self.now));
            }
        }
    }

    /// The line moves, somebody wants to be told, somebody lets himself be counted or not.
    fn line_and_cohorts(&mut self, event_id: EventId, actor: Actor) {
        let places = self.places.get(&event_id).copied().unwrap_or_default();
        let place = Place(self.rng.random_range(0..places + 20));
        let cohort = Cohort::new(AgeBand::ALL.get(place.0 as usize).copied(), None);
        match self.rng.random_range(0..4) {
            0 => {
                self.wish(event_id, Actor::System, Command::CallPlaces { below: Frontier(place.0) })
            }
            1 => self.wish(event_id, actor, Command::AwaitTurn { place }),
            2 => self.wish(event_id, actor, Command::ShareCohort { cohort }),
            _ => self.wish(event_id, actor, Command::WithdrawCohort),
        }
    }

    /// Someone with a hold pays, wants more time, or lets go.
    fn shop_on(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let at = self.rng.random_range(0..self.held.len());
        let (event_id, buyer, hold_id) = self.held[at];
        let cards = ["approve", "approve", "decline", "late", "lost", "challenge", "challenge"];
        let card = cards[self.rng.random_range(0..cards.len())];
        let method = PaymentMethod::parse(&format!("pm_sandbox_{card}")).unwrap();
        let command = match self.rng.random_range(0..10) {
            0 => Command::ExtendHold { hold_id },
            1 => Command::ReleaseHold { hold_id },
            2 => {
                self.wish(event_id, Actor::Staff(StaffId(1)), Command::RefundOrder { hold_id });
                return;
            }
            _ => Command::StartPurchase { hold_id, method },
        };
        self.wish(event_id, Actor::Buyer(buyer), command);
    }

    /// A buyer answers his bank, which tells a gateway: once, twice, or at two gateways two things,
    /// now or when the order is long over.
    fn answer_bank(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        let at = self.rng.random_range(0..self.asked.len());
        let (event_id, hold_id, attempt) = self.asked.swap_remove(at);
        for _ in 0..self.rng.random_range(1..3) {
            let result = match self.rng.random_bool(0.5) {
                true => PaymentResult::Authorised(authorised()),
                false => PaymentResult::Declined,
            };
            let gateway_id = GatewayId(self.rng.random_range(1..4));
            let subject = Subject::Order { event_id, hold_id };
            self.send(result.envelope(subject, attempt, gateway_id));
        }
    }

    /// Somebody who heard nothing asks again, under the same id.
    fn repeat(&mut self) {
        if !self.open.is_empty() {
            let at = self.rng.random_range(0..self.open.len());
            let again = self.open.swap_remove(at);
            self.send(again);
        }
    }

    fn run(&mut self) {
        let plan = generate::theatre();
        let prices = PriceTable::flat(Currency(*b"EUR"), &demo_prices(&plan));
        let policy = Policy { shoppers_max: 25, holds_per_buyer_max: 2, ..Policy::default() };
        for event_id in EVENTS {
            let new = NewEvent {
                plan: plan.clone(),
                prices: prices.clone(),
                policy,
                ..NewEvent::default()
            };
            let staff = Actor::Staff(StaffId(1));
            self.wish(event_id, staff, Command::CreateEvent(Box::new(new)));
            self.wish(event_id, staff, Command::turn_phase(PhaseDial::Open, ""));
        }
        for _ in 0..STEPS {
            self.step();
            if self.rng.random_bool(0.4) {
                self.own(true);
            }
            if self.rng.random_bool(0.2) {
                let _ = self.payments.turn(LogTime(self.now), Duration::ZERO);
            }
        }
        // Calm: no more faults, and time for everything to come to rest.
        for _ in 0..200 {
            self.now += 10_000;
            self.log.set_time(LogTime(self.now));
            self.own(false);
            let _ = self.payments.turn(LogTime(self.now), Duration::ZERO);
        }
    }

    /// What buyers were told, as an acknowledgement file.
    fn acked(&self, seed: u64) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for reply in &self.answers {
            if let Answer::Order(order) = &reply.answer {
                let acked = Acked {
                    event_id: reply.event_id.to_string(),
                    order_id: order.hold_id.order().to_string(),
                    status: order.status.code().to_owned(),
                };
                writeln!(file, "{}", serde_json::to_string(&acked).unwrap()).unwrap();
            }
        }
        assert!(self.answers.len() > 200, "seed {seed}: too quiet to prove much");
        file
    }
}

fn authorised() -> AuthorisedPayment {
    let reference = PaymentReference::parse("pi_test").unwrap();
    AuthorisedPayment { reference, capture_before: None }
}

/// Whether a bank asks its customer before this is paid.
fn is_asked(wish: &Command) -> bool {
    let challenge = "pm_sandbox_challenge";
    matches!(wish, Command::StartPurchase { method, .. } if method.as_str() == challenge)
}

/// The same wish never hears two outcomes.
fn outcomes_agree(answers: &[Reply], seed: u64) {
    let mut first: HashMap<CommandId, &Reply> = HashMap::new();
    for reply in answers {
        let known = *first.entry(reply.command_id).or_insert(reply);
        let same = std::mem::discriminant(&known.answer) == std::mem::discriminant(&reply.answer);
        assert!(same, "seed {seed}: {known:?} then {reply:?}");
    }
}

#[test]
fn nothing_breaks_whatever_dies() {
    let one = std::env::var("FLOODGATE_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = one.map_or(0..25, |seed| seed..seed + 1);
    for seed in seeds {
        let mut simulation = Simulation::new(seed);
        simulation.run();
        let acked = simulation.acked(seed);
        outcomes_agree(&simulation.answers, seed);
        let report = audit(&simulation.log, Some(acked.path())).unwrap();
        assert!(report.is_clean(), "seed {seed}, {} crashes:\n{report}", simulation.crashes);
        assert!(simulation.crashes > 5, "seed {seed}: only {} crashes", simulation.crashes);
        assert!(simulation.takeovers > 3, "seed {seed}: {} takeovers", simulation.takeovers);
        assert!(report.orders > 5 && report.acked_checked > Some(50), "seed {seed}:\n{report}");
        assert_eq!(report.orders_in_flight, 0, "seed {seed}: money is not at rest\n{report}");
    }
}
