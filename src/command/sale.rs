//! `floodgate sale`: presale, open, pause, close, cancel, dials, history, status.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::dials::DialFlags;
use super::exit::Failure;
use super::staff::Staff;

/// Controls the sale of an event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate sale open evt_… --key-file floodgate-data/keys/manager.key
  floodgate sale dials evt_… --key-file …
  floodgate sale dials evt_… --pace-per-minute 60000 --shoppers-max 8000 --reason \"blocks 7 and 8\" --preview
  floodgate sale dials evt_… --phase pause --message \"A moment, please\" --reason \"rain\" --key-file …
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

#[derive(Debug, Subcommand)]
enum Action {
    /// Begins the presale: only who has claimed a code may buy.
    Presale(Phase),
    /// Opens the sale, or resumes it after a pause.
    Open(Phase),
    /// Pauses the sale: no new holds and no new shoppers; held seats can still be paid.
    Pause(Phase),
    /// Closes the sale for good: no new holds; held seats can still be paid.
    Close(Phase),
    /// Cancels the event: releases everything held and refunds everything sold.
    Cancel(Phase),
    /// Shows the dials of the sale; sets those that are given, all at once.
    Dials {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        flags: DialFlags,
        /// Change nothing; only say how long the line would take.
        #[arg(long)]
        preview: bool,
    },
    /// Shows who changed what, when and why; newest first.
    History {
        #[command(flatten)]
        of: Of,
        /// At most this many.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Continue after a page: its `next`.
        #[arg(long, value_name = "NEXT")]
        before: Option<u64>,
    },
    /// Shows phase and counts, strongly consistent.
    Status(Of),
}

impl Sale {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = block_on(self.action.ask())?;
        if as_json {
            println!("{answer}");
        } else if answer["changes"].is_array() {
            print_changes(&answer);
        } else if answer["dials"].is_array() {
            print_dials(&answer);
        } else if answer["preview"] == json!(true) {
            print_preview(&answer);
        } else {
            print_fields(&answer);
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
            Action::Presale(of) => post(of, "sale/presale").await,
            Action::Open(of) => post(of, "sale/open").await,
            Action::Pause(of) => post(of, "sale/pause").await,
            Action::Close(of) => post(of, "sale/close").await,
            Action::Cancel(of) => post(of, "cancel").await,
            Action::Dials { of, flags, preview } => {
                let mut path = format!("/v1/events/{}/dials", of.event);
                if flags.are_absent() && !preview {
                    return of.staff.caller()?.get(&path).await;
                }
                if preview {
                    path.push_str("?preview=true");
                }
                of.staff.caller()?.patch(&path, flags.body()).await
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

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One change a line: when, who, what, why.
fn print_changes(answer: &Value) {
    for change in answer["changes"].as_array().into_iter().flatten() {
        let turned = change["dials"].as_object().into_iter().flatten();
        let turned: Vec<_> = turned.map(|(name, value)| format!("{name}={value}")).collect();
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
fn print_preview(answer: &Value) {
    let stay = if answer["stay_is_measured"] == json!(true) { "on average" } else { "at most" };
    println!(
        "{} people wait; shoppers stay {} {stay}",
        answer["people_waiting"],
        shown(&answer["stay"])
    );
    let line = |name: &str, before: &Value, after: &Value| {
        println!("{name:<16} {:>10} -> {}", shown(before), shown(after));
    };
    let (before, after) = (&answer["before"], &answer["after"]);
    for (name, value) in before["dials"].as_object().into_iter().flatten() {
        line(name, value, &after["dials"][name]);
    }
    for name in ["middle_minutes", "end_minutes"] {
        line(name, &before[name], &after[name]);
    }
}

/// Where each dial stands, and below it what it does.
fn print_dials(answer: &Value) {
    for dial in answer["dials"].as_array().into_iter().flatten() {
        let text = |name: &str| dial[name].as_str().unwrap_or_default();
        println!("{:<16} {} {}", text("name"), shown(&dial["value"]), text("unit"));
        println!("{:<16} {} It is {}.", "", text("what"), text("bound"));
    }
}

/// The fields of an answer, one a line.
fn print_fields(answer: &Value) {
    for (name, value) in answer.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => println!("{name:<16} {text}"),
            Value::Object(_) => println!("{name:<16} {value}"),
            _ => println!("{name:<16} {value}"),
        }
    }
}
