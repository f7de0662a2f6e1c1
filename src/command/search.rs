//! `floodgate search`: events by words, free seats by what one wants; what visitors are answered.

use clap::Subcommand;
use serde_json::Value;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Searches events, or free seats of one, as the pages do.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate search events metalica kiel            mistakes are allowed for
  floodgate search events --month 2027-06 --near 54.32,10.14 --within-km 100
  floodgate search seats evt_… --count 3 --price-max 8000 --with shade --without restricted_view
  floodgate search seats evt_… --count 2 --sort price --json

An index that is lost is built anew with `floodgate views rebuild --sink opensearch`; the
embedded one is made at every start.")]
pub(super) struct Search {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Events whose artist, name, venue, address or description has these words.
    Events {
        words: Vec<String>,
        #[arg(long)]
        artist: Option<String>,
        #[arg(long)]
        venue: Option<String>,
        #[arg(long)]
        town: Option<String>,
        /// Such as 2027-06, on the calendar of the venue.
        #[arg(long)]
        month: Option<String>,
        /// announced, presale, open, paused, sold_out, closed or cancelled.
        #[arg(long)]
        phase: Option<String>,
        /// Begins at this instant or later, RFC 3339.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Begins before this instant.
        #[arg(long, value_name = "TIME")]
        before: Option<String>,
        /// Latitude and longitude in degrees: 54.32,10.14.
        #[arg(long, allow_hyphen_values = true)]
        near: Option<String>,
        #[arg(long)]
        within_km: Option<u32>,
        #[command(flatten)]
        server: Staff,
    },
    /// Free seats of an event, side by side.
    Seats {
        event: String,
        #[arg(long, default_value_t = 1)]
        count: u16,
        /// The most that one may cost, in minor units and with all fees.
        #[arg(long)]
        price_max: Option<u32>,
        #[arg(long)]
        category: Option<String>,
        #[arg(long)]
        section: Option<String>,
        /// A mark that none of them has: restricted_view.
        #[arg(long, value_name = "MARK")]
        without: Option<String>,
        /// wheelchair: one of them is a wheelchair space; shade: all of them are in the shade.
        #[arg(long, value_name = "MARK")]
        with: Option<String>,
        /// best or price.
        #[arg(long)]
        sort: Option<String>,
        #[command(flatten)]
        server: Staff,
    },
}

impl Search {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let (path, server, is_events) = self.what.call();
        let answer = block_on(server.anyone()?.get(&path))?;
        if as_json {
            println!("{answer}");
        } else if is_events {
            show_events(&answer);
        } else {
            show_seats(&answer);
        }
        Ok(())
    }
}

impl What {
    /// The address to ask, the server, and whether it is about events.
    fn call(self) -> (String, Staff, bool) {
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        match self {
            What::Events {
                words,
                artist,
                venue,
                town,
                month,
                phase,
                from,
                before,
                near,
                within_km,
                server,
            } => {
                let words = Some(words.join(" ")).filter(|words| !words.is_empty());
                let pairs = [
                    ("q", words),
                    ("artist", artist),
                    ("venue", venue),
                    ("town", town),
                    ("month", month),
                    ("phase", phase),
                    ("from", from),
                    ("before", before),
                    ("near", near),
                    ("within_km", number(within_km)),
                ];
                (format!("/v1/search?{}", query(pairs)), server, true)
            }
            What::Seats {
                event,
                count,
                price_max,
                category,
                section,
                without,
                with,
                sort,
                server,
            } => {
                let pairs = [
                    ("count", Some(count.to_string())),
                    ("price_max", number(price_max)),
                    ("category", category),
                    ("section", section),
                    ("without", without),
                    ("with", with),
                    ("sort", sort),
                ];
                let event = encoded(&event);
                (format!("/v1/events/{event}/seats/search?{}", query(pairs)), server, false)
            }
        }
    }
}

fn query<const N: usize>(pairs: [(&str, Option<String>); N]) -> String {
    let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let all: Vec<_> = given.map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
    all.join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show_events(answer: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    for event in list(answer, "events") {
        let [id, name, artist] = ["event_id", "name", "artist"].map(|name| text(&event[name]));
        let [venue, starts, phase] =
            ["venue_name", "starts_at", "phase"].map(|name| text(&event[name]));
        println!("{id}  {name}  {artist}  {venue}  {starts}  {phase}  {} free", event["free"]);
    }
    println!("{} fit; as of {}", answer["count"], text(&answer["as_of"]["at"]));
}

fn show_seats(answer: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let currency = text(&answer["currency"]);
    for group in list(answer, "groups") {
        let seats: Vec<_> = list(group, "seats").iter().map(|seat| text(&seat["seat"])).collect();
        let [section, row, category] =
            ["section", "row", "category"].map(|name| text(&group[name]));
        let (seats, total) = (seats.join(","), &group["total"]);
        println!("{section}/{row}/{seats}  {category}  {total} {currency} in minor units");
    }
    println!("as of {}; only a hold makes them yours", text(&answer["as_of"]["at"]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_written_as_an_address() {
        let pairs = [("q", Some("Beyoncé & co".to_owned())), ("town", None)];
        assert_eq!(query(pairs), "q=Beyonc%C3%A9%20%26%20co");
    }
}
