//! How often this gateway said no about an event, by the problem's code: what the engine refused,
//! and what the door and the limits turned away. No facts, so they begin anew with the process,
//! and each gateway knows its own; the answer says since when. Nobody is in there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// As many counts as there are codes.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    // A plain mutex: held for one map operation.
    by_code: Mutex<BTreeMap<&'static str, u64>>,
}

impl Refused {
    pub(crate) fn note(&self, code: &'static str) {
        let mut by_code = self.by_code.lock().unwrap_or_else(PoisonError::into_inner);
        *by_code.entry(code).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.by_code.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
