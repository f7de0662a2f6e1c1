//! The words of every message, in every language.
//!
//! One file an occasion and language: the subject, `---`, then paragraphs. Text and HTML are made
//! from the same words, so that neither says what the other does not. `[Words]` is a button that
//! leads to the link, `![{{ picture }}]` a picture, `#[Words]` a code with its words; each is left
//! out where there is none. HTML is escaped by the engine, and a value that nobody set is an error.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

use crate::courier::Language;
use crate::http::is_safe;

/// A picture or a link is at most this long; a longer one is nobody's.
const LINK_BYTES_MAX: usize = 2048;

macro_rules! words {
    ($($code:literal),* $(,)?) => {
        /// Language, occasion, words.
        const WORDS: &[(Language, &str, &str)] = &[$(
            (Language::English, $code, include_str!(concat!("en/", $code, ".txt"))),
            (Language::German, $code, include_str!(concat!("de/", $code, ".txt"))),
        )*];
    };
}

words!(
    "your_turn",
    "hold_ending",
    "order_confirmed",
    "order_refunded",
    "order_cancelled",
    "order_declined",
    "order_no_answer",
    "order_expired",
    "ticket_received",
    "ticket_taken_back",
    "event_details_changed",
    "event_cancelled",
    "sale_opens_soon",
    "event_open",
    "announcement",
    "announcement_test",
    "confirm_address",
    "sign_in",
);

/// What an occasion says to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// For a channel where every character costs: a line, without the link.
    pub short: String,
}

/// Why a message could not be written: a name in it was not set, or a link is none.
#[derive(Debug, thiserror::Error)]
#[error("{occasion}: {reason}")]
pub struct TemplateError {
    pub occasion: String,
    pub reason: String,
}

/// Names and values of one message. `link`, `picture` and what it shows, `unsubscribe` and `code`
/// may be absent.
pub type Variables = BTreeMap<String, String>;

/// All templates, read once.
pub struct Templates {
    environment: Environment<'static>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

impl Default for Templates {
    fn default() -> Self {
        Templates::new()
    }
}

impl Templates {
    /// Reads every template. Those in the binary are whole; a test renders all.
    #[must_use]
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.add_filter("lines", lines);
        for (language, code, words) in WORDS {
            let (subject, body) = words.split_once("\n---\n").expect("a subject, ---, paragraphs");
            let name = |part: &str| format!("{}/{code}.{part}", language.code());
            let parts = [
                (name("subject"), subject.to_owned()),
                (name("txt"), text_of(body, *language)),
                (name("html"), html_of(body, *language)),
            ];
            for (name, source) in parts {
                environment.add_template_owned(name, source).expect("the templates can be read");
            }
        }
        Templates { environment }
    }

    /// Writes what an occasion says.
    pub fn render(
        &self,
        occasion: &str,
        language: Language,
        variables: &Variables,
    ) -> Result<Rendered, TemplateError> {
        let wrong = |reason: String| TemplateError { occasion: occasion.to_owned(), reason };
        let mut values: Variables =
            variables.iter().map(|(name, value)| (name.clone(), cleaned(name, value))).collect();
        for address in ["link", "picture", "unsubscribe"] {
            let value = values.entry(address.to_owned()).or_default();
            let is_one = is_safe(value) && value.len() <= LINK_BYTES_MAX;
            if !value.is_empty() && !is_one {
                return Err(wrong(format!("{address} is no https address")));
            }
        }
        values.entry("picture_alternative".to_owned()).or_default();
        values.entry("code".to_owned()).or_default();
        values.insert("language".to_owned(), language.code().to_owned());
        let write = |part: &str, values: &Variables| {
            let template =
                self.environment.get_template(&format!("{}/{occasion}.{part}", language.code()));
            let written =
                template.and_then(|template| template.render(Value::from(values.clone())));
            written.map_err(|error| match error.kind() {
                ErrorKind::TemplateNotFound => wrong("there is no such occasion".to_owned()),
                // Its own words could show a value.
                kind => wrong(kind.to_string()),
            })
        };
        let subject = write("subject", &values)?;
        values.insert("title".to_owned(), subject.clone());
        let text = write("txt", &values)?.trim_end().to_owned();
        let html = write("html", &values)?;
        let short = match occasion {
            "announcement" | "announcement_test" => {
                let value = |name: &str| values.get(name).map_or("", String::as_str);
                let code = value("code");
                let end = if code.is_empty() { String::new() } else { format!("\n{code}") };
                format!("{subject}\n{}{end}", value("text"))
            }
            _ => subject.clone(),
        };
        Ok(Rendered { subject, text, html, short })
    }
}

/// No character that changes how others are read: controls and the marks that turn the direction of
/// what follows. Only a text keeps its lines.
fn cleaned(name: &str, value: &str) -> String {
    let keeps_lines = name == "text";
    let plain = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{2028}' | '\u{2029}' | '\n' if keeps_lines => Some('\n'),
        '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() && c == '\r' && keeps_lines => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    };
    value.chars().filter_map(plain).collect()
}

/// Line ends as people typed them; the rest is escaped as everywhere.
fn lines(text: &str) -> Value {
    let escaped: Vec<String> = text.lines().map(escaped).collect();
    Value::from_safe_string(escaped.join("<br>\n"))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
}

/// A paragraph of a file.
enum Paragraph<'a> {
    Words(&'a str),
    Button(&'a str),
    Picture,
    Code(&'a str),
}

fn paragraphs(body: &str) -> impl Iterator<Item = Paragraph<'_>> {
    body.trim().split("\n\n").map(|paragraph| {
        let inside = |start| paragraph.strip_prefix(start).and_then(|rest| rest.strip_suffix(']'));
        match (inside("["), inside("!["), inside("#[")) {
            (Some(words), ..) => Paragraph::Button(words),
            (_, Some(_), _) => Paragraph::Picture,
            (.., Some(words)) => Paragraph::Code(words),
            _ => Paragraph::Words(paragraph),
        }
    })
}

/// What ends every message that can be ended.
fn farewell(language: Language) -> &'static str {
    match language {
        Language::English => "No more messages like this",
        Language::German => "Keine solchen Nachrichten mehr",
    }
}

fn text_of(body: &str, language: Language) -> String {
    let mut text = String::new();
    for paragraph in paragraphs(body) {
        match paragraph {
            Paragraph::Words(words) => text.push_str(&format!("{words}\n\n")),
            Paragraph::Button(words) => {
                text.push_str(&format!("{{% if link %}}{words}: {{{{ link }}}}\n\n{{% endif %}}"));
            }
            Paragraph::Code(words) => {
                text.push_str(&format!("{{% if code %}}{words}: {{{{ code }}}}\n\n{{% endif %}}"));
            }
            Paragraph::Picture => {}
        }
    }
    let end = farewell(language);
    text + &format!("{{% if unsubscribe %}}{end}: {{{{ unsubscribe }}}}\n{{% endif %}}")
}

fn html_of(body: &str, language: Language) -> String {
    let mut html = String::new();
    for paragraph in paragraphs(body) {
        html.push_str(&match paragraph {
            Paragraph::Words(words) => {
                format!("<p>{}</p>\n", words.replace("{{ text }}", "{{ text|lines }}"))
            }
            Paragraph::Button(words) => format!(
                "{{% if link %}}<p><a href=\"{{{{ link }}}}\" style=\"display:inline-block;padding:.6em 1.2em;\
                 background:#1c1c1a;color:#fff;border-radius:4px\">{words}</a></p>\n{{% endif %}}"
            ),
            Paragraph::Code(words) => format!(
                "{{% if code %}}<p>{words}:<br><span style=\"font:600 1.25em/1.6 monospace\">\
                 {{{{ code }}}}</span></p>\n{{% endif %}}"
            ),
            Paragraph::Picture => "{% if picture %}<p><img src=\"{{ picture }}\" \
                alt=\"{{ picture_alternative }}\" \
                style=\"max-width:100%\"></p>\n{% endif %}"
                .to_owned(),
        });
    }
    let end = farewell(language);
    let foot = format!(
        "{{% if unsubscribe %}}<a href=\"{{{{ unsubscribe }}}}\" style=\"color:inherit\">{end}</a>{{% endif %}}"
    );
    include_str!("layout.html").replace("BODY", &html).replace("FOOT", &foot)
}

/// Every occasion has words; the compiler reads the files, this names those that are missing.
#[cfg(test)]
fn occasions_without_words() -> Vec<&'static str> {
    let has_words = |code: &str| {
        let count = WORDS.iter().filter(|(_, of, _)| *of == code).count();
        count == Language::ALL.len()
    };
    crate::OCCASIONS.iter().map(|occasion| occasion.code).filter(|code| !has_words(code)).collect()
}

#[cfg(test)]
mod tests;
