//! Codes of a presale: how many each batch has, which are claimed, and who has one.

use std::collections::BTreeMap;

use floodgate_domain::ids::BuyerId;
use floodgate_domain::presale::{BATCHES_MAX, CODES_PER_BATCH_MAX, CODES_PER_EVENT_MAX};
use floodgate_domain::presale::{CodeMint, CodeNumber};
use floodgate_domain::wire::{Cursor, WireError, WireWriter};

/// Numbers below `count` exist.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    count: u32,
    /// One bit a number: it is claimed.
    claimed: Vec<u64>,
}

impl Batch {
    fn grow(&mut self, count: u32) {
        self.count += count;
        self.claimed.resize(self.count.div_ceil(64) as usize, 0);
    }

    fn bit(&self, number: u32) -> bool {
        let word = self.claimed.get(number as usize / 64);
        word.is_some_and(|bits| bits & (1 << (number % 64)) != 0)
    }
}

/// All codes of one event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Codes {
    batches: BTreeMap<u16, Batch>,
    /// Who has claimed one, and which.
    by_buyer: BTreeMap<BuyerId, CodeNumber>,
}

impl Codes {
    /// Whether as many codes may be added to this batch.
    pub(super) fn has_room(&self, mint: &CodeMint) -> bool {
        let batch = self.batches.get(&mint.batch);
        let of_batch = batch.map_or(0, |batch| batch.count);
        let of_event: u32 = self.batches.values().map(|batch| batch.count).sum();
        mint.can_be()
            && (batch.is_some() || self.batches.len() < BATCHES_MAX)
            && mint.count <= CODES_PER_BATCH_MAX.saturating_sub(of_batch)
            && mint.count <= CODES_PER_EVENT_MAX.saturating_sub(of_event)
    }

    pub(super) fn exists(&self, code: CodeNumber) -> bool {
        self.batches.get(&code.batch).is_some_and(|batch| code.number < batch.count)
    }

    pub(super) fn is_claimed(&self, code: CodeNumber) -> bool {
        self.batches.get(&code.batch).is_some_and(|batch| batch.bit(code.number))
    }

    /// The code a buyer has claimed.
    pub(super) fn of(&self, buyer: BuyerId) -> Option<CodeNumber> {
        self.by_buyer.get(&buyer).copied()
    }

    pub(super) fn mint(&mut self, batch: u16, count: u32) {
        self.batches.entry(batch).or_default().grow(count);
    }

    pub(super) fn claim(&mut self, buyer: BuyerId, code: CodeNumber) {
        let batch = self.batches.get_mut(&code.batch);
        if let Some(word) = batch.and_then(|batch| batch.claimed.get_mut(code.number as usize / 64))
        {
            *word |= 1 << (code.number % 64);
        }
        self.by_buyer.insert(buyer, code);
    }

    /// Whether every code that is claimed is one buyer's, and every buyer's exists and is claimed.
    pub(super) fn claimed_once(&self) -> bool {
        let mut bits: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
        for (batch, of_batch) in &self.batches {
            bits.insert(*batch, vec![0; of_batch.claimed.len()]);
        }
        let are_one_each = self.by_buyer.values().all(|code| {
            let words = bits.get_mut(&code.batch).filter(|_| self.exists(*code));
            let word = words.and_then(|words| words.get_mut(code.number as usize / 64));
            word.is_some_and(|word| {
                let bit = 1 << (code.number % 64);
                let is_first = *word & bit == 0;
                *word |= bit;
                is_first
            })
        });
        are_one_each && self.batches.iter().all(|(batch, of)| bits.get(batch) == Some(&of.claimed))
    }

    /// Batches with their counts, then who has which: the marks follow from those.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_count(self.batches.len());
        for (batch, Batch { count, .. }) in &self.batches {
            out.put_varint(u64::from(*batch));
            out.put_varint(u64::from(*count));
        }
        out.put_count(self.by_buyer.len());
        for (buyer, code) in &self.by_buyer {
            out.put_u64_fixed(buyer.0);
            out.put_varint(u64::from(code.batch));
            out.put_varint(u64::from(code.number));
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let mut codes = Codes::default();
        for _ in 0..cursor.usize(BATCHES_MAX, "a count of batches")? {
            let batch = cursor.u16()?;
            let count = cursor.bounded(u64::from(CODES_PER_BATCH_MAX), "a count of codes")?;
            codes.mint(batch, count as u32);
        }
        for _ in 0..cursor.usize(CODES_PER_EVENT_MAX as usize, "a count of claims")? {
            let buyer = BuyerId(cursor.u64_fixed()?);
            let code = CodeNumber { batch: cursor.u16()?, number: cursor.u32()? };
            if !codes.exists(code) {
                return Err(WireError::OutOfBounds("a code"));
            }
            codes.claim(buyer, code);
        }
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint(batch: u16, count: u32) -> CodeMint {
        CodeMint { batch, label: String::new(), count }
    }

    #[test]
    fn batch_and_event_have_so_many_codes_and_no_more() {
        let mut codes = Codes::default();
        assert!(!codes.has_room(&mint(0, 1)) && !codes.has_room(&mint(1024, 1)));
        assert!(!codes.has_room(&mint(1, 0)) && !codes.has_room(&mint(1, CODES_PER_EVENT_MAX + 1)));
        assert!(codes.has_room(&mint(1, CODES_PER_EVENT_MAX)));
        codes.mint(1, CODES_PER_EVENT_MAX - 1);
        assert!(codes.has_room(&mint(1, 1)) && codes.has_room(&mint(2, 1)));
        assert!(!codes.has_room(&mint(1, 2)) && !codes.has_room(&mint(2, 2)));
        let mut many = Codes::default();
        (1..=BATCHES_MAX as u16).for_each(|batch| many.mint(batch, 1));
        assert!(many.has_room(&mint(64, 1)) && !many.has_room(&mint(65, 1)));
    }

    #[test]
    fn a_code_of_two_buyers_is_found() {
        let mut codes = Codes::default();
        codes.mint(3, 70);
        let code = CodeNumber { batch: 3, number: 69 };
        codes.claim(BuyerId(1), code);
        assert!(codes.claimed_once() && codes.is_claimed(code));
        assert!(!codes.exists(CodeNumber { number: 70, ..code }));
        codes.claim(BuyerId(2), code);
        assert!(!codes.claimed_once());
        let mut codes = Codes::default();
        codes.mint(3, 70);
        codes.claim(BuyerId(1), code);
        codes.claim(BuyerId(1), CodeNumber { number: 1, ..code });
        assert!(!codes.claimed_once(), "a mark of nobody");
    }
}
