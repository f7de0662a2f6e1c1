//! Where the announcements of one event stand. What they say, the facts know; here is a digest, so
//! that the same id is never used for other words.

use std::collections::BTreeMap;

use floodgate_domain::announcement::{ANNOUNCEMENTS_MAX, Announcement, AnnouncementStep};
use floodgate_domain::ids::{AnnouncementId, LogTime};
use floodgate_domain::wire::{Cursor, WireError, WireWriter, read_time, write_time};

/// Where one announcement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnnouncementState {
    /// Of everything it says.
    pub(super) digest: u128,
    pub(super) send_at: Option<LogTime>,
    /// Nobody has approved it yet, and somebody has to.
    pub(super) awaits_approval: bool,
    pub(super) is_paused: bool,
    pub(super) is_stopped: bool,
    pub(super) has_started: bool,
}

impl AnnouncementState {
    pub(super) fn new(announcement: &Announcement, needs_approval: bool) -> Self {
        AnnouncementState {
            digest: announcement.digest(),
            send_at: announcement.send_at,
            awaits_approval: needs_approval,
            is_paused: false,
            is_stopped: false,
            has_started: false,
        }
    }

    /// Whether nothing but time keeps it from going out.
    pub(super) fn is_ready(&self) -> bool {
        let is_held_back = self.awaits_approval || self.is_paused || self.is_stopped;
        !is_held_back && !self.has_started
    }

    /// Whether it goes out now.
    pub(super) fn starts(&self, now: LogTime) -> bool {
        self.is_ready() && self.send_at.is_none_or(|at| at <= now)
    }

    /// The state after a step.
    pub(super) fn after(self, step: AnnouncementStep) -> Self {
        match step {
            AnnouncementStep::Approve => AnnouncementState { awaits_approval: false, ..self },
            AnnouncementStep::Pause => AnnouncementState { is_paused: true, ..self },
            AnnouncementStep::Resume => AnnouncementState { is_paused: false, ..self },
            AnnouncementStep::Stop => AnnouncementState { is_stopped: true, ..self },
        }
    }

    fn flags(&self) -> [bool; 4] {
        [self.awaits_approval, self.is_paused, self.is_stopped, self.has_started]
    }
}

/// All announcements of one event.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    by_id: BTreeMap<AnnouncementId, AnnouncementState>,
}

impl Announcements {
    pub(super) fn get(&self, id: AnnouncementId) -> Option<&AnnouncementState> {
        self.by_id.get(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (AnnouncementId, &AnnouncementState)> {
        self.by_id.iter().map(|(id, state)| (*id, state))
    }

    pub(super) fn is_full(&self) -> bool {
        self.by_id.len() >= ANNOUNCEMENTS_MAX
    }

    pub(super) fn add(&mut self, id: AnnouncementId, state: AnnouncementState) {
        self.by_id.insert(id, state);
    }

    pub(super) fn step(&mut self, id: AnnouncementId, step: AnnouncementStep) {
        if let Some(state) = self.by_id.get_mut(&id) {
            *state = state.after(step);
        }
    }

    pub(super) fn start(&mut self, id: AnnouncementId) {
        if let Some(state) = self.by_id.get_mut(&id) {
            state.has_started = true;
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_count(self.by_id.len());
        for (id, state) in &self.by_id {
            out.put_u64_fixed(id.0);
            out.put_u128_fixed(state.digest);
            write_time(state.send_at, out);
            state.flags().into_iter().for_each(|is_set| out.put_u8(u8::from(is_set)));
        }
    }

    /// Reads so many of them.
    pub(super) fn read(cursor: &mut Cursor<'_>, count: usize) -> Result<Self, WireError> {
        let mut announcements = Announcements::default();
        for _ in 0..count {
            let id = AnnouncementId(cursor.u64_fixed()?);
            let state = AnnouncementState {
                digest: cursor.u128_fixed()?,
                send_at: read_time(cursor)?,
                awaits_approval: cursor.bool()?,
                is_paused: cursor.bool()?,
                is_stopped: cursor.bool()?,
                has_started: cursor.bool()?,
            };
            let is_new = announcements.by_id.insert(id, state).is_none();
            is_new.then_some(()).ok_or(WireError::OutOfBounds("an announcement"))?;
        }
        Ok(announcements)
    }
}
