//! `floodgate ticket`: hand one on for its owner.

use clap::Subcommand;
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Tickets after they were sold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate ticket transfer evt_… ord_… 1041 --to byr_… --key-file floodgate-data/keys/manager.key")]
pub(super) struct Ticket {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Hands a ticket on, for an owner who lost their device.
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
        /// The buyer who is to have it.
        #[arg(long, value_name = "BUYER")]
        to: String,
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
        }
    }
}
