//! Colours, and how well one is read on another.

use std::fmt;

use super::CONTRAST_MIN;

/// Red, green and blue in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) [u8; 3]);

/// What a page has in the light, or in the dark.
#[derive(Debug)]
pub(super) struct Scheme {
    /// What an accent may stand on.
    pub(super) grounds: [Color; 3],
    /// The one that a quiet ground is made from.
    pub(super) card: Color,
    /// What is written there, beside the accent.
    pub(super) texts: [Color; 2],
    /// Away from the page: whatever goes there is read better.
    pub(super) away: Color,
    /// What is written on the accent: one of the grounds, so that it is read as well.
    pub(super) on_accent: Color,
}

impl Color {
    /// `#rrggbb`, as forms and sheets write it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Color::of_digits(&text.strip_prefix('#')?.to_ascii_lowercase())
    }

    /// Six digits, none of them a capital: each colour has one form.
    pub(super) fn of_digits(digits: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 6 || !digits.bytes().all(is_digit) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Color([part(0)?, part(2)?, part(4)?]))
    }

    pub(super) fn digits(self) -> String {
        self.0.iter().map(|part| format!("{part:02x}")).collect()
    }

    /// So many 255ths of the way to another.
    pub(super) fn towards(self, other: Color, share: u8) -> Color {
        let part = |at: usize| {
            let (from, to, share) =
                (u32::from(self.0[at]), u32::from(other.0[at]), u32::from(share));
            ((from * (255 - share) + to * share + 127) / 255) as u8
        };
        Color([part(0), part(1), part(2)])
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0;
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "#{}", self.digits())
    }
}

/// How well one is read on the other, from 1 to 21 (WCAG 2.2).
pub(super) fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

impl Scheme {
    pub(super) fn least_contrast(&self, color: Color) -> f64 {
        self.grounds.iter().map(|ground| contrast(color, *ground)).fold(f64::MAX, f64::min)
    }

    pub(super) fn reads(&self, color: Color) -> bool {
        self.least_contrast(color) >= CONTRAST_MIN
    }

    /// The first on the way to black, or to white, that is read on every ground; itself if it is.
    pub(super) fn nearest(&self, color: Color) -> Color {
        let mut all = (0..=u8::MAX).map(|share| color.towards(self.away, share));
        all.find(|color| self.reads(*color)).unwrap_or(self.away)
    }
}
