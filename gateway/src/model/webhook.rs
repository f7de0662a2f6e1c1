//! Webhooks as staff see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{EventId, LogTime, WebhookId};
use floodgate_people::{
    NewWebhook, WebhookChange, WebhookDelivery, WebhookSubscription, WebhookTry, is_webhook_url,
};

use super::contact::malformed;
use crate::problem::ApiError;
use crate::time;

/// Kinds one webhook names; more of them are all.
const KINDS_MAX: usize = 64;
const KIND_CHARS_MAX: usize = 64;
const DESCRIPTION_CHARS_MAX: usize = 200;

/// Who is to be called with which facts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookDraft {
    /// https; facts are posted there.
    #[schema(max_length = 2000, example = "https://example.org/floodgate")]
    url: String,
    /// Kinds of facts, as `fact` of the public facts names them; none for all.
    #[serde(default)]
    #[schema(example = json!(["order_confirmed", "order_refunded"]))]
    kinds: Vec<String>,
    /// One event; all where it is left out.
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// Facts from `now` on, or from the `beginning`.
    #[serde(default)]
    #[schema(example = "now")]
    from: Option<String>,
}

/// What is to be different; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookPatch {
    #[schema(max_length = 2000)]
    url: Option<String>,
    kinds: Option<Vec<String>>,
    #[schema(max_length = 200)]
    description: Option<String>,
    /// `true` also tries everything that waits at once.
    enabled: Option<bool>,
    /// Reads the facts once more from `now` or the `beginning`; calls that were made before keep
    /// their names and are not made again.
    from: Option<String>,
    /// A new secret: it is in the answer, and the one before signs too for another day.
    #[serde(default)]
    pub(crate) rotate_secret: bool,
}

fn start_at(from: Option<&str>, now: LogTime) -> Result<LogTime, ApiError> {
    match from {
        None | Some("now") => Ok(now),
        Some("beginning") => Ok(LogTime(0)),
        Some(_) => Err(malformed("from", "now or beginning".to_owned())),
    }
}

fn checked_url(url: &str) -> Result<(), ApiError> {
    let fix = "an https address of at most 2000 characters, without a password in it";
    if is_webhook_url(url) { Ok(()) } else { Err(malformed("url", fix.to_owned())) }
}

fn checked_kinds(kinds: &[String]) -> Result<(), ApiError> {
    let is_kind = |kind: &String| {
        let is_plain = kind.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        (1..=KIND_CHARS_MAX).contains(&kind.len()) && is_plain
    };
    let fix = format!("at most {KINDS_MAX} kinds of facts, each as order_confirmed");
    let is_good = kinds.len() <= KINDS_MAX && kinds.iter().all(is_kind);
    if is_good { Ok(()) } else { Err(malformed("kinds", fix)) }
}

fn checked_description(text: &str) -> Result<(), ApiError> {
    let fix = format!("at most {DESCRIPTION_CHARS_MAX} characters");
    let is_good = text.chars().count() <= DESCRIPTION_CHARS_MAX;
    if is_good { Ok(()) } else { Err(malformed("description", fix)) }
}

impl WebhookDraft {
    pub(crate) fn new_webhook(self, id: WebhookId, now: LogTime) -> Result<NewWebhook, ApiError> {
        let WebhookDraft { url, kinds, event_id, description, from } = self;
        checked_url(&url)?;
        checked_kinds(&kinds)?;
        checked_description(&description)?;
        let event_id = event_id.map(|text| text.parse::<EventId>());
        let event_id =
            event_id.transpose().map_err(|error| malformed("event_id", error.to_string()))?;
        let start_at = start_at(from.as_deref(), now)?;
        Ok(NewWebhook { id, url, kinds, event_id, description, start_at })
    }
}

impl WebhookPatch {
    pub(crate) fn change(self, now: LogTime) -> Result<WebhookChange, ApiError> {
        let WebhookPatch { url, kinds, description, enabled, from, .. } = self;
        url.as_deref().map(checked_url).transpose()?;
        kinds.as_deref().map(checked_kinds).transpose()?;
        description.as_deref().map(checked_description).transpose()?;
        let start_at = from.map(|from| start_at(Some(&from), now)).transpose()?;
        let is_enabled = enabled;
        Ok(WebhookChange { url, kinds, event_id: None, description, is_enabled, start_at })
    }
}

/// A webhook; its secret is in the answer that made it, and in no other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookAnswer {
    #[schema(example = "whk_0000000000001")]
    webhook_id: String,
    url: String,
    kinds: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    description: String,
    enabled: bool,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    made_at: String,
    /// When a call was taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_at: Option<String>,
    /// Tries in a row that came to nothing.
    failures: u32,
    /// Signs the calls (Standard Webhooks, v1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

impl WebhookAnswer {
    pub(crate) fn of(one: WebhookSubscription, secret: Option<String>) -> Self {
        WebhookAnswer {
            webhook_id: one.id.to_string(),
            url: one.url,
            kinds: one.kinds,
            event_id: one.event_id.map(|id| id.to_string()),
            description: one.description,
            enabled: one.is_enabled,
            reason: one.reason,
            made_at: time::text(one.made_at),
            taken_at: time::text_if_set(one.taken_at),
            failures: one.failures,
            secret,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookList {
    pub(crate) webhooks: Vec<WebhookAnswer>,
}

/// One try of a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookTryAnswer {
    at: String,
    /// Absent: there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    ms: u64,
    /// How the answer began.
    #[serde(skip_serializing_if = "String::is_empty")]
    answer: String,
}

/// A call of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookCallAnswer {
    /// The `webhook-id` of every try.
    delivery_id: String,
    kind: String,
    /// waiting, underway, sent or failed.
    state: &'static str,
    made_at: String,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    /// What is sent.
    body: String,
    /// The newest first.
    tries: Vec<WebhookTryAnswer>,
}

impl WebhookCallAnswer {
    pub(crate) fn of(one: WebhookDelivery) -> Self {
        let tried = |one: WebhookTry| WebhookTryAnswer {
            at: time::text(one.at),
            status: one.status,
            reason: one.reason,
            ms: one.ms,
            answer: one.answer,
        };
        WebhookCallAnswer {
            delivery_id: one.name,
            kind: one.kind,
            state: one.state.code(),
            made_at: time::text(one.made_at),
            due_at: one.done_at.is_none().then(|| time::text(one.due_at)),
            body: one.body,
            tries: one.tries.into_iter().map(tried).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookCallList {
    pub(crate) deliveries: Vec<WebhookCallAnswer>,
    /// `before` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// Since when what failed is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendBody {
    /// RFC 3339.
    #[schema(example = "2027-06-01T18:00:00Z")]
    pub(crate) since: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResentAnswer {
    /// Calls that are due again.
    pub(crate) resent: u64,
}
