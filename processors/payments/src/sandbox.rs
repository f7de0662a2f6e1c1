//! A provider for demos and tests: published cards, no money.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use floodgate_onsale::{EventId, HoldId, LogTime};

use crate::provider::{Authorisation, Captured, Payment, Provider, ProviderError};

/// Test cards and what they do, as published on the payment page.
const CARDS: [(&str, &str); 5] = [
    ("4000000000000077", "pm_sandbox_approve"),
    ("4000000000000002", "pm_sandbox_decline"),
    ("4000000000003220", "pm_sandbox_challenge"),
    ("4000000000000259", "pm_sandbox_late"),
    ("4000000000000119", "pm_sandbox_lost"),
];

/// How long after the order's time the late card authorises.
const LATE_BY_MS: u64 = 2_000;
/// Challenges open at once; the oldest order's wins nothing by more. An attempt beyond is
/// declined, as a bank under load would.
const CHALLENGES_MAX: usize = 100_000;

/// What the buyer told his bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    Asked,
    Approved,
    Refused,
}

/// The sandbox. Keeps only what a buyer answered to his bank; everything else follows from
/// the card, so that a restart changes nothing but open challenges.
#[derive(Debug, Default)]
pub struct Sandbox {
    // A plain mutex: held for one map operation.
    challenges: Mutex<BTreeMap<(HoldId, EventId, u8), Challenge>>,
}

impl Sandbox {
    #[must_use]
    pub fn new() -> Self {
        Sandbox::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(HoldId, EventId, u8), Challenge>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token for a published test card.
    #[must_use]
    pub fn tokenise(&self, card_number: &str) -> Option<String> {
        let found = CARDS.iter().find(|(number, _)| *number == card_number);
        found.map(|(_, token)| (*token).to_owned())
    }

    /// Whether the buyer's bank waits for an answer about this order.
    #[must_use]
    pub fn has_challenge(&self, hold_id: HoldId) -> bool {
        self.lock().range(of(hold_id)).any(|(_, at)| *at == Challenge::Asked)
    }

    /// The buyer's answer to his bank; `false` when nothing was asked.
    pub fn resolve_challenge(&self, hold_id: HoldId, approve: bool) -> bool {
        let mut challenges = self.lock();
        let mut asked =
            challenges.range_mut(of(hold_id)).filter(|(_, at)| **at == Challenge::Asked);
        let outcome = if approve { Challenge::Approved } else { Challenge::Refused };
        asked.next().map(|(_, at)| *at = outcome).is_some()
    }

    fn challenge(&self, payment: &Payment) -> Authorisation {
        let key = (payment.hold_id, payment.event_id, payment.attempt);
        let mut challenges = self.lock();
        let is_full = challenges.len() >= CHALLENGES_MAX;
        match challenges.get(&key) {
            None if is_full => Authorisation::Declined,
            None => {
                challenges.insert(key, Challenge::Asked);
                Authorisation::Open
            }
            Some(Challenge::Asked) => Authorisation::Open,
            Some(Challenge::Approved) => Authorisation::Authorised,
            Some(Challenge::Refused) => Authorisation::Declined,
        }
    }
}

/// Every attempt of one hold.
fn of(hold_id: HoldId) -> std::ops::RangeInclusive<(HoldId, EventId, u8)> {
    (hold_id, EventId(0), 0)..=(hold_id, EventId(u64::MAX), u8::MAX)
}

impl Provider for Sandbox {
    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError> {
        Ok(match payment.method.as_str() {
            "pm_sandbox_approve" => Authorisation::Authorised,
            "pm_sandbox_challenge" => self.challenge(payment),
            "pm_sandbox_late" if now >= payment.deadline.plus(LATE_BY_MS) => {
                Authorisation::Authorised
            }
            "pm_sandbox_late" | "pm_sandbox_lost" => Authorisation::Open,
            // The declining card, and every token that is not one of ours.
            _ => Authorisation::Declined,
        })
    }

    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError> {
        self.lock().remove(&(payment.hold_id, payment.event_id, payment.attempt));
        Ok(Captured::Done)
    }

    fn void(&self, payment: &Payment) -> Result<(), ProviderError> {
        self.lock().remove(&(payment.hold_id, payment.event_id, payment.attempt));
        Ok(())
    }

    fn refund(&self, _payment: &Payment) -> Result<(), ProviderError> {
        Ok(())
    }
}
