//! `floodgate sale`: open, pause, close, cancel, tune, history, status.

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
  floodgate sale tune evt_… --per-minute 60000 --capacity 8000 --reason \"blocks 7 and 8\" --preview
  floodgate sale tune evt_… --phase pause --message \"A moment, please\" --reason \"rain\" --key-file …
  floodgate sale history evt_… --key-file …
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

#[derive(Debug, clap::Args)]
struct Phase {
    #[command(flatten)]
    of: Of,
    /// Why; kept in the log.
    #[arg(long, default_value = "")]
    reason: String,
}

/// Dials to turn; those that are not named stay as they are.
#[derive(Debug, clap::Args)]
struct Dials {
    /// Places called a minute; 0 holds the line.
    #[arg(long, value_name = "N")]
    per_minute: Option<u32>,
    /// Shoppers at once; below those who are inside, nobody new enters until enough have left.
    #[arg(long, value_name = "N")]
    capacity: Option<u32>,
    /// How much work the door asks for: 0, none, to 12; each level doubles it.
    #[arg(long, value_name = "LEVEL")]
    puzzle: Option<u8>,
    /// open, pause or close.
    #[arg(long, value_name = "PHASE", value_parser = ["open", "pause", "close"])]
    phase: Option<String>,
    /// Shown to everybody who waits; an empty one takes the last away.
    #[arg(long)]
    message: Option<String>,
    /// Why; kept in the log.
    #[arg(long, default_value = "")]
    reason: String,
    /// Change nothing; say how long the line would take.
    #[arg(long)]
    preview: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Opens the sale, or goes on after a pause.
    Open(Phase),
    /// No new holds and no new shoppers; what is held may be paid.
    Pause(Phase),
    /// No new holds ever; what is held may be paid.
    Close(Phase),
    /// Releases everything held and refunds everything sold.
    Cancel(Phase),
    /// Turns the dials of the waiting room and the sale, all that are named at once.
    Tune {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        dials: Dials,
    },
    /// Who changed what, when and why; newest first.
    History {
        #[command(flatten)]
        of: Of,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Go on behind a page: its `next`.
        #[arg(long, value_name = "NEXT")]
        before: Option<u64>,
    },
    /// Phase and counts, decided in the log.
    Status(Of),
}

impl Sale {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = block_on(self.action.ask())?;
        if as_json {
            println!("{answer}");
        } else if answer["changes"].is_array() {
            tell_changes(&answer);
        } else if answer["preview"] == json!(true) {
            tell_preview(&answer);
        } else {
            tell(&answer);
        }
        Ok(())
    }
}

impl Action {
    async fn ask(self) -> Result<Value, Failure> {
        let post = async |Phase { of, reason }: Phase, what: &str| {
            let path = format!("/v1/events/{}/{what}", of.event);
            of.staff.caller()?.post(&path, json!({ "reason": reason })).await
        };
        match self {
            Action::Open(of) => post(of, "sale/open").await,
            Action::Pause(of) => post(of, "sale/pause").await,
            Action::Close(of) => post(of, "sale/close").await,
            Action::Cancel(of) => post(of, "cancel").await,
            Action::Tune { of, dials } => {
                let mut path = format!("/v1/events/{}/queue", of.event);
                if dials.preview {
                    path.push_str("?preview=true");
                }
                of.staff.caller()?.put(&path, dials.body()).await
            }
            Action::History { of, limit, before } => {
                let mut path = format!("/v1/events/{}/changes?limit={limit}", of.event);
                if let Some(before) = before {
                    path.push_str(&format!("&before={before}"));
                }
                of.staff.caller()?.get(&path).await
            }
            Action::Status(of) => {
                let path = format!("/v1/events/{}/status?consistency=strong", of.event);
                of.staff.anyone()?.get(&path).await
            }
        }
    }
}

impl Dials {
    fn body(&self) -> Value {
        json!({
            "pace_per_minute": self.per_minute,
            "shoppers_max": self.capacity,
            "puzzle_level": self.puzzle,
            "phase": self.phase,
            "message": self.message,
            "reason": self.reason,
        })
    }
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One change a line: when, who, what, why.
fn tell_changes(answer: &Value) {
    let dials = ["pace_per_minute", "shoppers_max", "puzzle_level", "phase", "message"];
    for change in answer["changes"].as_array().into_iter().flatten() {
        let turned = dials.iter().filter(|name| !change[**name].is_null());
        let turned: Vec<_> = turned.map(|name| format!("{name}={}", change[*name])).collect();
        let what = if turned.is_empty() { shown(&change["change"]) } else { turned.join(" ") };
        let by = shown(&change["by"]);
        let through = change["through"].as_str().filter(|through| *through != "api");
        let by = through.map_or(by, |through| through.replace('_', " "));
        println!("{} {by:<17} {what}  {}", shown(&change["at"]), shown(&change["reason"]));
    }
    if !answer["next"].is_null() {
        println!("more: --before {}", answer["next"]);
    }
}

/// The line before and after, one place a line.
fn tell_preview(answer: &Value) {
    let stay = if answer["stay_is_measured"] == json!(true) { "on average" } else { "at most" };
    println!(
        "{} people wait; shoppers stay {} {stay}",
        answer["people_waiting"],
        shown(&answer["stay"])
    );
    for (name, field) in [
        ("phase", "phase"),
        ("pace a minute", "pace_per_minute"),
        ("capacity", "shoppers_max"),
        ("puzzle level", "puzzle_level"),
        ("middle, minutes", "middle_minutes"),
        ("end, minutes", "end_minutes"),
    ] {
        let (before, after) = (&answer["before"][field], &answer["after"][field]);
        println!("{name:<16} {:>10} -> {}", shown(before), shown(after));
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
