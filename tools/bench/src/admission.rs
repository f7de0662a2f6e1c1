//! The waiting room alone, on one core: what the work of a visitor costs us, next to what it
//! costs them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use floodgate_admission::contract::CountingReserver;
use floodgate_admission::puzzle::{Bearer, Challenge, ChallengeKind, Shown, check, solve};
use floodgate_admission::{
    Device, Joining, Keys, MemoryStore, PaceSettings, Pass, QueueTicket, RoomSettings, WaitingRoom,
};
use floodgate_domain::{BuyerId, EventId, LogTime, Place};

use crate::Figure;

const EVENT: EventId = EventId(1);
const NOW: LogTime = LogTime(1_800_000_000_000);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
/// Checks between two looks at the clock.
const BATCH: usize = 1_000;

/// How much, and of which content.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionBench {
    /// Visitors who solve a puzzle before the clock starts.
    pub joins: usize,
    pub level: u8,
    pub seed: u64,
}

/// A visitor whose work is done.
struct Visitor {
    buyer: BuyerId,
    challenge: String,
    solution: String,
}

/// Every row of the waiting room.
pub fn run(options: AdmissionBench) -> Result<Vec<Figure>> {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let keys = Keys::new(1, rng.random());
    let issued = issue(&keys, options, &mut rng);
    let (visitors, solving) = work(&keys, options, &mut rng)?;
    let verified = verify(&keys, &visitors)?;
    let joined = join(&keys, &visitors)?;
    let tokens = tokens(&keys, &visitors)?;
    let cost = Figure::rate(
        "work_over_check",
        verified.value / solving.value,
        "times",
        // A check that cost as much as the work would be a lever against us.
        Some(100.0),
    );
    Ok(vec![issued, solving, verified, joined, tokens, cost])
}

fn challenge(options: AdmissionBench, buyer: BuyerId, random: u64) -> Challenge {
    let bearer = Bearer { event_id: EVENT, buyer, address: ADDRESS };
    Challenge::new(ChallengeKind::Work, options.level, bearer, NOW, random)
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

fn issue(keys: &Keys, options: AdmissionBench, rng: &mut StdRng) -> Figure {
    let started = Instant::now();
    let mut bytes = 0;
    for _ in 0..options.joins {
        let random = rng.random();
        bytes += challenge(options, BuyerId(random), random).seal(keys).len();
    }
    // The lengths are looked at, so that nothing is left out.
    let count = if bytes == 0 { 0 } else { options.joins };
    Figure::rate("challenges_issued", rate(count, started.elapsed()), "challenges/s", None)
}

/// Solves one puzzle a visitor; that is the other side's cost, at native speed.
fn work(keys: &Keys, options: AdmissionBench, rng: &mut StdRng) -> Result<(Vec<Visitor>, Figure)> {
    let mut visitors = Vec::with_capacity(options.joins);
    let mut latencies = Vec::with_capacity(options.joins);
    let started = Instant::now();
    for _ in 0..options.joins {
        let buyer = BuyerId(rng.random());
        let asked = challenge(options, buyer, rng.random());
        let challenge = asked.seal(keys);
        let begun = Instant::now();
        let solution = solve(&challenge, asked.bits, asked.parts).context("no solution")?;
        latencies.push(begun.elapsed());
        visitors.push(Visitor { buyer, challenge, solution });
    }
    let solved = rate(options.joins, started.elapsed());
    let row = Figure::rate(format!("puzzles_solved_{}", options.level), solved, "puzzles/s", None);
    Ok((visitors, row.with_latencies(latencies)))
}

fn shown(visitor: &Visitor) -> Shown<'_> {
    let Visitor { buyer, challenge, solution } = visitor;
    Shown { challenge, solution, buyer: Some(*buyer), address: ADDRESS }
}

/// Length, MAC, expiry, binding and work of each proof.
fn verify(keys: &Keys, visitors: &[Visitor]) -> Result<Figure> {
    let mut latencies = Vec::with_capacity(visitors.len() / BATCH + 1);
    let started = Instant::now();
    for batch in visitors.chunks(BATCH) {
        let begun = Instant::now();
        for visitor in batch {
            check(keys, EVENT, shown(visitor), NOW)?;
        }
        latencies.push(begun.elapsed() / u32::try_from(batch.len())?);
    }
    let verified = rate(visitors.len(), started.elapsed());
    // Fifty thousand joins a second are to leave nearly all of the machine to HTTP.
    let row = Figure::rate("proofs_verified", verified, "proofs/s", Some(500_000.0));
    Ok(row.with_latencies(latencies))
}

/// A whole join: the proof checked and spent, the place given, the ticket signed.
fn join(keys: &Keys, visitors: &[Visitor]) -> Result<Figure> {
    let store = MemoryStore::new(Arc::new(CountingReserver::default()), 1_000);
    let pace = PaceSettings { per_minute: 30_000, grace_ms: 30_000 };
    let settings =
        RoomSettings { pace, puzzle_level: 1, puzzle_neighbours: 0, entries_per_network: 0 };
    let room = WaitingRoom::new(keys.clone(), Arc::new(store), settings);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let started = Instant::now();
    runtime.block_on(async {
        for visitor in visitors {
            let (_, proof) = check(keys, EVENT, shown(visitor), NOW)?;
            let device = Device { buyer: visitor.buyer };
            let joining = Joining { device, held: None, spent: None, proof: Some(proof) };
            room.join(EVENT, joining, NOW).await?;
        }
        anyhow::Ok(())
    })?;
    let joined = rate(visitors.len(), started.elapsed());
    Ok(Figure::rate("joins_verified", joined, "joins/s", Some(250_000.0)))
}

/// What every request of a shopper costs: device, queue ticket and pass, each checked.
fn tokens(keys: &Keys, visitors: &[Visitor]) -> Result<Figure> {
    let papers: Vec<[String; 3]> = visitors
        .iter()
        .map(|visitor| {
            let (buyer, place) = (visitor.buyer, Place(7));
            let until = NOW.plus(1);
            let ticket = QueueTicket { event_id: EVENT, buyer, place, joined_at: NOW };
            let pass = Pass { event_id: EVENT, buyer, place, until };
            [Device { buyer }.seal(keys), ticket.seal(keys), pass.seal(keys)]
        })
        .collect();
    let started = Instant::now();
    for [device, ticket, pass] in &papers {
        let device = Device::open(keys, device)?;
        QueueTicket::open(keys, ticket, EVENT, device)?;
        Pass::open(keys, pass, EVENT, device, NOW)?;
    }
    let checked = rate(papers.len() * 3, started.elapsed());
    Ok(Figure::rate("tokens_checked", checked, "tokens/s", Some(1_000_000.0)))
}
