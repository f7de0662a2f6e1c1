//! Everyone who came to one event and still matters: limits, passes, cool-downs.
//!
//! Whoever has seats is remembered as long as the event lasts, since seats count over all of it.
//! Others are forgotten once nothing that is decided depends on them ([`Buyer::matters`]): a hand
//! goes round the table, two records for each that is added, so that it stays within about twice
//! those who matter. Under the first rules nobody is, and `Policy::buyers_max` bounds the table;
//! since then that bounds those who have seats, and [`RECORDS_MAX`] the table.

use super::table::{Index, mix64};
use floodgate_domain::cohort::Cohort;
use floodgate_domain::ids::{BuyerId, HoldId, LogTime, Place};
use floodgate_domain::policy::{COOL_DOWNS_COUNT_MS, HOLDS_PER_BUYER_MAX};

/// Records one event may have: as many as it may give out places, and a gigabyte.
pub(crate) const RECORDS_MAX: usize = 1 << 24;

/// Records looked at for each that may be added: more than one, or the table would only grow.
const LOOKED_AT: usize = 2;

/// One buyer's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buyer {
    pub(super) id: BuyerId,
    pub(super) in_shop: bool,
    pub(super) holds_count: u8,
    /// Held and bought seats.
    pub(super) seats_count: u16,
    /// What they let themselves be counted under.
    pub(super) cohort: Option<Cohort>,
    pub(super) place: Place,
    pub(super) pass_until: LogTime,
    /// How long they may do nothing on this visit, in milliseconds, thirty days at most; 0 is as long
    /// as the pass. Later rules do not change it.
    pub(super) idle_ms: u32,
    /// When they have done nothing for so long.
    pub(super) idle_until: LogTime,
    pub(super) cooldown_until: LogTime,
    /// How often they let go of seats unpaid since they last bought.
    pub(super) cooldown_count: u8,
    pub(super) holds: [HoldId; HOLDS_PER_BUYER_MAX],
}

impl Buyer {
    fn new(id: BuyerId) -> Self {
        Buyer {
            id,
            in_shop: false,
            holds_count: 0,
            seats_count: 0,
            cohort: None,
            place: Place(0),
            pass_until: LogTime(0),
            idle_ms: 0,
            idle_until: LogTime(0),
            cooldown_until: LogTime(0),
            cooldown_count: 0,
            holds: [HoldId(0); HOLDS_PER_BUYER_MAX],
        }
    }

    /// Whether anything that is decided from `now` on can depend on this record.
    pub(super) fn matters(&self, now: LogTime) -> bool {
        let is_here = self.in_shop || now < self.pass_until;
        let has_something = self.seats_count > 0 || self.holds_count > 0 || self.cohort.is_some();
        is_here || has_something || now < self.cooldown_until || self.cool_downs(now) > 0
    }

    /// How often they let go of seats unpaid, as far as that counts.
    pub(super) fn cool_downs(&self, now: LogTime) -> u8 {
        let counts = now < self.cooldown_until.plus(COOL_DOWNS_COUNT_MS);
        if counts { self.cooldown_count } else { 0 }
    }

    /// They have done something, or what they wait for has gone on.
    pub(super) fn act(&mut self, now: LogTime) {
        if self.idle_ms > 0 {
            self.idle_until = now.plus(u64::from(self.idle_ms));
        }
    }

    /// Holds and orders that still run.
    pub(super) fn live_holds(&self) -> &[HoldId] {
        &self.holds[..usize::from(self.holds_count)]
    }

    pub(super) fn add_hold(&mut self, hold_id: HoldId) {
        if let Some(free) = self.holds.get_mut(usize::from(self.holds_count)) {
            *free = hold_id;
            self.holds_count += 1;
        }
    }

    pub(super) fn drop_hold(&mut self, hold_id: HoldId) {
        if let Some(at) = self.live_holds().iter().position(|&held| held == hold_id) {
            self.holds_count -= 1;
            self.holds[at] = self.holds[usize::from(self.holds_count)];
            self.holds[usize::from(self.holds_count)] = HoldId(0);
        }
    }
}

/// The table, with an index by id.
#[derive(Debug)]
pub(super) struct Buyers {
    pub(super) records: Vec<Buyer>,
    index: Index,
    /// Those among them who have seats, held or bought.
    with_seats: usize,
    /// Records of nobody, the next to be used last.
    free: Vec<u32>,
    /// The next record to look at.
    hand: u32,
}

impl Buyers {
    /// An empty table with room for `expected` buyers before it has to grow.
    pub(super) fn with_room_for(expected: usize) -> Self {
        // Written once now, so that the first sale does not pay for fresh pages.
        let mut records = vec![Buyer::new(BuyerId(0)); expected];
        records.clear();
        let index = Index::with_room_for(expected);
        Buyers { records, index, with_seats: 0, free: Vec::new(), hand: 0 }
    }

    /// The table with these records, in which nobody is found before [`Buyers::find_all`].
    pub(super) fn from_records(records: Vec<Buyer>) -> Self {
        let with_seats = records.iter().filter(|buyer| buyer.seats_count > 0).count();
        let index = Index::with_room_for(records.len().max(1024));
        Buyers { records, index, with_seats, free: Vec::new(), hand: 0 }
    }

    /// Makes everybody found but the records of nobody; `None` where those cannot be.
    pub(super) fn find_all(&mut self, free: Vec<u32>, hand: u32) -> Option<()> {
        let mut is_free = vec![false; self.records.len()];
        for &at in &free {
            let is_repeated = std::mem::replace(is_free.get_mut(at as usize)?, true);
            (!is_repeated).then_some(())?;
        }
        let taken = self.records.iter().zip(is_free).enumerate().filter(|(_, (_, free))| !free);
        for (at, (buyer, _)) in taken {
            self.index.insert(mix64(buyer.id.0), at as u32);
        }
        (self.free, self.hand) = (free, hand);
        Some(())
    }

    /// What [`Buyers::find_all`] needs besides the records.
    pub(super) fn free_and_hand(&self) -> (&[u32], u32) {
        (&self.free, self.hand)
    }

    /// Looks at the next records and forgets those of whom nothing matters.
    pub(super) fn forget(&mut self, matters: impl Fn(&Buyer) -> bool) {
        for _ in 0..LOOKED_AT.min(self.records.len()) {
            let at = self.hand as usize % self.records.len();
            self.hand = at as u32 + 1;
            let id = self.records[at].id;
            // Records of nobody are in no index.
            if self.position(id) == Some(at as u32) && !matters(&self.records[at]) {
                self.index.remove(mix64(id.0), at as u32);
                self.records[at] = Buyer::new(BuyerId(0));
                self.free.push(at as u32);
            }
        }
    }

    pub(super) fn position(&self, id: BuyerId) -> Option<u32> {
        self.index.find(mix64(id.0), |at| self.records[at as usize].id == id)
    }

    /// Loads what finding this buyer will need.
    pub(super) fn touch(&self, id: BuyerId) {
        self.index.touch(mix64(id.0));
    }

    pub(super) fn get(&self, id: BuyerId) -> Option<&Buyer> {
        self.position(id).map(|at| &self.records[at as usize])
    }

    pub(super) fn get_mut(&mut self, id: BuyerId) -> Option<&mut Buyer> {
        self.position(id).map(|at| &mut self.records[at as usize])
    }

    /// The buyer's record, made if this is the first time.
    pub(super) fn entry(&mut self, id: BuyerId) -> (u32, &mut Buyer) {
        let at = self.position(id).unwrap_or_else(|| {
            let at = self.free.pop().unwrap_or(self.records.len() as u32);
            match self.records.get_mut(at as usize) {
                Some(record) => record.id = id,
                None => self.records.push(Buyer::new(id)),
            }
            self.index.grow_for(self.records.len());
            self.index.insert(mix64(id.0), at);
            at
        });
        (at, &mut self.records[at as usize])
    }

    /// The buyer has so many seats more.
    pub(super) fn add_seats(&mut self, id: BuyerId, count: u16) {
        let (_, buyer) = self.entry(id);
        let is_first = buyer.seats_count == 0 && count > 0;
        buyer.seats_count += count;
        self.with_seats += usize::from(is_first);
    }

    /// The buyer has so many seats less.
    pub(super) fn remove_seats(&mut self, id: BuyerId, count: u16) {
        let (_, buyer) = self.entry(id);
        buyer.seats_count -= count;
        let was_last = buyer.seats_count == 0 && count > 0;
        self.with_seats -= usize::from(was_last);
    }

    /// How many have seats, held or bought.
    pub(super) fn with_seats(&self) -> usize {
        self.with_seats
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }
}
