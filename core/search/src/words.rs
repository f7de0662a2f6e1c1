//! Words as they are compared: in lower case, without accents: `Beyonce` finds `Beyoncé`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of a query; a ninth would hardly find more.
pub const WORDS_MAX: usize = 8;
/// Characters of a word that count; nobody types more.
const CHARS_MAX: usize = 32;
/// Some characters become two, and a row has one place more than its word.
const WIDTH: usize = 2 * CHARS_MAX + 1;

/// The words of a text, in their order.
#[must_use]
pub fn plain_words(text: &str) -> Vec<String> {
    spans(text).into_iter().map(|(word, _, _)| word).collect()
}

/// The words of a text, with where each begins and ends in it, in bytes.
pub(crate) fn spans(text: &str) -> Vec<(String, usize, usize)> {
    let mut words: Vec<(String, usize, usize)> = Vec::new();
    let mut word = String::new();
    let mut start = 0;
    // A mark belongs to the character before it; an apostrophe divides nothing: O'Connor.
    let belongs = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    for (at, c) in text.char_indices() {
        if belongs(c) {
            if word.is_empty() {
                start = at;
            }
            word.push(c);
        } else if !matches!(c, '\'' | '’') && !word.is_empty() {
            words.push((plain(&std::mem::take(&mut word)), start, at));
        }
    }
    if !word.is_empty() {
        words.push((plain(&word), start, text.len()));
    }
    words.retain(|(word, _, _)| !word.is_empty());
    words
}

fn plain(word: &str) -> String {
    let chars = word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let mut plain = String::new();
    for c in chars.take(CHARS_MAX) {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            _ => plain.push(c),
        }
    }
    plain
}

/// How many mistakes a word may have: none where another word is as near, two in a long one. The
/// same as `fuzziness: AUTO` of OpenSearch.
pub(crate) fn mistakes_max(chars: usize) -> usize {
    match chars {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    }
}

/// How well a word fits one that was asked for, 0 for not at all.
pub(crate) fn fit(asked: &[char], word: &[char], is_typing: bool) -> f32 {
    let max = mistakes_max(asked.len());
    if let Some(mistakes) = distance(asked, word, max) {
        return [1.0, 0.6, 0.35][mistakes];
    }
    if !is_typing || word.len() < asked.len() {
        return 0.0;
    }
    if word.starts_with(asked) {
        return 0.8;
    }
    // As far as it has been typed, with one mistake: the second is for words that are complete.
    let mut ends =
        (asked.len().saturating_sub(1)..=asked.len() + 1).filter(|end| *end < word.len());
    let is_begun = asked.len() >= BEGUN_CHARS_MIN
        && ends.any(|end| distance(asked, &word[..end], 1).is_some());
    if is_begun { 0.3 } else { 0.0 }
}

/// What is begun with fewer characters may have no mistake.
pub(crate) const BEGUN_CHARS_MIN: usize = 4;

/// Every beginning of a word that may be meant: one character may be missing. Without the word.
pub(crate) fn beginnings(word: &str) -> Vec<String> {
    let ends = word.char_indices().skip(BEGUN_CHARS_MIN - 1).map(|(at, _)| at);
    ends.map(|end| word[..end].to_owned()).collect()
}

/// How many characters are to be changed, added, left out or exchanged with the next; at most
/// `max`.
pub(crate) fn distance(one: &[char], other: &[char], max: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > max {
        return None;
    }
    if max == 0 {
        return (one == other).then_some(0);
    }
    // Every word that is known is compared: rows on the stack make that ten times as fast.
    let mut before_last = [0; WIDTH];
    let mut last: [usize; WIDTH] = std::array::from_fn(|at| at);
    let mut row = [0; WIDTH];
    if other.len() >= WIDTH {
        return None;
    }
    for (at, a) in one.iter().enumerate() {
        row[0] = at + 1;
        let mut least = row[0];
        for (beside, b) in other.iter().enumerate() {
            let replaced = last[beside] + usize::from(a != b);
            let mut best = replaced.min(last[beside + 1] + 1).min(row[beside] + 1);
            let is_exchanged = at > 0 && beside > 0 && *a == other[beside - 1] && one[at - 1] == *b;
            if is_exchanged {
                best = best.min(before_last[beside - 1] + 1);
            }
            row[beside + 1] = best;
            least = least.min(best);
        }
        if least > max {
            return None;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[other.len()]).filter(|distance| *distance <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn words_are_small_and_without_accents() {
        assert_eq!(plain_words("Beyoncé, LIVE! (O’Connor)"), ["beyonce", "live", "oconnor"]);
        assert_eq!(plain_words("Straße Łódź Bjørk"), ["strasse", "lodz", "bjork"]);
        assert_eq!(plain_words("e\u{301}te\u{301} — ﬁn"), ["ete", "fin"]);
        assert_eq!(plain_words(" \u{200b}\t… "), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_counted() {
        for (one, other, count) in [
            ("metallica", "metallica", Some(0)),
            ("metalica", "metallica", Some(1)),
            ("metlalica", "metallica", Some(1)),
            ("mtalica", "metallica", Some(2)),
            ("mtalca", "metallica", None),
            ("", "ab", Some(2)),
            ("abcdef", "fedcba", None),
        ] {
            assert_eq!(distance(&chars(one), &chars(other), 2), count, "{one} {other}");
            assert_eq!(distance(&chars(other), &chars(one), 2), count, "{other} {one}");
        }
    }

    #[test]
    fn the_nearer_the_better_and_short_words_are_exact() {
        let fit = |asked: &str, word: &str, typing| fit(&chars(asked), &chars(word), typing);
        let order = [
            fit("metallica", "metallica", true),
            fit("metall", "metallica", true),
            fit("metalica", "metallica", true),
            fit("mtalica", "metallica", true),
            fit("metla", "metallica", true),
        ];
        assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
        assert_eq!(fit("ab", "ac", true), 0.0);
        assert_eq!(fit("metall", "metallica", false), 0.0);
        assert_eq!(fit("abxy", "metallica", true), 0.0);
    }
}
