//! Texts that people read: names, labels, messages.
//!
//! Owns the one rule for what such a text may hold, and when two of them look alike. A text is kept
//! in Unicode's composed form (NFC, UAX 15), so that what looks alike compares alike.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// May a text go over several lines?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    One,
    Many,
}

/// A character that no text may hold: no screen shows it, and databases refuse some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct UnfitCharacter {
    pub character: char,
    /// Its place in the text, counted in characters from 1.
    pub place: usize,
}

impl fmt::Display for UnfitCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if is_invisible(self.character) { "an invisible" } else { "a control" };
        let (code, place) = (u32::from(self.character), self.place);
        write!(f, "its character {place} is U+{code:04X}, {kind} character; remove it")
    }
}

/// The text in composed form; refused if it holds control characters or invisible ones. Tabs and
/// line breaks are allowed in many lines. Joiners between characters beyond ASCII are kept, since
/// Persian, Indic scripts and emoji are written with them.
pub fn plain(text: &str, lines: Lines) -> Result<Cow<'_, str>, UnfitCharacter> {
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    let mut place = 0;
    while let Some(character) = characters.next() {
        place += 1;
        let breaks = lines == Lines::Many && matches!(character, '\n' | '\r' | '\t');
        let bad = is_control(character) && !breaks
            || is_invisible(character)
                && !joins(before, character, characters.peek().copied().unwrap_or(' '));
        if bad {
            return Err(UnfitCharacter { character, place });
        }
        before = character;
    }
    Ok(composed(text))
}

/// The text without the invisible characters that [`plain`] refuses.
#[must_use]
pub fn without_invisible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let before = kept.chars().next_back().unwrap_or(' ');
        let after = characters.peek().copied().unwrap_or(' ');
        if !is_invisible(character) || joins(before, character, after) {
            kept.push(character);
        }
    }
    Cow::Owned(kept)
}

/// What a text looks like: equal for texts that a reader cannot distinguish. Compatible forms are
/// folded (NFKC), as are Greek and Cyrillic characters that are drawn as Latin ones
/// (Unicode's confusables, UTS 39, as far as such labels have them).
#[must_use]
pub fn likeness(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let visible = text.nfkc().filter(|&character| !is_invisible(character));
    let folded: String = visible.map(as_latin).collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    Cow::Owned(words.join(" "))
}

fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Controls, and the two line breaks that only Unicode has.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Characters without a shape of their own (default ignorable, Unicode 16), and the fillers that
/// are drawn as nothing.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether an invisible character changes how its neighbours are drawn.
fn joins(before: char, character: char, after: char) -> bool {
    let shapes = |c: char| !c.is_ascii() && !is_control(c);
    match character {
        '\u{200c}' | '\u{200d}' => shapes(before) && shapes(after),
        '\u{fe0e}' | '\u{fe0f}' => shapes(before),
        _ => false,
    }
}

fn as_latin(character: char) -> char {
    const DRAWN_AS: [(&str, &str); 4] = [
        ("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX"),
        ("аеоѕіјрсух", "aeosijpcyx"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
        ("ονϲϳ", "ovcj"),
    ];
    let latin = DRAWN_AS.iter().find_map(|(foreign, latin)| {
        let at = foreign.chars().position(|other| other == character)?;
        latin.chars().nth(at)
    });
    latin.unwrap_or(character)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn texts_are_composed() {
        assert_eq!(plain("Cafe\u{301}", Lines::One).unwrap(), "Caf\u{e9}");
        assert!(matches!(plain("Café", Lines::One), Ok(Cow::Borrowed(_))));
        // Hangul, and marks in the wrong order.
        assert_eq!(plain("\u{1112}\u{1161}\u{11ab}", Lines::One).unwrap(), "\u{d55c}");
        assert_eq!(plain("a\u{301}\u{323}", Lines::One).unwrap(), "\u{1ea1}\u{301}");
    }

    #[test]
    fn what_no_screen_shows_is_refused_with_its_place() {
        for (text, character, place) in [
            ("a\0b", '\0', 2),
            ("\u{7f}", '\u{7f}', 1),
            ("ab\u{85}", '\u{85}', 3),
            ("1\u{200b}", '\u{200b}', 2),
            ("\u{feff}A", '\u{feff}', 1),
            ("e\u{202e}x", '\u{202e}', 2),
            ("é\u{200d}a", '\u{200d}', 2),
            ("a\u{2028}", '\u{2028}', 2),
            ("a\nb", '\n', 2),
        ] {
            assert_eq!(
                plain(text, Lines::One),
                Err(UnfitCharacter { character, place }),
                "{text:?}"
            );
        }
        assert_eq!(plain("a\r\n\tb", Lines::Many).unwrap(), "a\r\n\tb");
        assert!(plain("a\0", Lines::Many).is_err());
        let error = plain("a\0", Lines::One).unwrap_err().to_string();
        assert!(error.contains("U+0000") && error.contains("remove it"), "{error}");
    }

    #[test]
    fn scripts_that_need_joiners_keep_them() {
        for text in ["می\u{200c}خواهم", "👩\u{200d}👧", "❤\u{fe0f} Live", "क\u{94d}\u{200d}ष"]
        {
            assert_eq!(plain(text, Lines::One).unwrap(), text);
            assert_eq!(without_invisible(text), text);
        }
        assert_eq!(without_invisible("1\u{200b}2\u{200d}\u{ad}"), "12");
    }

    #[test]
    fn what_looks_alike_is_alike() {
        for (one, other) in [
            ("é", "e\u{301}"),
            ("1", "1\u{200b}"),
            ("A", "\u{410}"),
            ("A 1", "A\u{a0}1"),
            ("12", "\u{ff11}\u{ff12}"),
            ("BOX", "ВОХ"),
        ] {
            assert_eq!(likeness(one), likeness(other), "{one} {other}");
        }
        for (one, other) in [("1", "l"), ("01", "1"), ("a", "A"), ("Ж", "X")] {
            assert_ne!(likeness(one), likeness(other), "{one} {other}");
        }
    }
}
