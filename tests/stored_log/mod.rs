//! A log of an earlier day, as an installation left it: every later build must read it, replay it
//! to the byte and go on from it.
//!
//! `data/` holds the embedded log with its commands and facts, a snapshot from the middle, and the
//! answers that were given. `sale.rs` wrote it. To write it anew, which only a log that nobody has
//! can be, run
//! `FLOODGATE_WRITE_STORED_LOG=1 cargo test --test it -- stored_log`. From the first release on it
//! stays as it is, and a log of a later day comes beside it.

mod sale;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use floodgate_domain::wire::{
    RETIRED_COMMANDS, decode_command, decode_fact, decode_replies, encode_fact, encode_reply,
};
use floodgate_domain::{Actor, BuyerId, CategorySet, Command, Fact, Reply};
use floodgate_engine::{Engine, EngineLimits};
use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, Log, Record, Topic};
use floodgate_runner::{FolderStore, GroupVersion, LoopConfig, PartitionLoop, SnapshotStore};
use floodgate_transport::ReplySender;

use sale::envelope;

/// Bytes of a snapshot before the engine's state: form, time and checksum of the record before it.
const FINGERPRINT_BYTES: usize = 13;

/// The stored log, written anew first if that was asked for.
fn stored() -> &'static Path {
    static STORED: OnceLock<PathBuf> = OnceLock::new();
    STORED.get_or_init(|| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored_log/data");
        if std::env::var_os("FLOODGATE_WRITE_STORED_LOG").is_some() {
            sale::write(&data);
        }
        data
    })
}

/// A copy to work on: opening a log may write to its file.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = folder.path().join("snapshots/commands-0");
    std::fs::create_dir_all(&snapshots).unwrap();
    std::fs::copy(stored().join("log.db"), folder.path().join("log.db")).unwrap();
    for entry in std::fs::read_dir(stored().join("snapshots/commands-0")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), snapshots.join(entry.file_name())).unwrap();
    }
    folder
}

fn records(log: &dyn Log, topic: Topic) -> Vec<Record> {
    floodgate_testkit::records(log, topic, 0)
}

/// Everything the engine says of commands, from a position on.
#[derive(Debug, Default, PartialEq)]
struct Decided {
    facts: Vec<Vec<u8>>,
    replies: Vec<Reply>,
}

fn replay(engine: &mut Engine, commands: &[Record]) -> Decided {
    let mut decided = Decided::default();
    for record in commands {
        let Ok(envelope) = decode_command(&record.value) else { continue };
        let mut facts = Vec::new();
        let reply = engine.step(record.offset, record.at, &envelope, &mut facts).unwrap();
        decided.replies.push(reply);
        for fact in &facts {
            let mut bytes = Vec::new();
            encode_fact(fact, &mut bytes);
            decided.facts.push(bytes);
        }
    }
    decided
}

fn state(engine: &Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    bytes
}

fn values(records: &[Record]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.value.to_vec()).collect()
}

#[derive(Debug, Default)]
struct Mailbox(Mutex<Vec<Reply>>);

impl ReplySender for Mailbox {
    fn send(&self, replies: Vec<Reply>) {
        self.0.lock().unwrap().extend(replies);
    }
}

fn config(log: &Arc<EmbeddedLog>, snapshots: &Path) -> LoopConfig {
    LoopConfig {
        partition: 0,
        log: Arc::clone(log) as Arc<dyn Log>,
        replies: Arc::new(Mailbox::default()),
        snapshots: Arc::new(FolderStore::new(snapshots)),
        limits: EngineLimits::default(),
        group_version: GroupVersion::default(),
        snapshot_every: u64::MAX,
        tracer: Default::default(),
    }
}

#[test]
fn it_holds_what_a_sale_can_hold() {
    let folder = copy();
    let log = EmbeddedLog::open_read_only(folder.path()).unwrap();
    let (commands, facts) = (records(&log, Topic::Commands), records(&log, Topic::Ledger));
    let readable = commands.iter().filter(|record| decode_command(&record.value).is_ok());
    let kinds: BTreeSet<u8> = readable.map(|record| record.value[1]).collect();
    let newest = *kinds.last().unwrap();
    let all = (1..=newest).filter(|kind| !RETIRED_COMMANDS.contains(kind));
    assert!(kinds.into_iter().eq(all), "a command is missing");
    let names: BTreeSet<&str> =
        facts.iter().map(|record| decode_fact(&record.value).unwrap().fact.name()).collect();
    for name in ["HoldExpired", "OrderExpired", "OrderSettled", "PaymentVoided", "OrderRefunded"] {
        assert!(names.contains(name), "{name} is missing among {names:?}");
    }
    assert!(names.len() >= 29, "only {} kinds of facts: {names:?}", names.len());
    assert_eq!(records(&log, Topic::DeadLetters).len(), 1, "a record that was no command");
}

#[test]
fn it_is_replayed_to_the_byte_from_zero_and_from_its_snapshot() {
    let folder = copy();
    let log = EmbeddedLog::open_read_only(folder.path()).unwrap();
    let commands = records(&log, Topic::Commands);
    let facts = values(&records(&log, Topic::Ledger));
    let answers = std::fs::read(stored().join("answers")).unwrap();

    let mut whole = Engine::new(EngineLimits::default());
    let decided = replay(&mut whole, &commands);
    assert_eq!(decided.facts, facts);
    let mut said = Vec::new();
    decided.replies.iter().for_each(|reply| encode_reply(reply, &mut said));
    assert_eq!(decode_replies(&said), decode_replies(&answers));
    assert_eq!(whole.violations(), []);

    let store = FolderStore::new(&folder.path().join("snapshots"));
    let next = store.list(0).unwrap()[0];
    assert!(next > 10 && next + 10 < commands.len() as u64, "{next} is not in the middle");
    let bytes = store.load(0, next).unwrap();
    let mut later = Engine::restore(&bytes[FINGERPRINT_BYTES..], EngineLimits::default()).unwrap();
    let rest = replay(&mut later, &commands[next as usize..]);
    assert!(facts.ends_with(&rest.facts) && decided.replies.ends_with(&rest.replies));
    assert!(state(&later) == state(&whole), "the states differ");
}

#[test]
fn an_audit_finds_nothing_in_it() {
    let folder = copy();
    let log = EmbeddedLog::open_read_only(folder.path()).unwrap();
    let report = floodgate_audit::audit(&log, None).unwrap();
    assert!(report.is_clean(), "{report}");
    let compared = report.invariants["replay-byte-equal"].checked;
    assert!(compared as usize > records(&log, Topic::Ledger).len(), "only {compared}");
}

#[test]
fn an_owner_goes_on_from_it() {
    let folder = copy();
    let options = EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() };
    let log = Arc::new(EmbeddedLog::open(folder.path(), &options).unwrap());
    let before = values(&records(&*log, Topic::Ledger));
    let elsewhere = tempfile::tempdir().unwrap();
    let catch_up = |snapshots: &Path| {
        let mut owner = PartitionLoop::start(config(&log, snapshots)).unwrap();
        let first = owner.next();
        while owner.turn(Duration::ZERO).unwrap().commands > 0 {}
        let end = owner.finish().unwrap();
        (owner, first, end)
    };
    let (mut owner, first, end) = catch_up(&folder.path().join("snapshots"));
    assert!(first > 0, "its snapshot was not used");
    let (from_zero, first, same_end) = catch_up(elsewhere.path());
    assert!(first == 0 && same_end == end, "the states differ");
    assert_eq!(values(&records(&*log, Topic::Ledger)), before, "nothing is published twice");
    assert_eq!(records(&*log, Topic::DeadLetters).len(), 1, "or put aside twice");
    drop(from_zero);

    let hold = Command::best(1, CategorySet::ANY);
    let (event_id, buyer) = (sale::EVENT, Actor::Buyer(BuyerId(777)));
    sale::append(&*log, &envelope(1 << 90, event_id, buyer, hold));
    while owner.turn(Duration::from_secs(10)).unwrap().commands == 0 {}
    owner.finish().unwrap();
    let facts = records(&*log, Topic::Ledger);
    let last = decode_fact(&facts.last().unwrap().value).unwrap().fact;
    assert!(matches!(last, Fact::SeatsHeld { buyer: BuyerId(777), .. }), "{last:?}");
    assert!(floodgate_audit::audit(&*log, None).unwrap().is_clean());
    log.close();
}
