//! Repeats, disorder and restarts leave the tables as one ordered pass would.

use std::collections::BTreeMap;

use floodgate_domain::FactRecord;
use floodgate_event_log::Checkpoint;
use floodgate_sinks::{Sink, SqliteSink};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rusqlite::Connection;

use crate::history::{by_hand, deadlines, history};

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
        SqliteSink::open(&calm).unwrap().write(0, &facts, Checkpoint::at(200)).unwrap();

        let stormy = folder.path().join("stormy.db");
        let mut rng = StdRng::seed_from_u64(seed ^ 99);
        // The event comes first, as its own batch; after that anything goes.
        SqliteSink::open(&stormy).unwrap().write(0, &facts[..2], Checkpoint::at(2)).unwrap();
        let mut again: Vec<FactRecord> = facts[2..].iter().chain(&facts[50..]).cloned().collect();
        again.shuffle(&mut rng);
        for batch in again.chunks(17) {
            // Opened anew each time: what counts is in the file.
            SqliteSink::open(&stormy).unwrap().write(0, batch, Checkpoint::at(0)).unwrap();
        }
        assert_eq!(dump(&stormy), dump(&calm), "seed {seed}");
    }
}

#[test]
fn what_an_event_says_stands_beside_it_also_in_tables_of_an_older_build() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let facts = history(1);
    SqliteSink::open(&path).unwrap().write(0, &facts[..80], Checkpoint::at(80)).unwrap();
    let read = || {
        let connection = Connection::open(&path).unwrap();
        let words = "SELECT event_name, artist, venue_address, time_zone FROM events";
        let words = connection.query_row(words, [], |row| {
            let text = |at| row.get::<_, Option<String>>(at);
            Ok([text(0)?, text(1)?, text(2)?, text(3)?])
        });
        let times = "SELECT starts_at, doors_at, ends_at, opens_at, closes_at, age_min FROM events";
        let times = connection.query_row(times, [], |row| {
            (0..6).map(|at| row.get::<_, Option<i64>>(at)).collect::<Result<Vec<_>, _>>()
        });
        (words.unwrap(), times.unwrap())
    };
    let none = vec![Some(0), None, None, None, None, None];
    assert_eq!(read(), ([Some("Show".into()), None, None, None], none));
    // As a build of before the columns left it.
    let columns = ["artist", "doors_at", "details_version", "age_min"];
    for column in columns {
        let alter = format!("ALTER TABLE events DROP COLUMN {column}");
        Connection::open(&path).unwrap().execute_batch(&alter).unwrap();
    }
    let mut sink = SqliteSink::open(&path).unwrap();
    sink.write(0, &facts[80..], Checkpoint::at(200)).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let words = [text("Another show"), None, text("1 Street\nTown"), text("Europe/Berlin")];
    let times = [2, 1, 3, 4, 5, 6].map(Some).to_vec();
    assert_eq!(read(), (words, times));
}

#[test]
fn position_and_rows_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let facts = history(1);
    let mut sink = SqliteSink::open(&path).unwrap();
    assert_eq!(sink.checkpoint(3).unwrap().next, 0);
    sink.write(3, &facts[..10], Checkpoint::at(10)).unwrap();
    // A batch that cannot be written whole leaves neither rows nor position.
    let before = dump(&path);
    Connection::open(&path).unwrap().execute_batch("DROP TABLE reservation_history").unwrap();
    assert!(sink.write(3, &facts[10..], Checkpoint::at(200)).is_err());
    assert_eq!(sink.checkpoint(3).unwrap().next, 10);
    drop(sink);
    let mut sink = SqliteSink::open(&path).unwrap();
    assert_eq!(sink.checkpoint(3).unwrap().next, 10);
    let kept: Vec<_> = before.iter().filter(|row| row.starts_with("reservations ")).collect();
    let now = dump(&path);
    assert!(kept.iter().all(|row| now.contains(row)));
}

#[test]
fn sql_answers_which_seats_are_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    SqliteSink::open(&path).unwrap().write(0, &history(3), Checkpoint::at(200)).unwrap();
    let connection = Connection::open(&path).unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let free = count(
        "SELECT count(*) FROM venues v JOIN events e ON e.venue_id = v.venue_id
         LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
         WHERE coalesce(r.status, 'free') = 'free'",
    );
    let taken = count("SELECT count(*) FROM reservations WHERE status IN ('held', 'sold')");
    let off_sale = count("SELECT count(*) FROM reservations WHERE status = 'not_for_sale'");
    assert!(off_sale > 0, "nothing was off sale");
    assert_eq!(free + taken + off_sale, 20);
    assert_eq!(count("SELECT capacity FROM event_status"), free + taken);
    let whys = "SELECT count(*) FROM reservation_history WHERE reason = 'event_changed'";
    assert!(count(whys) > 0, "no refund says why");
    assert_eq!(count("SELECT count(*) FROM reservation_history WHERE reason = 'secret'"), 0);
    assert_eq!(count("SELECT count(*) FROM free_seats"), free);
    assert_eq!(count("SELECT held + sold FROM event_status"), taken);
    assert_eq!(count("SELECT count(*) FROM events WHERE phase = 'paused'"), 1);
}

/// What the plan blocks is no seat of the sale until staff put it back, and the other way round.
#[test]
fn staff_overrule_what_the_plan_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let mut sink = SqliteSink::open(&path).unwrap();
    let facts = by_hand();
    let free = || {
        let connection = Connection::open(&path).unwrap();
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        (count("SELECT count(*) FROM free_seats"), count("SELECT capacity FROM event_status"))
    };
    for (facts_count, expected) in [(1, (19, 19)), (2, (20, 20)), (3, (18, 18)), (4, (17, 18))] {
        sink.write(0, &facts[..facts_count], Checkpoint::at(facts_count as u64)).unwrap();
        assert_eq!(free(), expected, "after {facts_count} facts");
    }
}

#[test]
fn a_ticket_is_its_owners_and_shows_that_it_was_redeemed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let facts = history(2);
    SqliteSink::open(&path).unwrap().write(0, &facts, Checkpoint::at(200)).unwrap();
    // Seat by seat, the last move says everything.
    let mut expected = BTreeMap::new();
    for record in &facts {
        let Some(change) = record.fact.effects().seats else { continue };
        let owner = change.owner.map(|owner| owner.to_string());
        let row = (change.to.code().to_owned(), owner, change.is_redeemed);
        change.seats.iter().for_each(|seat| drop(expected.insert(seat.0, row.clone())));
    }
    let connection = Connection::open(&path).unwrap();
    let select = "SELECT seat_id, status, user_id, redeemed FROM reservations";
    let mut statement = connection.prepare(select).unwrap();
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))));
    let rows: BTreeMap<u32, (String, Option<String>, bool)> =
        rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, expected);
    let redeemed = rows.values().filter(|row| row.2).count();
    let moved = |name| facts.iter().any(|record| record.fact.name() == name);
    assert!(redeemed > 0 && moved("TicketTransferred"), "too little happened");
}

#[test]
fn a_hold_that_goes_on_has_its_new_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let mut sink = SqliteSink::open(&path).unwrap();
    let facts = deadlines();
    let expiry = || {
        let connection = Connection::open(&path).unwrap();
        let select = "SELECT lock_expiry FROM reservations ORDER BY seat_id";
        let mut statement = connection.prepare(select).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<i64>>()
    };
    for (count, expected) in [(2, [10, 10]), (3, [20, 20]), (4, [30, 30]), (5, [40, 40])] {
        sink.write(0, &facts[..count], Checkpoint::at(count as u64)).unwrap();
        assert_eq!(expiry(), expected);
    }
    sink.write(0, &facts, Checkpoint::at(6)).unwrap();
    sink.write(0, &facts, Checkpoint::at(6)).unwrap();
    assert_eq!(expiry(), [40, 50], "the other hold's own");
}
