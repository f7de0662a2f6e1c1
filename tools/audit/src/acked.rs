//! What a load generator was promised, against what the log has.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use floodgate_domain::{EventId, HoldId, OrderName};

use crate::ledger::Ledger;

/// One line of an acknowledgement file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acked {
    pub event_id: String,
    pub order_id: String,
    /// `held`, `payment_pending` or `confirmed`, as the server said.
    pub status: String,
}

/// How many acknowledgements there are, and how many of them the log does not have. A last
/// line that was cut off by a crash of the writer was never complete and is not counted.
pub(super) fn missing(path: &Path, ledger: &Ledger) -> Result<(u64, u64)> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let (mut checked, mut missing) = (0, 0);
    let mut lines = BufReader::new(file).lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let acked: Acked = match serde_json::from_str(&line?) {
            Ok(acked) => acked,
            Err(_) if lines.peek().is_none() => break,
            Err(error) => anyhow::bail!("{}:{}: {error}", path.display(), number + 1),
        };
        let event_id: EventId = acked.event_id.parse()?;
        let OrderName(hold_id): OrderName = acked.order_id.parse()?;
        checked += 1;
        missing += u64::from(!is_known(ledger, event_id, hold_id, &acked.status));
    }
    Ok((checked, missing))
}

fn is_known(ledger: &Ledger, event_id: EventId, hold_id: HoldId, status: &str) -> bool {
    match status {
        "payment_pending" => ledger.order_started(event_id, hold_id),
        "confirmed" => ledger.order_confirmed(event_id, hold_id),
        _ => ledger.knows_hold(event_id, hold_id),
    }
}
