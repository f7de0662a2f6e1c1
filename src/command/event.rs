//! `floodgate event`: create, list, show.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use floodgate_domain::Plan;
use floodgate_seating::{Focus, demo_prices, says_not_for_sale, to_base64};
use serde_json::{Map, Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::{Caller, Staff};
use super::venue::{focus, load_plan};

/// Creates and shows events.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate event create --name \"An evening\" --plan seats.csv --prices prices.json --key-file manager.key
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
    /// Creates an event; `floodgate sale open` opens its sale.
    Create {
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        /// When it starts, RFC 3339 such as 2027-06-01T20:00:00+02:00.
        #[arg(long, value_name = "TIME")]
        starts_at: Option<String>,
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
        #[arg(long, value_name = "FILE")]
        prices: PathBuf,
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
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

impl Event {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Create {
                name,
                description,
                starts_at,
                plan,
                format,
                focus,
                prices,
                policy,
                staff,
            } => {
                let plan = load_plan(&plan, format.as_deref(), focus)?;
                let prices = read_json(&prices)?;
                let policy = policy.as_ref().map(read_json).transpose()?;
                let body = json!({
                    "name": name,
                    "description": description,
                    "starts_at": starts_at,
                    "plan": { "format": "native", "content": to_base64(&plan) },
                    "currency": prices["currency"],
                    "prices": prices["prices"],
                    "policy": policy.unwrap_or_else(|| json!({})),
                });
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
