//! Repeats, disorder and restarts leave the tables as one ordered pass would.
#![allow(clippy::unwrap_used)]

use floodgate_onsale::fact::SeatsKept;
use floodgate_onsale::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_onsale::{
    BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, NewEvent, SeatList, Source,
};
use floodgate_sinks::{Sink, SqliteSink};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

fn plan() -> Plan {
    let labels = Labels::Numbers { first: 1, step: 1, count: 20 };
    let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section { name: "Floor".into(), rows: vec![row], ..Section::default() }],
        size: (1, 1),
    }
}

fn history(seed: u64) -> Vec<FactRecord> {
    let mut rng = StdRng::seed_from_u64(seed);
    let new = NewEvent { name: "Show".into(), plan: plan(), ..NewEvent::default() };
    let mut facts = vec![Fact::EventCreated(Box::new(new)), Fact::SaleOpened];
    let mut owner = [None::<u64>; 20];
    for number in 1..200 {
        let seat = rng.random_range(0..20_u32);
        let seats = SeatList::try_from(&[seat][..]).unwrap();
        let owner = &mut owner[seat as usize];
        let fact = match *owner {
            None => {
                *owner = Some(number);
                let (hold_id, buyer) = (HoldId(number), BuyerId(number));
                Fact::SeatsHeld { hold_id, buyer, seats, amount: 5, until: LogTime(number) }
            }
            Some(held) if rng.random_bool(0.3) => {
                let (hold_id, buyer) = (HoldId(held), BuyerId(held));
                let (amount, attempt, kept) = (5, 1, SeatsKept::Held);
                Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept }
            }
            Some(held) => {
                *owner = None;
                Fact::HoldExpired { hold_id: HoldId(held), buyer: BuyerId(held), seats }
            }
        };
        facts.push(fact);
    }
    let record = |(at, fact)| FactRecord {
        source: Source { offset: at as u64, index: 0 },
        at: LogTime(1000 + at as u64),
        event_id: EventId(1),
        fact,
    };
    facts.into_iter().enumerate().map(record).collect()
}

/// Every row of the tables, as text.
fn dump(path: &std::path::Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut rows = Vec::new();
    for table in ["events", "venues", "reservations", "reservation_history", "free_seats"] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let count = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells = (0..count).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            rows.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    rows.sort();
    rows
}

#[test]
fn repeats_and_disorder_change_nothing() {
    for seed in 0..20 {
        let facts = history(seed);
        let folder = tempfile::tempdir().unwrap();
        let calm = folder.path().join("calm.db");
        SqliteSink::open(&calm).unwrap().write(0, &facts, 200).unwrap();

        let stormy = folder.path().join("stormy.db");
        let mut rng = StdRng::seed_from_u64(seed ^ 99);
        // The event comes first, as its own batch; after that anything goes.
        SqliteSink::open(&stormy).unwrap().write(0, &facts[..2], 2).unwrap();
        let mut again: Vec<FactRecord> = facts[2..].iter().chain(&facts[50..]).cloned().collect();
        again.shuffle(&mut rng);
        for batch in again.chunks(17) {
            // Opened anew each time: what counts is in the file.
            SqliteSink::open(&stormy).unwrap().write(0, batch, 0).unwrap();
        }
        assert_eq!(dump(&stormy), dump(&calm), "seed {seed}");
    }
}

#[test]
fn position_and_rows_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let facts = history(1);
    let mut sink = SqliteSink::open(&path).unwrap();
    assert_eq!(sink.position(3).unwrap(), 0);
    sink.write(3, &facts[..10], 10).unwrap();
    // A batch that cannot be written whole leaves neither rows nor position.
    let before = dump(&path);
    Connection::open(&path).unwrap().execute_batch("DROP TABLE reservation_history").unwrap();
    assert!(sink.write(3, &facts[10..], 200).is_err());
    assert_eq!(sink.position(3).unwrap(), 10);
    drop(sink);
    let sink = SqliteSink::open(&path).unwrap();
    assert_eq!(sink.position(3).unwrap(), 10);
    let kept: Vec<_> = before.iter().filter(|row| row.starts_with("reservations ")).collect();
    let now = dump(&path);
    assert!(kept.iter().all(|row| now.contains(row)));
}

#[test]
fn sql_answers_which_seats_are_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    SqliteSink::open(&path).unwrap().write(0, &history(3), 200).unwrap();
    let connection = Connection::open(&path).unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let free = count(
        "SELECT count(*) FROM venues v JOIN events e ON e.venue_id = v.venue_id
         LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
         WHERE coalesce(r.status, 'free') = 'free'",
    );
    let taken = count("SELECT count(*) FROM reservations WHERE status IN ('held', 'sold')");
    assert_eq!(free + taken, 20);
    assert_eq!(count("SELECT count(*) FROM free_seats"), free);
    assert_eq!(count("SELECT held + sold FROM event_status"), taken);
}
