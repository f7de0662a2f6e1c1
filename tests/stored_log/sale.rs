//! The sale that the stored log is of: every command at least once, lawful and refused, some again,
//! and everything that ends by itself ends once.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, SeatFlags, Section, SectionKind};
use floodgate_domain::wire::{decode_command, decode_fact, encode_command, encode_reply};
use floodgate_domain::{
    ActionUrl, Actor, AgeBand, Answer, AuthorisedPayment, BuyerId, CategorySet, Cohort, Command,
    CommandId, Currency, DialChange, Envelope, EventDetails, EventId, Frontier, GatewayId, HoldId,
    LogTime, NewEvent, PaymentAction, PaymentMethod, PaymentReference, PhaseDial, Place, Policy,
    PriceTable, SeatId, SeatList, StaffId,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, Log, NewRecord, Topic};
use floodgate_runner::{FolderStore, GroupVersion, LoopConfig, PartitionLoop, SnapshotStore};

use super::{config, records};

pub(crate) const EVENT: EventId = EventId(0x1122_3344_5566_7788);
const OTHER: EventId = EventId(0x0102_0304_0506_0708);
const STAFF: Actor = Actor::Staff(StaffId(7));
const SYSTEM: Actor = Actor::System;

fn buyer(number: u64) -> Actor {
    Actor::Buyer(BuyerId(number))
}

fn payment() -> AuthorisedPayment {
    AuthorisedPayment {
        reference: PaymentReference::parse("pi_stored").unwrap(),
        capture_before: Some(LogTime(1_900_000_000_000)),
    }
}

pub(crate) fn envelope(
    number: u128,
    event_id: EventId,
    actor: Actor,
    command: Command,
) -> Envelope {
    Envelope {
        command_id: CommandId(number),
        fingerprint: number as u32,
        event_id,
        actor,
        reply_to: GatewayId(1),
        command,
    }
}

pub(crate) fn append(log: &dyn Log, envelope: &Envelope) {
    let mut value = Vec::new();
    encode_command(envelope, &mut value);
    let record = NewRecord::new(envelope.event_id.to_string(), value);
    log.append(Topic::Commands, 0, vec![record]).wait().unwrap();
}

/// Two rows of ten, with a wheelchair space and a companion's, and thirty places to stand.
fn plan() -> Plan {
    let run = |category, count, flags| Run {
        category,
        labels: Labels::Numbers { first: 1, step: 1, count },
        flags,
        ..Run::default()
    };
    let special =
        vec![(0, SeatFlags::ACCESSIBLE), (1, SeatFlags::COMPANION), (9, SeatFlags::BLOCKED)];
    let row = |label: &str, rank, runs| Row { label: label.into(), rank, runs };
    let section = |name: &str, kind, rows| Section { name: name.into(), kind, rows };
    Plan {
        name: "Hall".into(),
        categories: vec![
            Category { name: "Stalls".into(), color: [1, 2, 3] },
            Category { name: "Floor".into(), color: [4, 5, 6] },
        ],
        sections: vec![
            section(
                "Stalls",
                SectionKind::Seated,
                vec![row("A", 0, vec![run(0, 10, vec![])]), row("B", 1, vec![run(0, 10, special)])],
            ),
            section(
                "Floor",
                SectionKind::GeneralAdmission,
                vec![row("", 2, vec![run(1, 30, vec![])])],
            ),
        ],
        size: (100, 100),
        focus: None,
    }
}

/// Long enough that nothing ends between two commands, however slow the machine.
fn policy() -> Policy {
    let hour = 3_600_000;
    Policy {
        hold_ms: hour,
        extension_ms: 2 * hour,
        payment_ms: hour,
        retry_ms: hour,
        pass_ms: 4 * hour,
        ..Policy::default()
    }
}

struct Sale {
    log: Arc<EmbeddedLog>,
    owner: PartitionLoop,
    /// A second engine over the same commands, for the answers.
    engine: Engine,
    next: usize,
    answers: Vec<u8>,
    number: u128,
}

/// Writes the stored log into `data`, in the place of what is there.
pub(super) fn write(data: &Path) {
    let _ = std::fs::remove_dir_all(data);
    let options = EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() };
    let log = Arc::new(EmbeddedLog::open(data, &options).unwrap());
    let config = LoopConfig {
        group_version: GroupVersion::known(NEWEST_VERSION),
        ..config(&log, &data.join("snapshots"))
    };
    let mut sale = Sale {
        owner: PartitionLoop::start(config).unwrap(),
        log: Arc::clone(&log),
        engine: Engine::new(EngineLimits::default()),
        next: 0,
        answers: Vec::new(),
        number: 0,
    };
    sale.owner.write_version_if_due();
    sale.open();
    sale.line();
    sale.holds();
    let (next, state) = sale.owner.finish().unwrap();
    FolderStore::new(&data.join("snapshots")).save(0, next, &state).unwrap();
    sale.purchases();
    sale.ends();
    sale.owner.finish().unwrap();
    std::fs::write(data.join("answers"), &sale.answers).unwrap();
    drop(sale);
    log.close();
    for left in ["log.db-wal", "log.db-shm", "log.lock"] {
        let _ = std::fs::remove_file(data.join(left));
    }
}

impl Sale {
    fn ask(&mut self, actor: Actor, command: Command) -> Answer {
        self.ask_of(EVENT, actor, command)
    }

    fn ask_of(&mut self, event_id: EventId, actor: Actor, command: Command) -> Answer {
        self.number += 1;
        self.send(&envelope(self.number, event_id, actor, command))
    }

    fn send(&mut self, envelope: &Envelope) -> Answer {
        append(&*self.log, envelope);
        self.decide().expect("a command")
    }

    /// The owner takes what is there; the last answer.
    fn decide(&mut self) -> Option<Answer> {
        let end = self.log.end(Topic::Commands, 0).unwrap();
        while self.owner.next() < end {
            self.owner.turn(Duration::from_secs(10)).unwrap();
        }
        let mut last = None;
        for record in &records(&*self.log, Topic::Commands)[self.next..] {
            let Ok(envelope) = decode_command(&record.value) else { continue };
            let reply = self.engine.step(record.offset, record.at, &envelope, &mut Vec::new());
            let reply = reply.unwrap();
            encode_reply(&reply, &mut self.answers);
            last = Some(reply.answer);
        }
        self.next = end as usize;
        last
    }

    fn hold(&mut self, actor: Actor, command: Command) -> HoldId {
        match self.ask(actor, command) {
            Answer::Order(view) => view.hold_id,
            other => panic!("no hold: {other:?}"),
        }
    }

    fn best(&mut self, number: u64) -> HoldId {
        let command = Command::best(1, CategorySet::ANY);
        self.hold(buyer(number), command)
    }

    /// Lets time pass until a fact of this kind is there.
    fn pass_until(&mut self, name: &str) {
        let started = Instant::now();
        loop {
            self.send(&Envelope {
                command_id: CommandId(0),
                ..envelope(0, EventId(0), SYSTEM, Command::Tick)
            });
            self.owner.finish().unwrap();
            let facts = records(&*self.log, Topic::Ledger);
            if facts.iter().any(|one| decode_fact(&one.value).unwrap().fact.name() == name) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "no {name}");
            // So that the log is not full of it.
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn open(&mut self) {
        for event_id in [EVENT, OTHER] {
            let new = NewEvent {
                details: EventDetails {
                    description: "A show".into(),
                    starts_at: Some(LogTime(1_800_000_000_000)),
                    ..EventDetails::named("Evening")
                },
                plan: plan(),
                prices: PriceTable::flat(Currency(*b"CHF"), &[5000, 3000]),
                policy: policy(),
                ..NewEvent::default()
            };
            self.ask_of(event_id, STAFF, Command::CreateEvent(Box::new(new)));
            self.ask_of(event_id, STAFF, Command::turn_phase(PhaseDial::Open, "doors"));
        }
        let prices = PriceTable::flat(Currency(*b"CHF"), &[5100, 2900]);
        self.ask(STAFF, Command::SetPrices(Box::new(prices)));
        self.ask(STAFF, Command::SetPolicy(Box::new(policy())));
        let dials = DialChange {
            pace_per_minute: Some(600),
            shoppers_max: Some(50),
            puzzle_level: Some(3),
            message: Some("A moment".into()),
            reason: "rain".into(),
            ..DialChange::default()
        };
        self.ask(STAFF, Command::SetDials(Box::new(dials)));
        self.ask(STAFF, Command::turn_phase(PhaseDial::Pause, "rain"));
        self.ask(STAFF, Command::turn_phase(PhaseDial::Open, ""));
        self.ask(buyer(1), Command::turn_phase(PhaseDial::Close, "not mine to close"));
        self.ask(STAFF, Command::CommitDraw { commitment: [7; 32] });
        self.ask(STAFF, Command::RevealDraw { secret: [8; 32], public_value: [9; 32] });
        self.ask(STAFF, Command::AnnounceToAll { message: "Doors at seven".into() });
    }

    fn line(&mut self) {
        self.ask(SYSTEM, Command::ReservePlaces { count: 100 });
        self.ask(buyer(12), Command::AwaitTurn { place: Place(12) });
        self.ask(SYSTEM, Command::CallPlaces { below: Frontier(20) });
        for number in 1..=12 {
            self.ask(buyer(number), Command::Enter { place: Place(number) });
        }
        self.ask(buyer(13), Command::Enter { place: Place(1) });
        let cohort = Cohort::new(Some(AgeBand::From25), "CH".parse().ok());
        self.ask(buyer(1), Command::ShareCohort { cohort });
        self.ask(buyer(2), Command::ShareCohort { cohort });
        self.ask(buyer(2), Command::WithdrawCohort);
        self.ask(SYSTEM, Command::MarkTime);
    }

    fn holds(&mut self) {
        let seats = SeatList::try_from([2, 3].as_slice()).unwrap();
        let hold_id = self.hold(buyer(1), Command::HoldSeats { seats, accessible: false });
        self.ask(buyer(2), Command::HoldSeats { seats, accessible: false });
        self.ask(buyer(1), Command::ExtendHold { hold_id });
        self.ask(buyer(2), Command::ReleaseHold { hold_id });
        let given_back = self.best(2);
        self.ask(buyer(2), Command::ReleaseHold { hold_id: given_back });
        // The same command again, and its id for another.
        let first = envelope(1 << 64, EVENT, buyer(3), Command::Leave);
        self.send(&first);
        self.send(&first);
        self.send(&Envelope { fingerprint: 1, ..first });
        let foreign = NewRecord::new("x", b"not a command".to_vec());
        self.log.append(Topic::Commands, 0, vec![foreign]).wait().unwrap();
        self.ask(buyer(1), Command::ReadStatus);
    }

    fn pay(&mut self, number: u64) -> HoldId {
        let hold_id = self.best(number);
        self.start(number, hold_id);
        hold_id
    }

    fn start(&mut self, number: u64, hold_id: HoldId) {
        let method = PaymentMethod::parse("pm_card_visa").unwrap();
        self.ask(
            buyer(number),
            Command::StartPurchase { hold_id, method, despite_unanswered: false },
        );
    }

    fn purchases(&mut self) {
        let hold_id = self.pay(4);
        self.ask(SYSTEM, Command::PaymentDeclined { hold_id, attempt: 1 });
        self.start(4, hold_id);
        self.ask(SYSTEM, Command::PaymentAuthorised { hold_id, attempt: 2, payment: payment() });
        self.ask(SYSTEM, Command::PaymentCaptured { hold_id, attempt: 2 });
        self.ask(
            buyer(4),
            Command::TransferTicket { hold_id, seat: SeatId(0), edition: 0, to: BuyerId(9) },
        );
        self.ask(STAFF, Command::RedeemTicket { hold_id, seat: SeatId(0), edition: 1 });
        let hold_id = self.pay(5);
        self.ask(SYSTEM, Command::PaymentAuthorised { hold_id, attempt: 1, payment: payment() });
        self.ask(SYSTEM, Command::PaymentLost { hold_id, attempt: 1 });
        let hold_id = self.pay(6);
        let action = PaymentAction {
            reference: payment().reference,
            url: ActionUrl::parse("https://bank.example/confirm?payment=1").unwrap(),
        };
        self.ask(SYSTEM, Command::RecordPaymentAction { hold_id, attempt: 1, action });
        self.ask(SYSTEM, Command::PaymentAuthorised { hold_id, attempt: 1, payment: payment() });
        self.ask(SYSTEM, Command::PaymentCaptured { hold_id, attempt: 1 });
        self.ask(STAFF, Command::RefundOrder { hold_id, why: None });
        let unknown = HoldId(1 << 40);
        self.ask(
            SYSTEM,
            Command::PaymentAuthorised { hold_id: unknown, attempt: 1, payment: payment() },
        );
    }

    /// What ends by itself: a hold, a payment, a pass; and an event that is cancelled.
    fn ends(&mut self) {
        let soon = Policy { hold_ms: 1, payment_ms: 1, pass_ms: 1, cooldown_ms: 1, ..policy() };
        self.ask(STAFF, Command::SetPolicy(Box::new(Policy { payment_ms: 1, ..policy() })));
        let hold_id = self.best(7);
        let short = Policy { pass_required: false, ..soon };
        self.ask(STAFF, Command::SetPolicy(Box::new(short)));
        self.best(20);
        self.pass_until("HoldExpired");
        self.ask(buyer(21), Command::Enter { place: Place(21) });
        self.ask(buyer(7), Command::ReleaseHold { hold_id });
        let method = PaymentMethod::parse("pm_card_visa").unwrap();
        self.ask(STAFF, Command::SetPolicy(Box::new(Policy { hold_ms: 3_000, ..short })));
        let hold_id = self.best(22);
        self.ask(buyer(22), Command::StartPurchase { hold_id, method, despite_unanswered: false });
        self.pass_until("OrderExpired");
        self.ask(STAFF, Command::SetPolicy(Box::new(Policy { pass_required: false, ..policy() })));
        let no_queue = Policy { pass_required: false, ..policy() };
        self.ask_of(OTHER, STAFF, Command::SetPolicy(Box::new(no_queue)));
        let command = Command::best(2, CategorySet::ANY);
        self.ask_of(OTHER, buyer(1), command);
        self.ask_of(OTHER, STAFF, Command::turn_phase(PhaseDial::Close, ""));
        self.ask_of(OTHER, STAFF, Command::turn_phase(PhaseDial::Cancel, "flood"));
        self.ask_of(OTHER, STAFF, Command::turn_phase(PhaseDial::Open, ""));
        self.ask(buyer(1), Command::ReadStatus);
    }
}
