//! `floodgate messages`: what did not reach people, and sending it again.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Messages to people that were given up: listed with the reason, and sent again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate messages failed --key-file floodgate-data/keys/operator.key
  floodgate messages failed --event evt_… --occasion order_confirmed --key-file …
  floodgate messages resend --event evt_… --key-file …         # all of an event
  floodgate messages resend --message … --key-file …           # one; also: --announcement")]
pub(super) struct Messages {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Only those about this event.
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Only those of this announcement.
    #[arg(long, value_name = "ANNOUNCEMENT")]
    announcement: Option<String>,
    /// Only those of this kind, such as `order_confirmed`.
    #[arg(long, value_name = "KIND")]
    occasion: Option<String>,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists them, the oldest first, with what the other side answered last.
    Failed(Which),
    /// Sends them again under their names, at most 10,000 at once.
    Resend {
        #[command(flatten)]
        which: Which,
        /// Only this one.
        #[arg(long, value_name = "MESSAGE")]
        message: Option<String>,
        /// All of them, of whatever event and kind.
        #[arg(long, required_unless_present_any = ["event", "announcement", "occasion", "message"])]
        all: bool,
    },
}

const PATH: &str = "/v1/channels/failures";

impl Which {
    fn parts(&self) -> [(&'static str, Option<&String>); 3] {
        [
            ("event_id", self.event.as_ref()),
            ("announcement_id", self.announcement.as_ref()),
            ("occasion", self.occasion.as_ref()),
        ]
    }
}

impl Messages {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Failed(which) => list(&which, as_json),
            Action::Resend { which, message, all } => {
                let mut body = json!({});
                let parts = which.parts().into_iter().chain([("message_id", message.as_ref())]);
                for (name, text) in parts {
                    if let Some(text) = text {
                        body[name] = json!(text);
                    }
                }
                if all {
                    body["all"] = json!(true);
                }
                let caller = which.staff.caller()?;
                let answer = block_on(caller.post(&format!("{PATH}/resend"), body))?;
                if as_json {
                    println!("{answer}");
                } else {
                    println!("{} due again", answer["resent"]);
                }
                Ok(())
            }
        }
    }
}

/// Every page, one line a message.
fn list(which: &Which, as_json: bool) -> Result<(), Failure> {
    let caller = which.staff.caller()?;
    let mut cursor = String::new();
    let mut count = 0;
    loop {
        let parts = which.parts().into_iter().chain([("cursor", Some(&cursor))]);
        let query = parts.filter_map(|(name, text)| Some(format!("{name}={}", text?)));
        let path = format!("{PATH}?{}", query.collect::<Vec<_>>().join("&"));
        let answer = block_on(caller.get(&path))?;
        let messages = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        count += messages.len();
        for message in messages {
            if as_json {
                println!("{message}");
            } else {
                show(message);
            }
        }
        match answer["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    if count == 0 && !as_json {
        println!("no message was given up");
    }
    Ok(())
}

fn show(message: &Value) {
    let text = |name: &str| message[name].as_str().unwrap_or("-").to_owned();
    println!(
        "{}  {}  {}  {}  {} tries, until {}: {}",
        text("message_id"),
        text("occasion"),
        text("event_id"),
        text("channel"),
        message["tries"],
        text("at"),
        text("reason"),
    );
}
