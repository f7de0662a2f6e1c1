//! Codes of a presale in messages: each takes the next number of its batch, in the transaction that
//! writes it, and keeps it however often it is tried.

use floodgate_domain::{AnnouncementId, AudienceSpec, EventId, LogTime};

use crate::PeopleError;
use crate::audience::persons;
use crate::database::values;
use crate::store::Work;

/// Messages that were queued, and those among them that no code was left for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueuedCodes {
    pub count: u64,
    pub without: u64,
}

impl Work<'_> {
    /// A batch has so many codes more. Whoever was left without one by an announcement gets theirs
    /// now; how many did.
    pub fn codes_minted(
        &mut self,
        event_id: EventId,
        batch: u16,
        count: u32,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        self.run(
            "INSERT INTO codes_minted (event, batch, minted) VALUES ($1, $2, $3)
             ON CONFLICT (event, batch) DO UPDATE SET
                 minted = codes_minted.minted + excluded.minted",
            values![event_id.0, batch, count],
        )?;
        let (next, left) = self.next_code(event_id, batch)?;
        let sql = format!(
            "UPDATE messages SET state = 0, verdict = NULL, done_at = NULL, due_at = $2, made_at = $2,
                 variables = {} FROM (SELECT m.message AS name,
                     ROW_NUMBER() OVER (ORDER BY m.made_at, m.message) AS n
                 FROM messages m WHERE m.event = $1 AND m.verdict = 'no_code'
                     AND m.variables = '{}') r
             WHERE messages.message = r.name AND r.n <= {left}",
            with_number(batch, next),
            without_number(batch)
        );
        let given = self.run(&sql, values![event_id.0, now.0])?;
        self.give_codes(event_id, batch, given)?;
        Ok(given)
    }

    /// How many of an audience have no code of a batch yet.
    pub fn without_code(
        &mut self,
        (event_id, batch): (EventId, u16),
        spec: &AudienceSpec,
    ) -> Result<u64, PeopleError> {
        let sql = format!("SELECT COUNT(*) FROM ({}) p WHERE {HAS_NO_CODE}", persons(spec));
        let row = self.row(&sql, values![event_id.0, 0_u64, batch])?;
        row.map_or(Ok(0), |row| row.id(0))
    }

    /// Queues an announcement as [`Work::queue_announcement`] does, each message with the next code
    /// of a batch, for whoever has none of an earlier one: a batch gives a person one code. Those for
    /// whom none is left are done with, and their verdict says so.
    pub fn queue_with_codes(
        &mut self,
        (announcement, batch): (AnnouncementId, u16),
        event_id: EventId,
        spec: &AudienceSpec,
        now: LogTime,
    ) -> Result<QueuedCodes, PeopleError> {
        let (next, left) = self.next_code(event_id, batch)?;
        let if_one =
            |yes: &str, no: &str| format!("CASE WHEN r.n <= {left} THEN {yes} ELSE {no} END");
        let without = format!("'{}'", without_number(batch));
        let at = "CAST($4 AS BIGINT)";
        self.run(
            "INSERT INTO code_announcements (event, batch, announcement) VALUES ($1, $2, $3)
             ON CONFLICT (event, batch, announcement) DO NOTHING",
            values![event_id.0, batch, announcement.0],
        )?;
        let sql = format!(
            "INSERT INTO messages (message, occasion, event, announcement, buyer, variables, state,
                 verdict, due_at, tries, made_at, done_at)
             SELECT r.message, 'announcement', $1, $2, r.buyer, {}, {}, {}, {at}, 0, {at}, {}
             FROM (SELECT '{announcement}-' || p.one AS message, p.buyer AS buyer,
                     ROW_NUMBER() OVER (ORDER BY p.one) AS n
                 FROM ({}) p WHERE {HAS_NO_CODE} AND NOT EXISTS (SELECT 1 FROM messages m
                     WHERE m.message = '{announcement}-' || p.one)) r
             WHERE 0 = 0 ON CONFLICT (message) DO NOTHING",
            if_one(&with_number(batch, next), &without),
            if_one("0", "2"),
            if_one("NULL", "'no_code'"),
            if_one("NULL", at),
            persons(spec)
        );
        let count = self.run(&sql, values![event_id.0, announcement.0, batch, now.0])?;
        self.give_codes(event_id, batch, count.min(left))?;
        Ok(QueuedCodes { count, without: count.saturating_sub(left) })
    }

    /// The next number that nobody was given, and how many there are from there on. Whoever else
    /// asks waits until this transaction ends.
    fn next_code(&mut self, event_id: EventId, batch: u16) -> Result<(u64, u64), PeopleError> {
        let next = self.row(
            "INSERT INTO code_batches (event, batch, given) VALUES ($1, $2, 0)
             ON CONFLICT (event, batch) DO UPDATE SET given = code_batches.given RETURNING given",
            values![event_id.0, batch],
        )?;
        let minted = self.row(
            "SELECT minted FROM codes_minted WHERE event = $1 AND batch = $2",
            values![event_id.0, batch],
        )?;
        let next = next.map_or(Ok(0), |row| row.id(0))?;
        let minted = minted.map_or(Ok(0), |row| row.id(0))?;
        // Read anew from the log, a batch is smaller for a while than what was given out of it.
        Ok((next, minted.saturating_sub(next)))
    }

    fn give_codes(&mut self, event_id: EventId, batch: u16, count: u64) -> Result<(), PeopleError> {
        let sql = "UPDATE code_batches SET given = given + $3 WHERE event = $1 AND batch = $2";
        self.run(sql, values![event_id.0, batch, count]).map(|_| ())
    }
}

/// That nobody of the person `p` has a code of the batch `$3` of the event `$1`, was promised one, or
/// is being sent one, by another announcement than `$2`. Whose message did not arrive has none.
const HAS_NO_CODE: &str = "NOT EXISTS (SELECT 1 FROM messages m
     WHERE (m.buyer = p.buyer
             OR m.buyer IN (SELECT o.buyer FROM buyers o WHERE o.person = p.person))
         AND (m.state <> 2 OR m.verdict IN ('sent', 'repeated')
             OR m.verdict = 'no_code' AND m.variables <> '{}')
         AND m.announcement IN (SELECT c.announcement FROM code_announcements c
             WHERE c.event = $1 AND c.batch = $3 AND c.announcement <> $2))";

/// What a message remembers of its code, for the row `r.n`.
fn with_number(batch: u16, next: u64) -> String {
    format!("'{{\"batch\":{batch},\"number\":' || ({next} + r.n - 1) || '}}'")
}

/// The same where there was none.
fn without_number(batch: u16) -> String {
    format!("{{\"batch\":{batch}}}")
}
