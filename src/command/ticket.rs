//! `floodgate ticket`: transfer one for its owner, redeem one.

use clap::Subcommand;
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Transfers and redeems sold tickets.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate ticket transfer evt_… ord_… 1041 --to byr_… --key-file floodgate-data/keys/manager.key
  floodgate ticket redeem evt_… FG1.… --key-file floodgate-data/keys/operator.key --json")]
pub(super) struct Ticket {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Transfers a ticket on behalf of an owner who lost their device.
    Transfer {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        /// The order it was bought with.
        #[arg(value_name = "ORDER")]
        order: String,
        /// The seat's number.
        #[arg(value_name = "SEAT")]
        seat: u32,
        /// The buyer who receives it.
        #[arg(long, value_name = "BUYER")]
        to: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Redeems a ticket, as the gate does.
    Redeem {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        /// The content of the QR code.
        #[arg(value_name = "TICKET")]
        token: String,
        #[command(flatten)]
        staff: Staff,
    },
}

impl Ticket {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Transfer { event, order, seat, to, staff } => {
                let path = format!("/v1/events/{event}/orders/{order}/tickets/{seat}/transfer");
                let answer = block_on(staff.caller()?.post(&path, json!({ "to": to })))?;
                if json {
                    println!("{answer}");
                } else {
                    println!("seat {seat} of {order} is with {to} from here on");
                }
                Ok(())
            }
            Action::Redeem { event, token, staff } => {
                let path = format!("/v1/events/{event}/tickets/redeem");
                let answer = block_on(staff.caller()?.post(&path, json!({ "token": token })))?;
                if json {
                    println!("{answer}");
                } else {
                    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                    println!("let in: {} {} {}", text("section"), text("row"), text("seat"));
                }
                Ok(())
            }
        }
    }
}
