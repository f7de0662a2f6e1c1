//! Programs that are called with facts: where, with which, and how far each is.
//!
//! Each has a position of its own in the facts. One that takes nothing is waited for there: its
//! queue is bounded, and what does not fit is still in the log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;

use floodgate_domain::{EventId, LogTime, WebhookId};
use floodgate_event_log::{Checkpoint, Partition};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Each reads the facts and has a call under way at a time.
pub const WEBHOOKS_MAX: u32 = 32;
/// The kind of a call that is no fact and only tries things out.
pub const WEBHOOK_TEST: &str = "webhook_test";
/// How long the secret before the last one still signs, so that a receiver can change over.
const OLD_SECRET_MS: u64 = 24 * 3_600_000;
/// Bytes of a secret; the specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// Who is to be called, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Whoever asks for it makes the number: the same number is the same webhook.
    pub id: WebhookId,
    pub url: String,
    /// Kinds of facts, as `order_confirmed`; none for all.
    pub kinds: Vec<String>,
    /// One event, or all.
    pub event_id: Option<EventId>,
    pub description: String,
    /// Facts from here on; zero for the first.
    pub start_at: LogTime,
}

/// A webhook as it is kept, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSubscription {
    pub id: WebhookId,
    pub url: String,
    pub kinds: Vec<String>,
    pub event_id: Option<EventId>,
    pub description: String,
    pub is_enabled: bool,
    /// Why it is disabled; empty where it is not.
    pub reason: String,
    pub made_at: LogTime,
    pub start_at: LogTime,
    /// Tries in a row that came to nothing.
    pub failures: u32,
    /// When a call was taken last; zero for never.
    pub taken_at: LogTime,
}

impl WebhookSubscription {
    /// Whether a fact is one of those it is called with.
    #[must_use]
    pub fn wants(&self, kind: &str, event_id: EventId) -> bool {
        let is_kind = self.kinds.is_empty() || self.kinds.iter().any(|one| one == kind);
        is_kind && self.event_id.is_none_or(|only| only == event_id)
    }
}

/// What is to be different; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub event_id: Option<Option<EventId>>,
    pub description: Option<String>,
    pub is_enabled: Option<bool>,
    /// Reads the facts from here on once more.
    pub start_at: Option<LogTime>,
}

/// Whether a program may be called there: encrypted, or on this machine, without a password in it.
#[must_use]
pub fn is_webhook_url(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
    let is_encrypted = url.starts_with("https://") || local.iter().any(|at| url.starts_with(at));
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let has_host = !authority.is_empty() && !authority.contains('@');
    is_encrypted && is_plain && has_host && url.len() <= 2_000
}

const COLUMNS: &str = "webhook, url, kinds, event, description, enabled, reason, made_at, start_at,
    failures, taken_at";

impl Work<'_> {
    /// Adds a webhook; its secret is returned here and nowhere else, but to whoever adds it again.
    /// `None` where there are as many as there may be.
    pub fn add_webhook(
        &mut self,
        new: &NewWebhook,
        now: LogTime,
    ) -> Result<Option<(WebhookId, String)>, PeopleError> {
        let id = new.id;
        if self.webhook(id)?.is_some() {
            let secret = self.webhook_secrets(id, now)?.into_iter().next();
            return Ok(secret.map(|secret| (id, secret)));
        }
        let count =
            self.row("SELECT COUNT(*) FROM webhooks", &[])?.map_or(Ok(0), |row| row.id(0))?;
        if count >= u64::from(WEBHOOKS_MAX) {
            return Ok(None);
        }
        let secret = new_secret();
        let url = self.master.seal_note(&url_note(id), &new.url);
        let sealed = self.master.seal_note(&secret_note(id), &secret);
        self.run(
            "INSERT INTO webhooks (webhook, url, secret, old_until, kinds, event, description,
                 enabled, reason, made_at, start_at, failures, rest_until, taken_at)
             VALUES ($1, $2, $3, 0, $4, $5, $6, 1, '', $7, $8, 0, 0, 0)",
            values![
                id.0,
                url,
                sealed,
                new.kinds.join(","),
                new.event_id.map(|id| id.0),
                new.description.as_str(),
                now.0,
                new.start_at.0
            ],
        )?;
        Ok(Some((id, secret)))
    }

    /// Every webhook, the oldest first.
    pub fn webhooks(&mut self) -> Result<Vec<WebhookSubscription>, PeopleError> {
        let sql = format!("SELECT {COLUMNS} FROM webhooks ORDER BY made_at, webhook");
        let rows = self.rows(&sql, &[])?;
        rows.iter().map(|row| self.subscription(row)).collect()
    }

    pub fn webhook(&mut self, id: WebhookId) -> Result<Option<WebhookSubscription>, PeopleError> {
        let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE webhook = $1");
        let row = self.row(&sql, values![id.0])?;
        row.map(|row| self.subscription(&row)).transpose()
    }

    fn subscription(&self, row: &StoredRow) -> Result<WebhookSubscription, PeopleError> {
        let id = WebhookId(row.id(0)?);
        let kinds = row.text(2)?;
        Ok(WebhookSubscription {
            id,
            url: self.master.open_note(&url_note(id), &row.bytes(1)?)?,
            kinds: kinds.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
            event_id: row.int_or_none(3)?.map(|id| EventId(id.cast_unsigned())),
            description: row.text(4)?,
            is_enabled: row.int(5)? != 0,
            reason: row.text(6)?,
            made_at: LogTime(row.id(7)?),
            start_at: LogTime(row.id(8)?),
            failures: u32::try_from(row.int(9)?).unwrap_or(u32::MAX),
            taken_at: LogTime(row.id(10)?),
        })
    }

    /// Changes a webhook; whether it is there. One that is enabled again goes on where it was, and
    /// what waits for it is due.
    pub fn change_webhook(
        &mut self,
        id: WebhookId,
        change: &WebhookChange,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let Some(before) = self.webhook(id)? else { return Ok(false) };
        let url = change.url.as_ref().unwrap_or(&before.url);
        let kinds = change.kinds.as_ref().unwrap_or(&before.kinds);
        let event_id = change.event_id.unwrap_or(before.event_id);
        let description = change.description.as_ref().unwrap_or(&before.description);
        let url = self.master.seal_note(&url_note(id), url);
        self.run(
            "UPDATE webhooks SET url = $2, kinds = $3, event = $4, description = $5
             WHERE webhook = $1",
            values![id.0, url, kinds.join(","), event_id.map(|id| id.0), description.as_str()],
        )?;
        match change.is_enabled {
            Some(true) => {
                let sql = "UPDATE webhooks SET enabled = 1, reason = '', failures = 0,
                     rest_until = 0 WHERE webhook = $1";
                self.run(sql, values![id.0])?;
                let sql = "UPDATE webhook_deliveries SET due_at = $2, tries = 0
                     WHERE webhook = $1 AND state = 0";
                self.run(sql, values![id.0, now.0])?;
            }
            Some(false) => self.disable_webhook(id, "disabled by staff")?,
            None => {}
        }
        if let Some(start_at) = change.start_at {
            let sql = "UPDATE webhooks SET start_at = $2 WHERE webhook = $1";
            self.run(sql, values![id.0, start_at.0])?;
            self.run("DELETE FROM webhook_positions WHERE webhook = $1", values![id.0])?;
        }
        Ok(true)
    }

    /// Calls nobody there any more, until somebody enables it again.
    pub fn disable_webhook(&mut self, id: WebhookId, reason: &str) -> Result<(), PeopleError> {
        let sql = "UPDATE webhooks SET enabled = 0, reason = $2 WHERE webhook = $1 AND enabled = 1";
        self.run(sql, values![id.0, reason]).map(|_| ())
    }

    /// A new secret, returned here and nowhere else; the one before signs too for another day.
    pub fn rotate_webhook_secret(
        &mut self,
        id: WebhookId,
        now: LogTime,
    ) -> Result<Option<String>, PeopleError> {
        let secret = new_secret();
        let sealed = self.master.seal_note(&secret_note(id), &secret);
        let changed = self.run(
            "UPDATE webhooks SET old_secret = secret, old_until = $3, secret = $2
             WHERE webhook = $1",
            values![id.0, sealed, now.plus(OLD_SECRET_MS).0],
        )?;
        Ok((changed > 0).then_some(secret))
    }

    /// What a call is signed with now: the newest first.
    pub fn webhook_secrets(
        &mut self,
        id: WebhookId,
        now: LogTime,
    ) -> Result<Vec<String>, PeopleError> {
        let sql = "SELECT secret, old_secret, old_until FROM webhooks WHERE webhook = $1";
        let Some(row) = self.row(sql, values![id.0])? else { return Ok(Vec::new()) };
        let old = row.bytes_or_none(1)?.filter(|_| row.id(2).is_ok_and(|until| until > now.0));
        let sealed = [Some(row.bytes(0)?), old];
        let opened =
            sealed.iter().flatten().map(|one| self.master.open_note(&secret_note(id), one));
        opened.collect()
    }

    /// Takes a webhook away with all that is kept of it; whether it was there.
    pub fn remove_webhook(&mut self, id: WebhookId) -> Result<bool, PeopleError> {
        let sql = "DELETE FROM webhook_tries WHERE delivery IN
             (SELECT delivery FROM webhook_deliveries WHERE webhook = $1)";
        self.run(sql, values![id.0])?;
        for table in ["webhook_deliveries", "webhook_positions"] {
            self.run(&format!("DELETE FROM {table} WHERE webhook = $1"), values![id.0])?;
        }
        Ok(self.run("DELETE FROM webhooks WHERE webhook = $1", values![id.0])? > 0)
    }

    /// Where a webhook goes on in a partition of the facts; `None` where it has not begun.
    pub fn webhook_position(
        &mut self,
        id: WebhookId,
        partition: Partition,
    ) -> Result<Option<Checkpoint>, PeopleError> {
        let sql = "SELECT next, mark FROM webhook_positions WHERE webhook = $1 AND partition = $2";
        let Some(row) = self.row(sql, values![id.0, partition])? else { return Ok(None) };
        let mark = row.text_or_none(1)?.map(|text| text.parse()).transpose();
        let mark = mark.map_err(|_| PeopleError::Damaged("a position has no mark".to_owned()))?;
        Ok(Some(Checkpoint { next: row.id(0)?, mark }))
    }

    /// Moves a webhook on from where one believes it to be; whether it was there. Another process may
    /// have moved it, or somebody has sent it back.
    pub fn move_webhook(
        &mut self,
        id: WebhookId,
        partition: Partition,
        (from, behind): (Option<Checkpoint>, Checkpoint),
    ) -> Result<bool, PeopleError> {
        let mark = behind.mark.map(|mark| mark.to_string());
        let moved = match from {
            Some(from) => self.run(
                "UPDATE webhook_positions SET next = $4, mark = $5
                 WHERE webhook = $1 AND partition = $2 AND next = $3",
                values![id.0, partition, from.next, behind.next, mark],
            )?,
            None => self.run(
                "INSERT INTO webhook_positions (webhook, partition, next, mark)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (webhook, partition) DO NOTHING",
                values![id.0, partition, behind.next, mark],
            )?,
        };
        Ok(moved > 0)
    }
}

fn new_secret() -> String {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    format!("whsec_{}", STANDARD.encode(bytes))
}

fn url_note(id: WebhookId) -> String {
    format!("url of {id}")
}

fn secret_note(id: WebhookId) -> String {
    format!("secret of {id}")
}
