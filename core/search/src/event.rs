//! The document of an event, from what it says of itself.

use floodgate_domain::{EventDetails, EventId, LogTime, SalePhase};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::document::EventDocument;
use crate::words::plain_words;

/// Words of a description that count: its first hundred say what it is about.
const DESCRIPTION_WORDS_MAX: usize = 100;
/// Upper ends of price bands, in whole units of any currency.
const BANDS: [u32; 5] = [25, 50, 100, 200, 500];

/// What of an event changes with its sale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale<'a> {
    pub(crate) phase: SalePhase,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) currency: &'a str,
    pub(crate) price_from: Option<u32>,
}

pub(crate) fn event_document(
    (event_id, version, at): (EventId, u64, LogTime),
    details: &EventDetails,
    plan_name: &str,
    sale: Sale<'_>,
) -> EventDocument {
    let venue = if details.venue_name.is_empty() { plan_name } else { &details.venue_name };
    let nothing_left = sale.free + sale.held == 0;
    let is_sold_out = sale.phase.sells() && nothing_left;
    EventDocument {
        event_id,
        version,
        at,
        name: details.name.clone(),
        artist: details.artist.clone(),
        venue: venue.to_owned(),
        town: town(&details.venue_address),
        words: words(details, venue),
        phase: if is_sold_out { "sold_out" } else { sale.phase.code() },
        starts_at: details.starts_at,
        month: details.starts_at.map(|at| month(at, &details.time_zone)).unwrap_or_default(),
        currency: sale.currency.to_owned(),
        price_from: sale.price_from,
        price_band: sale.price_from.map(|price| band(price, sale.currency)).unwrap_or_default(),
        capacity: sale.capacity,
        free: sale.free,
    }
}

/// Each word once, with the most it counts for: who plays before what it is called, that before
/// where it is.
fn words(details: &EventDetails, venue: &str) -> Vec<(String, f32)> {
    let description = plain_words(&details.description).into_iter().take(DESCRIPTION_WORDS_MAX);
    let parts = [
        (plain_words(&details.artist), 5.0),
        (plain_words(&details.name), 4.0),
        (plain_words(venue), 3.0),
        (plain_words(&details.venue_address), 2.0),
        (description.collect(), 1.0),
    ];
    let mut words: Vec<(String, f32)> = Vec::new();
    for (part, weight) in parts {
        for word in part {
            if !words.iter().any(|(known, _)| *known == word) {
                words.push((word, weight));
            }
        }
    }
    words
}

/// The last line of an address without its numbers: `1 Market Square\n12345 Town` is in `Town`.
#[must_use]
pub fn town(address: &str) -> String {
    let last = address.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let named = last.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    named.collect::<Vec<_>>().join(" ")
}

/// The month on the calendar of the venue; on that of Greenwich where its zone is not known.
fn month(at: LogTime, time_zone: &str) -> String {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let instant = i64::try_from(at.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    instant.map(|at| at.to_zoned(zone).strftime("%Y-%m").to_string()).unwrap_or_default()
}

fn band(price: u32, currency: &str) -> String {
    // Currencies without a hundredth have whole units alone.
    let unit = if matches!(currency, "JPY" | "KRW" | "CLP" | "ISK" | "VND") { 1 } else { 100 };
    let whole = price / unit;
    let from = BANDS.into_iter().rev().find(|from| *from <= whole).unwrap_or(0);
    match BANDS.into_iter().find(|to| whole < *to) {
        Some(to) => format!("{currency} {from}-{to}"),
        None => format!("{currency} {from}-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_town_is_the_last_line_without_its_numbers() {
        assert_eq!(town("1 Market Square\n12345 Sankt Anton\n"), "Sankt Anton");
        assert_eq!(town("London SW1A 2AA"), "London");
        assert_eq!(town(" \n"), "");
    }

    #[test]
    fn a_month_is_that_of_the_venue() {
        // 2027-05-31T23:30Z.
        let at = LogTime(1_811_806_200_000);
        assert_eq!(month(at, "Europe/Berlin"), "2027-06");
        assert_eq!(month(at, ""), "2027-05");
    }

    #[test]
    fn bands_meet() {
        assert_eq!(band(2_499, "EUR"), "EUR 0-25");
        assert_eq!(band(2_500, "EUR"), "EUR 25-50");
        assert_eq!(band(90_000, "EUR"), "EUR 500-");
        assert_eq!(band(60, "JPY"), "JPY 50-100");
    }

    #[test]
    fn a_word_counts_once_for_the_most() {
        let details = EventDetails {
            artist: "The Examples".into(),
            description: "the examples play".into(),
            ..EventDetails::named("Evening")
        };
        let words = words(&details, "Hall");
        assert_eq!(words.iter().filter(|(word, _)| word == "examples").count(), 1);
        assert_eq!(words[1], ("examples".to_owned(), 5.0));
        assert!(words.contains(&("play".to_owned(), 1.0)));
    }
}
