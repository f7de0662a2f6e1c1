//! Histories of a small house, and owners that follow them: what the simulations share.
// Each simulation is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_command;
use floodgate_domain::{
    Actor, BuyerId, CategorySet, Command, CommandId, Currency, Envelope, EventDetails, EventId,
    GatewayId, LogTime, NewEvent, PhaseDial, Policy, PriceTable, Reply, StaffId,
};
use floodgate_engine::{EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_runner::{FolderStore, GroupVersion, LoopConfig, PartitionLoop};
use floodgate_testkit::MemoryLog;
use floodgate_transport::ReplySender;
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) const EVENT: EventId = EventId(3);
const LIMITS: EngineLimits =
    EngineLimits { outcomes_max: 4096, events_max: 4, version_max: NEWEST_VERSION };

#[derive(Debug, Default)]
pub(crate) struct Mailbox(pub(crate) Mutex<Vec<Reply>>);

impl ReplySender for Mailbox {
    fn send(&self, replies: Vec<Reply>) {
        self.0.lock().unwrap().extend(replies);
    }
}

fn plan() -> Plan {
    let run = |count| Run {
        category: 0,
        labels: Labels::Numbers { first: 1, step: 1, count },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = |at: u32| Row { label: at.to_string(), rank: at, runs: vec![run(10)] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section {
            name: "Floor".into(),
            rows: (0..4).map(row).collect(),
            ..Section::default()
        }],
        size: (10, 10),
        focus: None,
    }
}

pub(crate) fn append(
    log: &MemoryLog,
    number: u64,
    actor: Actor,
    event_id: EventId,
    command: Command,
) {
    let envelope = Envelope {
        command_id: CommandId(u128::from(number)),
        fingerprint: 0,
        event_id,
        actor,
        reply_to: GatewayId(1),
        command,
    };
    let mut value = Vec::new();
    encode_command(&envelope, &mut value);
    log.append(Topic::Commands, 0, vec![NewRecord::new(event_id.to_string(), value)])
        .wait()
        .unwrap();
}

/// A log of random holds and releases over some minutes, a foreign record in the middle.
pub(crate) fn write_commands(log: &MemoryLog, rng: &mut StdRng, count: u64) {
    let staff = Actor::Staff(StaffId(1));
    let policy = Policy { pass_required: false, hold_ms: 5_000, ..Policy::default() };
    let new = NewEvent {
        details: EventDetails::named("Show"),
        plan: plan(),
        prices: PriceTable::flat(Currency::default(), &[100]),
        policy,
        ..NewEvent::default()
    };
    let mut now = 1_000_000;
    log.set_time(LogTime(now));
    append(log, 1, staff, EVENT, Command::CreateEvent(Box::new(new)));
    append(log, 2, staff, EVENT, Command::turn_phase(PhaseDial::Open, ""));
    for number in 3..count {
        now += rng.random_range(0..700);
        log.set_time(LogTime(now));
        if number == count / 2 {
            let foreign = NewRecord::new("x", b"not a command".to_vec());
            log.append(Topic::Commands, 0, vec![foreign]).wait().unwrap();
        }
        let buyer = Actor::Buyer(BuyerId(rng.random_range(1..9)));
        let command = match rng.random_range(0..10) {
            0 => Command::Leave,
            1 => Command::Tick,
            _ => Command::best(rng.random_range(1..4), CategorySet::ANY),
        };
        append(log, number, buyer, EVENT, command);
    }
}

pub(crate) fn config(log: &MemoryLog, folder: &std::path::Path) -> LoopConfig {
    LoopConfig {
        partition: 0,
        log: Arc::new(log.clone()),
        replies: Arc::new(Mailbox::default()),
        snapshots: Arc::new(FolderStore::new(folder)),
        limits: LIMITS,
        group_version: GroupVersion::default(),
        snapshot_every: 10,
        tracer: Default::default(),
    }
}

/// Runs incarnations until everything is applied; each may be cut off by a fate or by `crash`.
pub(crate) fn run_to_end(config: &LoopConfig, mut crash: impl FnMut() -> bool) -> Vec<u8> {
    loop {
        let Ok(mut owner) = PartitionLoop::start(config.clone()) else { continue };
        loop {
            if crash() {
                owner.abandon();
                break;
            }
            match owner.turn(Duration::ZERO) {
                Ok(turn) if turn.commands == 0 && turn.behind == 0 => {
                    let Ok((_, state)) = owner.finish() else { break };
                    return state;
                }
                Ok(_) => {}
                Err(_) => {
                    owner.abandon();
                    break;
                }
            }
            if crash() {
                owner.abandon();
                break;
            }
            if let Some((next, state)) = owner.storable_snapshot() {
                config.snapshots.save(0, next, &state).unwrap();
            }
        }
    }
}

pub(crate) fn values(log: &MemoryLog, topic: Topic) -> Vec<Vec<u8>> {
    log.records(topic, 0).into_iter().map(|record| record.value.to_vec()).collect()
}
