//! Codes of a presale of one event, kept from the facts alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use floodgate_domain::presale::{BATCHES_MAX, CODES_PER_BATCH_MAX, CODES_PER_EVENT_MAX};
use floodgate_domain::{BuyerId, CodeMint, CodeNumber, Fact};

use super::crowd::Finding;

const CLAIMED: &str = "codes-claimed-once";

/// What the facts have said of codes.
#[derive(Debug, Default)]
pub(crate) struct CodeBook {
    batches: BTreeMap<u16, u32>,
    claimed: HashSet<CodeNumber>,
    by_buyer: HashMap<BuyerId, CodeNumber>,
}

impl CodeBook {
    /// Whether a batch has a code.
    pub(crate) fn has_any(&self, batch: u16) -> bool {
        self.batches.get(&batch).is_some_and(|count| *count > 0)
    }

    pub(crate) fn has_room(&self, mint: &CodeMint) -> bool {
        let before = self.batches.get(&mint.batch).copied();
        let all: u64 = self.batches.values().map(|count| u64::from(*count)).sum();
        let of_batch = u64::from(before.unwrap_or(0)) + u64::from(mint.count);
        mint.can_be()
            && (before.is_some() || self.batches.len() < BATCHES_MAX)
            && of_batch <= u64::from(CODES_PER_BATCH_MAX)
            && all + u64::from(mint.count) <= u64::from(CODES_PER_EVENT_MAX)
    }

    /// Whether a buyer may come in while the sale is in presale.
    pub(crate) fn lets_in(&self, buyer: BuyerId) -> bool {
        self.by_buyer.contains_key(&buyer)
    }

    /// Whether this buyer may claim this code, and has not yet.
    pub(crate) fn can_claim(&self, buyer: BuyerId, code: CodeNumber) -> bool {
        let exists = self.batches.get(&code.batch).is_some_and(|count| code.number < *count);
        exists && !self.claimed.contains(&code) && !self.lets_in(buyer)
    }

    /// Enters a fact; `None` for facts about anything else.
    pub(crate) fn enter(&mut self, fact: &Fact) -> Option<Finding> {
        let holds = match fact {
            Fact::CodesMinted { batch, label, count, .. } => {
                let mint = CodeMint { batch: *batch, label: label.clone(), count: *count };
                let has_room = self.has_room(&mint);
                let all = self.batches.entry(*batch).or_default();
                *all = all.saturating_add(*count);
                has_room
            }
            Fact::CodeClaimed { buyer, code } => {
                let can = self.can_claim(*buyer, *code);
                self.claimed.insert(*code);
                self.by_buyer.insert(*buyer, *code);
                can
            }
            _ => return None,
        };
        Some((CLAIMED, holds, format!("{fact:?} cannot be as the books stand")))
    }
}
