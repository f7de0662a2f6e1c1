//! What people plan an event by, as it is read and as staff change it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::details::DetailsError;
use floodgate_domain::{EventDetails, LogTime, Look};

use super::look::{LookPatch, LookShown};
use super::picture::{Given, PicturePatch, PictureShown, given, wrong};
use crate::problem::ApiError;
use crate::time;

/// What an event says of itself; what is absent is not known. Instants are in UTC; `time_zone` is the
/// event's, for showing them as a clock at the venue does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Who is on stage.
    pub(crate) artist: Option<String>,
    pub(crate) venue_name: String,
    /// Several lines.
    pub(crate) venue_address: Option<String>,
    /// Name in the IANA time zone database.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) doors_at: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) starts_at: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) ends_at: Option<String>,
    /// When the event was or is announced.
    #[schema(format = DateTime)]
    pub(crate) announced_at: Option<String>,
    /// When the presale begins by itself, for those who have claimed a code.
    #[schema(format = DateTime)]
    pub(crate) presale_at: Option<String>,
    /// When the sale opens by itself, to all.
    #[schema(format = DateTime)]
    pub(crate) opens_at: Option<String>,
    /// When the sale closes by itself.
    #[schema(format = DateTime)]
    pub(crate) closes_at: Option<String>,
    /// Nobody younger is let in.
    pub(crate) age_min: Option<u8>,
    /// What it looks like.
    pub(crate) picture: Option<PictureShown>,
    /// What its organiser's pages have of their own.
    pub(crate) look: Option<LookShown>,
}

impl Details {
    /// The name of the plan stands for that of a venue nobody has named.
    pub(crate) fn of(details: &EventDetails, plan_name: &str) -> Self {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let instant = |at: Option<LogTime>| at.map(time::text);
        Details {
            name: details.name.clone(),
            description: details.description.clone(),
            artist: text(&details.artist),
            venue_name: text(&details.venue_name).unwrap_or_else(|| plan_name.to_owned()),
            venue_address: text(&details.venue_address),
            time_zone: text(&details.time_zone),
            doors_at: instant(details.doors_at),
            starts_at: instant(details.starts_at),
            ends_at: instant(details.ends_at),
            announced_at: instant(details.announced_at),
            presale_at: instant(details.presale_at),
            opens_at: instant(details.opens_at),
            closes_at: instant(details.closes_at),
            age_min: details.age_min,
            picture: details.picture.as_ref().map(PictureShown::of),
            look: LookShown::of(&details.look),
        }
    }
}

/// Changes of what an event says of itself; absent fields stay as they are, `null` takes one away.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DetailsPatch {
    /// The `revision` that was read before: refused if somebody has changed the event since.
    pub(crate) revision: Option<u32>,
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Given<String>,
    /// Who is on stage.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) artist: Given<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) venue_name: Given<String>,
    /// May have several lines.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) venue_address: Given<String>,
    /// Name in the IANA time zone database.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    pub(crate) time_zone: Given<String>,
    /// RFC 3339, with any offset; so are the other instants.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) doors_at: Given<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) starts_at: Given<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) ends_at: Given<String>,
    /// When the event was or is announced; not after the presale begins.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) announced_at: Given<String>,
    /// When the presale begins by itself, if the sale is announced then; must lie ahead.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) presale_at: Given<String>,
    /// When the sale opens by itself, if it is announced or in presale then; must lie ahead.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) opens_at: Given<String>,
    /// When the sale closes by itself; must lie ahead.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) closes_at: Given<String>,
    /// Nobody younger is let in.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u8>, maximum = 99)]
    pub(crate) age_min: Given<u8>,
    /// New words for its picture, or `null` to take the picture away; `setPicture` brings one.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<PicturePatch>)]
    pub(crate) picture: Given<PicturePatch>,
    /// `null` takes all of it away; `setLogo` brings a logo.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<LookPatch>)]
    pub(crate) look: Given<LookPatch>,
}

impl DetailsPatch {
    /// What the event says after this change; refused with the field and the fix where it cannot be.
    pub(crate) fn apply(self, mut details: EventDetails) -> Result<EventDetails, ApiError> {
        let texts = [
            (&mut details.description, self.description),
            (&mut details.artist, self.artist),
            (&mut details.venue_name, self.venue_name),
            (&mut details.venue_address, self.venue_address),
            (&mut details.time_zone, self.time_zone),
        ];
        for (text, given) in texts {
            if let Some(given) = given {
                *text = given.unwrap_or_default();
            }
        }
        details.name = self.name.unwrap_or(details.name);
        let instants = [
            ("doors_at", &mut details.doors_at, self.doors_at),
            ("starts_at", &mut details.starts_at, self.starts_at),
            ("ends_at", &mut details.ends_at, self.ends_at),
            ("announced_at", &mut details.announced_at, self.announced_at),
            ("presale_at", &mut details.presale_at, self.presale_at),
            ("opens_at", &mut details.opens_at, self.opens_at),
            ("closes_at", &mut details.closes_at, self.closes_at),
        ];
        for (field, instant, given) in instants {
            if let Some(given) = given {
                let read = |text: String| time::parse(&text).map_err(|fix| wrong(field, fix));
                *instant = given.map(read).transpose()?;
            }
        }
        details.age_min = self.age_min.unwrap_or(details.age_min);
        PicturePatch::apply(self.picture, &mut details.picture, ("picture", "setPicture"))?;
        match self.look {
            None => {}
            Some(None) => details.look = Look::default(),
            Some(Some(given)) => given.apply(&mut details.look)?,
        }
        check(&details)?;
        Ok(details)
    }
}

fn check(details: &EventDetails) -> Result<(), ApiError> {
    if details.name.trim().is_empty() {
        return Err(wrong("name", "must not be empty"));
    }
    let zone = &details.time_zone;
    if !zone.is_empty() && jiff::tz::db().get(zone).is_err() {
        let fix = "is no time zone; name one of the IANA database, such as Europe/Berlin";
        return Err(wrong("time_zone", fix));
    }
    Ok(details.check()?)
}

impl From<DetailsError> for ApiError {
    fn from(error: DetailsError) -> Self {
        wrong(error.field, error.fix)
    }
}
