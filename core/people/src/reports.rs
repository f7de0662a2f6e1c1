//! What became of an announcement: in numbers, and person by person.

use floodgate_domain::{AnnouncementId, BuyerId, Channel, EventId, LogTime};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::messages::{DONE, DUE, PAUSED, TAKEN, Verdict};
use crate::store::Work;

/// In a column that is part of a key, for messages that went out on none.
pub(crate) const NO_CHANNEL: i64 = -1;

/// How far an announcement is, in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By verdict and, of those sent, by channel.
    pub done: Vec<(Verdict, Option<Channel>, u64)>,
    /// Due now, or on their way.
    pub due: u64,
    /// Due after the quiet hours.
    pub quiet: u64,
    pub paused: u64,
}

/// What became of the message of one person, by one of their pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictOf {
    pub message: String,
    pub buyer: BuyerId,
    /// `None`: it is due.
    pub verdict: Option<Verdict>,
    pub channel: Option<Channel>,
    /// When it was known, or when it is due.
    pub at: LogTime,
}

impl Work<'_> {
    /// How far an announcement of an event is.
    pub fn report(
        &mut self,
        event_id: EventId,
        announcement: AnnouncementId,
    ) -> Result<Report, PeopleError> {
        let rows = self.rows(
            "SELECT state, verdict, channel, COUNT(*) FROM messages
             WHERE announcement = $1 AND event = $2 GROUP BY state, verdict, channel",
            values![announcement.0, event_id.0],
        )?;
        let mut report = Report::default();
        for row in &rows {
            let count = row.id(3)?;
            match (row.int(0)?, verdict(row, 1)?) {
                (DONE, Some(verdict)) => report.done.push((verdict, channel(row, 2)?, count)),
                (PAUSED, _) => report.paused += count,
                (DUE, Some(Verdict::Quiet)) => report.quiet += count,
                (DUE | TAKEN, _) => report.due += count,
                _ => return Err(PeopleError::Damaged("a message has no state".to_owned())),
            }
        }
        self.add_forgotten(event_id, announcement, &mut report)?;
        report.done.sort_unstable();
        Ok(report)
    }

    /// Those who are forgotten count as they did, without a name.
    fn add_forgotten(
        &mut self,
        event_id: EventId,
        announcement: AnnouncementId,
        report: &mut Report,
    ) -> Result<(), PeopleError> {
        let rows = self.rows(
            "SELECT verdict, channel, count FROM forgotten_verdicts
             WHERE event = $1 AND announcement = $2",
            values![event_id.0, announcement.0],
        )?;
        for row in &rows {
            let Some(verdict) = verdict(row, 0)? else { continue };
            let channel = if row.int(1)? == NO_CHANNEL { None } else { channel(row, 1)? };
            let count = row.id(2)?;
            let is_same = |done: &&mut (Verdict, Option<Channel>, u64)| {
                (done.0, done.1) == (verdict, channel)
            };
            match report.done.iter_mut().find(is_same) {
                Some(done) => done.2 += count,
                None => report.done.push((verdict, channel, count)),
            }
        }
        Ok(())
    }

    /// What became of each person's message, in pages: those after the message `after`.
    pub fn verdicts(
        &mut self,
        event_id: EventId,
        announcement: AnnouncementId,
        only: Option<Verdict>,
        after: &str,
        count: u32,
    ) -> Result<Vec<VerdictOf>, PeopleError> {
        let rows = self.rows(
            "SELECT message, buyer, verdict, channel, COALESCE(done_at, due_at) FROM messages
             WHERE announcement = $1 AND event = $2 AND message > $3
                 AND (CAST($4 AS TEXT) = '' OR verdict = $4)
             ORDER BY message LIMIT $5",
            values![announcement.0, event_id.0, after, only.map_or("", Verdict::code), count],
        )?;
        let one = |row: &StoredRow| {
            Ok(VerdictOf {
                message: row.text(0)?,
                buyer: BuyerId(row.id(1)?),
                verdict: verdict(row, 2)?,
                channel: channel(row, 3)?,
                at: LogTime(row.id(4)?),
            })
        };
        rows.iter().map(one).collect()
    }
}

fn verdict(row: &StoredRow, column: usize) -> Result<Option<Verdict>, PeopleError> {
    Ok(row.text_or_none(column)?.as_deref().and_then(Verdict::parse))
}

fn channel(row: &StoredRow, column: usize) -> Result<Option<Channel>, PeopleError> {
    match row.int_or_none(column)? {
        None => Ok(None),
        Some(_) => row.channel(column).map(Some),
    }
}
