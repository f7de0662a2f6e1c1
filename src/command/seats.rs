//! `floodgate seats`: seats off sale and back, seats given away.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Takes seats off sale, puts them back, gives them away.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate seats block evt_… --seat Stalls/A/7,Stalls/A/8 --row Stalls/B --note 'sound desk' \\
    --key-file floodgate-data/keys/manager.key
  floodgate seats unblock evt_… --section Balcony --key-file …
  floodgate seats comp evt_… --seat Stalls/A/1,Stalls/A/2 --note press --key-file …
  floodgate seats list evt_… --key-file …                # what is off sale or given away, and why")]
pub(super) struct Seats {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct SeatNames {
    /// The event's id.
    #[arg(value_name = "EVENT")]
    event: String,
    /// Seats, by number in the plan or as section/row/seat.
    #[arg(long, value_delimiter = ',', value_name = "SEAT")]
    seat: Vec<String>,
    /// Whole rows, as section/row.
    #[arg(long, value_delimiter = ',', value_name = "ROW")]
    row: Vec<String>,
    /// Whole sections.
    #[arg(long, value_delimiter = ',', value_name = "SECTION")]
    section: Vec<String>,
    /// Why; staff alone read it.
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Takes seats off sale.
    Block(SeatNames),
    /// Puts seats back on sale, those that the plan keeps off too.
    Unblock(SeatNames),
    /// Gives seats away, at most 16 as one order; prints the pages where guests take their tickets.
    Comp {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        /// Seats, by number in the plan or as section/row/seat.
        #[arg(long, value_delimiter = ',', required = true, value_name = "SEAT")]
        seat: Vec<String>,
        /// For whom or why; staff alone read it.
        #[arg(long, default_value = "", value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lists what is off sale and what was given away, by whom and why.
    List {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        #[command(flatten)]
        staff: Staff,
    },
}

/// Numbers as numbers, names as they are.
fn names(seats: &[String]) -> Vec<Value> {
    let name = |text: &String| text.parse::<u32>().map_or_else(|_| json!(text), |at| json!(at));
    seats.iter().map(name).collect()
}

impl SeatNames {
    fn send(&self, what: &str) -> Result<Value, Failure> {
        let SeatNames { event, seat, row, section, note, staff } = self;
        let body = json!({ "seats": names(seat), "rows": row, "sections": section, "note": note });
        block_on(staff.caller()?.post(&format!("/v1/events/{event}/seats/{what}"), body))
    }
}

impl Seats {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = match &self.action {
            Action::Block(named) => named.send("block")?,
            Action::Unblock(named) => named.send("unblock")?,
            Action::Comp { event, seat, note, staff } => {
                let body = json!({ "seats": names(seat), "note": note });
                block_on(staff.caller()?.post(&format!("/v1/events/{event}/comps"), body))?
            }
            Action::List { event, staff } => {
                block_on(staff.caller()?.get(&format!("/v1/events/{event}/house")))?
            }
        };
        if as_json {
            println!("{answer}");
        } else if answer["blocked"].is_array() {
            show_house(&answer);
        } else if answer["tickets"].is_array() {
            show_gift(&answer);
        } else {
            println!("{} {} seats", text(&answer, "status"), answer["seats"]);
        }
        Ok(())
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn show_house(answer: &Value) {
    println!("{} seats off sale", answer["blocked_count"]);
    for run in answer["blocked"].as_array().into_iter().flatten() {
        let [section, row, first, last] = ["section", "row", "first", "last"].map(|n| text(run, n));
        let by = run["by"].as_str().unwrap_or("the plan");
        println!("  {section}/{row}/{first}–{last}  {by}  {}", text(run, "note"));
    }
    answer["given"].as_array().into_iter().flatten().for_each(show_gift);
    if let Some(next) = answer["next"].as_str() {
        println!("more were given away before {next}; see --json");
    }
}

/// The order, then each ticket with the page where its guest takes it.
fn show_gift(gift: &Value) {
    let [order, status, by, note] = ["order_id", "status", "by", "note"].map(|n| text(gift, n));
    println!("given {order}  {status}  {by}  {note}");
    for ticket in gift["tickets"].as_array().into_iter().flatten() {
        let [section, row, seat, state] =
            ["section", "row", "seat", "state"].map(|n| text(ticket, n));
        println!("  {section}/{row}/{seat}  {state}  {}", text(ticket, "page"));
    }
}
