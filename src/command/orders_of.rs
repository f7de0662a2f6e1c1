//! `floodgate orders of`: the orders of whoever has left an address.

use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Lists the orders of whoever has left an address, by event.
///
/// It is kept who looked, and there are at most 120 looks an hour.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate orders of ada@example.org --key-file floodgate-data/keys/manager.key
  floodgate orders of +491701234567 --key-file … --json")]
pub(super) struct Of {
    /// The address that the fan names, whole.
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    staff: Staff,
}

impl Of {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let body = json!({ "address": self.address });
        let answer = block_on(self.staff.caller()?.post("/v1/staff/people/find", body))?;
        if as_json {
            println!("{answer}");
            return Ok(());
        }
        let people = answer["people"].as_array().map(Vec::as_slice).unwrap_or_default();
        if people.is_empty() {
            println!("nobody here has left that address");
        }
        for person in people {
            show(person);
        }
        Ok(())
    }
}

fn show(person: &Value) {
    let names: Vec<&str> =
        person["user_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let confirmed = if person["is_confirmed"] == true { "confirmed" } else { "not confirmed" };
    println!("{} (address {confirmed})", names.join(", "));
    for event in person["events"].as_array().into_iter().flatten() {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        println!("  {} {}", text("event_id"), text("event_name"));
        for order in event["orders"].as_array().into_iter().flatten() {
            let seats = order["seats"].as_array().map_or(0, Vec::len);
            println!(
                "    {} {}: {seats} seats, {} {}",
                order["order_id"].as_str().unwrap_or_default(),
                order["status"].as_str().unwrap_or_default(),
                order["amount"],
                order["currency"].as_str().unwrap_or_default(),
            );
        }
    }
}
