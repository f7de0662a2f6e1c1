//! What an event says of itself, as other teams read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::details::PICTURE_WIDTHS;
use floodgate_domain::{EventDetails, LogTime};

use super::time_text;

/// All of it, whichever part was changed: what is absent is not known. Times in RFC 3339, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DetailsBody {
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(default)]
    pub description: String,
    /// Who is on stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue_name: Option<String>,
    /// Several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue_address: Option<String>,
    /// Name in the IANA time zone database of where the event is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doors_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// When the event was or is announced, and when its presale begins by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presale_at: Option<String>,
    /// When the sale opens by itself, and when it closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<String>,
    /// Nobody younger is let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_min: Option<u8>,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureBody>,
}

/// A picture, as the installation serves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PictureBody {
    /// Where the largest is, which never changes; 480 or 960 instead of 1920 at its end is smaller.
    pub path: String,
    /// Pixels of the largest.
    pub width: u16,
    pub height: u16,
    /// What it shows, for those who do not see it.
    pub alternative: String,
}

impl From<&EventDetails> for DetailsBody {
    fn from(details: &EventDetails) -> Self {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let time = |at: Option<LogTime>| at.map(time_text);
        DetailsBody {
            name: details.name.clone(),
            description: details.description.clone(),
            artist: text(&details.artist),
            venue_name: text(&details.venue_name),
            venue_address: text(&details.venue_address),
            time_zone: text(&details.time_zone),
            doors_at: time(details.doors_at),
            starts_at: time(details.starts_at),
            ends_at: time(details.ends_at),
            announced_at: time(details.announced_at),
            presale_at: time(details.presale_at),
            opens_at: time(details.opens_at),
            closes_at: time(details.closes_at),
            age_min: details.age_min,
            picture: details.picture.as_ref().map(|picture| PictureBody {
                path: picture.path_in(PICTURE_WIDTHS[2]),
                width: picture.width,
                height: picture.height,
                alternative: picture.alternative.clone(),
            }),
        }
    }
}
