//! Every text with names that want to be markup, headers or the other way round.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::OCCASIONS;

const HOSTILE: &str = "<script>alert(1)</script>\"'&{{ 7*7 }}{% raw %}\r\nBcc: eve@example.org\u{202e}txt\u{2066}\u{0}";

fn variables(value: &str) -> Variables {
    let names = [
        "event", "venue", "starts", "order", "tickets", "total", "until", "opens", "subject",
        "text", "why",
    ];
    let mut variables: Variables =
        names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect();
    for (name, address) in [
        ("link", "https://tickets.example.org/events/evt_1?a=1&b=\"2\""),
        ("picture", "https://tickets.example.org/p.png"),
        ("unsubscribe", "https://tickets.example.org/unsubscribe/abc"),
    ] {
        variables.insert(name.to_owned(), address.to_owned());
    }
    variables
}

fn all() -> impl Iterator<Item = (&'static str, Language)> {
    OCCASIONS.iter().flat_map(|occasion| Language::ALL.map(|language| (occasion.code, language)))
}

#[test]
fn nothing_hostile_gets_through_anywhere() {
    let templates = Templates::new();
    for (occasion, language) in all() {
        let written = templates.render(occasion, language, &variables(HOSTILE)).unwrap();
        let Rendered { subject, text, html, short } = &written;
        assert!(!html.contains("<script") && !html.contains("\"2\""), "{occasion}: {html}");
        for part in [subject, text, html, short] {
            assert!(
                !part.contains(['\u{202e}', '\u{2066}', '\u{0}', '\r']),
                "{occasion}: {part:?}"
            );
            assert!(!part.contains("49"), "what a name says is not computed");
        }
        assert!(!subject.contains('\n'), "{subject:?}");
        // A name that has lines of its own begins no paragraph; a text of staff may.
        if !occasion.starts_with("announcement") {
            assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        }
        // All tags are ours.
        let tags: std::collections::BTreeSet<&str> = html
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split(['>', ' ']).next())
            .map(|tag| tag.trim_start_matches('/'))
            .collect();
        let ours =
            ["!doctype", "a", "body", "br", "div", "head", "html", "img", "meta", "p", "title"];
        assert!(tags.iter().all(|tag| ours.contains(tag)), "{occasion}: {tags:?}");
    }
}

#[test]
fn every_text_says_the_same_in_both_forms_and_leads_somewhere() {
    let templates = Templates::new();
    for (occasion, language) in all() {
        let written = templates.render(occasion, language, &variables("Words")).unwrap();
        assert!(written.text.contains("https://tickets.example.org/events/evt_1"), "{occasion}");
        assert!(
            written.text.ends_with("https://tickets.example.org/unsubscribe/abc"),
            "{occasion}"
        );
        assert!(written.html.contains("href=\"https:"), "{}", written.html);
        assert!(written.html.contains(&format!("lang=\"{}\"", language.code())));
        // Without markup, the HTML has the words of the text.
        let plain = |text: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() > 3)
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
        };
        let html = plain(&written.html);
        for word in plain(&written.text) {
            assert!(html.contains(&word), "{occasion} {language:?}: {word}");
        }
        assert!(!written.text.contains("{{") && !written.html.contains("{{"));
    }
}

#[test]
fn every_occasion_has_words_in_every_language() {
    assert_eq!(occasions_without_words(), Vec::<&str>::new());
    for (language, code, words) in WORDS {
        assert!(crate::Occasion::of(code).is_some(), "{code} is no occasion");
        // What is written here goes into HTML as it is.
        assert!(!words.contains(['<', '>', '&', '"']), "{language:?} {code}");
    }
}

#[test]
fn a_value_that_nobody_set_is_an_error_that_shows_no_value() {
    let templates = Templates::new();
    for (occasion, language) in all() {
        let whole = variables("Secret words");
        for name in
            whole.keys().filter(|name| !["link", "picture", "unsubscribe"].contains(&name.as_str()))
        {
            let mut lacking = whole.clone();
            lacking.remove(name);
            let uses = WORDS.iter().any(|(of, code, words)| {
                (*of, *code) == (language, occasion) && words.contains(&format!("{{{{ {name} }}}}"))
            });
            let written = templates.render(occasion, language, &lacking);
            assert_eq!(written.is_err(), uses, "{occasion} {name}");
            if let Err(error) = written {
                assert!(!error.to_string().contains("Secret"), "{error}");
            }
        }
        let mut bare = whole.clone();
        ["link", "picture", "unsubscribe"].iter().for_each(|name| drop(bare.remove(*name)));
        let written = templates.render(occasion, language, &bare).unwrap();
        assert!(!written.html.contains("href") && !written.text.contains("http"), "{occasion}");
    }
    let english = Language::English;
    assert!(templates.render("no_such", english, &variables("x")).is_err());
    for link in ["javascript:alert(1)", "http://example.org/", "https://a b/", "data:text/html,x"] {
        for name in ["link", "picture", "unsubscribe"] {
            let mut wrong = variables("x");
            wrong.insert(name.to_owned(), link.to_owned());
            assert!(templates.render("announcement", english, &wrong).is_err(), "{name} {link}");
        }
    }
}

#[test]
fn a_text_of_staff_keeps_its_lines() {
    let mut said = variables("x");
    said.insert("text".into(), "First <b>\nsecond\r\n\nthird".into());
    let written = Templates::new().render("announcement", Language::English, &said).unwrap();
    assert!(written.text.starts_with("First <b>\nsecond\n\nthird\n\n"), "{}", written.text);
    assert!(
        written.html.contains("First &lt;b&gt;<br>\nsecond<br>\n<br>\nthird"),
        "{}",
        written.html
    );
    assert_eq!(written.short, "x\nFirst <b>\nsecond\n\nthird");
}
