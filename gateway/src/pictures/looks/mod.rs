//! Looks of events: colours of an organiser's that can be read on our pages, and the sheet they
//! make. Whatever shows a colour goes through here, so that none is shown that cannot be read.

mod color;

use floodgate_domain::Look;

pub(crate) use color::Color;
use color::{Scheme, contrast};

/// The least contrast of text (WCAG 2.2, 1.4.3).
const CONTRAST_MIN: f64 = 4.5;
/// Named in the address of a sheet, which is kept for good: another number where the same colours
/// would make another sheet.
const SHEETS: &str = "1";
/// How much of the accent a quiet ground has at most, in 255ths.
const SOFT_SHARE_MAX: u8 = 36;
/// How much further from the page a button is while it is pointed at.
const DEEP_SHARE: u8 = 64;

/// The colours of `gateway/web/css/main.css` that an accent must be read on, or beside.
static LIGHT: Scheme = Scheme {
    grounds: [Color([0xf4, 0xf6, 0xf5]), Color([0xff, 0xff, 0xff]), Color([0xed, 0xf1, 0xf0])],
    card: Color([0xff, 0xff, 0xff]),
    texts: [Color([0x14, 0x20, 0x1f]), Color([0x4d, 0x5d, 0x5b])],
    away: Color([0, 0, 0]),
    on_accent: Color([0xff, 0xff, 0xff]),
};
static DARK: Scheme = Scheme {
    grounds: [Color([0x0e, 0x15, 0x15]), Color([0x17, 0x20, 0x20]), Color([0x10, 0x19, 0x19])],
    card: Color([0x17, 0x20, 0x20]),
    texts: [Color([0xea, 0xf1, 0xf0]), Color([0xa8, 0xb8, 0xb6])],
    away: Color([0xff, 0xff, 0xff]),
    on_accent: Color([0x0e, 0x15, 0x15]),
};

/// Both accents of an event, each of which can be read where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accents {
    light: Color,
    dark: Color,
}

impl Accents {
    /// Those of a look, or those nearest to them; none where nobody chose one.
    pub(crate) fn of(look: &Look) -> Option<Self> {
        let light = Color(look.accent?);
        let dark = look.accent_dark.map_or(light, Color);
        Some(Accents { light: LIGHT.nearest(light), dark: DARK.nearest(dark) })
    }

    /// Where their sheet is, which never changes what it says.
    pub(crate) fn path(self) -> String {
        format!("/looks/{SHEETS}-{}-{}", self.light.digits(), self.dark.digits())
    }

    /// By the last part of that address; only colours that can be read have one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        parts.next().filter(|part| *part == SHEETS)?;
        let (light, dark) = (Color::of_digits(parts.next()?)?, Color::of_digits(parts.next()?)?);
        let is_read = LIGHT.reads(light) && DARK.reads(dark);
        (is_read && parts.next().is_none()).then_some(Accents { light, dark })
    }

    /// The sheet of a whole page.
    pub(crate) fn sheet(self) -> String {
        self.sheet_for(":root")
    }

    /// The sheet of parts of a page that has several events.
    pub(crate) fn sheet_of_parts(self) -> String {
        self.sheet_for(&format!(".look-{}-{}", self.light.digits(), self.dark.digits()))
    }

    fn sheet_for(self, what: &str) -> String {
        let (light, dark) = (LIGHT.rules(self.light), DARK.rules(self.dark));
        format!("{what}{{{light}}}\n@media (prefers-color-scheme:dark){{\n{what}{{{dark}}}\n}}\n")
    }
}

/// Why a colour cannot be an accent, with the one nearest to it that can.
pub(crate) fn fault(color: Color, is_dark: bool) -> Option<String> {
    let scheme = if is_dark { &DARK } else { &LIGHT };
    if scheme.reads(color) {
        return None;
    }
    let has = scheme.least_contrast(color);
    let (page, nearest) = (if is_dark { "dark" } else { "light" }, scheme.nearest(color));
    Some(format!(
        "cannot be read on the {page} page: a contrast of {has:.1}, and 4.5 is the least; the \
         nearest that works is {nearest}"
    ))
}

impl Scheme {
    /// Custom properties, as the pages' own sheet names them.
    fn rules(&self, accent: Color) -> String {
        let (deep, soft) = (accent.towards(self.away, DEEP_SHARE), self.soft(accent));
        format!(
            "--accent:{accent};--accent-deep:{deep};--accent-soft:{soft};--on-accent:{}",
            self.on_accent
        )
    }

    /// A quiet ground with some of the accent in it, on which all that is written can be read.
    fn soft(&self, accent: Color) -> Color {
        let can_be = |ground: &Color| {
            let mut texts = self.texts.into_iter().chain([accent]);
            texts.all(|text| contrast(text, *ground) >= CONTRAST_MIN)
        };
        let shares = (0..=SOFT_SHARE_MAX).rev();
        let mut grounds = shares.map(|share| self.card.towards(accent, share));
        grounds.find(can_be).unwrap_or(self.card)
    }
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
