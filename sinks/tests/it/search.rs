//! The search index has what the log leads to, whatever happens on the way: away, slow, half-written,
//! repeated, out of order, deleted by hand. In memory always; on a real OpenSearch, which is also cut off and
//! restarted, where `FLOODGATE_TEST_OPENSEARCH` names one (`scripts/servers up opensearch`).

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{EventId, FactRecord};
use floodgate_event_log::{
    Checkpoint, EmbeddedLog, EmbeddedOptions, Log, NewRecord, Topic, read_dead_letters,
};
use floodgate_search::{
    Document, DocumentKey, Documents, Embedded, EventHits, EventQuery, FoundSeats, OpenSearch,
    OpenSearchOptions, Reached, SearchError, SearchIndex, SeatFindings, SeatOrder, SeatQuery,
    Unfit, plain_words,
};
use floodgate_sinks::{Destination, carried, rebuild, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{Follower, Health, Service};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::history::history;

/// An index that fails on purpose.
#[derive(Debug)]
struct Wayward {
    index: Arc<dyn SearchIndex>,
    is_away: AtomicBool,
    /// Takes the first half of every other batch, then fails.
    breaks_off: AtomicBool,
    /// A document of this version is refused.
    refused: AtomicU64,
    calls: AtomicU64,
}

impl Wayward {
    fn new(index: Arc<dyn SearchIndex>) -> Arc<Self> {
        let (is_away, breaks_off) = (AtomicBool::new(false), AtomicBool::new(false));
        let (refused, calls) = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        Arc::new(Wayward { index, is_away, breaks_off, refused, calls })
    }

    fn reached(&self) -> Result<&dyn SearchIndex, SearchError> {
        match self.is_away.load(Ordering::Acquire) {
            true => Err(SearchError::Unavailable("the index is away".into())),
            false => Ok(&*self.index),
        }
    }
}

impl SearchIndex for Wayward {
    fn open(&self) -> Result<(), SearchError> {
        self.reached()?.open()
    }

    fn next(&self, partition: u32) -> Result<u64, SearchError> {
        self.reached()?.next(partition)
    }

    fn put(&self, documents: &[Document], reached: Reached) -> Result<Vec<Unfit>, SearchError> {
        let index = self.reached()?;
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.breaks_off.load(Ordering::Acquire) && call.is_multiple_of(2) {
            let next = index.next(reached.partition)?;
            index.put(&documents[..documents.len() / 2], Reached { next, ..reached })?;
            return Err(SearchError::Unavailable("it broke off".into()));
        }
        let refused = self.refused.load(Ordering::Acquire);
        let is_unfit = |one: &&Document| {
            one.version() == refused && matches!(one.key(), DocumentKey::Event(_))
        };
        let mut unfit = Vec::new();
        for one in documents.iter().filter(is_unfit) {
            let (key, version) = (one.key(), one.version());
            unfit.push(Unfit { key, version, reason: "on purpose".into() });
        }
        let fit: Vec<_> = documents.iter().filter(|one| !is_unfit(one)).cloned().collect();
        unfit.extend(index.put(&fit, reached)?);
        Ok(unfit)
    }

    fn rewind(&self, partition: u32) -> Result<(), SearchError> {
        self.reached()?.rewind(partition)
    }

    fn remove(&self) -> Result<(), SearchError> {
        self.reached()?.remove()
    }

    fn refresh(&self) -> Result<(), SearchError> {
        self.reached()?.refresh()
    }

    fn about(&self) -> Result<String, SearchError> {
        self.reached()?.about()
    }

    fn events(&self, query: &EventQuery) -> Result<EventHits, SearchError> {
        self.reached()?.events(query)
    }

    fn seats(&self, query: &SeatQuery) -> Result<Option<SeatFindings>, SearchError> {
        self.reached()?.seats(query)
    }
}

fn append(log: &dyn Log, facts: &[FactRecord]) {
    let record = |fact: &FactRecord| {
        let mut value = Vec::new();
        encode_fact(fact, &mut value);
        NewRecord::new("event", value)
    };
    log.append(Topic::Ledger, 0, facts.iter().map(record).collect()).wait().unwrap();
}

fn log_of(facts: &[FactRecord]) -> MemoryLog {
    let log = MemoryLog::new(1);
    append(&log, facts);
    log
}

/// Everything that can be asked about the one event of a history.
fn answers(index: &dyn SearchIndex, event_id: EventId) -> (EventHits, Vec<SeatFindings>) {
    index.refresh().unwrap();
    let query = EventQuery { words: plain_words("shwo"), limit: 9, ..EventQuery::default() };
    let seats = |count| {
        let query = SeatQuery {
            event_id,
            count,
            categories: vec![0],
            section: None,
            is_accessible: false,
            with_restricted_view: true,
            in_shade: false,
            order: SeatOrder::Best,
            limit: 99,
        };
        let mut found = index.seats(&query).unwrap().unwrap();
        found.groups.sort_by_key(|group: &FoundSeats| group.places.clone());
        found
    };
    // "shwo" is one mistake away from "show".
    let hits = index.events(&query).unwrap();
    assert_eq!(hits.count, 1);
    (hits, (1..5).map(seats).collect())
}

/// What an index has that nothing happened to.
fn expected(facts: &[FactRecord]) -> (EventHits, Vec<SeatFindings>) {
    let index: Arc<dyn SearchIndex> = Arc::new(Embedded::default());
    let log: Arc<dyn Log> = Arc::new(log_of(facts));
    rebuild(&log, &carried("calm", Arc::clone(&index)), |_| {}).unwrap();
    answers(&*index, facts[0].event_id)
}

fn reaches(index: &dyn SearchIndex, next: u64) {
    cut::until("the index has everything", || index.next(0).is_ok_and(|at| at >= next));
}

/// Ends a sink calmly.
fn stop(sink: &Follower) {
    sink.stop();
    sink.join().unwrap();
}

fn faults(index: &Arc<dyn SearchIndex>) {
    let facts = history(11);
    let event_id = facts[0].event_id;
    let half = facts.len() / 2;
    let wayward = Wayward::new(Arc::clone(index));
    let (log, shared) = (log_of(&facts[..half]), Arc::clone(&wayward) as Arc<dyn SearchIndex>);
    index.remove().unwrap();

    // It breaks off again and again, and comes to the same.
    wayward.breaks_off.store(true, Ordering::Release);
    let sink = spawn(Arc::new(log.clone()), carried("search", Arc::clone(&shared))).unwrap();
    reaches(&**index, half as u64);
    assert_eq!(answers(&**index, event_id), expected(&facts[..half]));
    wayward.breaks_off.store(false, Ordering::Release);

    // Away while much happens: it only falls behind, and readiness says so.
    wayward.is_away.store(true, Ordering::Release);
    append(&log, &facts[half..]);
    cut::until("it is noticed", || !sink.health().is_ready());
    wayward.is_away.store(false, Ordering::Release);
    reaches(&**index, facts.len() as u64);
    assert_eq!(answers(&**index, event_id), expected(&facts));

    // Deleted by hand in a quiet hour: noticed, and written again from the first fact.
    index.remove().unwrap();
    reaches(&**index, facts.len() as u64);
    assert_eq!(answers(&**index, event_id), expected(&facts));
    stop(&sink);

    // A restart writes nothing again; another after a deletion writes everything.
    let sink = spawn(Arc::new(log.clone()), carried("search", Arc::clone(&shared))).unwrap();
    cut::until("it is ready", || sink.health().is_ready());
    stop(&sink);
    assert_eq!(answers(&**index, event_id), expected(&facts));
    index.remove().unwrap();
    let sink = spawn(Arc::new(log.clone()), carried("search", Arc::clone(&shared))).unwrap();
    reaches(&**index, facts.len() as u64);
    stop(&sink);
    assert_eq!(answers(&**index, event_id), expected(&facts));

    // One command builds it anew.
    let shared: Arc<dyn Log> = Arc::new(log);
    rebuild(&shared, &carried("search", Arc::clone(index)), |_| {}).unwrap();
    assert_eq!(answers(&**index, event_id), expected(&facts));
    disorder(index, &facts);
}

/// Facts that come again and out of order within what has been read change nothing.
fn disorder(index: &Arc<dyn SearchIndex>, facts: &[FactRecord]) {
    index.remove().unwrap();
    let to = carried("search", Arc::clone(index));
    let mut sink = to.open().unwrap();
    assert_eq!(sink.checkpoint(0).unwrap(), Checkpoint::default());
    sink.write(0, facts, Checkpoint::at(facts.len() as u64)).unwrap();
    let mut again = facts.to_vec();
    again.shuffle(&mut StdRng::seed_from_u64(3));
    for batch in again.chunks(17) {
        sink.write(0, batch, Checkpoint::at(facts.len() as u64 + 1)).unwrap();
    }
    // Another gateway's sink, which is behind: what is newer stays.
    let mut late = carried("search", Arc::clone(index)).open().unwrap();
    late.write(0, &facts[..50], Checkpoint::at(50)).unwrap();
    let (hits, seats) = answers(&**index, facts[0].event_id);
    let (_, expected_seats) = expected(facts);
    assert_eq!((hits.count, seats), (1, expected_seats));
}

#[test]
fn counts_are_those_of_the_seats() {
    for seed in 0..20 {
        let mut documents = Documents::default();
        history(seed).iter().for_each(|fact| documents.fold(fact, false));
        let (mut of_runs, mut of_others) = (0, Vec::new());
        for document in documents.dirty(usize::MAX) {
            match document {
                Document::Run(run) => of_runs += run.free.len() as u32,
                Document::Section(section) => of_others.push(section.free),
                Document::Event(event) => of_others.push(event.free),
            }
        }
        assert_eq!(of_others, [of_runs, of_runs], "seed {seed}");
    }
}

#[test]
fn an_index_in_memory_loses_and_doubles_nothing() {
    faults(&(Arc::new(Embedded::default()) as Arc<dyn SearchIndex>));
}

#[test]
fn what_an_index_never_takes_is_set_aside_and_the_rest_arrives() {
    let facts = history(4);
    let mut broken = facts.clone();
    // Its last news: nothing that comes later says the same again.
    let last = facts.iter().rposition(|fact| fact.fact.effects().seats.is_some()).unwrap();
    let poison = broken[last].position.version();
    broken.truncate(last + 1);
    // Its records have times of now: what is older than dead letters are kept is not set aside.
    let folder = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() };
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path(), &options).unwrap());
    append(&*log, &broken);
    let index = Arc::new(Embedded::default());
    let wayward = Wayward::new(index.clone());
    wayward.refused.store(poison, Ordering::Release);
    let sink = spawn(Arc::clone(&log), carried("search", wayward)).unwrap();
    reaches(&*index, broken.len() as u64);
    cut::until("it is ready", || matches!(sink.health(), Health::Ready));
    let aside = || read_dead_letters(&*log, Topic::DeadFacts, 0, (0, usize::MAX)).unwrap().len();
    assert_eq!(aside(), 1, "the one fact whose document does not fit");
    append(&*log, &facts[last + 1..]);
    reaches(&*index, facts.len() as u64);
    stop(&sink);
    assert_eq!(aside(), 1, "and once");
}

/// A way to a server that can be closed, and be slow.
#[derive(Debug)]
struct Way {
    port: u16,
    is_closed: Arc<AtomicBool>,
    pause_ms: Arc<AtomicU64>,
}

impl Way {
    fn to(address: String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_closed, pause_ms) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (closed, pause) = (Arc::clone(&is_closed), Arc::clone(&pause_ms));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if closed.load(Ordering::Acquire) {
                    continue;
                }
                let Ok(server) = std::net::TcpStream::connect(&address) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (closed, pause) = (Arc::clone(&closed), Arc::clone(&pause));
                    std::thread::spawn(move || pass_on(from, to, &closed, &pause));
                }
            }
        });
        Way { port, is_closed, pause_ms }
    }
}

fn pass_on(
    mut from: std::net::TcpStream,
    mut to: std::net::TcpStream,
    closed: &AtomicBool,
    pause_ms: &AtomicU64,
) {
    use std::io::{Read, Write};
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        // What is slow on purpose, not a wait for anything.
        std::thread::sleep(std::time::Duration::from_millis(pause_ms.load(Ordering::Acquire)));
        if closed.load(Ordering::Acquire) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn opensearch(url: &str) -> Arc<dyn SearchIndex> {
    let name = format!("faults-{}", std::process::id());
    let (user, password) = (String::new(), String::new());
    let options = OpenSearchOptions { url: url.to_owned(), user, password, name };
    Arc::new(OpenSearch::new(&options).unwrap())
}

fn servers(what: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/servers");
    let status = Command::new(script).args([what, "opensearch"]).status().unwrap();
    assert!(status.success(), "{what}: {status}");
}

#[test]
fn an_opensearch_loses_and_doubles_nothing() {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock();
    let Ok(url) = std::env::var("FLOODGATE_TEST_OPENSEARCH") else { return };
    let index = opensearch(&url);
    faults(&index);

    // Behind a way that is cut and slow, then through a restart of the server.
    let facts = history(12);
    let third = facts.len() / 3;
    let log = log_of(&facts[..third]);
    index.remove().unwrap();
    let way = Way::to(url.trim_start_matches("http://").to_owned());
    let through = opensearch(&format!("http://127.0.0.1:{}", way.port));
    let to: Arc<dyn Destination> = carried("search", through);
    let sink = spawn(Arc::new(log.clone()), to).unwrap();
    reaches(&*index, third as u64);
    way.pause_ms.store(200, Ordering::Release);
    append(&log, &facts[third..third + 20]);
    reaches(&*index, third as u64 + 20);
    way.is_closed.store(true, Ordering::Release);
    append(&log, &facts[third + 20..2 * third]);
    cut::until("it is noticed", || !sink.health().is_ready());
    way.pause_ms.store(0, Ordering::Release);
    way.is_closed.store(false, Ordering::Release);
    reaches(&*index, 2 * third as u64);
    servers("down");
    append(&log, &facts[2 * third..]);
    cut::until("it is noticed", || !sink.health().is_ready());
    servers("up");
    reaches(&*index, facts.len() as u64);
    assert_eq!(answers(&*index, facts[0].event_id), expected(&facts));
    stop(&sink);
    index.remove().unwrap();
}
