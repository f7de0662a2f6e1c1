//! Calls of webhooks: each from the transaction that moves its webhook past the fact, until the
//! other side has taken it.
//!
//! Its name follows from the webhook and the position of the fact: it is queued once, whoever
//! reads the fact how often, and has the same `webhook-id` in every try.

use floodgate_domain::{LogTime, WebhookId};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Calls that wait for one webhook, with those that failed for good: what does not fit stays in the
/// log. Some ten megabytes.
pub const DELIVERIES_WAITING_MAX: u32 = 10_000;
/// Calls of one webhook that were taken and are still shown.
const TAKEN_KEPT_MAX: u32 = 10_000;
/// Tries of one call that are shown: two rounds of ten.
const TRIES_KEPT_MAX: u32 = 20;
/// Tests of one webhook within a minute.
const TESTS_MAX: u64 = 10;
const MINUTE_MS: u64 = 60_000;

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    Waiting,
    /// A try is under way.
    Underway,
    Sent,
    /// It was tried as often as makes sense; it can be sent again.
    Failed,
}

impl DeliveryState {
    pub const ALL: [DeliveryState; 4] = [
        DeliveryState::Waiting,
        DeliveryState::Underway,
        DeliveryState::Sent,
        DeliveryState::Failed,
    ];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Underway => "underway",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        DeliveryState::ALL.into_iter().find(|state| state.code() == code)
    }

    fn number(self) -> i64 {
        match self {
            DeliveryState::Waiting => 0,
            DeliveryState::Underway => 1,
            DeliveryState::Sent => 2,
            DeliveryState::Failed => 3,
        }
    }
}

/// A call that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its `webhook-id`.
    pub name: String,
    pub webhook: WebhookId,
    pub kind: String,
    pub body: String,
    /// What comes first is called first, where both are due.
    pub place: u64,
}

/// A call that one has taken, to make it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    pub name: String,
    pub kind: String,
    pub body: String,
    pub place: u64,
    /// This one included.
    pub tries: u32,
    pub made_at: LogTime,
}

/// One try and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTry {
    pub at: LogTime,
    /// `None`: there was no answer.
    pub status: Option<u16>,
    /// Why it was not taken; empty where it was.
    pub reason: String,
    pub ms: u64,
    /// How the answer began.
    pub answer: String,
}

/// What a try leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryOutcome {
    Taken,
    /// The call is due again at `due_at`; its webhook gets none before `rest_until`.
    Later {
        due_at: LogTime,
        rest_until: LogTime,
    },
    /// That was the last one.
    Failed {
        rest_until: LogTime,
    },
}

/// A call as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    pub name: String,
    pub kind: String,
    pub body: String,
    pub state: DeliveryState,
    pub due_at: LogTime,
    pub made_at: LogTime,
    pub done_at: Option<LogTime>,
    /// The newest first.
    pub tries: Vec<WebhookTry>,
}

/// Which calls are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    pub only: Option<DeliveryState>,
    /// Those made before this one.
    pub before: String,
    pub count: u32,
}

impl Work<'_> {
    /// Queues a call; whether it was new.
    pub fn queue_delivery(&mut self, new: &NewDelivery, now: LogTime) -> Result<bool, PeopleError> {
        let changed = self.run(
            "INSERT INTO webhook_deliveries (delivery, webhook, kind, body, place, state, due_at,
                 tries, made_at)
             VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $6) ON CONFLICT (delivery) DO NOTHING",
            values![
                new.name.as_str(),
                new.webhook.0,
                new.kind.as_str(),
                new.body.as_str(),
                new.place,
                now.0
            ],
        )?;
        Ok(changed > 0)
    }

    /// Queues a call that only tries a webhook out; `false` where there were too many just now.
    pub fn queue_test_delivery(
        &mut self,
        new: &NewDelivery,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let row = self.row(
            "SELECT COUNT(*) FROM webhook_deliveries
             WHERE webhook = $1 AND made_at > $2 AND kind = $3",
            values![new.webhook.0, now.0.saturating_sub(MINUTE_MS), new.kind.as_str()],
        )?;
        if row.map_or(Ok(0), |row| row.id(0))? >= TESTS_MAX {
            return Ok(false);
        }
        self.queue_delivery(new, now)
    }

    /// How many calls wait for a webhook or failed, at most as many as may.
    pub fn deliveries_left(&mut self, webhook: WebhookId) -> Result<u32, PeopleError> {
        let row = self.row(
            "SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries
                 WHERE webhook = $1 AND state IN (0, 1, 3) LIMIT $2) waiting",
            values![webhook.0, DELIVERIES_WAITING_MAX],
        )?;
        let count = row.map_or(Ok(0), |row| row.id(0))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The webhooks that a call is due for now.
    pub fn webhooks_due(&mut self, now: LogTime) -> Result<Vec<WebhookId>, PeopleError> {
        let rows = self.rows(
            "SELECT webhook FROM webhooks w WHERE enabled = 1 AND rest_until <= $1 AND EXISTS
                 (SELECT 1 FROM webhook_deliveries d WHERE d.webhook = w.webhook
                     AND d.state IN (0, 1) AND d.due_at <= $1)",
            values![now.0],
        )?;
        rows.iter().map(|row| Ok(WebhookId(row.id(0)?))).collect()
    }

    /// Takes up to `count` calls of a webhook that are due, in the order of their facts; they are due
    /// again at `until` unless it is said before what became of them.
    pub fn claim_deliveries(
        &mut self,
        webhook: WebhookId,
        (now, until): (LogTime, LogTime),
        count: u32,
    ) -> Result<Vec<DueDelivery>, PeopleError> {
        let rows = self.rows(
            "UPDATE webhook_deliveries SET state = 1, due_at = $3, tries = tries + 1
             WHERE delivery IN (SELECT d.delivery FROM webhook_deliveries d
                 JOIN webhooks w ON w.webhook = d.webhook
                 WHERE d.webhook = $1 AND d.state IN (0, 1) AND d.due_at <= $2
                     AND w.enabled = 1 AND w.rest_until <= $2
                 ORDER BY d.due_at, d.place LIMIT $4)
                 AND state IN (0, 1) AND due_at <= $2
             RETURNING delivery, kind, body, place, tries, made_at",
            values![webhook.0, now.0, until.0, count],
        )?;
        let due = |row: &StoredRow| {
            Ok(DueDelivery {
                name: row.text(0)?,
                kind: row.text(1)?,
                body: row.text(2)?,
                place: row.id(3)?,
                tries: u32::try_from(row.int(4)?).unwrap_or(u32::MAX),
                made_at: LogTime(row.id(5)?),
            })
        };
        let mut due: Vec<DueDelivery> = rows.iter().map(due).collect::<Result<_, _>>()?;
        due.sort_by(|one, other| (one.place, &one.name).cmp(&(other.place, &other.name)));
        Ok(due)
    }

    /// Gives a call back that nobody has begun.
    pub fn return_delivery(&mut self, name: &str, now: LogTime) -> Result<(), PeopleError> {
        let sql = "UPDATE webhook_deliveries SET state = 0, due_at = $2, tries = tries - 1
             WHERE delivery = $1 AND state = 1";
        self.run(sql, values![name, now.0]).map(|_| ())
    }

    /// What was taken by a process that is gone is due now; for whoever knows that none has it.
    pub fn release_deliveries(&mut self, now: LogTime) -> Result<u64, PeopleError> {
        let sql = "UPDATE webhook_deliveries SET state = 0, due_at = $1 WHERE state = 1
             AND state IN (0, 1)";
        self.run(sql, values![now.0])
    }

    /// Records a try and what it leads to.
    pub fn record_try(
        &mut self,
        (webhook, name): (WebhookId, &str),
        tried: &WebhookTry,
        outcome: TryOutcome,
    ) -> Result<(), PeopleError> {
        let row = self.row(
            "SELECT COALESCE(MAX(number), 0) + 1 FROM webhook_tries WHERE delivery = $1",
            values![name],
        )?;
        let number = row.map_or(Ok(1), |row| row.id(0))?;
        self.run(
            "INSERT INTO webhook_tries (delivery, number, at, status, reason, ms, answer)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![
                name,
                number,
                tried.at.0,
                tried.status,
                tried.reason.as_str(),
                tried.ms,
                tried.answer.as_str()
            ],
        )?;
        let sql = "DELETE FROM webhook_tries WHERE delivery = $1 AND number <= $2";
        self.run(sql, values![name, number.saturating_sub(TRIES_KEPT_MAX.into())])?;
        let (state, due_at) = match outcome {
            TryOutcome::Taken => (DeliveryState::Sent, tried.at),
            TryOutcome::Later { due_at, .. } => (DeliveryState::Waiting, due_at),
            TryOutcome::Failed { .. } => (DeliveryState::Failed, tried.at),
        };
        let done_at = (state != DeliveryState::Waiting).then_some(tried.at.0);
        self.run(
            "UPDATE webhook_deliveries SET state = $2, due_at = $3, done_at = $4
             WHERE delivery = $1",
            values![name, state.number(), due_at.0, done_at],
        )?;
        match outcome {
            TryOutcome::Taken => {
                let sql = "UPDATE webhooks SET failures = 0, rest_until = 0, taken_at = $2
                     WHERE webhook = $1";
                self.run(sql, values![webhook.0, tried.at.0])?;
            }
            TryOutcome::Later { rest_until, .. } | TryOutcome::Failed { rest_until } => {
                let sql = "UPDATE webhooks SET failures = failures + 1, rest_until = $2
                     WHERE webhook = $1";
                self.run(sql, values![webhook.0, rest_until.0])?;
            }
        }
        Ok(())
    }

    /// Calls of a webhook with their tries, the newest first.
    pub fn deliveries(
        &mut self,
        webhook: WebhookId,
        query: &DeliveryQuery,
    ) -> Result<Vec<WebhookDelivery>, PeopleError> {
        let only = query.only.map_or(-1, DeliveryState::number);
        let rows = self.rows(
            "SELECT delivery, kind, body, state, due_at, made_at, done_at FROM webhook_deliveries
             WHERE webhook = $1 AND (CAST($2 AS BIGINT) = -1 OR state = $2)
                 AND (CAST($3 AS TEXT) = '' OR (made_at, delivery) <
                     ((SELECT o.made_at FROM webhook_deliveries o WHERE o.delivery = $3), $3))
             ORDER BY made_at DESC, delivery DESC LIMIT $4",
            values![webhook.0, only, query.before.as_str(), query.count],
        )?;
        rows.iter().map(|row| self.shown(row)).collect()
    }

    fn shown(&mut self, row: &StoredRow) -> Result<WebhookDelivery, PeopleError> {
        let name = row.text(0)?;
        let state = row.int(3)?;
        let state = DeliveryState::ALL.into_iter().find(|one| one.number() == state);
        let tries = self.rows(
            "SELECT at, status, reason, ms, answer FROM webhook_tries WHERE delivery = $1
             ORDER BY number DESC",
            values![name.as_str()],
        )?;
        let tried = |row: &StoredRow| {
            Ok(WebhookTry {
                at: LogTime(row.id(0)?),
                status: row.int_or_none(1)?.and_then(|status| u16::try_from(status).ok()),
                reason: row.text(2)?,
                ms: row.id(3)?,
                answer: row.text(4)?,
            })
        };
        Ok(WebhookDelivery {
            name,
            kind: row.text(1)?,
            body: row.text(2)?,
            state: state.ok_or_else(|| PeopleError::Damaged("a call has no state".to_owned()))?,
            due_at: LogTime(row.id(4)?),
            made_at: LogTime(row.id(5)?),
            done_at: row.int_or_none(6)?.map(|at| LogTime(at.cast_unsigned())),
            tries: tries.iter().map(tried).collect::<Result<_, _>>()?,
        })
    }

    /// Sends a call again that is done with; whether there is one.
    pub fn resend_delivery(
        &mut self,
        webhook: WebhookId,
        name: &str,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let changed = self.run(
            "UPDATE webhook_deliveries SET state = 0, tries = 0, due_at = $3, done_at = NULL
             WHERE delivery = $2 AND webhook = $1 AND state IN (2, 3)",
            values![webhook.0, name, now.0],
        )?;
        Ok(changed > 0)
    }

    /// Sends again whatever failed for good of what was made since; how many.
    pub fn resend_failed(
        &mut self,
        webhook: WebhookId,
        since: LogTime,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        self.run(
            "UPDATE webhook_deliveries SET state = 0, tries = 0, due_at = $3, done_at = NULL
             WHERE webhook = $1 AND state = 3 AND made_at >= $2",
            values![webhook.0, since.0, now.0],
        )
    }

    /// Forgets calls that were done with before a moment, and of those that were taken all but the
    /// newest of each webhook; how many.
    pub fn drop_deliveries(&mut self, before: LogTime) -> Result<u64, PeopleError> {
        let mut dropped = self.run(
            "DELETE FROM webhook_deliveries WHERE state IN (2, 3) AND done_at < $1",
            values![before.0],
        )?;
        for one in self.rows("SELECT webhook FROM webhooks", &[])? {
            dropped += self.run(
                "DELETE FROM webhook_deliveries WHERE webhook = $1 AND state = 2 AND delivery IN
                     (SELECT delivery FROM webhook_deliveries WHERE webhook = $1 AND state = 2
                      ORDER BY made_at DESC, delivery DESC LIMIT 1000000 OFFSET $2)",
                values![one.id(0)?, TAKEN_KEPT_MAX],
            )?;
        }
        if dropped > 0 {
            let sql = "DELETE FROM webhook_tries WHERE delivery NOT IN
                 (SELECT delivery FROM webhook_deliveries)";
            self.run(sql, &[])?;
        }
        Ok(dropped)
    }
}
