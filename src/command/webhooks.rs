//! `floodgate webhooks`: programs of others that are called with facts.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Calls other programs with facts, signed (Standard Webhooks): added, watched, made again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate webhooks add https://example.org/hook --kinds order_confirmed --key-file …
  floodgate webhooks test whk_… --key-file …
  floodgate webhooks deliveries whk_… --state failed --key-file …
  floodgate webhooks resend whk_… --since 2027-06-01T18:00:00Z --key-file …
  floodgate webhooks enable whk_… --key-file …          # goes on where it was; also: disable")]
pub(super) struct Webhooks {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The webhook's id.
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Adds one and prints its secret, once.
    Add {
        /// Where facts are posted; https.
        #[arg(value_name = "URL")]
        url: String,
        /// Kinds of facts; all if it is left out.
        #[arg(long, value_delimiter = ',', value_name = "KIND")]
        kinds: Vec<String>,
        /// Facts of one event only.
        #[arg(long, value_name = "EVENT")]
        event: Option<String>,
        #[arg(long, default_value = "", value_name = "TEXT")]
        description: String,
        /// Which fact is the first: now, or beginning.
        #[arg(long, default_value = "now", value_name = "WHEN")]
        from: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lists them with how they are.
    List {
        #[command(flatten)]
        staff: Staff,
    },
    /// Removes one with all its calls.
    Remove(One),
    /// Goes on where it was, with everything that waits.
    Enable(One),
    /// Calls nobody there any more.
    Disable(One),
    /// Prints a new secret; the one before signs too for another day.
    Rotate(One),
    /// Calls it with something that is no fact.
    Test(One),
    /// Lists its calls with every try, the newest first.
    Deliveries {
        #[command(flatten)]
        one: One,
        /// Only those waiting, underway, sent or failed.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// Makes calls again: one of them, or all that failed since a moment.
    Resend {
        #[command(flatten)]
        one: One,
        /// The call's id.
        #[arg(long, value_name = "DELIVERY", conflicts_with = "since")]
        delivery: Option<String>,
        /// RFC 3339.
        #[arg(long, value_name = "INSTANT", required_unless_present = "delivery")]
        since: Option<String>,
    },
}

impl Webhooks {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let answer = self.action.call()?;
        if as_json {
            println!("{answer}");
        } else if let Some(all) = answer["webhooks"].as_array() {
            all.iter().for_each(show);
        } else if let Some(all) = answer["deliveries"].as_array() {
            all.iter().for_each(show_call);
        } else if let Some(count) = answer["resent"].as_u64() {
            println!("{count} due");
        } else if let Some(state) = answer["state"].as_str() {
            println!("{state}");
        } else {
            show(&answer);
        }
        Ok(())
    }
}

impl Action {
    fn call(&self) -> Result<Value, Failure> {
        match self {
            Action::Add { url, kinds, event, description, from, staff } => {
                let mut body = json!({
                    "url": url, "kinds": kinds, "description": description, "from": from,
                });
                if let Some(event) = event {
                    body["event_id"] = json!(event);
                }
                block_on(staff.caller()?.post("/v1/webhooks", body))
            }
            Action::List { staff } => block_on(staff.caller()?.get("/v1/webhooks")),
            Action::Remove(one) => block_on(one.staff.caller()?.delete(&one.path(""))),
            Action::Enable(one) => one.change(json!({ "enabled": true })),
            Action::Disable(one) => one.change(json!({ "enabled": false })),
            Action::Rotate(one) => one.change(json!({ "rotate_secret": true })),
            Action::Test(one) => block_on(one.staff.caller()?.post(&one.path("/test"), json!({}))),
            Action::Deliveries { one, state } => {
                let query = state.as_ref().map(|state| format!("?state={state}"));
                let path = one.path("/deliveries") + &query.unwrap_or_default();
                block_on(one.staff.caller()?.get(&path))
            }
            Action::Resend { one, delivery: Some(delivery), .. } => {
                let path = one.path(&format!("/deliveries/{delivery}/resend"));
                block_on(one.staff.caller()?.post(&path, json!({})))
            }
            Action::Resend { one, since, .. } => {
                let body = json!({ "since": since });
                block_on(one.staff.caller()?.post(&one.path("/resend"), body))
            }
        }
    }
}

impl One {
    fn path(&self, rest: &str) -> String {
        format!("/v1/webhooks/{}{rest}", self.webhook)
    }

    fn change(&self, body: Value) -> Result<Value, Failure> {
        block_on(self.staff.caller()?.patch(&self.path(""), body))
    }
}

fn show(one: &Value) {
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let state = match one["enabled"].as_bool() {
        Some(true) => "enabled".to_owned(),
        _ => format!("disabled: {}", text("reason")),
    };
    println!("{}  {}  {state}", text("webhook_id"), text("url"));
    if one["secret"].is_string() {
        println!("    secret, shown once: {}", text("secret"));
    }
}

fn show_call(one: &Value) {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    println!("{}  {}  {}", text(one, "delivery_id"), text(one, "state"), text(one, "kind"));
    for tried in one["tries"].as_array().into_iter().flatten() {
        let status = tried["status"].as_u64().map_or("no answer".to_owned(), |s| s.to_string());
        let (at, why) = (text(tried, "at"), text(tried, "reason"));
        println!("    {at}  {status}  {} ms  {why}", tried["ms"]);
    }
}
