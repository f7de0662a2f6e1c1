//! Money captured ⇔ seats confirmed, whatever the provider does and whenever the outbox dies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_domain::fact::DeclineReason;
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::{decode_fact, encode_command};
use floodgate_domain::{
    Actor, BuyerId, CategorySet, Command, CommandId, Currency, Envelope, EventDetails, Fact,
    GatewayId, HoldId, LogTime, NewEvent, PaymentMethod, PaymentResult, PhaseDial, Policy,
    PriceTable, Reply, StaffId, Subject,
};
use floodgate_engine::{EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{Log, NewRecord, Origin, Record, Topic};
use floodgate_payments::{Outbox, OutboxConfig, PaymentWorker, Provider, ProviderCalls};
use floodgate_runner::{FolderStore, GroupVersion, LoopConfig, PartitionLoop};
use floodgate_testkit::MemoryLog;
use floodgate_transport::{Reading, ReplySender};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::bank::{Bank, EVENT, Purse, by_webhook, order};

#[derive(Debug)]
struct Nobody;

impl ReplySender for Nobody {
    fn send(&self, _: Vec<Reply>) {}
}

/// Everything of one run.
struct World {
    log: MemoryLog,
    owner: PartitionLoop,
    worker: Reading<PaymentWorker>,
    bank: Arc<Bank>,
    now: u64,
    next_id: u64,
    _folder: tempfile::TempDir,
}

fn plan() -> Plan {
    let run = Run {
        category: 0,
        labels: Labels::Numbers { first: 1, step: 1, count: 12 },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = |at: u32| Row { label: at.to_string(), rank: at, runs: vec![run.clone()] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section {
            name: "Floor".into(),
            rows: (0..2).map(row).collect(),
            ..Section::default()
        }],
        size: (10, 10),
        focus: None,
    }
}

fn outbox(log: &MemoryLog, bank: &Arc<Bank>) -> Reading<PaymentWorker> {
    Outbox::reading(OutboxConfig {
        log: Arc::new(log.clone()),
        partition: 0,
        calls: ProviderCalls::inline(Arc::clone(bank) as Arc<dyn Provider>),
        patience: Duration::from_secs(20),
        late_window: Duration::from_secs(60),
    })
}

impl World {
    fn new(seed: u64) -> Self {
        let log = MemoryLog::new(1);
        let folder = tempfile::tempdir().unwrap();
        let owner = PartitionLoop::start(LoopConfig {
            partition: 0,
            log: Arc::new(log.clone()),
            replies: Arc::new(Nobody),
            snapshots: Arc::new(FolderStore::new(folder.path())),
            group_version: GroupVersion::default(),
            limits: EngineLimits {
                outcomes_max: 1 << 14,
                events_max: 4,
                ..EngineLimits::default()
            },
            snapshot_every: 1_000_000,
            tracer: Default::default(),
        })
        .unwrap();
        let rng = Mutex::new(StdRng::seed_from_u64(seed ^ 0xba_4b));
        let bank = Arc::new(Bank { books: Mutex::default(), rng });
        let worker = outbox(&log, &bank);
        let mut world =
            World { log, owner, worker, bank, now: 1_000_000, next_id: 1, _folder: folder };
        let policy = Policy {
            pass_required: false,
            hold_ms: 20_000,
            payment_ms: 30_000,
            retry_ms: 20_000,
            seats_per_buyer_max: 40,
            holds_per_buyer_max: 4,
            ..Policy::default()
        };
        let new = NewEvent {
            details: EventDetails::named("Show"),
            plan: plan(),
            prices: PriceTable::flat(Currency::default(), &[100]),
            policy,
            ..NewEvent::default()
        };
        let staff = Actor::Staff(StaffId(1));
        world.send(staff, Command::CreateEvent(Box::new(new)));
        world.send(staff, Command::turn_phase(PhaseDial::Open, ""));
        world
    }

    fn send(&mut self, actor: Actor, command: Command) {
        let envelope = Envelope {
            command_id: CommandId(u128::from(self.next_id)),
            fingerprint: 0,
            event_id: EVENT,
            actor,
            reply_to: GatewayId(1),
            command,
        };
        self.next_id += 1;
        self.append(&envelope);
    }

    fn append(&mut self, envelope: &Envelope) {
        let mut value = Vec::new();
        encode_command(envelope, &mut value);
        let record = NewRecord::new(EVENT.to_string(), value);
        self.log.append(Topic::Commands, 0, vec![record]).wait().unwrap();
        self.settle();
    }

    fn settle(&mut self) {
        while self.owner.turn(Duration::ZERO).unwrap().commands > 0 {}
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.log.set_time(LogTime(self.now));
        self.send(Actor::System, Command::Tick);
        self.worker.turn(LogTime(self.now), Duration::ZERO).unwrap();
        self.settle();
    }

    fn facts(&self) -> Vec<Fact> {
        let records = self.log.records(Topic::Ledger, 0);
        records.iter().map(|record| decode_fact(&record.value).unwrap().fact).collect()
    }

    /// Those among the records that can be read.
    fn readable_facts(&self) -> Vec<Fact> {
        let records = self.log.records(Topic::Ledger, 0);
        let read = |record: &Record| Some(decode_fact(&record.value).ok()?.fact);
        records.iter().filter_map(read).collect()
    }

    /// Attempts the log says are paid for now, by hold.
    fn sold(&self) -> HashMap<HoldId, u8> {
        let mut sold = HashMap::new();
        for fact in self.facts() {
            match fact {
                Fact::OrderConfirmed { hold_id, attempt, .. } => {
                    sold.insert(hold_id, attempt);
                }
                Fact::OrderRefunded { hold_id, .. } | Fact::OrderCancelled { hold_id, .. } => {
                    sold.remove(&hold_id);
                }
                _ => {}
            }
        }
        sold
    }
}

/// Attempts a bank has been asked about, of whatever age.
fn asked(facts: &[Fact]) -> Vec<(HoldId, u8)> {
    let asks = |fact: &Fact| match fact {
        Fact::PurchaseStarted { hold_id, attempt, method, .. } if method.as_str() == "asks" => {
            Some((*hold_id, *attempt))
        }
        _ => None,
    };
    facts.iter().filter_map(asks).collect()
}

/// Attempts without an answer of which nothing was said any more.
fn silent(facts: &[Fact]) -> Vec<(HoldId, u8)> {
    let (mut silent, mut last) = (Vec::new(), HashMap::new());
    for fact in facts {
        match fact {
            Fact::PurchaseStarted { hold_id, attempt, .. } => {
                last.insert(*hold_id, *attempt);
            }
            Fact::OrderUnanswered { hold_id, attempt, .. } => silent.push((*hold_id, *attempt)),
            Fact::OrderExpired { hold_id, is_unanswered: true, .. } => {
                silent.push((*hold_id, last[hold_id]));
            }
            Fact::OrderDeclined { hold_id, attempt, .. }
            | Fact::PaymentNotTaken { hold_id, attempt, .. }
            | Fact::PaymentVoided { hold_id, attempt, .. } => {
                silent.retain(|known| known != &(*hold_id, *attempt));
            }
            // Paid by one attempt: whatever becomes of the others is let go of.
            Fact::OrderConfirmed { hold_id, .. } => silent.retain(|(of, _)| of != hold_id),
            _ => {}
        }
    }
    silent
}

/// Attempts that were declined and confirmed all the same.
fn yes_after_no(facts: &[Fact]) -> u32 {
    let mut declined = Vec::new();
    let mut count = 0;
    for fact in facts {
        match fact {
            Fact::OrderDeclined { hold_id, attempt, reason: DeclineReason::Declined, .. } => {
                declined.push((*hold_id, *attempt));
            }
            Fact::OrderConfirmed { hold_id, attempt, .. } => {
                count += u32::from(declined.contains(&(*hold_id, *attempt)));
            }
            _ => {}
        }
    }
    count
}

fn live_holds(facts: &[Fact]) -> Vec<(HoldId, BuyerId)> {
    let mut live: HashMap<HoldId, BuyerId> = HashMap::new();
    for fact in facts {
        match fact {
            Fact::SeatsHeld { hold_id, buyer, .. }
            | Fact::OrderDeclined { hold_id, buyer, .. }
            | Fact::OrderUnanswered { hold_id, buyer, .. } => {
                live.insert(*hold_id, *buyer);
            }
            Fact::PurchaseStarted { hold_id, .. }
            | Fact::HoldExpired { hold_id, .. }
            | Fact::HoldReleased { hold_id, .. }
            | Fact::OrderExpired { hold_id, .. } => {
                live.remove(hold_id);
            }
            _ => {}
        }
    }
    let mut live: Vec<_> = live.into_iter().collect();
    live.sort();
    live
}

#[test]
fn captured_if_and_only_if_confirmed() {
    let mut kinds: HashMap<&'static str, u32> = HashMap::new();
    for seed in 0..40 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new(seed);
        if seed % 2 == 1 {
            world.send(Actor::System, Command::EngineVersion { version: NEWEST_VERSION });
        }
        for _ in 0..150 {
            let hold = Command::best(rng.random_range(1..4), CategorySet::ANY);
            match rng.random_range(0..12) {
                0..3 => world.send(Actor::Buyer(BuyerId(rng.random_range(1..20))), hold),
                3..7 => {
                    let live = live_holds(&world.facts());
                    if let Some(&(hold_id, buyer)) =
                        live.get(rng.random_range(0..live.len().max(1)))
                    {
                        let cards = ["yes", "yes", "no", "late", "lost", "bounces", "asks", "asks"];
                        let method =
                            PaymentMethod::parse(cards[rng.random_range(0..cards.len())]).unwrap();
                        let despite_unanswered = rng.random_bool(0.5);
                        world.send(
                            Actor::Buyer(buyer),
                            Command::StartPurchase { hold_id, method, despite_unanswered },
                        );
                    }
                }
                7 => {
                    let sold: Vec<_> = world.sold().into_keys().collect();
                    if let Some(&hold_id) = sold.first() {
                        world.send(
                            Actor::Staff(StaffId(1)),
                            Command::RefundOrder { hold_id, why: None },
                        );
                    }
                }
                // The buyer answers the bank, and a gateway hears: perhaps a yes after a no, or
                // long after the order has ended.
                9 | 10 => {
                    let asked = asked(&world.facts());
                    if !asked.is_empty() {
                        let back = rng.random_range(0..asked.len().min(4));
                        let (hold_id, attempt) = asked[asked.len() - 1 - back];
                        let yes = rng.random_bool(0.6);
                        let attempt = (order(hold_id), attempt);
                        let result = match world.bank.answered(attempt, yes) {
                            true => PaymentResult::Authorised(by_webhook(attempt)),
                            false => PaymentResult::Declined,
                        };
                        world.append(&result.envelope(attempt.0, attempt.1).unwrap());
                    }
                }
                // The outbox dies and a new one folds the facts again.
                8 => world.worker = outbox(&world.log, &world.bank),
                _ => {}
            }
            world.pass(rng.random_range(0..4_000));
        }
        for _ in 0..400 {
            world.pass(1_000);
        }
        let sold = world.sold();
        let books = world.bank.books.lock().unwrap();
        for (key @ (subject, attempt), purse) in books.iter() {
            let Subject::Order { hold_id, .. } = subject else { panic!("{subject}") };
            let is_sold = sold.get(hold_id) == Some(attempt);
            let expected = if is_sold { Purse::Captured } else { Purse::Buyer };
            assert_eq!(*purse, expected, "seed {seed}: {key:?} is sold: {is_sold}");
        }
        for (hold_id, attempt) in &sold {
            let known = books.contains_key(&(order(*hold_id), *attempt));
            assert!(known, "seed {seed}: {hold_id} was sold and nobody paid");
        }
        let facts = world.facts();
        let silent = silent(&facts);
        assert!(silent.is_empty(), "seed {seed}: nobody ever heard what became of {silent:?}");
        for fact in &facts {
            *kinds.entry(fact.name()).or_default() += 1;
        }
        *kinds.entry("yes after no").or_default() += yes_after_no(&facts);
    }
    // The seeds must reach the corners, or this test proves little.
    for name in [
        "OrderSettled",
        "PaymentVoided",
        "OrderRefunded",
        "OrderCancelled",
        "OrderDeclined",
        "OrderExpired",
        "yes after no",
        "OrderUnanswered",
        "PaymentNotTaken",
    ] {
        assert!(kinds.get(name).is_some_and(|&count| count > 10), "{name} too rare: {kinds:?}");
    }
}

#[test]
fn what_is_no_fact_is_parked_once_and_payments_go_on() {
    let mut world = World::new(7);
    // Garbage of today: dead letters about records older than their retention are not rewritten.
    let today = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    world.now = today.as_millis() as u64;
    world.log.set_time(LogTime(world.now));
    let garbage = vec![NewRecord::new("x", "no fact"), NewRecord::tombstone("x")];
    world.log.append(Topic::Ledger, 0, garbage).wait().unwrap();
    let hold = Command::best(2, CategorySet::ANY);
    world.send(Actor::Buyer(BuyerId(1)), hold);
    for _ in 0..3 {
        world.pass(100);
        world.worker = outbox(&world.log, &world.bank);
    }
    let dead_letters = world.log.records(Topic::DeadFacts, 0);
    let origins: Vec<_> = dead_letters.iter().map(|record| Origin::of(record).unwrap()).collect();
    assert_eq!(origins.len(), 2, "{origins:?}");
    assert!(origins.iter().all(|origin| origin.role == "payments"), "{origins:?}");
    assert_eq!(origins[1].offset, origins[0].offset + 1);
    let (hold_id, buyer) = live_holds(&world.readable_facts())[0];
    let method = PaymentMethod::parse("yes").unwrap();
    world.send(
        Actor::Buyer(buyer),
        Command::StartPurchase { hold_id, method, despite_unanswered: false },
    );
    for _ in 0..100 {
        world.pass(1_000);
    }
    let settled = |fact: &Fact| matches!(fact, Fact::OrderSettled { .. });
    assert!(world.readable_facts().iter().any(settled), "the payment behind it went through");
}
