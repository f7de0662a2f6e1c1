//! `floodgate sale`: open, pause, close, cancel, tune, status.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Runs the sale of an event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate sale open evt_… --key-file floodgate-data/keys/manager.key
  floodgate sale tune evt_… --per-minute 60000 --message \"Two more blocks are open\" --key-file …
  floodgate sale status evt_… --json")]
pub(super) struct Sale {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct Of {
    /// The event's id.
    #[arg(value_name = "EVENT")]
    event: String,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Opens the sale, or goes on after a pause.
    Open(Of),
    /// No new holds and no new shoppers; what is held may be paid.
    Pause(Of),
    /// No new holds ever; what is held may be paid.
    Close(Of),
    /// Releases everything held and refunds everything sold.
    Cancel(Of),
    /// Changes the pace of the waiting room and the message to those who wait.
    Tune {
        #[command(flatten)]
        of: Of,
        /// Places called a minute; 0 holds the line.
        #[arg(long, value_name = "N")]
        per_minute: Option<u32>,
        /// Shown to everybody who waits.
        #[arg(long)]
        message: Option<String>,
        /// Why; kept in the log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Phase and counts, decided in the log.
    Status(Of),
}

impl Sale {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = block_on(self.action.ask())?;
        if as_json {
            println!("{answer}");
        } else {
            tell(&answer);
        }
        Ok(())
    }
}

impl Action {
    async fn ask(self) -> Result<Value, Failure> {
        let post = async |of: Of, what: &str| {
            let path = format!("/v1/events/{}/{what}", of.event);
            of.staff.caller()?.post(&path, json!({})).await
        };
        match self {
            Action::Open(of) => post(of, "sale/open").await,
            Action::Pause(of) => post(of, "sale/pause").await,
            Action::Close(of) => post(of, "sale/close").await,
            Action::Cancel(of) => post(of, "cancel").await,
            Action::Tune { of, per_minute, message, reason } => {
                let dials = json!({
                    "pace_per_minute": per_minute, "message": message, "reason": reason,
                });
                of.staff.caller()?.put(&format!("/v1/events/{}/queue", of.event), dials).await
            }
            Action::Status(of) => {
                let path = format!("/v1/events/{}/status?consistency=strong", of.event);
                of.staff.anyone()?.get(&path).await
            }
        }
    }
}

/// The fields of an answer, one a line.
fn tell(answer: &Value) {
    for (name, value) in answer.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => println!("{name:<16} {text}"),
            Value::Object(_) => println!("{name:<16} {value}"),
            _ => println!("{name:<16} {value}"),
        }
    }
}
