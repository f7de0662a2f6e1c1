//! What was looked at, and what was found.

use std::collections::BTreeMap;

use crate::report::Check;

/// Violations given in words; the counts say how many there are.
const EXAMPLES_MAX: usize = 20;

/// Every invariant with its counts, and the first violations in words.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) checks: BTreeMap<&'static str, Check>,
    pub(super) examples: Vec<String>,
}

impl Findings {
    /// Notes that an invariant was looked at, and whether it holds.
    pub(super) fn check(
        &mut self,
        invariant: &'static str,
        holds: bool,
        what: impl FnOnce() -> String,
    ) {
        let check = self.checks.entry(invariant).or_default();
        check.checked += 1;
        if !holds {
            check.violations += 1;
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(format!("{invariant}: {}", what()));
            }
        }
    }

    /// All violations of all invariants.
    pub(super) fn violations(&self) -> u64 {
        self.checks.values().map(|check| check.violations).sum()
    }
}
