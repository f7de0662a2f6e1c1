//! Who agreed to messages, of what, on which channel, and under which words.
//!
//! Nobody is forgotten here: a consent is good until it is withdrawn, also that of somebody who
//! never entered. [`CONSENTS_MAX`] bounds the table.

use std::collections::BTreeMap;

use floodgate_domain::consent::{CONSENTS_MAX, Channel, Consent, ConsentScope};
use floodgate_domain::ids::BuyerId;
use floodgate_domain::wire::{Cursor, WireError, WireWriter};

const CHANNELS: usize = Channel::ALL.len();
const PLACES: usize = CHANNELS * ConsentScope::ALL.len();

/// The wording of each consent of one buyer, by scope and channel; 0 where there is none.
type Wordings = [u16; PLACES];

/// All consents of one event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Consents {
    by_buyer: BTreeMap<BuyerId, Wordings>,
    /// How many there are in all.
    count: usize,
}

fn place(scope: ConsentScope, channel: Channel) -> usize {
    (scope as usize - 1) * CHANNELS + channel as usize - 1
}

impl Consents {
    /// The wording that a buyer agreed to; `None` where they did not.
    pub(super) fn wording(
        &self,
        buyer: BuyerId,
        (scope, channel): (ConsentScope, Channel),
    ) -> Option<u16> {
        let wordings = self.by_buyer.get(&buyer)?;
        Some(wordings[place(scope, channel)]).filter(|&wording| wording > 0)
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= CONSENTS_MAX
    }

    pub(super) fn give(&mut self, buyer: BuyerId, consent: Consent) {
        let wordings = self.by_buyer.entry(buyer).or_default();
        let wording = &mut wordings[place(consent.scope, consent.channel)];
        let is_new = *wording == 0;
        *wording = consent.wording;
        self.count += usize::from(is_new);
    }

    pub(super) fn withdraw(&mut self, buyer: BuyerId, (scope, channel): (ConsentScope, Channel)) {
        let Some(wordings) = self.by_buyer.get_mut(&buyer) else { return };
        let before = std::mem::take(&mut wordings[place(scope, channel)]);
        self.count -= usize::from(before > 0);
        if *wordings == Wordings::default() {
            self.by_buyer.remove(&buyer);
        }
    }

    /// Whether as many are counted as there are, and nobody is kept who has none.
    pub(super) fn add_up(&self) -> bool {
        let given = |wordings: &Wordings| wordings.iter().filter(|&&wording| wording > 0).count();
        let counts = self.by_buyer.values().map(given);
        counts.clone().all(|count| count > 0) && counts.sum::<usize>() == self.count
    }

    /// Each buyer with a bit for each consent, then the wordings of those.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_count(self.by_buyer.len());
        for (buyer, wordings) in &self.by_buyer {
            out.put_u64_fixed(buyer.0);
            let given = wordings.iter().enumerate().filter(|(_, wording)| **wording > 0);
            out.put_u8(given.clone().fold(0, |bits, (at, _)| bits | 1 << at));
            given.for_each(|(_, wording)| out.put_varint(u64::from(*wording)));
        }
    }

    /// Reads `buyers` of them.
    pub(super) fn read(cursor: &mut Cursor<'_>, buyers: usize) -> Result<Self, WireError> {
        let mut consents = Consents::default();
        for _ in 0..buyers {
            let (buyer, bits) = (BuyerId(cursor.u64_fixed()?), cursor.u8()?);
            let mut wordings = Wordings::default();
            for (at, wording) in wordings.iter_mut().enumerate() {
                if bits & 1 << at != 0 {
                    *wording = cursor.u16()?.max(1);
                    consents.count += 1;
                }
            }
            let is_new = bits != 0 && consents.by_buyer.insert(buyer, wordings).is_none();
            is_new.then_some(()).ok_or(WireError::OutOfBounds("a consent"))?;
        }
        Ok(consents)
    }

    /// As many as there may be, of which nobody is known.
    #[cfg(test)]
    pub(super) fn full() -> Self {
        Consents { by_buyer: BTreeMap::new(), count: CONSENTS_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_has_one_wording_for_each_scope_and_channel() {
        let mut consents = Consents::default();
        let (one, other) = (BuyerId(1), BuyerId(2));
        let mail = (ConsentScope::Event, Channel::Email);
        let give = |wording| Consent { scope: mail.0, channel: mail.1, wording };
        consents.give(one, give(7));
        consents.give(one, give(300));
        let (scope, channel) = (ConsentScope::Artist, Channel::WebPush);
        consents.give(one, Consent { scope, channel, wording: 1 });
        consents.give(other, give(2));
        assert_eq!((consents.wording(one, mail), consents.count), (Some(300), 3));
        assert_eq!(consents.wording(other, (scope, channel)), None);

        let mut bytes = Vec::new();
        consents.write(&mut bytes);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.varint(), Ok(2));
        assert_eq!(Consents::read(&mut cursor, 2).as_ref(), Ok(&consents));
        assert_eq!(cursor.finish(), Ok(()));

        consents.withdraw(one, mail);
        consents.withdraw(one, mail);
        assert_eq!((consents.wording(one, mail), consents.count), (None, 2));
        consents.withdraw(one, (scope, channel));
        assert!(consents.add_up() && consents.by_buyer.len() == 1, "{consents:?}");
    }
}
