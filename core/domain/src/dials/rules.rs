//! Dials that are rules of the sale: from policy to dial and back.

use super::{Acts, DIALS, DialChange};
use crate::policy::Policy;

impl Policy {
    /// The rules that are dials too, as a change that would lead to them.
    #[must_use]
    pub fn dials(&self) -> DialChange {
        let mut change = DialChange::default();
        for dial in &DIALS {
            if let Some(value) = dial.of_policy(self) {
                dial.set(&mut change, &value);
            }
        }
        change
    }

    /// Takes over the rules that are dials too.
    pub fn follow(&mut self, change: &DialChange) {
        for (dial, value) in change.turned() {
            if let Acts::Rule(rule) = dial.acts {
                (rule.follow)(self, &value);
            }
        }
    }
}
