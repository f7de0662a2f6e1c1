//! An announcement to very many people over SMTP, while the process that sends is killed and
//! paused.
//!
//! What is promised: none lost; a double only where a process died between a server's yes and our
//! record of it, one a connection and kill at most, and with the same `Message-ID`.

mod server;
mod sink;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use floodgate_domain::{BuyerId, Channel, Consent, ConsentScope, EventId, LogTime};
use floodgate_people::{Address, NewContact, People, PeopleLocation};
use floodgate_server::keys::KeyFiles;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use self::server::SendingServer;
use self::sink::MailSink;
use crate::Figure;

/// What is measured.
#[derive(Debug, Clone)]
pub struct MessagesBench {
    pub people: u32,
    /// How often the sending process is killed, and how often it stands still for two seconds.
    pub kills: u32,
    pub pauses: u32,
    pub connections: u32,
    /// Signs each mail with this key: PEM.
    pub dkim_key: Option<PathBuf>,
    /// Keeps the first hundred mails there, for verifiers of others.
    pub keep: Option<PathBuf>,
    pub seed: u64,
}

/// People written into the store in one transaction.
const SEEDED_AT_ONCE: u32 = 2_000;
/// How long a paused process stands still.
const PAUSE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Without a mail for so long, something is broken.
const STALLED_AFTER: Duration = Duration::from_secs(420);

/// Sends, disturbs, and counts what arrived.
pub async fn run(options: &MessagesBench) -> Result<Vec<Figure>> {
    let folder = std::env::temp_dir().join(format!("floodgate-messages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("a folder for the data")?;
    let measured = measure(options, &folder).await;
    std::fs::remove_dir_all(&folder).context("the data folder")?;
    measured
}

async fn measure(options: &MessagesBench, folder: &std::path::Path) -> Result<Vec<Figure>> {
    let sink = MailSink::open(options.people, options.keep.clone())?;
    let keys = folder.join("keys");
    KeyFiles::in_folder(&keys).make(&keys)?;
    let server = SendingServer::new(folder, &sink.address, options)?;
    let mut process = server.start().await?;
    let event = server.create_event().await?;
    process.end()?;
    let seeding = Instant::now();
    seed_people(options, folder, event.parse()?)?;
    let seeded = seeding.elapsed();
    let mut process = server.start().await?;
    let started = Instant::now();
    let announcement = server.announce(&event).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut left = vec![true; options.kills as usize];
    left.extend(vec![false; options.pauses as usize]);
    let all = left.len() as u32 + 1;
    for at in 1..all {
        // Spread over the sending, kills and pauses in an order drawn by the seed.
        let is_kill = left.swap_remove(random.random_range(0..left.len()));
        let share = u64::from(options.people) * u64::from(at) / u64::from(all);
        wait_for(&sink, share).await?;
        if is_kill {
            process.kill()?;
            process = server.start().await?;
        } else {
            process.pause()?;
            tokio::time::sleep(PAUSE).await;
            process.go_on()?;
        }
    }
    wait_for(&sink, u64::from(options.people)).await?;
    let took = started.elapsed();
    let report = until_sent(&server, &announcement).await?;
    process.end()?;
    Ok(figures(options, &sink, (seeded, took), &report))
}

async fn wait_for(sink: &MailSink, count: u64) -> Result<()> {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let arrived = sink.people_reached();
        if arrived >= count {
            return Ok(());
        }
        if arrived > last {
            (last, since) = (arrived, Instant::now());
        }
        if since.elapsed() > STALLED_AFTER {
            bail!("{arrived} of {count} people have their mail, and no more come");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn until_sent(server: &SendingServer, announcement: &str) -> Result<Value> {
    let since = Instant::now();
    loop {
        let report = server.report(announcement).await?;
        if report["state"] == "sent" {
            return Ok(report);
        }
        if since.elapsed() > STALLED_AFTER {
            bail!("all mails have arrived, and the report says {}", report["counts"]);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Followers with confirmed addresses, as if they had come by and opened their links.
fn seed_people(options: &MessagesBench, folder: &std::path::Path, event: EventId) -> Result<()> {
    let root = KeyFiles::in_folder(&folder.join("keys")).read()?.root;
    let people = People::new(PeopleLocation::File(folder.join("people.db")), &root);
    let (scope, channel) = (ConsentScope::Event, Channel::Email);
    let consent = Consent { scope, channel, wording: 1 };
    for first in (0..options.people).step_by(SEEDED_AT_ONCE as usize) {
        let last = options.people.min(first + SEEDED_AT_ONCE);
        people.with(|work| {
            for number in first..last {
                let buyer = BuyerId(u64::from(number) + 1);
                let address = Address::parse(channel, &format!("p{number}@example.org"));
                let new = NewContact {
                    buyer,
                    address: address.expect("a mailbox"),
                    language: "en".to_owned(),
                    time_zone: "UTC".to_owned(),
                    wants: Vec::new(),
                    label: String::new(),
                };
                work.keep_confirmed(&new, LogTime(1))?;
                work.consent_given(event, buyer, consent, LogTime(1))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn figures(
    options: &MessagesBench,
    sink: &MailSink,
    (seeded, took): (Duration, Duration),
    report: &Value,
) -> Vec<Figure> {
    let people = f64::from(options.people);
    let found = sink.count();
    let bound = u64::from(options.kills) * u64::from(options.connections);
    let said = report["counts"]["sent"].as_u64().unwrap_or_default();
    let row = |name: &str, value: u64, goal: Option<u64>| {
        Figure::rate(name, value as f64, "mails", goal.map(|goal| goal as f64))
    };
    vec![
        Figure::rate("people per second, seeded", people / seeded.as_secs_f64(), "/s", None),
        Figure::rate("sent", people / took.as_secs_f64(), "mails/s", None),
        Figure::rate("took", took.as_secs_f64() / 60.0, "minutes", None),
        row("lost", u64::from(options.people) - found.people, Some(0)),
        row("doubles", found.doubles, Some(bound)),
        row("doubles under another name", found.renamed, Some(0)),
        row("said to be sent", said, Some(u64::from(options.people))),
    ]
}

/// The words of the announcement.
fn words() -> Value {
    json!({
        "who": ["followers"], "channels": ["email"], "subject": "Doors at six",
        "text": "We open an hour earlier.\nSee you there!", "link": "https://example.org/doors",
    })
}
