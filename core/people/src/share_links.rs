//! Links by which somebody without a key reads the numbers of one event. A link is signed and
//! ends by itself; the store has it as well, so that it can be listed and withdrawn. Whoever
//! follows one is nobody here.

use floodgate_domain::{EventId, LogTime, StaffId};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Links that an event may have at once: a list that a person can still look through.
pub const SHARE_LINKS_MAX: i64 = 50;

/// A link that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLink {
    pub link: u64,
    pub event: EventId,
    /// Who made it.
    pub staff: StaffId,
    /// Whom it is for, in the words of staff.
    pub label: String,
    pub since: LogTime,
    pub ends_at: LogTime,
}

impl Work<'_> {
    /// Enters a link; links that are over are forgotten. One that is there already stays as it
    /// was and is returned, so that a repeated request makes no second one; `None` where there
    /// are too many.
    pub fn add_share_link(&mut self, new: &ShareLink) -> Result<Option<ShareLink>, PeopleError> {
        self.run("DELETE FROM share_links WHERE ends_at <= $1", values![new.since.0])?;
        let all = self.share_links(new.event, new.since)?;
        if let Some(known) = all.iter().find(|one| one.link == new.link) {
            return Ok(Some(known.clone()));
        }
        if all.len() as i64 >= SHARE_LINKS_MAX {
            return Ok(None);
        }
        self.run(
            "INSERT INTO share_links (link, event, staff, label, since, ends_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            values![
                new.link,
                new.event.0,
                new.staff.0,
                new.label.as_str(),
                new.since.0,
                new.ends_at.0
            ],
        )?;
        Ok(Some(new.clone()))
    }

    /// The links of an event that go on, the oldest first.
    pub fn share_links(
        &mut self,
        event: EventId,
        now: LogTime,
    ) -> Result<Vec<ShareLink>, PeopleError> {
        let rows = self.rows(
            "SELECT link, staff, label, since, ends_at FROM share_links
             WHERE event = $1 AND ends_at > $2 ORDER BY since, link",
            values![event.0, now.0],
        )?;
        let one = |row: &StoredRow| {
            Ok(ShareLink {
                link: row.id(0)?,
                event,
                staff: StaffId(row.id(1)?),
                label: row.text(2)?,
                since: LogTime(row.id(3)?),
                ends_at: LogTime(row.id(4)?),
            })
        };
        rows.iter().map(one).collect()
    }

    /// Withdraws a link of an event; whether it was there.
    pub fn end_share_link(&mut self, event: EventId, link: u64) -> Result<bool, PeopleError> {
        let ended = self.run(
            "DELETE FROM share_links WHERE event = $1 AND link = $2",
            values![event.0, link],
        )?;
        Ok(ended > 0)
    }
}
