//! What a message says to one person: the values that its template names, and its links.

use std::sync::Arc;

use floodgate_domain::details::PICTURE_WIDTHS;
use floodgate_domain::{AnnouncementId, Channel, CodeNumber, EventId, LogTime, RefundReason};
use floodgate_people::{DueMessage, Link, People, TEST};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::courier::{Language, Outgoing, plain_id};
use crate::money::amount;
use crate::occasion::Occasion;
use crate::templates::{Rendered, TemplateError, Templates, Variables};
use crate::when::{clock, moment};
use crate::words::Words;

/// Of a picture in a mail, whose text is some 600 wide: sharp on most screens.
const MAIL_WIDTH: u16 = PICTURE_WIDTHS[1];
/// Writes the codes of a presale, in the form that the gateway reads.
#[derive(Clone)]
pub struct CodeWriter(Arc<dyn Fn(EventId, CodeNumber) -> String + Send + Sync>);

impl CodeWriter {
    #[must_use]
    pub fn new(write: impl Fn(EventId, CodeNumber) -> String + Send + Sync + 'static) -> Self {
        CodeWriter(Arc::new(write))
    }

    fn write(&self, event_id: EventId, code: CodeNumber) -> String {
        (self.0)(event_id, code)
    }
}

impl std::fmt::Debug for CodeWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeWriter")
    }
}

/// Who reads it, and where.
#[derive(Debug, Clone)]
pub(crate) struct MessageReader {
    pub(crate) language: Language,
    pub(crate) zone: TimeZone,
}

/// What leads to the words of a message.
pub(crate) struct Saying<'a> {
    pub(crate) words: &'a Words,
    pub(crate) templates: &'a Templates,
    pub(crate) people: &'a People,
    pub(crate) codes: &'a CodeWriter,
    /// Where the pages are, without a slash at its end.
    pub(crate) public_url: &'a str,
}

/// The zone with this name; that of the world if there is none.
pub(crate) fn zone(name: &str) -> TimeZone {
    if name.is_empty() { TimeZone::UTC } else { TimeZone::get(name).unwrap_or(TimeZone::UTC) }
}

pub(crate) fn timestamp(at: LogTime) -> Timestamp {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

/// Why an order was refunded, as the end of a sentence; nothing where there is nothing to say.
fn why(reason: Option<RefundReason>, language: Language) -> &'static str {
    use RefundReason::{
        Duplicate, EventCancelled, EventChanged, Fraud, Goodwill, Other, Requested,
    };
    let (english, german) = match reason {
        None | Some(Other) => ("", ""),
        Some(Requested) => (" as you asked", " wie gewünscht"),
        Some(EventChanged) => {
            (" because the event changed", ", weil sich die Veranstaltung geändert hat")
        }
        Some(EventCancelled) => {
            (" because the event was cancelled", ", weil die Veranstaltung abgesagt wurde")
        }
        Some(Duplicate) => (" because it was bought twice", ", weil sie doppelt gekauft wurde"),
        Some(Fraud) => (" because of doubts about the payment", " wegen Zweifeln an der Zahlung"),
        Some(Goodwill) => (" as a gesture of goodwill", " aus Kulanz"),
    };
    match language {
        Language::English => english,
        Language::German => german,
    }
}

impl Saying<'_> {
    /// Writes a message; `unsubscribe` is what ends messages of its kind.
    pub(crate) fn write(
        &self,
        message: &DueMessage,
        reader: &MessageReader,
        unsubscribe: Option<Link>,
    ) -> Result<(Rendered, Variables), TemplateError> {
        let mut values = Variables::new();
        self.event_values(message, reader, &mut values);
        self.own_values(message, reader, &mut values);
        if let Some(link) = unsubscribe {
            let token = self.people.token(link);
            values.insert("unsubscribe".into(), format!("{}/unsubscribe/{token}", self.public_url));
        }
        let rendered = self.templates.render(&message.occasion, reader.language, &values)?;
        Ok((rendered, values))
    }

    fn event_values(&self, message: &DueMessage, reader: &MessageReader, values: &mut Variables) {
        let Some(event_id) = message.event_id else { return };
        values.insert("link".into(), format!("{}/events/{event_id}", self.public_url));
        self.words.read(event_id, |words| {
            let details = &words.details;
            let venue_zone = zone(&details.time_zone);
            let time = |at: Option<LogTime>| {
                let said = |at| moment(timestamp(at), &venue_zone, &reader.zone, reader.language);
                at.map_or_else(|| unknown(reader.language).to_owned(), said)
            };
            values.insert("event".into(), details.name.clone());
            values.insert("starts".into(), time(details.starts_at));
            values.insert("opens".into(), time(details.opens_at));
            let known = [&details.venue_name, &details.venue_address];
            let known: Vec<&str> =
                known.into_iter().filter(|text| !text.is_empty()).map(String::as_str).collect();
            let venue = known.join(", ").replace('\n', ", ");
            let venue = if venue.is_empty() { unknown(reader.language).into() } else { venue };
            values.insert("venue".into(), venue);
            // Announcements have a picture of their own, or none.
            let picture = details.picture.as_ref();
            let is_own = message.occasion.starts_with("announcement");
            if let Some(picture) = picture.filter(|_| !is_own) {
                let address = format!("{}{}", self.public_url, picture.path_in(MAIL_WIDTH));
                values.insert("picture".into(), address);
                values.insert("picture_alternative".into(), picture.alternative.clone());
            }
            let said = message.announcement.and_then(|id| words.announcements.get(&id));
            if let Some((said, _)) = said {
                values.insert("subject".into(), said.subject.clone());
                values.insert("text".into(), said.text.clone());
                values.insert("picture".into(), said.picture.clone());
                // Where staff name none, it leads to the event.
                if !said.link.is_empty() {
                    values.insert("link".into(), said.link.clone());
                }
            }
        });
    }

    /// What the message itself carries.
    fn own_values(&self, message: &DueMessage, reader: &MessageReader, values: &mut Variables) {
        // Words that are tried out are in no fact yet.
        let draft = &message.variables["announcement"];
        let own = |name: &str| message.variables[name].as_str().or(draft[name].as_str());
        let text = |name: &str| own(name).map(str::to_owned);
        for name in ["order", "tickets", "subject", "text", "link", "picture"] {
            if let Some(value) = text(name).filter(|value| name != "link" || !value.is_empty()) {
                values.insert(name.into(), value);
            }
        }
        if let Some(at) = message.variables["until_at"].as_u64() {
            values.insert("until".into(), clock(timestamp(LogTime(at)), &reader.zone));
        }
        if message.variables.get("currency").is_some() {
            let minor = message.variables["amount"].as_u64();
            let currency = text("currency").unwrap_or_default();
            let said = minor.map(|minor| amount(minor, &currency, reader.language));
            values.insert("total".into(), said.unwrap_or_else(|| "–".into()));
        }
        if matches!(message.occasion.as_str(), "order_refunded" | "ticket_taken_back") {
            let reason = message.variables["refund"].as_str().and_then(RefundReason::parse);
            values.insert("why".into(), why(reason, reader.language).to_owned());
        }
        if let Some(code) = code(message).zip(message.event_id) {
            let (code, event_id) = code;
            let code = self.codes.write(event_id, code);
            // Behind the hash too. The page enters it where it is pressed.
            let link = format!("{}/events/{event_id}#code={code}", self.public_url);
            values.extend([("code".into(), code), ("link".into(), link)]);
        }
        if draft["codes"].is_u64() {
            values.insert("code".into(), SAMPLE_CODE.to_owned());
        }
        if let Some(token) = message.variables["token"].as_str() {
            let page = if message.occasion == "sign_in" { "sign-in" } else { "confirm" };
            // Behind the hash, so that it is in no log of any server.
            values.insert("link".into(), format!("{}/{page}#{token}", self.public_url));
        }
    }

    /// What goes out over a channel.
    pub(crate) fn outgoing(
        &self,
        message: &DueMessage,
        occasion: &Occasion,
        to: (Channel, &str),
        said: (Rendered, &Variables),
        (reader, unsubscribe): (&MessageReader, Option<Link>),
    ) -> Outgoing {
        let (channel, address) = to;
        let (rendered, values) = said;
        let is_brief = matches!(channel, Channel::Sms | Channel::WebPush);
        // One press of a mail program is a POST to this address (RFC 8058).
        let one_click = unsubscribe
            .map(|link| format!("{}/v1/unsubscribe/{}", self.public_url, self.people.token(link)));
        Outgoing {
            message_id: plain_id(&message.message),
            address: address.to_owned(),
            occasion: message.occasion.clone(),
            language: reader.language,
            text: if is_brief { rendered.short.clone() } else { rendered.text },
            subject: rendered.subject,
            html: rendered.html,
            link: values.get("link").cloned().unwrap_or_default(),
            unsubscribe: one_click,
            useful_for: occasion.useful_for,
            urgency: occasion.urgency,
        }
    }

    /// What the inbox of the page shows.
    pub(crate) fn shown((rendered, values): (&Rendered, &Variables)) -> Value {
        let link = values.get("link").map_or("", String::as_str);
        serde_json::json!({ "subject": rendered.subject, "text": rendered.text, "link": link })
    }

    /// The channels of an announcement, in order; `None` where it is not known.
    pub(crate) fn channels_of(
        &self,
        event_id: EventId,
        id: AnnouncementId,
    ) -> Option<Vec<Channel>> {
        let read = self.words.read(event_id, |words| {
            words.announcements.get(&id).map(|(said, _)| said.channels.clone())
        });
        read.flatten()
    }

    /// Whether a message says something that nobody but its own reader should know.
    pub(crate) fn is_test(message: &DueMessage) -> bool {
        message.occasion == TEST
    }
}

/// What stands for a code where nobody gets one.
pub const SAMPLE_CODE: &str = "XXXX-XXXX-XXXX-XXXX";

/// The code of a presale that goes with a message.
fn code(message: &DueMessage) -> Option<CodeNumber> {
    let number = |name: &str| message.variables[name].as_u64();
    let batch = u16::try_from(number("batch")?).ok()?;
    Some(CodeNumber { batch, number: u32::try_from(number("number")?).ok()? })
}

fn unknown(language: Language) -> &'static str {
    match language {
        Language::English => "not known yet",
        Language::German => "noch nicht bekannt",
    }
}
