//! `floodgate event`: create, change, list, show.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use floodgate_domain::Plan;
use floodgate_seating::{
    Focus, ImportOptions, demo_prices, is_identifier, says_not_for_sale, to_base64,
};
use serde_json::{Map, Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::{Caller, Staff};
use super::venue::{focus, load_plan, read_mends};

/// Creates, changes and shows events.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate event create --name \"An evening\" --plan seats.csv --prices prices.json --key-file manager.key
  floodgate event create --name \"An evening\" --plan seats.csv --prices prices.json \\
    --starts-at 2027-06-01T20:00:00+02:00 --time-zone Europe/Berlin \\
    --opens-at 2027-03-01T10:00:00+01:00 --artist \"The Examples\" --key-file manager.key
  floodgate event change evt_… --doors-at 2027-06-01T19:00:00+02:00 --key-file manager.key
  floodgate event picture evt_… band.jpg --alternative \"The band on stage\" --key-file manager.key
  floodgate event logo evt_… hall.png --alternative \"The Town Hall\" --key-file manager.key
  floodgate event change evt_… --accent '#8a1c4b' --accent-dark '#f29ac0' --key-file manager.key
  floodgate event list
  floodgate event show evt_… --json

prices.json: minor units per category, all fees included; a number, or tiers:
  {\"currency\": \"EUR\", \"prices\": {\"Stalls\": 4900,
     \"Gallery\": [{\"amount\": 2500, \"until_taken\": 100}, {\"amount\": 2900}]}}
policy.json: differences from the defaults, such as {\"hold\": \"8m\", \"seats_per_buyer_max\": 4}")]
pub(super) struct Event {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Creates an event; `--opens-at` or `floodgate sale open` opens its sale.
    Create {
        #[arg(long)]
        name: String,
        #[command(flatten)]
        details: DetailFlags,
        /// Seating plan: pretix JSON, CSV or native.
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
        /// pretix, csv or native; by default guessed from the content.
        #[arg(long)]
        format: Option<String>,
        /// Where the stage is: top, bottom, left, right, middle, or x,y in the file's units; by
        /// default as the file shows it.
        #[arg(long, value_parser = focus, allow_hyphen_values = true)]
        focus: Option<Focus>,
        /// A JSON file of what the plan's file does not say, or says wrongly; see `venue check`.
        #[arg(long)]
        mends: Option<PathBuf>,
        #[arg(long, value_name = "FILE")]
        prices: PathBuf,
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        #[command(flatten)]
        staff: Staff,
    },
    /// Changes what an event says of itself; what is not named stays, an empty text takes it away.
    Change {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        details: DetailFlags,
        #[command(flatten)]
        staff: Staff,
    },
    /// Sets what an event looks like: a JPEG, PNG or WebP picture of at most 8 MiB.
    Picture {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What it shows, for those who do not see it.
        #[arg(long, value_name = "TEXT")]
        alternative: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Sets the logo on an event's pages, under the same rules as its picture.
    Logo {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Whose it is, for those who do not see it.
        #[arg(long, value_name = "TEXT")]
        alternative: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lists all events by id.
    List {
        #[command(flatten)]
        staff: Staff,
    },
    /// Shows one event with its categories, prices and rules.
    Show {
        #[arg(value_name = "EVENT")]
        event: String,
        #[command(flatten)]
        staff: Staff,
    },
}

/// What people plan an event by. Times are RFC 3339, with any offset.
#[derive(Debug, clap::Args)]
struct DetailFlags {
    #[arg(long)]
    description: Option<String>,
    /// Who is on stage.
    #[arg(long)]
    artist: Option<String>,
    #[arg(long)]
    venue_name: Option<String>,
    #[arg(long)]
    venue_address: Option<String>,
    /// Of the venue, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[arg(long, value_name = "TIME")]
    doors_at: Option<String>,
    #[arg(long, value_name = "TIME")]
    starts_at: Option<String>,
    #[arg(long, value_name = "TIME")]
    ends_at: Option<String>,
    /// When the event was or is announced.
    #[arg(long, value_name = "TIME")]
    announced_at: Option<String>,
    /// When the presale begins by itself, for those who have claimed a code.
    #[arg(long, value_name = "TIME")]
    presale_at: Option<String>,
    /// When the sale opens by itself.
    #[arg(long, value_name = "TIME")]
    opens_at: Option<String>,
    /// When the sale closes by itself.
    #[arg(long, value_name = "TIME")]
    closes_at: Option<String>,
    /// Nobody younger is let in.
    #[arg(long, value_name = "YEARS")]
    age_min: Option<u8>,
    /// Colour of buttons, links and bars on its pages, such as #8a1c4b.
    #[arg(long, value_name = "COLOUR")]
    accent: Option<String>,
    /// The same on dark pages; by default one made of the other that can be read there.
    #[arg(long, value_name = "COLOUR")]
    accent_dark: Option<String>,
}

impl DetailFlags {
    /// Adds what was named to a request; an empty text takes away what was there.
    fn put(self, body: &mut Value) {
        let texts = [
            ("description", self.description),
            ("artist", self.artist),
            ("venue_name", self.venue_name),
            ("venue_address", self.venue_address),
            ("time_zone", self.time_zone),
            ("doors_at", self.doors_at),
            ("starts_at", self.starts_at),
            ("ends_at", self.ends_at),
            ("announced_at", self.announced_at),
            ("presale_at", self.presale_at),
            ("opens_at", self.opens_at),
            ("closes_at", self.closes_at),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                body[name] = if text.is_empty() { Value::Null } else { json!(text) };
            }
        }
        if let Some(age) = self.age_min {
            body["age_min"] = json!(age);
        }
        for (name, color) in [("accent", self.accent), ("accent_dark", self.accent_dark)] {
            if let Some(color) = color {
                body["look"][name] = if color.is_empty() { Value::Null } else { json!(color) };
            }
        }
    }
}

impl Event {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Create { name, details, plan, format, focus, mends, prices, policy, staff } => {
                let options = ImportOptions { focus, mends: read_mends(mends.as_deref())? };
                let plan = load_plan(&plan, format.as_deref(), &options)?;
                let prices = read_json(&prices)?;
                let policy = policy.as_ref().map(read_json).transpose()?;
                let mut body = json!({
                    "name": name,
                    "plan": { "format": "native", "content": to_base64(&plan) },
                    "currency": prices["currency"],
                    "prices": prices["prices"],
                    "policy": policy.unwrap_or_else(|| json!({})),
                });
                details.put(&mut body);
                warn_of_identifiers(&body);
                let caller = staff.caller()?;
                let created = block_on(async { caller.post("/v1/events", body).await })?;
                if as_json {
                    println!("{created}");
                } else {
                    let text = |name: &str| created[name].as_str().unwrap_or_default().to_owned();
                    println!("{}  {} seats", text("event_id"), created["seats"]);
                    println!("open the sale with: floodgate sale open {}", text("event_id"));
                }
            }
            Action::Change { event, name, details, staff } => {
                let mut body = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
                details.put(&mut body);
                warn_of_identifiers(&body);
                let caller = staff.caller()?;
                let path = format!("/v1/events/{event}");
                let done = block_on(async { caller.patch(&path, body).await })?;
                if as_json {
                    println!("{done}");
                } else {
                    println!("changed; see it with: floodgate event show {event}");
                }
            }
            Action::Picture { event, file, alternative, staff } => {
                upload("picture", &event, (&file, &alternative), &staff, as_json)?;
            }
            Action::Logo { event, file, alternative, staff } => {
                upload("logo", &event, (&file, &alternative), &staff, as_json)?;
            }
            Action::List { staff } => {
                let caller = staff.anyone()?;
                for event in block_on(all(&caller))? {
                    line(&event, as_json);
                }
            }
            Action::Show { event, staff } => {
                let caller = staff.anyone()?;
                let event = block_on(async { caller.get(&format!("/v1/events/{event}")).await })?;
                if as_json {
                    println!("{event}");
                } else {
                    line(&event, false);
                    println!("{}", serde_json::to_string_pretty(&event).map_err(Failure::io)?);
                }
            }
        }
        Ok(())
    }
}

/// Says which names look like keys of records: people read them in messages and on tickets.
fn warn_of_identifiers(body: &Value) {
    for (field, such_as) in [
        ("name", "An evening with The Examples"),
        ("artist", "The Examples"),
        ("venue_name", "Town Hall"),
    ] {
        if let Some(name) = body[field].as_str().filter(|name| is_identifier(name)) {
            eprintln!(
                "warning: {field} is `{name}`, which buyers would read; name it as people know \
                 it, such as {such_as}"
            );
        }
    }
}

/// Sends an event's picture or logo.
fn upload(
    what: &str,
    event: &str,
    (file, alternative): (&PathBuf, &str),
    staff: &Staff,
    as_json: bool,
) -> Result<(), Failure> {
    let caller = staff.caller()?;
    let bytes = std::fs::read(file)
        .with_context(|| format!("cannot read {}", file.display()))
        .map_err(Failure::io)?;
    // By what it begins with; the server looks for itself.
    let kind = match bytes.as_slice() {
        [0xff, 0xd8, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        _ => "image/webp",
    };
    let said: String = alternative
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let path = format!("/v1/events/{event}/{what}?alternative={said}");
    let done = block_on(async { caller.put_file(&path, kind, &bytes).await })?;
    if as_json {
        println!("{done}");
    } else {
        println!("set; see it with: floodgate event show {event}");
    }
    Ok(())
}

/// Every page of the list.
async fn all(caller: &Caller) -> Result<Vec<Value>, Failure> {
    let mut events = Vec::new();
    let mut path = "/v1/events".to_owned();
    loop {
        let page = caller.get(&path).await?;
        events.extend(page["events"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/events?after={next}"),
            None => return Ok(events),
        }
    }
}

fn line(event: &Value, as_json: bool) {
    if as_json {
        println!("{event}");
        return;
    }
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (free, capacity) = (&event["free"], &event["capacity"]);
    println!(
        "{}  {:<10} {free:>7} of {capacity:>7} free  {}",
        text("event_id"),
        text("phase"),
        text("name")
    );
}

fn read_json(path: &PathBuf) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .map_err(Failure::io)?;
    serde_json::from_str(&text)
        .with_context(|| path.display().to_string())
        .map_err(Failure::bad_input)
}

/// A body that creates an event with prices made up for a demonstration.
pub(super) fn demo_body(plan: &Plan, name: &str, policy: &Value) -> Value {
    let amounts = demo_prices(plan);
    let prices: Map<String, Value> = plan
        .categories
        .iter()
        .zip(amounts)
        // What says that it is not for sale gets no price by accident.
        .filter(|(category, _)| !says_not_for_sale(&category.name))
        .map(|(category, amount)| (category.name.clone(), json!(amount)))
        .collect();
    json!({
        "name": name,
        "description": "A demonstration: no money moves and nobody has to come.",
        "plan": { "format": "native", "content": to_base64(plan) },
        "currency": "EUR",
        "prices": prices,
        "policy": policy,
    })
}
