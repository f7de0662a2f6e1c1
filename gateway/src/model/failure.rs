//! Messages that were given up, as staff see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{AnnouncementId, Channel, EventId};
use floodgate_people::{FailedMessage, FailedQuery};

use crate::problem::{ApiError, Code};
use crate::time;

/// The longest name of a message or of a kind.
const NAME_CHARS_MAX: usize = 200;

/// Which messages: those that are all that is said; where nothing is, `all` has to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FailedSelection {
    #[schema(example = "evt_0000000000001")]
    pub(crate) event_id: Option<String>,
    pub(crate) announcement_id: Option<String>,
    /// A kind, such as `order_confirmed`.
    #[schema(example = "order_confirmed")]
    pub(crate) occasion: Option<String>,
    /// One message.
    pub(crate) message_id: Option<String>,
    /// Every message, of whatever event and kind.
    pub(crate) all: bool,
}

impl FailedSelection {
    /// Refuses what says nothing: an empty body must not send thousands of messages.
    pub(crate) fn chosen(self) -> Result<Self, ApiError> {
        let named = [&self.event_id, &self.announcement_id, &self.occasion, &self.message_id];
        if self.all || named.iter().any(|one| one.is_some()) {
            return Ok(self);
        }
        let fix = "true, or name an event, an announcement, an occasion or a message";
        Err(ApiError::new(Code::MalformedBody).field("all", fix.to_owned()))
    }

    /// As the store looks for them; refused with the field and the fix where it cannot be.
    pub(crate) fn query(self) -> Result<FailedQuery, ApiError> {
        fn id<T: std::str::FromStr<Err: std::fmt::Display>>(
            name: &'static str,
            text: Option<&String>,
        ) -> Result<Option<T>, ApiError> {
            let wrong =
                |error: T::Err| ApiError::new(Code::InvalidId).field(name, error.to_string());
            text.map(|text| text.parse().map_err(wrong)).transpose()
        }
        let short = |name: &'static str, text: Option<String>| match text {
            Some(text) if text.chars().count() > NAME_CHARS_MAX => {
                Err(ApiError::new(Code::MalformedBody)
                    .field(name, format!("at most {NAME_CHARS_MAX} characters")))
            }
            text => Ok(text),
        };
        Ok(FailedQuery {
            event_id: id::<EventId>("event_id", self.event_id.as_ref())?,
            announcement: id::<AnnouncementId>("announcement_id", self.announcement_id.as_ref())?,
            occasion: short("occasion", self.occasion)?,
            message: short("message_id", self.message_id)?,
        })
    }
}

/// A message that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailedAnswer {
    pub(crate) message_id: String,
    #[schema(example = "order_confirmed")]
    pub(crate) occasion: String,
    pub(crate) event_id: Option<String>,
    pub(crate) announcement_id: Option<String>,
    /// Whose message, by the pseudonym of a device of theirs.
    pub(crate) user_id: String,
    /// The channel of the last try; null where it came to none.
    pub(crate) channel: Option<&'static str>,
    /// What the other side answered last, in codes and stages.
    #[schema(example = "rcpt: 451 4.7.1")]
    pub(crate) reason: String,
    pub(crate) tries: u32,
    /// Whether sending it again makes sense: some are true for minutes only.
    pub(crate) can_be_resent: bool,
    #[schema(format = DateTime)]
    pub(crate) at: String,
}

impl FailedAnswer {
    pub(crate) fn of(one: FailedMessage) -> Self {
        FailedAnswer {
            can_be_resent: one.can_be_sent_again(),
            message_id: one.message,
            occasion: one.occasion,
            event_id: one.event_id.map(|id| id.to_string()),
            announcement_id: one.announcement.map(|id| id.to_string()),
            user_id: one.buyer.to_string(),
            channel: one.channel.map(Channel::code),
            reason: one.reason,
            tries: one.tries,
            at: time::text(one.at),
        }
    }
}

/// Messages that were given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailedList {
    pub(crate) messages: Vec<FailedAnswer>,
    /// The cursor of the next page; null after the last.
    pub(crate) next: Option<String>,
}

/// How many messages are due again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentAgain {
    pub(crate) resent: u64,
}
