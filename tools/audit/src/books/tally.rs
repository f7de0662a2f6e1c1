//! What happened in a sale, counted from the facts by name: what the published windows must say.
//!
//! Nothing of the domain's own tally is used here, so that a wrong effect or a wrong sum is found.

use std::collections::{BTreeMap, HashMap};

use floodgate_domain::{Fact, FactRecord, HoldId, LogTime, PriceTable, SeatList, Tier};
use floodgate_streams::public::NumbersBody;

use super::seats::SeatBooks;

/// The length of a window, written down a second time.
pub(crate) const LENGTH_MS: u64 = 10_000;

/// Amount, fees within, and whether somebody tried to pay.
type OrderMoney = (u64, u64, bool);

#[derive(Debug, Default)]
pub(crate) struct TallyBook {
    orders: HashMap<HoldId, OrderMoney>,
    pub(crate) windows: BTreeMap<LogTime, NumbersBody>,
    pub(crate) totals: NumbersBody,
    pub(crate) opened_at: Option<LogTime>,
}

impl TallyBook {
    /// Enters a fact; seats and prices are as they were before it.
    pub(crate) fn enter(&mut self, record: &FactRecord, seats: &SeatBooks, prices: &PriceTable) {
        let mut one = NumbersBody::default();
        self.count(record, seats, prices, &mut one);
        one.net = one.gross as i64 - one.fees as i64 - one.returned as i64;
        one.net += one.fees_returned as i64;
        if one != NumbersBody::default() {
            let begins_at = LogTime(record.at.0 / LENGTH_MS * LENGTH_MS);
            add(self.windows.entry(begins_at).or_default(), &one);
            add(&mut self.totals, &one);
        }
    }

    fn count(
        &mut self,
        record: &FactRecord,
        books: &SeatBooks,
        prices: &PriceTable,
        one: &mut NumbersBody,
    ) {
        match &record.fact {
            Fact::SaleOpened => self.opened_at = self.opened_at.or(Some(record.at)),
            Fact::PlacesReserved { count, .. } => one.places = u64::from(*count),
            Fact::Entered { .. } => one.entered = 1,
            Fact::ShopperLeft { .. } => one.left = 1,
            Fact::SeatsHeld { hold_id, seats, amount, .. } => {
                (one.holds, one.seats_held) = (1, seats.len() as u64);
                let fees = fees(seats, (books, prices), *amount, record.at);
                self.orders.insert(*hold_id, (*amount, fees, false));
            }
            Fact::HoldExtended { .. } => one.extended = 1,
            Fact::HoldReleased { .. } => one.released = 1,
            Fact::HoldExpired { .. } => one.holds_expired = 1,
            Fact::PurchaseStarted { hold_id, .. } => {
                one.attempts = 1;
                let order = self.orders.entry(*hold_id).or_default();
                one.paying = u64::from(!std::mem::replace(&mut order.2, true));
            }
            Fact::OrderDeclined { .. } => one.declined = 1,
            Fact::OrderUnanswered { .. } => one.unanswered = 1,
            Fact::OrderExpired { .. } => one.orders_expired = 1,
            Fact::OrderConfirmed { hold_id, seats, amount, .. } => {
                (one.confirmed, one.seats_sold) = (1, seats.len() as u64);
                let order = self.orders.entry(*hold_id).or_default();
                order.0 = *amount;
                (one.gross, one.fees) = (*amount, order.1);
            }
            Fact::OrderSettled { .. } => one.settled = 1,
            Fact::OrderRefunded { hold_id, seats, amount, .. } => {
                (one.refunded, one.seats_back) = (1, seats.len() as u64);
                let (_, fees, _) = self.orders.get(hold_id).copied().unwrap_or_default();
                (one.returned, one.fees_returned) = (*amount, fees);
            }
            Fact::OrderCancelled { hold_id, seats, .. } => {
                (one.cancelled, one.seats_back) = (1, seats.len() as u64);
                let order = self.orders.get(hold_id).copied().unwrap_or_default();
                (one.returned, one.fees_returned) = (order.0, order.1);
            }
            Fact::SeatsGiven { hold_id, seats, .. } => {
                one.seats_given = seats.len() as u64;
                // Its number may have been another order's.
                self.orders.insert(*hold_id, (0, 0, false));
            }
            _ => {}
        }
    }
}

/// The fees of the tiers that were in force, where they lead to the amount of the hold.
fn fees(
    seats: &SeatList,
    (books, prices): (&SeatBooks, &PriceTable),
    amount: u64,
    at: LogTime,
) -> u64 {
    let mut taken: HashMap<u8, u32> = HashMap::new();
    let tiers = seats.iter().map(|seat| {
        let category = books.get(seat)?.category;
        let count = taken.entry(category).or_insert_with(|| books.taken(category));
        let before = std::mem::replace(count, *count + 1);
        let is_valid = |tier: &&Tier| {
            tier.until_taken.is_none_or(|limit| before < limit)
                && tier.until.is_none_or(|limit| at < limit)
        };
        prices.categories.get(usize::from(category))?.iter().find(is_valid)
    });
    let Some(tiers) = tiers.collect::<Option<Vec<_>>>() else { return 0 };
    let total: u64 = tiers.iter().map(|tier| u64::from(tier.amount)).sum();
    let fees = tiers.iter().map(|tier| u64::from(tier.fee)).sum();
    if total == amount { fees } else { 0 }
}

fn add(sum: &mut NumbersBody, one: &NumbersBody) {
    macro_rules! fields {
        ($($name:ident)*) => {
            let NumbersBody { $($name),* } = one;
            $(sum.$name += $name;)*
        };
    }
    fields! {
        places entered left holds extended released holds_expired paying attempts declined
        unanswered confirmed settled orders_expired cancelled refunded seats_held seats_sold
        seats_back seats_given gross fees returned fees_returned net
    }
}
