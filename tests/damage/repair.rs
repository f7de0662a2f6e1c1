//! `floodgate log repair`: what was damaged says again what it said, and the sale goes on.

use std::collections::BTreeSet;

use floodgate_domain::wire::{decode_command, decode_fact};
use floodgate_domain::{Command, Fact};
use floodgate_event_log::Topic;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::files::Installation;

const MENDED: [Topic; 3] = [Topic::Commands, Topic::Ledger, Topic::Facts];

/// Where a record is: its topic, partition and offset.
type Spot = (Topic, u32, u64);

fn spots(installation: &Installation, topic: Topic) -> Vec<Spot> {
    let all = installation.records(topic).into_iter();
    all.map(|(partition, offset, _, _)| (topic, partition, offset)).collect()
}

/// Changes some bytes of a record, so that no checksum can say what they were.
fn spoil(installation: &Installation, (topic, partition, offset): Spot) {
    let table = format!("\"{}/{partition}\"", topic.name());
    let change = format!("UPDATE {table} SET value = x'deadbeef' WHERE \"offset\" = ?1");
    let offset = i64::try_from(offset).unwrap();
    assert_eq!(installation.file().execute(&change, [offset]).unwrap(), 1);
}

fn flip(installation: &Installation, random: &mut StdRng, (topic, partition, offset): Spot) {
    let table = format!("\"{}/{partition}\"", topic.name());
    let file = installation.file();
    let offset = i64::try_from(offset).unwrap();
    let ask = format!("SELECT value FROM {table} WHERE \"offset\" = ?1");
    let mut value: Vec<u8> = file.query_row(&ask, [offset], |row| row.get(0)).unwrap();
    let at = random.random_range(0..value.len());
    value[at] ^= 1 << random.random_range(0..8);
    let change = format!("UPDATE {table} SET value = ?2 WHERE \"offset\" = ?1");
    assert_eq!(file.execute(&change, (offset, value)).unwrap(), 1);
}

/// Repairs, and expects every damaged record to be found there.
fn repair(installation: &Installation, more: &[&str], damaged: &[Spot], found: &str) {
    let (code, said) = installation.repair(more);
    assert_eq!(code, 1, "only said: {said:?}");
    let rows: Vec<&Value> = said.iter().filter(|row| row["topic"].is_string()).collect();
    assert_eq!(rows.len(), damaged.len(), "{said:?}");
    assert!(rows.iter().all(|row| row["found"] == found), "{said:?}");
    let (code, said) = installation.repair(&[more, &["--apply"]].concat());
    assert_eq!(code, 0, "{said:?}");
    assert_eq!(said.last().unwrap()["repaired"], damaged.len(), "{said:?}");
    assert_eq!(installation.check().0, 0);
    assert_eq!(installation.audit(), [] as [Value; 0]);
    assert_eq!(installation.repair(&[]).0, 0, "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_are_put_right_by_their_checksums() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let installation = Installation::sold().await;
    let before = MENDED.map(|topic| installation.records(topic));
    let all: Vec<Spot> = MENDED.into_iter().flat_map(|topic| spots(&installation, topic)).collect();
    let damaged: Vec<Spot> = all.sample(&mut random, 20).copied().collect();
    damaged.iter().for_each(|spot| flip(&installation, &mut random, *spot));
    repair(&installation, &[], &damaged, "from its checksum");
    assert!(MENDED.map(|topic| installation.records(topic)) == before, "seed {seed}");
    // The same log, so the snapshots of it are good.
    installation.serve().ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_records_come_from_a_copy_of_the_same_log_and_from_no_other() {
    let installation = Installation::sold().await;
    let before = MENDED.map(|topic| installation.records(topic));
    let copy = tempfile::tempdir().unwrap();
    std::fs::write(copy.path().join("log.db"), installation.log()).unwrap();
    let other = Installation::sold().await;
    // A record that stands alone in its partition has no neighbour by which a copy is known.
    let sold = |topic: Topic| {
        let mut all = spots(&installation, topic);
        let (_, partition, _) = *all.iter().max_by_key(|(.., offset)| *offset).unwrap();
        all.retain(|(_, of, _)| *of == partition);
        all
    };
    let damaged: Vec<Spot> = [&sold(Topic::Commands)[3..6], &sold(Topic::Ledger)[2..9]].concat();
    damaged.iter().for_each(|spot| spoil(&installation, *spot));
    let from = |folder: &std::path::Path| ["--from".to_owned(), folder.display().to_string()];
    let other = from(&other.data());
    let (code, said) = installation.repair(&[&other[0], &other[1], "--apply"]);
    assert_eq!(code, 1, "{said:?}");
    assert!(said.iter().all(|row| row["found"] != "from a copy"), "{said:?}");
    let copy = from(copy.path());
    repair(&installation, &[&copy[0], &copy[1]], &damaged, "from a copy");
    assert!(MENDED.map(|topic| installation.records(topic)) == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_and_public_facts_follow_from_their_commands() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let installation = Installation::sold().await;
    for (topic, found) in [(Topic::Ledger, "from the commands"), (Topic::Facts, "from the ledger")]
    {
        // Time included: readers know records by it.
        let before = installation.records(topic);
        let all = spots(&installation, topic);
        let damaged: Vec<Spot> = all.sample(&mut random, 12).copied().collect();
        damaged.iter().for_each(|spot| spoil(&installation, *spot));
        repair(&installation, &[], &damaged, found);
        assert!(installation.records(topic) == before, "seed {seed}: {} differ", topic.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_commands_led_to_comes_from_the_ledger_and_the_sale_goes_on() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let installation = Installation::sold().await;
    let ledger = installation.records(Topic::Ledger);
    // Those that led to something, and whose facts say all of it.
    let known: BTreeSet<(u32, u64)> = ledger
        .iter()
        .map(|(partition, _, _, fact)| (*partition, decode_fact(fact).unwrap()))
        .filter(|(_, one)| !matches!(one.fact, Fact::CohortJoined { .. } | Fact::CohortLeft { .. }))
        .map(|(partition, one)| (partition, one.position.offset))
        .collect();
    let mut all = spots(&installation, Topic::Commands);
    all.retain(|(_, partition, offset)| known.contains(&(*partition, *offset)));
    let damaged: Vec<Spot> = all.sample(&mut random, 25).copied().collect();
    damaged.iter().for_each(|spot| spoil(&installation, *spot));
    repair(&installation, &[], &damaged, "from the ledger: what it led to");
    assert!(installation.records(Topic::Ledger) == ledger, "seed {seed}: the ledger changed");
    let restored = installation.records(Topic::Commands).into_iter();
    let restored = restored.filter(|(.., value)| {
        matches!(decode_command(value).unwrap().command, Command::RestoreFacts { .. })
    });
    assert_eq!(restored.count(), damaged.len());
    // Snapshots directly behind a lost command are not of this log any more.
    installation.remove_snapshots();
    installation.sell_more().await;
    assert_eq!(installation.audit(), [] as [Value; 0], "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_never_have_been_decided_is_given_up_by_people_only() {
    let installation = Installation::sold().await;
    let (partition, last) = {
        let commands = installation.records(Topic::Commands);
        let (partition, offset, ..) = commands.last().unwrap();
        (*partition, *offset)
    };
    spoil(&installation, (Topic::Commands, partition, last));
    let counts = *spots(&installation, Topic::Counts).last().unwrap();
    spoil(&installation, counts);
    let decided = installation.records(Topic::Ledger).into_iter().any(|(of, _, _, fact)| {
        of == partition && decode_fact(&fact).unwrap().position.offset >= last
    });
    let (code, said) = installation.repair(&["--apply"]);
    assert_eq!(code, 1, "{said:?}");
    let lost = said.iter().filter(|row| row["found"].is_null() && row["topic"].is_string());
    assert_eq!(lost.count(), if decided { 1 } else { 2 }, "{said:?}");
    let (code, said) = installation.repair(&["--apply", "--accept-loss"]);
    assert_eq!(code, 0, "{said:?}");
    assert_eq!(installation.check().0, 0);
    installation.remove_snapshots();
    installation.sell_more().await;
    assert_eq!(installation.audit(), [] as [Value; 0]);
}

/// What the file says of itself: how many partitions there are, and where one ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_says_of_itself_follows_from_its_tables() {
    let installation = Installation::sold().await;
    for change in [
        "UPDATE about SET value = '5' WHERE name = 'partitions'",
        "UPDATE ends SET next = next + 1",
        "DELETE FROM ends",
    ] {
        let before = MENDED.map(|topic| installation.records(topic));
        assert!(installation.file().execute(change, []).unwrap() > 0);
        assert_eq!(installation.repair(&[]).0, 1, "{change}");
        let (code, said) = installation.repair(&["--apply"]);
        assert_eq!(code, 0, "{change}: {said:?}");
        assert!(MENDED.map(|topic| installation.records(topic)) == before, "{change}");
        let mut server = installation.serve();
        server.ready().await;
        server.signal("-TERM");
        assert!(server.wait());
    }
}
