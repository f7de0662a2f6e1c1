//! What staff of a run do by hand, from a stream of its own.

use floodgate_domain::{
    Command, Gift, HoldId, HouseSeats, RefundReason, RefundWhy, SeatId, SeatList, SeatSet,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

fn note(rng: &mut impl Rng) -> String {
    ["", "sound desk", "press", "sponsor"].choose(rng).map_or(String::new(), |&it| it.to_owned())
}

/// A block, the end of one, seats given away, or the refund of one of `orders`.
pub(crate) fn something(rng: &mut StdRng, orders: &[HoldId]) -> Command {
    let first = rng.random_range(0..120);
    let count = rng.random_range(1..7);
    let note = note(rng);
    let set = || SeatSet::of((first..first + count).map(SeatId)).unwrap();
    match rng.random_range(0..8) {
        0..2 => Command::BlockSeats(Box::new(HouseSeats { seats: set(), note })),
        2..5 => Command::UnblockSeats(Box::new(HouseSeats { seats: set(), note })),
        5..7 => {
            let numbers: Vec<u32> = (first..first + count).rev().collect();
            let seats = SeatList::try_from(&numbers[..]).unwrap();
            Command::GiveSeats(Box::new(Gift { seats, note }))
        }
        _ => {
            let hold_id = orders.choose(rng).copied().unwrap_or_default();
            let reason = *RefundReason::ALL.choose(rng).unwrap();
            Command::RefundOrder { hold_id, why: Some(Box::new(RefundWhy { reason, note })) }
        }
    }
}
