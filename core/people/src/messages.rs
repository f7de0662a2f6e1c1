//! Messages: one for one person each, from the moment it is due until it is known what became of
//! it.
//!
//! Whoever sends takes a message for a while. If nothing is heard of it by then it is due again:
//! so none is lost where a process dies, and it goes out twice at most where the other side had
//! taken it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use floodgate_domain::{AnnouncementId, BuyerId, Channel, ContactId, EventId, LogTime, PersonId};

use crate::PeopleError;
use crate::address::Address;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Messages an inbox shows: the newest.
const INBOX_MAX: i64 = 100;

/// The occasion of a message that is tried out.
pub const TEST: &str = "announcement_test";

/// Where a message is.
pub(crate) const DUE: i64 = 0;
pub(crate) const TAKEN: i64 = 1;
pub(crate) const DONE: i64 = 2;
pub(crate) const PAUSED: i64 = 3;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The other side has taken it.
    Sent,
    /// It waits for the end of the quiet hours where its reader is.
    Quiet,
    /// They had as many announcements this week as anybody gets.
    Capped,
    /// Their address must not be written to: it bounced, or they complained.
    Suppressed,
    /// They have not agreed to messages of this kind.
    NoConsent,
    /// They have left no address on any of its channels.
    NoAddress,
    /// The other side does not know the address.
    Bounced,
    /// It was tried as often as makes sense.
    Failed,
    /// Its announcement was stopped before.
    Stopped,
    /// What it would have said was over.
    TooLate,
    /// The same address had it already, for another device.
    Repeated,
    /// No code of its batch was left for them.
    NoCode,
}

impl Verdict {
    pub const ALL: [Verdict; 12] = [
        Verdict::Sent,
        Verdict::Quiet,
        Verdict::Capped,
        Verdict::Suppressed,
        Verdict::NoConsent,
        Verdict::NoAddress,
        Verdict::Bounced,
        Verdict::Failed,
        Verdict::Stopped,
        Verdict::TooLate,
        Verdict::Repeated,
        Verdict::NoCode,
    ];

    /// Stable text, as in answers and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Sent => "sent",
            Verdict::Quiet => "quiet",
            Verdict::Capped => "capped",
            Verdict::Suppressed => "suppressed",
            Verdict::NoConsent => "no_consent",
            Verdict::NoAddress => "no_address",
            Verdict::Bounced => "bounced",
            Verdict::Failed => "failed",
            Verdict::Stopped => "stopped",
            Verdict::TooLate => "too_late",
            Verdict::Repeated => "repeated",
            Verdict::NoCode => "no_code",
        }
    }

    /// The verdict with this text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Verdict::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

/// A message that is to be sent. `message` names it for good: queueing it again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    pub message: String,
    /// What it is about: `order_confirmed`, `announcement`, `confirm_address` …
    pub occasion: String,
    pub event_id: Option<EventId>,
    pub announcement: Option<AnnouncementId>,
    pub buyer: BuyerId,
    /// What its words need, without anything personal.
    pub variables: serde_json::Value,
    pub due_at: LogTime,
    pub made_at: LogTime,
}

/// A message that was taken in order to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct DueMessage {
    pub message: String,
    pub occasion: String,
    pub event_id: Option<EventId>,
    pub announcement: Option<AnnouncementId>,
    pub buyer: BuyerId,
    /// To this contact and no other, where it is about the contact itself.
    pub contact: Option<ContactId>,
    /// What finds the address again, where it is about the contact itself.
    pub lookup: Option<Vec<u8>>,
    pub variables: serde_json::Value,
    /// How often it was taken, this time included.
    pub tries: u32,
    pub made_at: LogTime,
}

/// What a message of the in-page inbox says.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxMessage {
    pub message: String,
    pub occasion: String,
    pub event_id: Option<EventId>,
    /// `subject`, `text`, `link` as they were written when it was delivered.
    pub shown: serde_json::Value,
    pub at: LogTime,
    pub is_read: bool,
}

/// To whom and how a message went, or would have gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Via {
    pub person: Option<PersonId>,
    pub contact: Option<ContactId>,
    pub channel: Option<Channel>,
    /// What finds the address again.
    pub lookup: Option<Vec<u8>>,
    /// What the other side calls it, so that its reports can be matched.
    pub reference: Option<String>,
}

impl Work<'_> {
    /// Queues a message; whether it was new.
    pub fn queue(&mut self, new: &NewMessage) -> Result<bool, PeopleError> {
        self.insert(new, None, None, None)
    }

    /// Queues a message to one contact.
    pub(crate) fn queue_to(
        &mut self,
        contact: ContactId,
        (channel, lookup): (Channel, &[u8]),
        new: &NewMessage,
    ) -> Result<(), PeopleError> {
        self.insert(new, Some(contact), Some(channel), Some(lookup)).map(|_| ())
    }

    fn insert(
        &mut self,
        new: &NewMessage,
        contact: Option<ContactId>,
        channel: Option<Channel>,
        lookup: Option<&[u8]>,
    ) -> Result<bool, PeopleError> {
        let changed = self.run(
            "INSERT INTO messages (message, occasion, event, announcement, buyer, contact, channel,
                 lookup, variables, state, due_at, tries, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, $11)
             ON CONFLICT (message) DO NOTHING",
            values![
                new.message.as_str(),
                new.occasion.as_str(),
                new.event_id.map(|id| id.0),
                new.announcement.map(|id| id.0),
                new.buyer.0,
                contact.map(|contact| contact.0),
                channel.map(|channel| channel as u8),
                lookup,
                new.variables.to_string(),
                new.due_at.0,
                new.made_at.0
            ],
        )?;
        Ok(changed > 0)
    }

    /// Queues a message that is tried out on one address, which nobody has left; sealed, and gone
    /// once the message is done with.
    pub fn queue_test(
        &mut self,
        name: &str,
        event_id: EventId,
        address: &Address,
        mut variables: serde_json::Value,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        let sealed = self.master.seal_note(name, address.expose());
        variables["address"] = URL_SAFE_NO_PAD.encode(sealed).into();
        variables["channel"] = address.channel().code().into();
        self.queue(&NewMessage {
            message: name.to_owned(),
            occasion: TEST.to_owned(),
            event_id: Some(event_id),
            announcement: None,
            buyer: BuyerId(0),
            variables,
            due_at: now,
            made_at: now,
        })
        .map(|_| ())
    }

    /// The address of a message that is tried out.
    pub fn test_address(&mut self, message: &DueMessage) -> Result<Address, PeopleError> {
        let text = |name: &str| message.variables[name].as_str().unwrap_or_default();
        let damaged = || PeopleError::Damaged("a test has no address".to_owned());
        let channel = Channel::parse(text("channel")).ok_or_else(damaged)?;
        let sealed = URL_SAFE_NO_PAD.decode(text("address")).map_err(|_| damaged())?;
        let address = self.master.open_note(&message.message, &sealed)?;
        Ok(Address::stored(channel, address))
    }

    /// Takes up to `count` messages that are due; they are due again at `until` unless it is said
    /// before what became of them.
    pub fn claim(
        &mut self,
        now: LogTime,
        until: LogTime,
        count: u32,
    ) -> Result<Vec<DueMessage>, PeopleError> {
        // Another process may take the same rows: the outer condition is looked at once more, when
        // the row is ours.
        let rows = self.rows(
            "UPDATE messages SET state = 1, due_at = $2, tries = tries + 1
             WHERE message IN (SELECT message FROM messages
                 WHERE state IN (0, 1) AND due_at <= $1 ORDER BY due_at LIMIT $3)
                 AND state IN (0, 1) AND due_at <= $1
             RETURNING message, occasion, event, announcement, buyer, contact, variables, tries,
                 made_at, lookup",
            values![now.0, until.0, count],
        )?;
        rows.iter().map(due).collect()
    }

    /// What was taken by a process that is gone is due now; only for whoever knows that none has it.
    pub fn release_taken(&mut self, now: LogTime) -> Result<u64, PeopleError> {
        let sql = "UPDATE messages SET due_at = $1 WHERE state IN (0, 1) AND state = 1
             AND due_at > $1";
        self.run(sql, values![now.0])
    }

    /// When the next message is due; `None` if there is none.
    pub fn next_due(&mut self) -> Result<Option<LogTime>, PeopleError> {
        let sql = "SELECT MIN(due_at) FROM messages WHERE state IN (0, 1)";
        let row = self.row(sql, &[])?;
        let at = row.map(|row| row.int_or_none(0)).transpose()?.flatten();
        Ok(at.map(|at| LogTime(at.cast_unsigned())))
    }

    /// Says for good what became of a message.
    pub fn finish(
        &mut self,
        message: &str,
        verdict: Verdict,
        via: &Via,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        self.run(
            "UPDATE messages SET state = 2, verdict = $2, person = $3, contact = $4, channel = $5,
                 lookup = COALESCE($6, lookup), reference = $7, done_at = $8
             WHERE message = $1",
            values![
                message,
                verdict.code(),
                via.person.map(|person| person.0),
                via.contact.map(|contact| contact.0),
                via.channel.map(|channel| channel as u8),
                via.lookup.clone(),
                via.reference.clone(),
                now.0
            ],
        )?;
        if via.channel != Some(Channel::Page) {
            // What is in there opens a link, or is an address; nobody needs it any more.
            let sql = "UPDATE messages SET variables = '{}' WHERE message = $1
                 AND occasion IN ('confirm_address', 'sign_in', 'announcement_test')";
            self.run(sql, values![message])?;
        }
        Ok(())
    }

    /// Delivers a message to the inbox of the pages, with the words it says there.
    pub fn show(
        &mut self,
        message: &str,
        shown: &serde_json::Value,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        let via = Via { channel: Some(Channel::Page), ..Via::default() };
        self.finish(message, Verdict::Sent, &via, now)?;
        let sql = "UPDATE messages SET variables = $2 WHERE message = $1";
        self.run(sql, values![message, shown.to_string()]).map(|_| ())
    }

    /// Puts a message off; `verdict` says why it is not sent yet, where there is a reason to show.
    pub fn postpone(
        &mut self,
        message: &str,
        due_at: LogTime,
        verdict: Option<Verdict>,
    ) -> Result<(), PeopleError> {
        // One of an announcement that was paused or stopped meanwhile is not due again.
        self.run(
            "UPDATE messages SET state = 0, due_at = $2, verdict = $3
             WHERE message = $1 AND state = 1",
            values![message, due_at.0, verdict.map(Verdict::code)],
        )
        .map(|_| ())
    }

    /// Nothing more of an announcement goes out for now. What was taken already may.
    pub fn pause(&mut self, announcement: AnnouncementId) -> Result<(), PeopleError> {
        let sql = "UPDATE messages SET state = 3 WHERE announcement = $1 AND state = 0";
        self.run(sql, values![announcement.0]).map(|_| ())
    }

    /// What was paused goes on.
    pub fn resume(&mut self, announcement: AnnouncementId) -> Result<(), PeopleError> {
        let sql = "UPDATE messages SET state = 0 WHERE announcement = $1 AND state = 3";
        self.run(sql, values![announcement.0]).map(|_| ())
    }

    /// Nothing more of an announcement goes out, ever.
    pub fn stop(&mut self, announcement: AnnouncementId, now: LogTime) -> Result<(), PeopleError> {
        self.run(
            "UPDATE messages SET state = 2, verdict = 'stopped', done_at = $2
             WHERE announcement = $1 AND state IN (0, 3)",
            values![announcement.0, now.0],
        )?;
        // They do not come to have a code later.
        let sql = "UPDATE messages SET variables = '{}' WHERE announcement = $1
             AND verdict = 'no_code'";
        self.run(sql, values![announcement.0]).map(|_| ())
    }

    /// Whether an address has had this announcement, for another of its owner's devices.
    pub fn has_had(
        &mut self,
        announcement: AnnouncementId,
        lookup: &[u8],
    ) -> Result<bool, PeopleError> {
        let row = self.row(
            "SELECT 1 FROM messages WHERE announcement = $1 AND lookup = $2 AND verdict = 'sent'
             LIMIT 1",
            values![announcement.0, lookup],
        )?;
        Ok(row.is_some())
    }

    /// How many announcements a person has been sent since a moment, beside those on the page.
    pub fn announcements_since(
        &mut self,
        person: PersonId,
        since: LogTime,
    ) -> Result<u64, PeopleError> {
        let row = self.row(
            "SELECT COUNT(*) FROM messages WHERE person = $1 AND done_at >= $2
                 AND announcement IS NOT NULL AND verdict = 'sent' AND channel <> 1",
            values![person.0, since.0],
        )?;
        row.map_or(Ok(0), |row| row.id(0))
    }

    /// The newest messages of the pages' inbox of a device's person.
    pub fn inbox(&mut self, buyer: BuyerId) -> Result<Vec<InboxMessage>, PeopleError> {
        let rows = self.rows(
            "SELECT message, occasion, event, variables, done_at, read_at FROM messages
             WHERE (buyer = $1 OR buyer IN (SELECT o.buyer FROM buyers o JOIN buyers b
                     ON o.person = b.person WHERE b.buyer = $1))
                 AND state = 2 AND channel = 1 AND verdict = 'sent'
             ORDER BY done_at DESC, message LIMIT $2",
            values![buyer.0, INBOX_MAX],
        )?;
        let shown = |row: &StoredRow| {
            Ok(InboxMessage {
                message: row.text(0)?,
                occasion: row.text(1)?,
                event_id: row.int_or_none(2)?.map(|id| EventId(id.cast_unsigned())),
                shown: json(&row.text(3)?)?,
                at: LogTime(row.id(4)?),
                is_read: row.int_or_none(5)?.is_some(),
            })
        };
        rows.iter().map(shown).collect()
    }

    /// Marks what somebody has in their inbox as read, up to a moment.
    pub fn mark_read(
        &mut self,
        buyer: BuyerId,
        up_to: LogTime,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        self.run(
            "UPDATE messages SET read_at = $3
             WHERE (buyer = $1 OR buyer IN (SELECT o.buyer FROM buyers o JOIN buyers b
                     ON o.person = b.person WHERE b.buyer = $1))
                 AND state = 2 AND channel = 1 AND read_at IS NULL AND done_at <= $2",
            values![buyer.0, up_to.0, now.0],
        )
        .map(|_| ())
    }

    /// Never write to this address again: it bounced, or its owner complained.
    pub fn suppress(
        &mut self,
        channel: Channel,
        lookup: &[u8],
        reason: &str,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        self.run(
            "INSERT INTO suppressions (channel, lookup, reason, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (channel, lookup) DO NOTHING",
            values![channel as u8, lookup, reason, now.0],
        )
        .map(|_| ())
    }

    /// Forgets messages that were done with before a moment; how many.
    pub fn drop_messages(&mut self, before: LogTime) -> Result<u64, PeopleError> {
        self.run(
            "DELETE FROM message_failures WHERE message IN (SELECT message FROM messages
                 WHERE state = 2 AND done_at < $1)",
            values![before.0],
        )?;
        let sql = "DELETE FROM messages WHERE state = 2 AND done_at < $1";
        self.run(sql, values![before.0])
    }
}

fn due(row: &StoredRow) -> Result<DueMessage, PeopleError> {
    Ok(DueMessage {
        message: row.text(0)?,
        occasion: row.text(1)?,
        event_id: row.int_or_none(2)?.map(|id| EventId(id.cast_unsigned())),
        announcement: row.int_or_none(3)?.map(|id| AnnouncementId(id.cast_unsigned())),
        buyer: BuyerId(row.id(4)?),
        contact: row.int_or_none(5)?.map(|id| ContactId(id.cast_unsigned())),
        variables: json(&row.text(6)?)?,
        tries: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        made_at: LogTime(row.id(8)?),
        lookup: row.bytes_or_none(9)?,
    })
}

fn json(text: &str) -> Result<serde_json::Value, PeopleError> {
    serde_json::from_str(text).map_err(|error| PeopleError::Damaged(error.to_string()))
}
