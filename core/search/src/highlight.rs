//! What of a text fits, as pieces of plain text: whoever shows them writes no markup of ours.

use crate::words::{fit, spans};

/// A piece of a text, and whether it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub is_hit: bool,
}

/// A text in pieces; `None` where nothing of it fits. Long texts are cut around the first that does.
#[must_use]
pub fn highlight(
    text: &str,
    words: &[String],
    is_typing: bool,
    bytes_max: usize,
) -> Option<Vec<Piece>> {
    let asked: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
    let fits = |word: &str| {
        let word: Vec<char> = word.chars().collect();
        asked.iter().enumerate().any(|(at, asked)| {
            let is_last = at + 1 == words.len();
            fit(asked, &word, is_typing && is_last) > 0.0
        })
    };
    let hits: Vec<(usize, usize)> = spans(text)
        .into_iter()
        .filter(|(word, _, _)| fits(word))
        .map(|(_, start, end)| (start, end))
        .collect();
    let first = hits.first()?.0;
    let (from, to) = window(text, first, bytes_max);
    let mut pieces = Vec::new();
    let mut at = from;
    let mut push = |text: &str, is_hit| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), is_hit });
        }
    };
    if from > 0 {
        push("… ", false);
    }
    for (start, end) in hits.into_iter().filter(|(start, end)| *start >= from && *end <= to) {
        push(&text[at..start], false);
        push(&text[start..end], true);
        at = end;
    }
    push(&text[at..to], false);
    if to < text.len() {
        push(" …", false);
    }
    Some(pieces)
}

/// What is shown of a long text: from a little before `first` on, between words where there are any.
fn window(text: &str, first: usize, bytes_max: usize) -> (usize, usize) {
    if text.len() <= bytes_max {
        return (0, text.len());
    }
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let from = floor(first.saturating_sub(bytes_max / 4)).unwrap_or(0);
    let from =
        text[from..first].find(' ').filter(|_| from > 0).map_or(from, |space| from + space + 1);
    let to = floor(from + bytes_max).unwrap_or(text.len());
    let to = if to < text.len() {
        text[from..to].rfind(' ').map_or(to, |space| from + space)
    } else {
        to
    };
    (from, to.max(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, words: &[&str], max: usize) -> Option<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let pieces = highlight(text, &words, true, max)?;
        let shown = pieces.iter().map(|piece| match piece.is_hit {
            true => format!("[{}]", piece.text),
            false => piece.text.clone(),
        });
        Some(shown.collect())
    }

    #[test]
    fn what_fits_is_marked_as_it_is_written() {
        let text = "Beyoncé & <b>Metallica</b>";
        let marked = "[Beyoncé] & <b>[Metallica]</b>";
        assert_eq!(shown(text, &["beyonse", "metal"], 99).as_deref(), Some(marked));
        assert_eq!(shown(text, &["nobody"], 99), None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = format!("{} the band plays {}", "é ".repeat(300), "ü ".repeat(300));
        let cut = shown(&text, &["band"], 60).expect("it fits");
        assert!(cut.contains("[band]") && cut.len() < 90 && cut.starts_with('…'), "{cut}");
    }
}
