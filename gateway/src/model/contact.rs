//! Addresses people leave, what they follow, and their messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{Channel, ConsentScope, EventId};
use floodgate_people::{Address, Contact, InboxMessage, PersonView, Want};

use crate::problem::{ApiError, Code};
use crate::time;

/// The languages messages are written in.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "de"];

/// An address somebody leaves, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactBody {
    /// email, sms or web_push.
    #[schema(example = "email")]
    pub(crate) channel: String,
    /// For web_push a browser's subscription as JSON, made with the `push_key` of `getFollows`; its
    /// first message carries the link that confirms it, which the pages' worker opens by itself.
    #[schema(example = "ada@example.org", max_length = 2048)]
    pub(crate) address: String,
    /// en or de; en where it is absent.
    pub(crate) language: Option<String>,
    /// Name in the IANA time zone database; nothing is sent at night there. UTC where it is
    /// absent.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
    /// What to follow as soon as the address is confirmed: this event …
    pub(crate) event_id: Option<String>,
    /// … or its artist: any of event, artist. Only what the person ticked.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
}

/// What somebody leaves, read.
#[derive(Debug)]
pub(crate) struct LeftContact {
    pub(crate) address: Address,
    pub(crate) language: String,
    pub(crate) time_zone: String,
    pub(crate) wants: Vec<Want>,
}

impl ContactBody {
    /// Reads it; refused with the field and the fix where it cannot be. `is_event` knows the
    /// events.
    pub(crate) fn read(self, is_event: impl Fn(EventId) -> bool) -> Result<LeftContact, ApiError> {
        let on = channel(&self.channel, &[Channel::Email, Channel::Sms, Channel::WebPush])?;
        let address = address(on, &self.address)?;
        let language = language(self.language)?;
        let time_zone = zone(self.time_zone.unwrap_or_else(|| "UTC".to_owned()))?;
        let scopes = scopes(&self.scopes)?;
        let event_id = self.event_id.map(|text| text.parse::<EventId>()).transpose();
        let event_id = event_id.map_err(|error| malformed("event_id", error.to_string()))?;
        if event_id.is_some_and(|event_id| !is_event(event_id)) {
            return Err(malformed("event_id", "there is no such event".to_owned()));
        }
        if event_id.is_none() && !scopes.is_empty() {
            let fix = "names the event that the scopes are of";
            return Err(malformed("event_id", fix.to_owned()));
        }
        let wants = event_id.into_iter().flat_map(|event_id| {
            let want = move |scope: &_| Want { event_id, scope: *scope, wording: WORDING.number };
            scopes.iter().map(want)
        });
        Ok(LeftContact { address, language, time_zone, wants: wants.collect() })
    }
}

/// An address was taken down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactTaken {
    #[schema(example = "con_0000000000001")]
    pub(crate) contact_id: String,
    /// unconfirmed: open the link in the message that was sent there. confirmed: it was before.
    pub(crate) state: &'static str,
}

/// The token of a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    #[schema(max_length = 64)]
    pub(crate) token: String,
}

/// An address is confirmed, and what is followed by that.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactConfirmed {
    pub(crate) state: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) events: Vec<FollowedEvent>,
}

/// What is followed of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowedEvent {
    pub(crate) event_id: String,
    pub(crate) event_name: String,
    pub(crate) scopes: Vec<&'static str>,
}

/// An address of the person who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownContact {
    pub(crate) contact_id: String,
    pub(crate) channel: &'static str,
    /// Enough to know which one it is.
    #[schema(example = "a…@example.org")]
    pub(crate) address: String,
    /// unconfirmed or confirmed.
    pub(crate) state: &'static str,
    #[schema(format = DateTime)]
    pub(crate) since: String,
}

/// The addresses of the person who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactList {
    pub(crate) contacts: Vec<ShownContact>,
    pub(crate) language: Option<String>,
    pub(crate) time_zone: Option<String>,
}

impl ContactList {
    pub(crate) fn of(view: Option<PersonView>) -> Self {
        let Some(view) = view else {
            return ContactList { contacts: Vec::new(), language: None, time_zone: None };
        };
        let shown = |contact: &Contact| ShownContact {
            contact_id: contact.contact.to_string(),
            channel: contact.address.channel().code(),
            address: contact.address.masked(),
            state: if contact.confirmed_at.is_some() { "confirmed" } else { "unconfirmed" },
            since: time::text(contact.confirmed_at.unwrap_or(contact.asked_at)),
        };
        ContactList {
            contacts: view.contacts.iter().map(shown).collect(),
            language: Some(view.language),
            time_zone: Some(view.time_zone),
        }
    }
}

/// What to follow, and on which channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowBody {
    /// Any of event, artist; only what the person ticked.
    #[schema(example = json!(["event"]))]
    pub(crate) scopes: Vec<String>,
    /// page, or email or sms where such an address is confirmed.
    #[schema(example = "page")]
    pub(crate) channel: String,
}

/// One thing that is followed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Follow {
    pub(crate) scope: &'static str,
    pub(crate) channel: &'static str,
    /// The number of the words that were shown.
    pub(crate) wording: u16,
    #[schema(format = DateTime)]
    pub(crate) since: String,
}

/// What this device follows of an event, and the words to show before it follows more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowList {
    pub(crate) follows: Vec<Follow>,
    pub(crate) artist: Option<String>,
    pub(crate) wording: Wording,
    /// The `applicationServerKey` under which a browser subscribes to push messages; absent where
    /// none are sent.
    pub(crate) push_key: Option<String>,
}

/// One thing that is followed, of any event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowOfEvent {
    pub(crate) event_id: String,
    pub(crate) event_name: String,
    pub(crate) artist: Option<String>,
    #[serde(flatten)]
    pub(crate) follow: Follow,
}

/// All that the person of a device follows, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllFollows {
    pub(crate) follows: Vec<FollowOfEvent>,
}

/// How a person is written to; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonPatch {
    /// en or de.
    pub(crate) language: Option<String>,
    /// Name in the IANA time zone database; nothing is sent at night there.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
}

/// The words people agree to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wording {
    pub(crate) number: u16,
    pub(crate) text: &'static str,
}

/// The words shown today; other words get another number, and these stay here.
pub(crate) const WORDING: Wording = Wording {
    number: 1,
    text: "Send me messages about what I ticked, on the channel I chose. I can end this at any time, \
        by the link in every message or on this page. My address is used for nothing else.",
};

/// A message of the in-page inbox.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownMessage {
    pub(crate) message_id: String,
    pub(crate) occasion: String,
    pub(crate) event_id: Option<String>,
    pub(crate) event_name: Option<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) link: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) at: String,
    pub(crate) is_read: bool,
}

impl ShownMessage {
    pub(crate) fn of(message: InboxMessage, event_name: Option<String>) -> Self {
        let text = |name: &str| message.shown[name].as_str().unwrap_or_default().to_owned();
        ShownMessage {
            event_id: message.event_id.map(|id| id.to_string()),
            event_name,
            subject: text("subject"),
            text: text("text"),
            link: Some(text("link")).filter(|link| !link.is_empty()),
            at: time::text(message.at),
            is_read: message.is_read,
            message_id: message.message,
            occasion: message.occasion,
        }
    }
}

/// The newest messages, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inbox {
    pub(crate) messages: Vec<ShownMessage>,
    pub(crate) unread: usize,
}

/// Which messages were read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadBody {
    /// This message and all before it.
    #[schema(max_length = 128)]
    pub(crate) up_to: String,
}

/// What a link to unsubscribe ends.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unsubscribing {
    /// active, or withdrawn.
    pub(crate) state: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) event_name: String,
    pub(crate) artist: Option<String>,
}

/// Done, and nothing else to say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateAnswer {
    pub(crate) state: &'static str,
}

/// Reads an address.
pub(crate) fn address(on: Channel, text: &str) -> Result<Address, ApiError> {
    Address::parse(on, text).map_err(|error| malformed("address", error.to_string()))
}

/// Reads the name of a time zone.
pub(crate) fn zone(name: String) -> Result<String, ApiError> {
    if time::is_zone(&name) {
        return Ok(name);
    }
    let fix = "a name of the IANA time zone database, such as Europe/Berlin";
    Err(malformed("time_zone", fix.to_owned()))
}

/// Reads a language that messages are written in; English where none is named.
pub(crate) fn language(text: Option<String>) -> Result<String, ApiError> {
    let language = text.unwrap_or_else(|| "en".to_owned());
    if LANGUAGES.contains(&language.as_str()) {
        return Ok(language);
    }
    Err(malformed("language", format!("one of {}", LANGUAGES.join(", "))))
}

/// Reads a channel that has addresses.
pub(crate) fn channel(text: &str, allowed: &[Channel]) -> Result<Channel, ApiError> {
    let found = Channel::parse(text).filter(|channel| allowed.contains(channel));
    found.ok_or_else(|| {
        let codes: Vec<_> = allowed.iter().map(|channel| channel.code()).collect();
        malformed("channel", format!("one of {}", codes.join(", ")))
    })
}

/// Reads scopes, each once.
pub(crate) fn scopes(texts: &[String]) -> Result<Vec<ConsentScope>, ApiError> {
    let mut scopes = Vec::new();
    for text in texts {
        let scope = ConsentScope::parse(text)
            .ok_or_else(|| malformed("scopes", "any of event, artist".to_owned()))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

pub(crate) fn malformed(path: &str, message: String) -> ApiError {
    ApiError::new(Code::MalformedBody).field(path, message)
}
