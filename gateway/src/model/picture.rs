//! A picture as it is read and as staff change it, and what every change of details is made of.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use floodgate_domain::Picture;
use floodgate_domain::details::PICTURE_WIDTHS;

use crate::problem::{ApiError, Code};

/// A picture of an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PictureShown {
    /// Where the largest is, which never changes; 480 or 960 instead of 1920 at its end is smaller.
    #[schema(
        example = "/pictures/0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b-1920"
    )]
    pub(crate) path: String,
    /// Pixels of the largest.
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// What it shows, for those who do not see it.
    pub(crate) alternative: String,
}

impl PictureShown {
    pub(super) fn of(picture: &Picture) -> Self {
        PictureShown {
            path: picture.path_in(PICTURE_WIDTHS[2]),
            width: picture.width,
            height: picture.height,
            alternative: picture.alternative.clone(),
        }
    }
}

/// Changes of an event's picture.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PicturePatch {
    /// What it shows, for those who do not see it.
    #[schema(example = "The band on stage", max_length = 512)]
    pub(crate) alternative: String,
}

impl PicturePatch {
    /// New words for a picture that is there, or none any more.
    pub(super) fn apply(
        given: Given<PicturePatch>,
        there: &mut Option<Picture>,
        (field, call): (&str, &str),
    ) -> Result<(), ApiError> {
        match (given, there) {
            (None, _) | (Some(None), None) => {}
            (Some(None), there) => *there = None,
            (Some(Some(given)), Some(picture)) => picture.alternative = given.alternative,
            (Some(Some(_)), None) => {
                return Err(wrong(field, format!("there is none yet: upload one with {call}")));
            }
        }
        Ok(())
    }
}

/// Absent, null, or a value.
pub(crate) type Given<T> = Option<Option<T>>;

/// Keeps what is null apart from what is absent.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Given<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A field that cannot be so, and the fix.
pub(crate) fn wrong(field: &str, fix: impl Into<String>) -> ApiError {
    ApiError::new(Code::MalformedBody).field(field, fix)
}
