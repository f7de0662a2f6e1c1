//! `floodgate orders`: found by number, seat or status; refunded with a reason.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::orders_of::Of;
use super::staff::Staff;

/// Finds orders and refunds them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate orders find evt_… --seat Stalls/A/7 --key-file floodgate-data/keys/manager.key
  floodgate orders find evt_… --status confirmed --json --key-file …
  floodgate orders refund evt_… ord_… --reason event_changed --note 'on the phone' --key-file …")]
pub(super) struct Orders {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Of(Of),
    /// Lists orders, the latest first, at most 50.
    Find {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        /// The order's number.
        #[arg(long, value_name = "ORDER")]
        order: Option<String>,
        /// A seat, by number or as section/row/seat.
        #[arg(long, value_name = "SEAT")]
        seat: Option<String>,
        /// Only those of this status: held, confirmed, refunded …
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// `next` of the page before.
        #[arg(long, value_name = "ORDER")]
        older: Option<String>,
        #[command(flatten)]
        staff: Staff,
    },
    /// Gives an order back: its seats are free, its money is returned.
    Refund {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        /// The order's number.
        #[arg(value_name = "ORDER")]
        order: String,
        /// Why; the buyer reads it: requested, `event_changed`, `event_cancelled`, duplicate, fraud,
        /// goodwill or other.
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// For staff alone.
        #[arg(long, default_value = "", value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        staff: Staff,
    },
}

impl Orders {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = match self.action {
            Action::Of(command) => return command.run(as_json),
            Action::Find { event, order, seat, status, older, staff } => {
                let query =
                    [("order", order), ("seat", seat), ("status", status), ("older", older)];
                let query = query.into_iter().filter_map(|(name, text)| Some((name, text?)));
                let query: Vec<_> =
                    query.map(|(name, text)| format!("{name}={}", escaped(&text))).collect();
                let path = format!("/v1/events/{event}/orders?{}", query.join("&"));
                block_on(staff.caller()?.get(&path))?
            }
            Action::Refund { event, order, reason, note, staff } => {
                let path = format!("/v1/events/{event}/orders/{order}/refund");
                let body = json!({ "reason": reason, "note": note });
                block_on(staff.caller()?.post(&path, body))?
            }
        };
        if as_json {
            println!("{answer}");
        } else if let Some(orders) = answer["orders"].as_array() {
            orders.iter().for_each(show);
            println!("{} orders", orders.len());
            if let Some(next) = answer["next"].as_str() {
                println!("more: --older {next}");
            }
        } else {
            show(&answer);
        }
        Ok(())
    }
}

/// A value of a query, escaped.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn show(order: &Value) {
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    let seat = |seat: &Value| {
        let [section, row, label] =
            ["section", "row", "seat"].map(|name| seat[name].as_str().unwrap_or_default());
        format!("{section}/{row}/{label}")
    };
    let seats: Vec<_> = order["seats"].as_array().into_iter().flatten().map(seat).collect();
    let (id, status, why) = (text("order_id"), text("status"), text("refund_reason"));
    let (amount, currency) = (&order["amount"], text("currency"));
    println!("{id}  {status}  {amount} {currency} (minor units)  {}  {why}", seats.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_seats_survive_a_query() {
        assert_eq!(escaped("Stalls/A & B/7"), "Stalls%2FA%20%26%20B%2F7");
        assert_eq!(escaped("Sitzplatz/ä/1"), "Sitzplatz%2F%C3%A4%2F1");
    }
}
