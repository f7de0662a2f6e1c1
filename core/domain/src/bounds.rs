//! What the rules of a sale can be. Engine, gateway and document take the bounds from here.

use crate::dials::{DIALS, DialError, DialKind};
use crate::policy::{BUYERS_MAX, DURATION_MS_MAX, HOLDS_PER_BUYER_MAX, Policy};
use crate::seats::SEATS_PER_HOLD_MAX;

/// A rule and its bounds. Those that are dials too have theirs in the table of dials.
#[derive(Debug)]
pub struct PolicyRule {
    /// The name in requests, answers and settings.
    pub name: &'static str,
    pub kind: DialKind,
    read: fn(&Policy) -> u64,
}

/// Every rule with bounds of its own.
pub const RULES: [PolicyRule; 13] = [
    duration("hold", 1, |policy| policy.hold_ms),
    number("extensions_max", 0, u8::MAX as u64, "extensions", |p| p.extensions_max.into()),
    duration("extension", 0, |policy| policy.extension_ms),
    duration("payment", 1, |policy| policy.payment_ms),
    duration("retry", 1, |policy| policy.retry_ms),
    number("payment_attempts_max", 1, u8::MAX as u64, "cards", |p| p.payment_attempts_max.into()),
    number("seats_per_buyer_max", 1, u16::MAX as u64, "seats", |p| p.seats_per_buyer_max.into()),
    number("seats_per_hold_max", 1, SEATS_PER_HOLD_MAX as u64, "seats", |p| {
        p.seats_per_hold_max.into()
    }),
    number("holds_per_buyer_max", 1, HOLDS_PER_BUYER_MAX as u64, "holds", |p| {
        p.holds_per_buyer_max.into()
    }),
    duration("cooldown", 0, |policy| policy.cooldown_ms),
    duration("pass", 1, |policy| policy.pass_ms),
    number("buyers_max", 1, BUYERS_MAX as u64, "buyers", |policy| policy.buyers_max.into()),
    duration("idle", 0, |policy| policy.idle().unwrap_or(0)),
];

const fn duration(name: &'static str, min_ms: u64, read: fn(&Policy) -> u64) -> PolicyRule {
    PolicyRule { name, kind: DialKind::Duration { min_ms, max_ms: DURATION_MS_MAX }, read }
}

const fn number(
    name: &'static str,
    min: u64,
    max: u64,
    unit: &'static str,
    read: fn(&Policy) -> u64,
) -> PolicyRule {
    PolicyRule { name, kind: DialKind::Number { min, max, unit }, read }
}

impl Policy {
    /// The first rule that is out of its bounds, with the bounds in words.
    #[must_use]
    pub fn fault(&self) -> Option<DialError> {
        let own = RULES.iter().filter(|rule| {
            let (DialKind::Number { min, max, .. }
            | DialKind::Duration { min_ms: min, max_ms: max }) = rule.kind
            else {
                return false;
            };
            !(min..=max).contains(&(rule.read)(self))
        });
        let own = own.map(|rule| (rule.name, rule.kind));
        let dials = DIALS
            .iter()
            .filter(|dial| dial.of_policy(self).is_some_and(|value| dial.check(&value).is_err()));
        let (name, kind) = own.chain(dials.map(|dial| (dial.name, dial.kind))).next()?;
        Some(DialError { field: name.to_owned(), fix: format!("must be {}", kind.bound()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_out_of_bounds_is_named_with_its_bound() {
        assert_eq!(Policy::default().fault(), None);
        for (policy, field, bound) in [
            (Policy { hold_ms: 0, ..Policy::default() }, "hold", "between 1ms and 30days"),
            (Policy { pass_ms: DURATION_MS_MAX + 1, ..Policy::default() }, "pass", "30days"),
            (
                Policy { seats_per_hold_max: 17, ..Policy::default() },
                "seats_per_hold_max",
                "1 and 16",
            ),
            (
                Policy { holds_per_buyer_max: 0, ..Policy::default() },
                "holds_per_buyer_max",
                "1 and 4",
            ),
            (Policy { buyers_max: 0, ..Policy::default() }, "buyers_max", "16777216"),
            (Policy { shoppers_max: u32::MAX, ..Policy::default() }, "shoppers_max", "16777216"),
        ] {
            let fault = policy.fault().expect("it is out of bounds");
            assert_eq!(fault.field, field);
            assert!(fault.fix.contains(bound), "{fault}");
        }
    }
}
