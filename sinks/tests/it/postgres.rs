//! PostgreSQL says what SQLite says, whatever order facts come in.
//!
//! `scripts/servers up postgres` starts one and `eval "$(scripts/servers env)"` says where it is. Without
//! it this test fails, unless FLOODGATE_TEST_QUICK says that it is left out on purpose.

use std::path::Path;

use floodgate_config::SinksSettings;
use floodgate_domain::{EventId, Fact, FactRecord};
use floodgate_event_log::Checkpoint;
use floodgate_sinks::{PostgresSink, Sink, SinkError, SqliteSink, destinations};
use postgres::{Client, NoTls};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::history::{deadlines, history};

/// What both databases are asked; every column of every row that is ever changed.
const QUESTIONS: [&str; 4] = [
    "SELECT event_id || ' ' || seat_id || ' ' || status || ' ' || coalesce(user_id, '-') || ' ' ||
        coalesce(cast(lock_expiry AS TEXT), '-') || ' ' || session_id || ' ' || reservation_version
        || ' ' || CASE WHEN redeemed THEN 'redeemed' ELSE '-' END || ' ' || coalesce(venue_id, '-')
     FROM reservations ORDER BY 1",
    "SELECT event_id || ' ' || seat_id || ' ' || status || ' ' || reservation_version || ' ' || fact
     FROM reservation_history ORDER BY 1",
    "SELECT event_id || ' ' || venue_id || ' ' || seat_id || ' ' || seat_location FROM free_seats ORDER BY 1",
    "SELECT event_id || ' ' || phase || ' ' || capacity || ' ' || held || ' ' || sold || ' ' || redeemed
     FROM event_status ORDER BY 1",
];

#[test]
fn both_databases_say_the_same() {
    let Ok(server) = std::env::var("FLOODGATE_TEST_POSTGRES") else {
        let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
        assert!(quick, "FLOODGATE_TEST_POSTGRES is not set; see the head of this file");
        return;
    };
    // A database of its own, so that nothing is left from before.
    let name = format!("floodgate_{:08x}", rand::random::<u32>());
    let mut admin = Client::connect(&server, NoTls).unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let config = server.replace("dbname=postgres", &format!("dbname={name}"));
    let facts = history(5);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("views.db");
    SqliteSink::open(&file).unwrap().write(0, &facts, Checkpoint::at(200)).unwrap();

    let mut rng = StdRng::seed_from_u64(55);
    let mut sink = PostgresSink::open(&config).unwrap();
    sink.write(0, &facts[..2], Checkpoint::at(2)).unwrap();
    let mut again: Vec<_> = facts[2..].iter().chain(&facts[50..]).cloned().collect();
    again.shuffle(&mut rng);
    for batch in again.chunks(17) {
        sink.write(0, batch, Checkpoint::at(200)).unwrap();
    }
    assert_eq!(PostgresSink::open(&config).unwrap().checkpoint(0).unwrap().next, 200);

    let rows = compare(&config, &file);
    let enough =
        rows[..2].iter().all(|count| *count > 10) && rows[2..].iter().all(|&count| count > 0);
    assert!(enough, "too little was said: {rows:?}");
    drop(sink);
    deadlines_are_the_same(&server, &mut admin, folder.path());
    only_a_sink_that_is_alone_is_set_back(&config);
    what_it_never_takes_is_refused(&config, &facts);
    it_is_emptied_and_mended(&config);
    admin.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
}

/// Asks both everything; how many rows each question was answered with.
fn compare(config: &str, file: &Path) -> Vec<usize> {
    let sqlite = rusqlite::Connection::open(file).unwrap();
    let mut postgres = Client::connect(config, NoTls).unwrap();
    let mut counts = Vec::new();
    for question in QUESTIONS {
        let mut statement = sqlite.prepare(question).unwrap();
        let mut ours: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut theirs: Vec<String> =
            postgres.query(question, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        // Databases differ about the order of texts.
        theirs.sort();
        ours.sort();
        assert_eq!(theirs, ours, "{question}");
        counts.push(ours.len());
    }
    counts
}

/// Rows and what changes them, in one batch and one by one.
fn deadlines_are_the_same(server: &str, admin: &mut Client, folder: &Path) {
    let facts = deadlines();
    let file = folder.join("deadlines.db");
    let mut sqlite = SqliteSink::open(&file).unwrap();
    facts
        .iter()
        .for_each(|fact| sqlite.write(0, std::slice::from_ref(fact), Checkpoint::at(0)).unwrap());
    for size in [1, 2, facts.len()] {
        let name = format!("floodgate_{:08x}", rand::random::<u32>());
        admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let config = server.replace("dbname=postgres", &format!("dbname={name}"));
        let mut sink = PostgresSink::open(&config).unwrap();
        facts.chunks(size).for_each(|batch| sink.write(0, batch, Checkpoint::at(0)).unwrap());
        assert!(compare(&config, &file)[0] == 2, "{size} at once");
        drop(sink);
        admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    }
}

fn only_a_sink_that_is_alone_is_set_back(config: &str) {
    let running = PostgresSink::open(config).unwrap();
    let mut other = PostgresSink::open(config).unwrap();
    let refused = other.rewind(0, 7);
    assert!(matches!(refused, Err(SinkError::InUse(_))), "{refused:?}");
    drop(running);
    // The server notices a connection that is gone a moment later.
    let started = std::time::Instant::now();
    while other.rewind(0, 7).is_err() {
        assert!(started.elapsed() < std::time::Duration::from_secs(30), "never alone");
    }
    assert_eq!(other.checkpoint(0).unwrap().next, 7);
}

/// As SQLite's: what lacks a mark gets the column, what lacks more is named, and all of it goes
/// only while nobody carries.
fn it_is_emptied_and_mended(config: &str) {
    let settings = SinksSettings {
        sqlite: false,
        postgres: config.to_owned(),
        ..floodgate_config::Settings::default().sinks
    };
    let to = destinations(&settings, Path::new("")).unwrap().remove(0);
    let alter = |what: &str| Client::connect(config, NoTls).unwrap().batch_execute(what).unwrap();
    alter("ALTER TABLE positions DROP COLUMN mark");
    let mut sink = PostgresSink::open(config).unwrap();
    assert_eq!(sink.checkpoint(0).unwrap(), Checkpoint::at(202));
    assert!(matches!(to.clear(), Err(SinkError::InUse(_))));
    drop(sink);
    alter("DROP VIEW event_status; ALTER TABLE reservations DROP COLUMN redeemed");
    let error = PostgresSink::open(config).unwrap_err().to_string();
    assert!(error.contains("reservations.redeemed"), "{error}");
    let started = std::time::Instant::now();
    while to.clear().is_err() {
        assert!(started.elapsed() < std::time::Duration::from_secs(30), "never alone");
    }
    assert_eq!(PostgresSink::open(config).unwrap().checkpoint(0).unwrap(), Checkpoint::default());
}

fn what_it_never_takes_is_refused(config: &str, facts: &[FactRecord]) {
    let mut sink = PostgresSink::open(config).unwrap();
    let mut bad = facts[0].clone();
    let Fact::EventCreated(new) = &mut bad.fact else { panic!("{bad:?}") };
    new.details.name = "a\0b".into();
    bad.event_id = EventId(99);
    let refused = sink.write(0, &[bad], Checkpoint::at(201));
    assert!(matches!(refused, Err(SinkError::Refused(_))), "{refused:?}");
    sink.write(0, &facts[1..2], Checkpoint::at(202)).unwrap();
    assert_eq!(sink.checkpoint(0).unwrap().next, 202);
}
