//! What an audit says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// One invariant: how often it was looked at, and how often it did not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    pub checked: u64,
    pub violations: u64,
}

/// Seats of all events at the end of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SeatCounts {
    pub free: u64,
    pub held: u64,
    pub sold: u64,
}

/// The whole audit.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditReport {
    pub violations: u64,
    pub invariants: BTreeMap<&'static str, Check>,
    pub seats: SeatCounts,
    /// Orders confirmed and not undone.
    pub orders: u64,
    /// Confirmed orders whose capture is still under way.
    pub orders_in_flight: u64,
    /// Facts that follow from durable commands and are published by the next start, if no
    /// server runs.
    pub facts_pending: u64,
    /// Facts published again by an owner that did not know it had been replaced; readers drop
    /// them by position. Never any in the embedded form.
    pub facts_repeated: u64,
    /// Acknowledged holds and orders that the log does not have; absent without `--acked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acked_missing: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acked_checked: Option<u64>,
    /// The first few violations in words.
    pub examples: Vec<String>,
}

impl AuditReport {
    /// Whether everything holds and nothing acknowledged is missing.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations == 0 && self.acked_missing.unwrap_or(0) == 0
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SeatCounts { free, held, sold } = self.seats;
        writeln!(f, "seats     {free} free, {held} held, {sold} sold")?;
        writeln!(
            f,
            "orders    {} confirmed, {} being captured",
            self.orders, self.orders_in_flight
        )?;
        for (id, check) in &self.invariants {
            let verdict = if check.violations == 0 { "ok" } else { "BROKEN" };
            writeln!(
                f,
                "{verdict:<9} {id} ({} checked, {} broken)",
                check.checked, check.violations
            )?;
        }
        if let (Some(missing), Some(checked)) = (self.acked_missing, self.acked_checked) {
            writeln!(f, "acked     {checked} acknowledged, {missing} missing")?;
        }
        for example in &self.examples {
            writeln!(f, "  {example}")?;
        }
        write!(f, "{}", if self.is_clean() { "clean" } else { "NOT CLEAN" })
    }
}
