//! `floodgate codes`: mint, list, export.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Codes that let people into a presale.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate codes mint evt_… --batch 1 --label \"Fan club\" --count 500 --key-file manager.key
  floodgate codes list evt_… --key-file manager.key
  floodgate codes export evt_… --batch 1 --count 100 --out codes.csv --key-file manager.key
  floodgate event change evt_… --presale-at 2027-02-26T10:00:00+01:00 --key-file manager.key")]
pub(super) struct Codes {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Adds codes to a batch; the first ones make it.
    Mint {
        #[arg(value_name = "EVENT")]
        event: String,
        /// The number of the batch, from 1 to 1023.
        #[arg(long)]
        batch: u16,
        /// What the batch is called; without, it keeps its name.
        #[arg(long, default_value = "")]
        label: String,
        #[arg(long)]
        count: u32,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lists the batches: codes minted, given out, claimed and left.
    List {
        #[arg(value_name = "EVENT")]
        event: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Takes codes out of a batch, one on each line below `code`; nobody else gets these.
    Export {
        #[arg(value_name = "EVENT")]
        event: String,
        #[arg(long)]
        batch: u16,
        /// At most 10000 at once.
        #[arg(long)]
        count: u32,
        /// File to write; without, they are printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        staff: Staff,
    },
}

impl Codes {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Mint { event, batch, label, count, staff } => {
                let body = json!({ "batch": batch, "label": label, "count": count });
                let (path, caller) = (format!("/v1/events/{event}/codes"), staff.caller()?);
                let done = block_on(async { caller.post(&path, body).await })?;
                if as_json {
                    println!("{done}");
                } else {
                    println!(
                        "{count} codes more in batch {batch}; take some with: \
                        floodgate codes export {event} --batch {batch} --count {count}"
                    );
                }
            }
            Action::List { event, staff } => {
                let (path, caller) = (format!("/v1/events/{event}/codes"), staff.caller()?);
                let list = block_on(async { caller.get(&path).await })?;
                if as_json {
                    println!("{list}");
                } else {
                    list["batches"].as_array().into_iter().flatten().for_each(print);
                }
            }
            Action::Export { event, batch, count, out, staff } => {
                let body = json!({ "batch": batch, "count": count });
                let (path, caller) = (format!("/v1/events/{event}/codes/export"), staff.caller()?);
                let text = block_on(async { caller.post_for_text(&path, body).await })?;
                match out {
                    None => print!("{text}"),
                    Some(out) => std::fs::write(&out, text)
                        .with_context(|| format!("cannot write {}", out.display()))
                        .map_err(Failure::io)?,
                }
            }
        }
        Ok(())
    }
}

fn print(batch: &Value) {
    let number = |name: &str| batch[name].as_u64().unwrap_or(0);
    println!(
        "{:>4}  {:>8} minted  {:>8} given  {:>8} claimed  {:>8} left  {}",
        number("batch"),
        number("minted"),
        number("given"),
        number("claimed"),
        number("left"),
        batch["label"].as_str().unwrap_or_default()
    );
}
