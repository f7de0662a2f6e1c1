//! Sessions of staff: what a browser has is signed and needs no look into the store; the store has
//! them too, so that they can be listed, ended, and known from a copy of an old one.

use floodgate_domain::{LogTime, StaffId};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Sessions one of staff may have at once; the oldest ends.
const SESSIONS_MAX: i64 = 20;

/// A session that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStaffSession {
    pub session: u64,
    pub staff: StaffId,
    pub role: &'static str,
    /// What its browser is called in the list.
    pub label: String,
    pub ends_at: LogTime,
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffSession {
    pub session: u64,
    pub label: String,
    pub since: LogTime,
    /// To the hour.
    pub used_at: LogTime,
    pub ends_at: LogTime,
}

/// What has to be known of a session to know whether a browser's is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionMark {
    pub session: u64,
    pub has_ended: bool,
    /// How often it was renewed, and when last.
    pub generation: u32,
    pub rotated_at: LogTime,
}

impl Work<'_> {
    /// Begins a session; those that are over are forgotten.
    pub fn begin_session(
        &mut self,
        new: &NewStaffSession,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        self.run("DELETE FROM staff_sessions WHERE ends_at <= $1", values![now.0])?;
        self.run(
            "INSERT INTO staff_sessions (session, staff, role, label, since, used_at, ends_at,
                 generation, rotated_at, ended_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6, 0, $5, NULL)",
            values![new.session, new.staff.0, new.role, new.label.as_str(), now.0, new.ends_at.0],
        )?;
        self.run(
            "UPDATE staff_sessions SET ended_at = $2 WHERE ended_at IS NULL AND session IN (
                 SELECT session FROM staff_sessions WHERE staff = $1 AND ended_at IS NULL
                 ORDER BY since DESC, session LIMIT 1000 OFFSET $3)",
            values![new.staff.0, now.0, SESSIONS_MAX],
        )?;
        Ok(())
    }

    /// The sessions of one of staff that go on, the oldest first.
    pub fn sessions_of(
        &mut self,
        staff: StaffId,
        now: LogTime,
    ) -> Result<Vec<StaffSession>, PeopleError> {
        let rows = self.rows(
            "SELECT session, label, since, used_at, ends_at FROM staff_sessions
             WHERE staff = $1 AND ended_at IS NULL AND ends_at > $2 ORDER BY since, session",
            values![staff.0, now.0],
        )?;
        let one = |row: &StoredRow| {
            Ok(StaffSession {
                session: row.id(0)?,
                label: row.text(1)?,
                since: LogTime(row.id(2)?),
                used_at: LogTime(row.id(3)?),
                ends_at: LogTime(row.id(4)?),
            })
        };
        rows.iter().map(one).collect()
    }

    /// Ends a session of one of staff, or all of them; how many.
    pub fn end_sessions(
        &mut self,
        staff: StaffId,
        only: Option<u64>,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        self.run(
            "UPDATE staff_sessions SET ended_at = $2
             WHERE staff = $1 AND ended_at IS NULL AND (CAST($3 AS BIGINT) IS NULL OR session = $3)",
            values![staff.0, now.0, only],
        )
    }

    /// Renews a session once: what the browser had before is old from now on. The generation it
    /// has now; `None` where it was renewed or ended in between.
    pub fn rotate_session(
        &mut self,
        session: u64,
        generation: u32,
        now: LogTime,
    ) -> Result<Option<u32>, PeopleError> {
        let changed = self.run(
            "UPDATE staff_sessions SET generation = generation + 1, rotated_at = $3
             WHERE session = $1 AND generation = $2 AND ended_at IS NULL",
            values![session, generation, now.0],
        )?;
        Ok((changed > 0).then_some(generation + 1))
    }

    /// What is known of every session that is not over by itself; `count` at most.
    pub fn session_marks(
        &mut self,
        now: LogTime,
        count: u32,
    ) -> Result<Vec<SessionMark>, PeopleError> {
        let rows = self.rows(
            "SELECT session, ended_at, generation, rotated_at FROM staff_sessions
             WHERE ends_at > $1 LIMIT $2",
            values![now.0, count],
        )?;
        let one = |row: &StoredRow| {
            Ok(SessionMark {
                session: row.id(0)?,
                has_ended: row.int_or_none(1)?.is_some(),
                generation: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
                rotated_at: LogTime(row.id(3)?),
            })
        };
        rows.iter().map(one).collect()
    }

    /// Sessions that were used, and those that somebody used with what was renewed long ago: a
    /// copy, so that they end.
    pub fn sessions_seen(
        &mut self,
        used: &[u64],
        copied: &[u64],
        now: LogTime,
    ) -> Result<(), PeopleError> {
        for session in used {
            let sql = "UPDATE staff_sessions SET used_at = $2 WHERE session = $1";
            self.run(sql, values![*session, now.0])?;
        }
        for session in copied {
            let sql = "UPDATE staff_sessions SET ended_at = $2
                 WHERE session = $1 AND ended_at IS NULL";
            self.run(sql, values![*session, now.0])?;
        }
        Ok(())
    }
}
