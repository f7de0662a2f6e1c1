//! Codes of a presale: batches, and who has claimed one.

use std::collections::{BTreeMap, HashSet};

use floodgate_domain::BuyerId;
use floodgate_domain::effects::CodesMove;

/// One batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BatchView {
    pub(crate) label: String,
    pub(crate) minted: u32,
    pub(crate) claimed: u32,
}

/// All of one event; as many as the engine has.
#[derive(Debug, Default)]
pub(crate) struct CodesView {
    pub(crate) batches: BTreeMap<u16, BatchView>,
    pub(crate) holders: HashSet<BuyerId>,
}

impl CodesView {
    pub(super) fn follow(&mut self, change: CodesMove<'_>) {
        match change {
            CodesMove::Minted { batch, label, count } => {
                let batch = self.batches.entry(batch).or_default();
                batch.minted += count;
                if !label.is_empty() {
                    label.clone_into(&mut batch.label);
                }
            }
            CodesMove::Claimed { buyer, code } => {
                self.batches.entry(code.batch).or_default().claimed += 1;
                self.holders.insert(buyer);
            }
        }
    }
}
