//! `floodgate announce`: words for the people of an event, looked at, sent, steered and watched.

use clap::Subcommand;
use serde_json::{Value, json};

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Writes to those who hold tickets of an event, wait for them, or follow it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate announce preview evt_… --to holders --by email,page --subject 'Doors at six' \\
    --text 'We open an hour earlier.' --key-file floodgate-data/keys/artist.key
  floodgate announce send evt_… --to holders,followers --subject … --text … --key-file …
  floodgate announce send evt_… … --at 2027-06-01T12:00:00+02:00 --key-file …
  floodgate announce send evt_… --also evt_…,evt_… …     # a tour: one message a person
  floodgate announce list evt_… --key-file …
  floodgate announce pause evt_… ann_… --key-file …      # resume, stop; approve is a manager's")]
pub(super) struct Announce {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct Words {
    /// The event's id.
    #[arg(value_name = "EVENT")]
    event: String,
    /// To whom: any of holders, waiters, followers.
    #[arg(long, value_delimiter = ',', required = true, value_name = "WHO")]
    to: Vec<String>,
    /// Of the holders, only those with seats of these price categories.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    category: Vec<String>,
    /// Of the holders, only those with seats in these sections.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    section: Vec<String>,
    /// On which channels, in order of preference: email, sms, `web_push`, page.
    #[arg(long, value_delimiter = ',', default_value = "email,page", value_name = "CHANNEL")]
    by: Vec<String>,
    #[arg(long, value_name = "LINE")]
    subject: String,
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// Where to read more; https.
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// A picture; https.
    #[arg(long, value_name = "URL")]
    picture: Option<String>,
    /// The batch whose codes of the presale go with it, one to each person.
    #[arg(long, value_name = "BATCH")]
    codes: Option<u16>,
    /// Further events of the same artist whose people are written to as well, each person once.
    #[arg(long, value_delimiter = ',', value_name = "EVENT")]
    also: Vec<String>,
    /// When it goes out, as RFC 3339; at once if it is left out.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, clap::Args)]
struct Of {
    /// The event's id.
    #[arg(value_name = "EVENT")]
    event: String,
    /// The announcement's id.
    #[arg(value_name = "ANNOUNCEMENT")]
    announcement: String,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Says whom it would reach and why not the others; sends nothing.
    Preview(Box<Words>),
    /// Sends it, now or at its time.
    Send(Box<Words>),
    /// Lists the announcements of an event with what became of them.
    List {
        /// The event's id.
        #[arg(value_name = "EVENT")]
        event: String,
        #[command(flatten)]
        staff: Staff,
    },
    /// Lets one go out that waits for it.
    Approve(Of),
    /// Holds back what has not gone out.
    Pause(Of),
    /// Goes on.
    Resume(Of),
    /// Ends it for good.
    Stop(Of),
}

impl Words {
    fn body(&self) -> Value {
        let mut body = json!({
            "who": self.to, "channels": self.by, "subject": self.subject, "text": self.text,
        });
        let lists = [
            ("categories", &self.category),
            ("sections", &self.section),
            ("also_events", &self.also),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            body[name] = json!(list);
        }
        let texts = [("link", &self.link), ("picture", &self.picture), ("send_at", &self.at)];
        for (name, text) in texts {
            if let Some(text) = text {
                body[name] = json!(text);
            }
        }
        if let Some(batch) = self.codes {
            body["codes"] = json!(batch);
        }
        body
    }
}

impl Announce {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let (answer, is_preview) = match &self.action {
            Action::Preview(words) => {
                let path = format!("/v1/events/{}/announcements/preview", words.event);
                (block_on(words.staff.caller()?.post(&path, words.body()))?, true)
            }
            Action::Send(words) => {
                let path = format!("/v1/events/{}/announcements", words.event);
                (block_on(words.staff.caller()?.post(&path, words.body()))?, false)
            }
            Action::List { event, staff } => {
                let path = format!("/v1/events/{event}/announcements");
                (block_on(staff.caller()?.get(&path))?, false)
            }
            Action::Approve(of) => (steer(of, "approve")?, false),
            Action::Pause(of) => (steer(of, "pause")?, false),
            Action::Resume(of) => (steer(of, "resume")?, false),
            Action::Stop(of) => (steer(of, "stop")?, false),
        };
        if as_json {
            println!("{answer}");
        } else if is_preview {
            show_preview(&answer);
        } else if let Some(all) = answer["announcements"].as_array() {
            all.iter().for_each(show);
        } else {
            show(&answer);
        }
        Ok(())
    }
}

fn steer(of: &Of, step: &str) -> Result<Value, Failure> {
    let Of { event, announcement, staff } = of;
    let path = format!("/v1/events/{event}/announcements/{announcement}/{step}");
    block_on(staff.caller()?.post(&path, json!({})))
}

/// Counts by name, without those that are zero.
fn counts(value: &Value) -> String {
    let counts = value.as_object().into_iter().flatten();
    let shown = counts.filter(|(_, count)| count.as_u64() != Some(0));
    let shown: Vec<_> = shown.map(|(name, count)| format!("{count} {name}")).collect();
    if shown.is_empty() { "none yet".to_owned() } else { shown.join(", ") }
}

fn show(one: &Value) {
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    println!("{}  {}  {}", text("announcement_id"), text("state"), text("subject"));
    for also in one["also"].as_array().into_iter().flatten() {
        let text = |name: &str| also[name].as_str().unwrap_or_default().to_owned();
        println!("    {}  {} {}", text("event_id"), text("state"), text("code"));
    }
    if one["counts"].is_object() {
        println!("    {}", counts(&one["counts"]));
    }
}

fn show_preview(preview: &Value) {
    println!("{} of {} people are reached", preview["reached"], preview["total"]);
    println!("    by channel: {}", counts(&preview["by_channel"]));
    println!("    not reached: {}", counts(&preview["not_reached"]));
    for one in preview["also"].as_array().into_iter().flatten() {
        let name = one["event_name"].as_str().unwrap_or_default();
        println!("    also at {name}: {} of {} people", one["reached"], one["total"]);
    }
    let codes = &preview["codes"];
    if codes.is_object() {
        let (needed, left) = (&codes["needed"], &codes["left"]);
        println!("    codes: {needed} needed, {left} left in batch {}", codes["batch"]);
        println!("    {} have one already, and are not written to again", codes["have_one"]);
    }
    if codes["missing"].as_u64().is_some_and(|missing| missing > 0) {
        println!("    mint {} more before sending: floodgate codes mint …", codes["missing"]);
    }
    if let Some(first) = preview["readers"].get(0) {
        let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
        println!("\n{}\n\n{}", text("subject"), text("text"));
    }
}
