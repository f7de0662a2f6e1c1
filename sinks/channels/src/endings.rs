//! Holds that end soon, by the clock: their buyers hear of it in time to do something.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::{BuyerId, Effects, EventId, FactRecord, HoldId, LogTime};
use floodgate_people::NewMessage;

/// How long before its end; of a short hold, half of it. A message takes some seconds to arrive.
const LEAD_MS: u64 = 90_000;

/// Hold numbers are each event's own.
type HoldKey = (EventId, HoldId);

/// One hold that ends unless its buyer does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HoldEnding {
    key: HoldKey,
    buyer: BuyerId,
    until: LogTime,
    due: LogTime,
}

/// All of them; as many as there are holds.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    holds: BTreeMap<HoldKey, HoldEnding>,
    due: BTreeSet<(LogTime, HoldKey)>,
}

impl Endings {
    pub(crate) fn follow(&mut self, record: &FactRecord, effects: &Effects<'_>) {
        let Some(change) = effects.order else { return };
        let key = (record.event_id, change.hold_id);
        if let Some(before) = self.holds.remove(&key) {
            self.due.remove(&(before.due, key));
        }
        if let Some(until) = change.buyer_must_act_until() {
            let lead = LEAD_MS.min(until.0.saturating_sub(record.at.0) / 2);
            let due = LogTime(until.0.saturating_sub(lead));
            self.holds.insert(key, HoldEnding { key, buyer: change.buyer, until, due });
            self.due.insert((due, key));
        }
    }

    /// Those to be written to now. What has ended already is not worth a message.
    pub(crate) fn due(&self, now: LogTime) -> impl Iterator<Item = HoldEnding> + '_ {
        let due = self.due.iter().take_while(move |(due, _)| *due <= now);
        let ending = due.filter_map(|(_, key)| self.holds.get(key).copied());
        ending.filter(move |ending| ending.until > now)
    }

    pub(crate) fn forget_due(&mut self, now: LogTime) {
        while let Some(&(due, key)) = self.due.first()
            && due <= now
        {
            self.due.pop_first();
            self.holds.remove(&key);
        }
    }
}

impl HoldEnding {
    /// Named by its hold and its end: one that was extended may end soon once more.
    pub(crate) fn message(self) -> NewMessage {
        let (event_id, hold_id) = self.key;
        NewMessage {
            message: format!("ending-{event_id}-{hold_id}-{}", self.until.0),
            occasion: "hold_ending".to_owned(),
            event_id: Some(event_id),
            announcement: None,
            buyer: self.buyer,
            variables: serde_json::json!({ "until_at": self.until.0 }),
            due_at: self.due,
            made_at: self.due,
        }
    }
}
