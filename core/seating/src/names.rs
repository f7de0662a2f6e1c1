//! Names as a plan keeps them.
//!
//! Owns the rule for every name of every format: composed, single spaces, nothing invisible; and
//! what a category's name gives away. What is stripped is said by place, what cannot be a name is
//! an error. Never compares names: `assemble` does.

use std::borrow::Cow;
use std::fmt;

use floodgate_domain::Plan;
use floodgate_domain::text::{Lines, plain, without_invisible};

use crate::report::{Findings, IssueCode};

/// The name as it is kept.
pub(crate) fn clean<'a>(
    text: &'a str,
    at: impl fmt::Display,
    findings: &mut Findings,
) -> Cow<'a, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if text.bytes().all(is_plain) && text.trim().len() == text.len() && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    let visible = without_invisible(text);
    if visible.len() < text.len() {
        let message = format!(
            "`{}` has characters that nobody sees; it is read as `{visible}`",
            text.escape_default()
        );
        findings.warn(IssueCode::InvisibleCharacter, &at, message);
    }
    let words: Vec<&str> = visible.split_whitespace().collect();
    let spaced = words.join(" ");
    match plain(&spaced, Lines::One) {
        Ok(composed) => Cow::Owned(composed.into_owned()),
        Err(unfit) => {
            let message = format!("`{}` is no name: {unfit}", text.escape_default());
            findings.error(IssueCode::BadValue, &at, message);
            Cow::Owned(spaced)
        }
    }
}

/// Warns of a category whose name is for machines, or says that it is not for sale.
pub(crate) fn judge_category(name: &str, at: impl fmt::Display, findings: &mut Findings) {
    if is_identifier(name) {
        let message = format!(
            "the category is named `{name}`, which buyers would read; name it as people know it, \
             such as Stalls or Category 3"
        );
        findings.warn(IssueCode::CategoryIsId, at, message);
    } else if says_not_for_sale(name) {
        let message = format!(
            "the category is named `{name}`; its seats are not for sale unless it gets a price"
        );
        findings.warn(IssueCode::CategoryNotForSale, at, message);
    }
}

/// Whether a category's name says that its seats are not sold, so that nobody should price it
/// without thinking.
#[must_use]
pub fn says_not_for_sale(category: &str) -> bool {
    const SAYINGS: [&str; 14] = [
        "notavailable",
        "unavailable",
        "notforsale",
        "notonsale",
        "nosale",
        "blocked",
        "disabled",
        "killed",
        "kill",
        "nichtverfügbar",
        "unverkäuflich",
        "indisponible",
        "nodisponible",
        "nondisponibile",
    ];
    let letters: String =
        category.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SAYINGS.contains(&letters.as_str())
}

/// Warns of a plan or sections whose names are for machines.
pub(crate) fn judge_names(plan: &Plan, findings: &mut Findings) {
    if is_identifier(&plan.name) {
        let message = format!(
            "the plan is named `{}`, which becomes the venue's name; name it as people know it, \
             such as Town Hall",
            plan.name
        );
        findings.warn(IssueCode::NameIsId, "name", message);
    }
    for (section, at) in plan.sections.iter().zip(0..) {
        if is_identifier(&section.name) {
            let message = format!(
                "a section is named `{}`, which is on every ticket; name it as its signs do, such \
                 as Block A1",
                section.name
            );
            findings.warn(IssueCode::NameIsId, format!("sections[{at}]"), message);
        }
    }
}

/// Whether a name looks like the key of a record, not like what people say: `evt_12`, `SEC_A1`,
/// `cat-3`, a UUID, a long number. It may be a name all the same, so nothing is refused for it.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    /// Short numbers are names of blocks and rows.
    const DIGITS_MIN: usize = 6;
    const HEX_MIN: usize = 16;
    if name.contains(char::is_whitespace) || !name.is_ascii() {
        return false;
    }
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_numbered = name.split_once('-').is_some_and(|(word, rest)| {
        let is_word = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_plain = word == word.to_ascii_lowercase() || word == word.to_ascii_uppercase();
        let is_number = rest.bytes().any(|byte| byte.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_word && is_plain && is_number
    });
    is_uuid(name)
        || (name.contains('_') && name.bytes().any(|byte| byte.is_ascii_alphanumeric()))
        || (digits == name.len() && digits >= DIGITS_MIN)
        || (is_hex && digits > 0 && name.len() >= HEX_MIN)
        || is_numbered
}

/// 8-4-4-4-12 hexadecimal digits, the hyphens optional (RFC 9562).
fn is_uuid(text: &str) -> bool {
    let text = text.trim_matches(['{', '}']);
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let hyphens: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let is_grouped = hyphens.is_empty() || hyphens == [8, 13, 18, 23];
    digits == 32 && digits + hyphens.len() == text.len() && is_grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (text, expected, warnings, errors) in [
            ("Row 1", "Row 1", 0, false),
            (" A\u{a0} 1\n", "A 1", 0, false),
            ("e\u{301}", "é", 0, false),
            ("1\u{200b}", "1", 1, false),
            ("\u{feff}Loge", "Loge", 1, false),
            ("a\0", "a\0", 0, true),
        ] {
            let mut findings = Findings::default();
            assert_eq!(clean(text, "line 2", &mut findings), expected);
            assert_eq!(findings.has_errors(), errors, "{text:?}");
            assert_eq!(findings.count_of(IssueCode::InvisibleCharacter), warnings, "{text:?}");
        }
    }

    #[test]
    fn categories_give_themselves_away() {
        for name in ["NOT AVAILABLE", "not_for_sale", "Blocked", "nicht verfügbar"] {
            assert!(says_not_for_sale(name), "{name}");
        }
        for name in ["Available", "Block A", "Not too far", ""] {
            assert!(!says_not_for_sale(name), "{name}");
        }
        // The same table stands in gateway/web-test/names.test.mjs.
        for id in
            ["evt_12", "SEC_A1", "cat-3", "SEC-A1", "MAIN_FLOOR", "1002034", "0123456789abcdef"]
        {
            assert!(is_identifier(id), "{id}");
        }
        for name in
            ["Block-3", "U-21", "103", "12", "A", "Stalls", "Cat 3", "AC-DC", "Ränge_2 A", ""]
        {
            assert!(!is_identifier(name), "{name}");
        }
        assert!(is_uuid("6f9619ff-8b86-d011-b42d-00c04fc964ff"));
        assert!(is_uuid("6F9619FF8B86D011B42D00C04FC964FF"));
        assert!(!is_uuid("6f9619ff-8b86-d011-b42d-00c04fc964f") && !is_uuid("Parterre"));
    }
}
