//! The announcements of an event, folded from its facts.

use std::collections::BTreeMap;

use floodgate_domain::effects::AnnouncementMove;
use floodgate_domain::{Announcement, AnnouncementId, AnnouncementStep, LogTime, StaffId};

/// One announcement, and how far it is as the log knows it.
#[derive(Debug, Clone)]
pub(crate) struct AnnouncementView {
    pub(crate) announcement: Announcement,
    pub(crate) needs_approval: bool,
    pub(crate) by: Option<StaffId>,
    pub(crate) made_at: LogTime,
    pub(crate) started_at: Option<LogTime>,
    is_approved: bool,
    is_paused: bool,
    is_stopped: bool,
}

/// All of an event; the engine bounds how many.
#[derive(Debug, Default)]
pub(crate) struct Announcements(BTreeMap<AnnouncementId, AnnouncementView>);

impl Announcements {
    pub(super) fn follow(
        &mut self,
        change: AnnouncementMove<'_>,
        by: Option<StaffId>,
        at: LogTime,
    ) {
        match change {
            AnnouncementMove::Made { announcement, needs_approval } => {
                let view = AnnouncementView {
                    announcement: announcement.clone(),
                    needs_approval,
                    by,
                    made_at: at,
                    started_at: None,
                    is_approved: false,
                    is_paused: false,
                    is_stopped: false,
                };
                self.0.insert(announcement.id, view);
            }
            AnnouncementMove::Steered { id, step } => {
                let Some(view) = self.0.get_mut(&id) else { return };
                match step {
                    AnnouncementStep::Approve => view.is_approved = true,
                    AnnouncementStep::Pause => view.is_paused = true,
                    AnnouncementStep::Resume => view.is_paused = false,
                    AnnouncementStep::Stop => view.is_stopped = true,
                }
            }
            AnnouncementMove::Started { id } => {
                if let Some(view) = self.0.get_mut(&id) {
                    view.started_at = Some(at);
                }
            }
        }
    }

    pub(crate) fn get(&self, id: AnnouncementId) -> Option<&AnnouncementView> {
        self.0.get(&id)
    }

    /// All of them, the latest first.
    pub(crate) fn newest(&self) -> Vec<AnnouncementView> {
        let mut all: Vec<_> = self.0.values().cloned().collect();
        all.sort_by_key(|view| std::cmp::Reverse((view.made_at, view.announcement.id)));
        all
    }
}

impl AnnouncementView {
    /// How far it is, where `left` says how many of its messages are still to go out.
    pub(crate) fn state(&self, left: u64) -> &'static str {
        match self {
            _ if self.is_stopped => "stopped",
            _ if self.is_paused => "paused",
            _ if self.started_at.is_none() && self.needs_approval && !self.is_approved => {
                "awaiting_approval"
            }
            _ if self.started_at.is_none() => "scheduled",
            _ if left > 0 => "sending",
            _ => "sent",
        }
    }
}
