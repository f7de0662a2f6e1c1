//! Messages that did not arrive: given up here, or reported by the other side later. What was given
//! up can be sent again by hand, under its own name.

use floodgate_domain::{AnnouncementId, BuyerId, Channel, EventId, LogTime};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::messages::{Verdict, Via};
use crate::store::Work;

/// What can be sent again: it is as true days later. The rest was about minutes (a turn, the end of a
/// hold), or opens something, and whoever needs it asks anew.
pub const REPEATABLE: [&str; 8] = [
    "announcement",
    "event_cancelled",
    "event_details_changed",
    "order_cancelled",
    "order_confirmed",
    "order_refunded",
    "ticket_received",
    "ticket_taken_back",
];

/// Messages sent again by one call: what waits is worked off at some hundred a second.
pub const AGAIN_MAX: u32 = 10_000;

/// Which of the messages that were given up; each part that is `None` says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedQuery {
    pub event_id: Option<EventId>,
    pub announcement: Option<AnnouncementId>,
    pub occasion: Option<String>,
    pub message: Option<String>,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedMessage {
    pub message: String,
    pub occasion: String,
    pub event_id: Option<EventId>,
    pub announcement: Option<AnnouncementId>,
    pub buyer: BuyerId,
    pub channel: Option<Channel>,
    /// Codes and stages; empty where it was given up before reasons were kept.
    pub reason: String,
    pub tries: u32,
    pub at: LogTime,
}

impl FailedMessage {
    /// Whether sending it now makes sense.
    #[must_use]
    pub fn can_be_sent_again(&self) -> bool {
        REPEATABLE.contains(&self.occasion.as_str())
    }
}

/// The condition of a query, over the parameters `$1` to `$4`.
const MATCHES: &str = "verdict = 'failed' AND (CAST($1 AS BIGINT) IS NULL OR event = $1)
     AND (CAST($2 AS BIGINT) IS NULL OR announcement = $2)
     AND (CAST($3 AS TEXT) IS NULL OR occasion = $3)
     AND (CAST($4 AS TEXT) IS NULL OR messages.message = $4)";

impl Work<'_> {
    /// Gives a message up for good; `reason` names codes and stages, never a person.
    pub fn give_up(
        &mut self,
        message: &str,
        via: &Via,
        reason: &str,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        self.finish(message, Verdict::Failed, via, now)?;
        self.run(
            "INSERT INTO message_failures (message, reason) VALUES ($1, $2)
             ON CONFLICT (message) DO UPDATE SET reason = excluded.reason",
            values![message, reason],
        )
        .map(|_| ())
    }

    /// Messages that were given up, the oldest first: those after the one that was given up at
    /// `after.0` and is named `after.1`.
    pub fn failed(
        &mut self,
        query: &FailedQuery,
        after: (LogTime, &str),
        count: u32,
    ) -> Result<Vec<FailedMessage>, PeopleError> {
        let rows = self.rows(
            &format!(
                "SELECT messages.message, occasion, event, announcement, buyer, channel,
                     COALESCE(f.reason, ''), tries, done_at
                 FROM messages LEFT JOIN message_failures f ON f.message = messages.message
                 WHERE {MATCHES}
                     AND (done_at > $5 OR (done_at = $5 AND messages.message > $6))
                 ORDER BY done_at, messages.message LIMIT $7"
            ),
            values![
                query.event_id.map(|id| id.0),
                query.announcement.map(|id| id.0),
                query.occasion.clone(),
                query.message.clone(),
                after.0.0,
                after.1,
                count
            ],
        )?;
        rows.iter().map(failed).collect()
    }

    /// Sends what was given up and is still true again, at most [`AGAIN_MAX`]; how many. Each keeps
    /// its name, so that a mail server or a push service knows it from the tries before.
    pub fn send_again(&mut self, query: &FailedQuery, now: LogTime) -> Result<u64, PeopleError> {
        let repeatable = REPEATABLE.map(|occasion| format!("'{occasion}'")).join(", ");
        self.run(
            &format!(
                "UPDATE messages SET state = 0, verdict = NULL, done_at = NULL, tries = 0,
                     due_at = $5, made_at = $5
                 WHERE verdict = 'failed' AND message IN (SELECT messages.message FROM messages
                     WHERE {MATCHES} AND occasion IN ({repeatable})
                     ORDER BY done_at, messages.message LIMIT $6)"
            ),
            values![
                query.event_id.map(|id| id.0),
                query.announcement.map(|id| id.0),
                query.occasion.clone(),
                query.message.clone(),
                now.0,
                AGAIN_MAX
            ],
        )
    }

    /// A message that was taken by the other side did not arrive, by the name they or we gave it;
    /// whether it is one of ours. Where there is a reason to, nothing goes to its address any more.
    pub fn came_back(
        &mut self,
        reference: &str,
        suppress: Option<&str>,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let row = self.row(
            "SELECT message, channel, lookup FROM messages
             WHERE (message = $1 OR reference = $1) AND lookup IS NOT NULL LIMIT 1",
            values![reference],
        )?;
        let Some(row) = row else { return Ok(false) };
        let (message, channel, lookup) = (row.text(0)?, row.channel(1)?, row.bytes(2)?);
        // One that is being sent again has a verdict to come.
        let sql = "UPDATE messages SET verdict = 'bounced' WHERE message = $1 AND state = 2";
        self.run(sql, values![message])?;
        if let Some(reason) = suppress {
            self.suppress(channel, &lookup, reason, now)?;
        }
        Ok(true)
    }
}

fn failed(row: &StoredRow) -> Result<FailedMessage, PeopleError> {
    let number = |at: usize| Ok::<_, PeopleError>(row.int_or_none(at)?.map(i64::cast_unsigned));
    let channel = number(5)?.map(|_| row.channel(5)).transpose()?;
    Ok(FailedMessage {
        message: row.text(0)?,
        occasion: row.text(1)?,
        event_id: number(2)?.map(EventId),
        announcement: number(3)?.map(AnnouncementId),
        buyer: BuyerId(row.id(4)?),
        channel,
        reason: row.text(6)?,
        tries: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        at: LogTime(row.id(8)?),
    })
}
