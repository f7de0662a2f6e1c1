//! The role a partition's worker should have, and what it reports.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use floodgate_event_log::Offset;
use floodgate_transport::Health;

/// An owner with fewer commands before it than this answers within moments.
const READY_BEHIND: u64 = 10_000;

/// What a worker shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum DesiredRole {
    Standby = 0,
    Own = 1,
    /// Own, but store a snapshot now: somebody else will own soon.
    Retire = 2,
    End = 3,
}

/// How a partition is begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAs {
    Owner,
    Standby,
}

impl From<StartAs> for DesiredRole {
    fn from(role: StartAs) -> Self {
        match role {
            StartAs::Owner => DesiredRole::Own,
            StartAs::Standby => DesiredRole::Standby,
        }
    }
}

/// How a worker is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Condition {
    /// It has once folded everything a follower may fold.
    pub is_warm: bool,
    /// It owns the partition and has caught up with the log once.
    pub is_ready: bool,
    /// It was asked to retire, and its last snapshot is stored or lost.
    pub has_retired: bool,
    /// It ended, asked to or by itself.
    pub has_ended: bool,
}

/// Steers one worker, from any thread. The worker looks at it between two steps.
#[derive(Debug, Clone)]
pub struct Control(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    desired: AtomicU8,
    /// When the partition was gained. A plain mutex: touched when roles change.
    gained_at: Mutex<Instant>,
    applied: AtomicU64,
    behind: AtomicU64,
    is_warm: AtomicBool,
    has_retired: AtomicBool,
    has_ended: AtomicBool,
    /// Why an owner cannot go on for now. A plain mutex: touched when that changes, read by probes.
    trouble: Mutex<Option<Health>>,
}

impl Control {
    pub(crate) fn new(role: StartAs) -> Self {
        Control(Arc::new(Shared {
            desired: AtomicU8::new(DesiredRole::from(role) as u8),
            gained_at: Mutex::new(Instant::now()),
            applied: AtomicU64::new(0),
            behind: AtomicU64::new(u64::MAX),
            is_warm: AtomicBool::new(false),
            has_retired: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            trouble: Mutex::new(None),
        }))
    }

    fn desire(&self, role: DesiredRole) {
        self.0.desired.store(role as u8, Ordering::Release);
    }

    /// Makes it the owner, until further notice.
    pub fn own(&self) {
        *self.0.gained_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        // What an earlier time as the owner left there says nothing about this one.
        self.0.behind.store(u64::MAX, Ordering::Release);
        self.desire(DesiredRole::Own);
    }

    /// Makes it follow whoever owns the partition.
    pub fn stand_by(&self) {
        self.desire(DesiredRole::Standby);
    }

    /// Asks the owner to store a snapshot while it goes on, so that a stop is quick and whoever
    /// takes over begins close to the end.
    pub fn retire(&self) {
        match self.desired() {
            DesiredRole::Own => self.desire(DesiredRole::Retire),
            DesiredRole::Retire => {}
            DesiredRole::Standby | DesiredRole::End => self.report_retired(),
        }
    }

    /// Asks an owner to finish what it has and store a snapshot, unless it has retired; a follower
    /// just ends.
    pub fn stop(&self) {
        self.desire(DesiredRole::End);
    }

    /// The next command it needs.
    #[must_use]
    pub fn applied(&self) -> Offset {
        self.0.applied.load(Ordering::Acquire)
    }

    /// How it is doing.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let has_ended = self.0.has_ended.load(Ordering::Acquire);
        Condition {
            is_warm: self.0.is_warm.load(Ordering::Acquire),
            is_ready: !has_ended && self.0.behind.load(Ordering::Acquire) < READY_BEHIND,
            has_retired: has_ended || self.0.has_retired.load(Ordering::Acquire),
            has_ended,
        }
    }

    /// Why it cannot go on for now; else whether it can decide.
    #[must_use]
    pub fn health(&self) -> Health {
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_ready = self.condition().is_ready;
        trouble.unwrap_or(if is_ready { Health::Ready } else { Health::Starting })
    }

    pub(crate) fn desired(&self) -> DesiredRole {
        match self.0.desired.load(Ordering::Acquire) {
            0 => DesiredRole::Standby,
            1 => DesiredRole::Own,
            2 => DesiredRole::Retire,
            _ => DesiredRole::End,
        }
    }

    pub(crate) fn gained_at(&self) -> Instant {
        *self.0.gained_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report_applied(&self, next: Offset) {
        self.0.applied.store(next, Ordering::Release);
    }

    pub(crate) fn report_behind(&self, behind: u64) {
        self.0.behind.store(behind, Ordering::Release);
    }

    /// Whether it was warm before.
    pub(crate) fn report_warm(&self, is_warm: bool) -> bool {
        self.0.is_warm.swap(is_warm, Ordering::AcqRel)
    }

    /// The owner failed and tries again; when that began is kept until it has recovered.
    pub(crate) fn report_trouble(&self, reason: &dyn fmt::Display) {
        let mut trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert_with(|| Health::degraded(reason.to_string()));
    }

    pub(crate) fn report_recovered(&self) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn report_retired(&self) {
        self.0.has_retired.store(true, Ordering::Release);
    }

    pub(crate) fn report_ended(&self) {
        self.0.has_ended.store(true, Ordering::Release);
    }
}
