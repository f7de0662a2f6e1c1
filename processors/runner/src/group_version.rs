//! Which rules every processor of the group supports: what an owner may put in force.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The newest rules that all of them have. Whoever knows the group sets it, the owners' threads look
/// at it; while it is not known, no owner changes the rules. An atomic, since the one number is all
/// they share.
#[derive(Debug, Clone, Default)]
pub struct GroupVersion(Arc<AtomicU32>);

/// No rules have this number.
const NOT_KNOWN: u32 = 0;

impl GroupVersion {
    /// A group that is known, as one process alone is.
    #[must_use]
    pub fn known(version: u32) -> Self {
        GroupVersion(Arc::new(AtomicU32::new(version)))
    }

    /// `None` while somebody's version is not known, or the partitions are being shared out.
    pub fn set(&self, version: Option<u32>) {
        self.0.store(version.unwrap_or(NOT_KNOWN), Ordering::Release);
    }

    #[must_use]
    pub fn get(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Acquire)).filter(|&version| version != NOT_KNOWN)
    }
}
