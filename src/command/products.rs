//! `floodgate products`: what may be known of the people of an event, offered, bought and fetched.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::{Caller, Staff};

/// What may be known of the people of an event: offered by its manager and its artist, bought by
/// advertisers.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate products offer evt_… --amount 50000 --key-file manager.key
  floodgate products offer evt_… --key-file artist.key          and --no takes it back
  floodgate products buy evt_… --method pm_sandbox_approve --key-file advertiser.key
  floodgate products tables 1 --out audience.csv --key-file advertiser.key
  floodgate products tables 1 --format parquet --out audience.parquet --key-file advertiser.key
  floodgate products buy evt_… --kind concurrency --method … --key-file advertiser.key
  floodgate products deliver 1 --webhook https://example.org/hook --topic --key-file advertiser.key
  floodgate products keys --add 'Nightly import' --key-file advertiser.key
  floodgate products live --key-file advertiser.key             who waits and shops now
  floodgate products end 1 --reason refund --key-file manager.key")]
pub(super) struct Products {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists what is on sale; for managers and artists, also what is not yet.
    List {
        #[command(flatten)]
        staff: Staff,
    },
    /// Says that a product of an event may be sold.
    Offer {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(long, default_value = "cohorts")]
        kind: Kind,
        /// For a year of it, in minor units; a manager names it.
        #[arg(long)]
        amount: Option<u64>,
        /// Says that they may not.
        #[arg(long)]
        no: bool,
        #[command(flatten)]
        staff: Staff,
    },
    /// Buys a year of a product of an event.
    Buy {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(long, default_value = "cohorts")]
        kind: Kind,
        /// A token of the payment provider.
        #[arg(long, value_name = "TOKEN")]
        method: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lists orders, and what they have earned.
    Orders {
        #[command(flatten)]
        staff: Staff,
    },
    /// Ends an order: no more tables.
    End {
        #[arg(value_name = "NUMBER")]
        number: u32,
        #[arg(long)]
        reason: Reason,
        #[command(flatten)]
        staff: Staff,
    },
    /// Delivers an order by itself; without --webhook and --topic, no longer.
    Deliver {
        #[arg(value_name = "NUMBER")]
        number: u32,
        /// A program that is called with each record; the secret of a new one is printed once.
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
        /// On the topic of deliveries, too.
        #[arg(long)]
        topic: bool,
        #[command(flatten)]
        staff: Staff,
    },
    /// Further keys of an advertiser: lists them; makes one with --add, withdraws one with --end.
    Keys {
        /// Makes a key for this; it is printed once.
        #[arg(long, value_name = "LABEL", conflicts_with = "end")]
        add: Option<String>,
        /// Withdraws the key of this id.
        #[arg(long, value_name = "KEY_ID")]
        end: Option<String>,
        #[command(flatten)]
        staff: Staff,
    },
    /// How many wait and shop now, of each event whose concurrency was bought.
    Live {
        #[command(flatten)]
        staff: Staff,
    },
    /// Fetches what an order was given; with --json, as JSON.
    Tables {
        #[arg(value_name = "NUMBER")]
        number: u32,
        #[arg(long, default_value = "csv")]
        format: Format,
        /// File to write; without, they are printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        staff: Staff,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reason {
    /// The money goes back.
    Refund,
    /// The buyer's bank has taken it back.
    Dispute,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Weekly tables of the people who agreed to be counted.
    Cohorts,
    /// How many wait and how many shop, to the minute.
    Concurrency,
    /// How fast orders come, against the first ten minutes.
    Velocity,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::Cohorts => "cohorts",
            Kind::Concurrency => "concurrency",
            Kind::Velocity => "velocity",
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

impl Products {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::List { staff } => {
                let list = block_on(staff.caller()?.get("/v1/products"))?;
                show(as_json, &list, &list["products"], product);
            }
            Action::Offer { event, kind, amount, no, staff } => {
                let mut body = json!({ "approved": !no, "kind": kind.code() });
                if let Some(amount) = amount {
                    body["amount"] = json!(amount);
                }
                let path = format!("/v1/events/{event}/product");
                let answer = block_on(staff.caller()?.put(&path, body))?;
                show(as_json, &answer, &json!([answer]), product);
            }
            Action::Buy { event, kind, method, staff } => {
                let path = format!("/v1/events/{event}/product/orders");
                let body = json!({ "payment_method": method, "kind": kind.code() });
                let answer = block_on(staff.caller()?.post(&path, body))?;
                show(as_json, &answer, &json!([answer]), order);
            }
            Action::Orders { staff } => {
                let list = block_on(staff.caller()?.get("/v1/product-orders"))?;
                show(as_json, &list, &list["orders"], order);
            }
            Action::End { number, reason, staff } => {
                let path = format!("/v1/product-orders/{number}/end");
                let reason = match reason {
                    Reason::Refund => "refund",
                    Reason::Dispute => "dispute",
                };
                let body = json!({ "reason": reason });
                let answer = block_on(staff.caller()?.post(&path, body))?;
                show(as_json, &answer, &json!([answer]), order);
            }
            Action::Deliver { number, webhook, topic, staff } => {
                let path = format!("/v1/product-orders/{number}/delivery");
                let body = json!({ "webhook_url": webhook, "topic": topic });
                let answer = block_on(staff.caller()?.put(&path, body))?;
                show(as_json, &answer, &json!([answer]), delivery);
            }
            Action::Keys { add, end, staff } => keys(&staff.caller()?, add, end, as_json)?,
            Action::Live { staff } => {
                let answer = block_on(staff.caller()?.get("/v1/concurrent-streams"))?;
                show(as_json, &answer, &answer["streamsdata"][0]["mediastreams"], live);
            }
            Action::Tables { number, format, out, staff } => {
                let format = match format {
                    _ if as_json => "json",
                    Format::Csv => "csv",
                    Format::Parquet => "parquet",
                };
                let path = format!("/v1/product-orders/{number}/tables?format={format}");
                let caller = staff.caller()?;
                let (bytes, _) = block_on(async { caller.file(&path).await })?;
                match out {
                    None => std::io::stdout().write_all(&bytes).context("cannot print it"),
                    Some(out) => std::fs::write(&out, bytes)
                        .with_context(|| format!("cannot write {}", out.display())),
                }
                .map_err(Failure::io)?;
            }
        }
        Ok(())
    }
}

/// Makes a further key, withdraws one, or lists them.
fn keys(
    caller: &Caller,
    add: Option<String>,
    end: Option<String>,
    as_json: bool,
) -> Result<(), Failure> {
    if let Some(label) = add {
        let made = block_on(caller.post("/v1/buyer-keys", json!({ "label": label })))?;
        show(as_json, &made, &json!([made]), buyer_key);
    } else if let Some(id) = end {
        let answer = block_on(caller.delete(&format!("/v1/buyer-keys/{id}")))?;
        show(as_json, &answer, &json!([answer]), |one| text(one, "state").to_owned());
    } else {
        let list = block_on(caller.get("/v1/buyer-keys"))?;
        show(as_json, &list, &list["keys"], buyer_key);
    }
    Ok(())
}

fn show(as_json: bool, answer: &Value, list: &Value, line: fn(&Value) -> String) {
    if as_json {
        println!("{answer}");
    } else {
        list.as_array().into_iter().flatten().for_each(|one| println!("{}", line(one)));
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

fn product(one: &Value) -> String {
    let (id, currency, name) =
        (text(one, "event_id"), text(one, "currency"), text(one, "event_name"));
    let state = match (&one["on_sale"], &one["approved_by_manager"], &one["approved_by_artist"]) {
        (Value::Bool(true), ..) => "on sale",
        (_, Value::Bool(false), _) => "waits for the manager",
        (_, _, Value::Bool(false)) => "waits for the artist",
        _ => "has no price",
    };
    let (kind, amount) = (text(one, "kind"), one["amount"].as_u64().unwrap_or(0));
    format!("{id}  {kind:<11}  {amount:>8} {currency}  {state}  {name}")
}

fn order(one: &Value) -> String {
    let number = one["number"].as_u64().unwrap_or(0);
    let (id, currency, state) = (text(one, "event_id"), text(one, "currency"), text(one, "state"));
    let invoice = text(one, "invoice");
    let amount = one["amount"].as_u64().unwrap_or(0);
    let kind = text(one, "kind");
    format!("{number:>5}  {id}  {kind:<11}  {amount:>8} {currency}  {state}  {invoice}")
}

fn delivery(one: &Value) -> String {
    let (number, topic) = (&one["number"], one["topic"] == true);
    let webhook = match one["webhook_url"].as_str() {
        Some(url) => {
            format!("  webhook {} at {url}  {}", text(one, "webhook_id"), text(one, "secret"))
        }
        None => String::new(),
    };
    let topic = if topic { "  topic" } else { "" };
    format!("{number:>5}{topic}{webhook}")
}

fn buyer_key(one: &Value) -> String {
    let (id, label, key) = (text(one, "key_id"), text(one, "label"), text(one, "key"));
    format!("{id}  {label}  {key}").trim_end().to_owned()
}

fn live(one: &Value) -> String {
    let (content, count) = (&one["content"], &one["streamcount"][0]["ext"]);
    let number = |name: &str| count[name].as_u64().map_or("few".to_owned(), |n| n.to_string());
    let (id, title) = (text(content, "id"), text(content, "title"));
    format!("{id}  {:>8} wait  {:>8} shop  {title}", number("waiting"), number("shopping"))
}
