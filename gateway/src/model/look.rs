//! The look of an event's pages, as it is read and as staff change it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::Look;

use super::picture::{Given, PicturePatch, PictureShown, given, wrong};
use crate::pictures::looks::{Accents, Color, fault};
use crate::problem::ApiError;

/// What an organiser's pages have of their own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LookShown {
    /// Of buttons, links and bars.
    #[schema(example = "#8a1c4b")]
    pub(crate) accent: Option<String>,
    /// The same where the page is dark; without, one that can be read there is made of the other.
    #[schema(example = "#f29ac0")]
    pub(crate) accent_dark: Option<String>,
    /// A sheet with both, for a page; with `-part` behind it, for parts of one that have its name
    /// as their class, `look-8a1c4b-f29ac0`.
    #[schema(example = "/looks/1-8a1c4b-f29ac0")]
    pub(crate) sheet: Option<String>,
    pub(crate) logo: Option<PictureShown>,
}

impl LookShown {
    pub(super) fn of(look: &Look) -> Option<Self> {
        let color = |parts: Option<[u8; 3]>| parts.map(|parts| Color(parts).to_string());
        (*look != Look::default()).then(|| LookShown {
            accent: color(look.accent),
            accent_dark: color(look.accent_dark),
            sheet: Accents::of(look).map(Accents::path),
            logo: look.logo.as_ref().map(PictureShown::of),
        })
    }
}

/// Changes of a look; absent fields stay as they are, `null` takes one away.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LookPatch {
    /// `#rrggbb`, with a contrast of 4.5 to all that it stands on; the refusal of another names the
    /// nearest that has it.
    #[serde(deserialize_with = "given", skip_serializing)]
    #[schema(value_type = Option<String>, example = "#8a1c4b")]
    pub(crate) accent: Given<String>,
    /// The same for dark pages; only beside `accent`.
    #[serde(deserialize_with = "given", skip_serializing)]
    #[schema(value_type = Option<String>, example = "#f29ac0")]
    pub(crate) accent_dark: Given<String>,
    /// New words for the logo, or `null` to take it away.
    #[serde(deserialize_with = "given", skip_serializing)]
    #[schema(value_type = Option<PicturePatch>)]
    pub(crate) logo: Given<PicturePatch>,
}

impl LookPatch {
    /// Checks what changes alone, so that what was chosen once never stands in another change's way.
    pub(super) fn apply(self, look: &mut Look) -> Result<(), ApiError> {
        let colors = [
            ("look.accent", &mut look.accent, self.accent, false),
            ("look.accent_dark", &mut look.accent_dark, self.accent_dark, true),
        ];
        for (field, color, asked, is_dark) in colors {
            if let Some(asked) = asked {
                *color = asked.map(|text| chosen(field, &text, is_dark)).transpose()?;
            }
        }
        if look.accent.is_none() && look.accent_dark.is_some() {
            return Err(wrong("look.accent_dark", "needs an accent beside it"));
        }
        PicturePatch::apply(self.logo, &mut look.logo, ("look.logo", "setLogo"))
    }
}

fn chosen(field: &str, text: &str, is_dark: bool) -> Result<[u8; 3], ApiError> {
    let color = Color::parse(text)
        .ok_or_else(|| wrong(field, "must be a colour such as #8a1c4b: six hexadecimal digits"))?;
    match fault(color, is_dark) {
        Some(words) => Err(wrong(field, words)),
        None => Ok(color.0),
    }
}
