//! Sessions of staff as a whole: what the store says of them, kept in memory, so that a request
//! costs no look into it. Another gateway's word counts within five seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::MissedTickBehavior;

use floodgate_domain::LogTime;
use floodgate_people::SessionMark;

use super::StaffKeys;
use super::session::{SessionKey, SessionToken, shown};
use crate::people::PeopleDesk;
use crate::people::uses::Uses;
use crate::problem::ApiError;
use crate::time;

/// Sessions that are known at once; each takes some fifty bytes, and staff are some hundreds.
const SESSIONS_MAX: u32 = 100_000;
/// How soon a session that another gateway ended is known here.
const COMPARED_EVERY: Duration = Duration::from_secs(5);
/// After so long a session is renewed: a copy of its cookie is good no longer than that.
const RENEWED_EVERY_MS: u64 = 3_600_000;
/// How long the cookie from before counts: other requests of the browser are under way.
const OLD_COUNTS_MS: u64 = 60_000;
/// Sessions that the store has yet to end; what comes after ends by itself within half a day.
const ENDING_MAX: usize = 1_000;

/// Who is signed in; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct StaffSessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    key: SessionKey,
    // Written every five seconds and when somebody signs in or out; read by requests with a
    // session.
    marks: RwLock<HashMap<u64, SessionMark>>,
    used: Uses,
    /// What the store has yet to end.
    ending: Mutex<Vec<u64>>,
}

impl StaffSessions {
    pub(crate) fn new(key: SessionKey) -> Self {
        StaffSessions(Arc::new(Inner {
            key,
            marks: RwLock::default(),
            used: Uses::default(),
            ending: Mutex::default(),
        }))
    }

    pub(crate) fn key(&self) -> &SessionKey {
        &self.0.key
    }

    /// The session a browser shows, if it is good.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        keys: &StaffKeys,
        now: LogTime,
    ) -> Option<SessionToken> {
        let token = self.0.key.open(shown(headers)?, keys, now)?;
        if let Some(mark) = self.mark(token.session) {
            if mark.has_ended {
                return None;
            }
            let is_old = token.generation < mark.generation;
            if is_old && now.0 > mark.rotated_at.0 + OLD_COUNTS_MS {
                self.note_copy(token.session);
                return None;
            }
        }
        self.0.used.note(token.session, now);
        Some(token)
    }

    /// Two browsers have one session: it ends, and its owner signs in again.
    fn note_copy(&self, session: u64) {
        metrics::counter!("floodgate_staff_sessions_copied_total").increment(1);
        self.end_later(session);
    }

    /// Ends a session here at once, and in the store as soon as that answers.
    pub(crate) fn end_later(&self, session: u64) {
        self.end(session);
        let mut ending = self.0.ending.lock().unwrap_or_else(PoisonError::into_inner);
        if ending.len() < ENDING_MAX && !ending.contains(&session) {
            ending.push(session);
        }
    }

    fn mark(&self, session: u64) -> Option<SessionMark> {
        self.0.marks.read().unwrap_or_else(PoisonError::into_inner).get(&session).copied()
    }

    /// What is known of a session from now on, here; the store has it already.
    pub(crate) fn note(&self, mark: SessionMark) {
        let mut marks = self.0.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.insert(mark.session, mark);
    }

    pub(crate) fn end(&self, session: u64) {
        let mark = self.mark(session);
        let (generation, rotated_at) =
            mark.map_or((0, LogTime(0)), |mark| (mark.generation, mark.rotated_at));
        self.note(SessionMark { session, has_ended: true, generation, rotated_at });
    }

    /// Renews the session of a browser, if it is time: the token it has from now on.
    pub(crate) async fn renew(
        &self,
        people: &PeopleDesk,
        token: SessionToken,
        now: LogTime,
    ) -> Result<Option<SessionToken>, ApiError> {
        let Some(mark) = self.mark(token.session) else { return Ok(None) };
        let is_newest = token.generation == mark.generation;
        if !is_newest || now.0 < mark.rotated_at.0 + RENEWED_EVERY_MS {
            return Ok(None);
        }
        let SessionToken { session, generation, .. } = token;
        let renewed =
            people.with(move |work| work.rotate_session(session, generation, now)).await?;
        let Some(generation) = renewed else { return Ok(None) };
        self.note(SessionMark { session, has_ended: false, generation, rotated_at: now });
        Ok(Some(SessionToken { generation, ..token }))
    }

    /// Compares what is known with the store every five seconds, for as long as it is polled.
    pub(crate) async fn follow(self, people: PeopleDesk) {
        let mut pulse = tokio::time::interval(COMPARED_EVERY);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while people.is_kept() {
            pulse.tick().await;
            // It was said where it failed, and what is known stays.
            if let Err(error) = self.compare(&people, time::now()).await {
                tracing::debug!(code = error.code(), "sessions are not known anew");
            }
        }
    }

    /// Writes down which were used, and reads what others say of all.
    async fn compare(&self, people: &PeopleDesk, now: LogTime) -> Result<(), ApiError> {
        let used = self.0.used.unwritten();
        let ending =
            std::mem::take(&mut *self.0.ending.lock().unwrap_or_else(PoisonError::into_inner));
        if !used.is_empty() || !ending.is_empty() {
            let (hour, again) = (Uses::hour(now), ending.clone());
            let written = people.with(move |work| work.sessions_seen(&used, &ending, hour)).await;
            if let Err(error) = written {
                again.into_iter().for_each(|session| self.end_later(session));
                return Err(error);
            }
        }
        let marks = people.look(move |work| work.session_marks(now, SESSIONS_MAX)).await?;
        let mut known = self.0.marks.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *known);
        known.extend(marks.into_iter().map(|mark| (mark.session, mark)));
        // What this gateway has ended or renewed since that look counts more.
        for (session, mark) in before {
            if let Some(read) = known.get_mut(&session) {
                read.has_ended |= mark.has_ended;
                if mark.generation > read.generation {
                    (read.generation, read.rotated_at) = (mark.generation, mark.rotated_at);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE;

    use floodgate_domain::StaffId;

    use super::*;
    use crate::staff::buyer_keys::BuyerKeys;
    use crate::staff::session::SessionOrigin;
    use crate::staff::{StaffKey, StaffRole};

    #[test]
    fn a_session_ends_with_its_mark_and_a_copy_ends_it() {
        let (id, role, digest) = (StaffId(3), StaffRole::Artist, [5; 32]);
        let keys = vec![StaffKey { id, role, digest }];
        let keys = StaffKeys::new(keys, BuyerKeys::new(&[7; 32]));
        let sessions = StaffSessions::new(SessionKey::new(&[7; 32], None));
        let token = SessionToken {
            session: 1,
            staff: id,
            role,
            generation: 0,
            until: LogTime(10_000_000),
            origin: SessionOrigin::of_key(&digest),
        };
        let headers = |token: &SessionToken| {
            let cookie = format!("fg_staff={}", sessions.key().seal(token));
            let cookie = HeaderValue::from_str(&cookie).expect("a cookie");
            HeaderMap::from_iter([(COOKIE, cookie)])
        };
        let admit = |token: &SessionToken, at: u64| {
            sessions.admit(&headers(token), &keys, LogTime(at)).is_some()
        };
        assert!(admit(&token, 1), "one that the store does not speak of counts by itself");
        let mark = |generation, has_ended| SessionMark {
            session: 1,
            has_ended,
            generation,
            rotated_at: LogTime(1_000),
        };
        sessions.note(mark(1, false));
        assert!(admit(&token, 60_000), "requests are under way");
        let renewed = SessionToken { generation: 1, ..token };
        assert!(admit(&renewed, 60_000));
        assert!(!admit(&token, 62_000), "a copy");
        assert!(!admit(&renewed, 62_000), "and with it the session ends for both");
        let other = SessionToken { session: 2, ..token };
        assert!(admit(&other, 62_000));
        sessions.end(2);
        assert!(!admit(&other, 62_000));
    }
}
