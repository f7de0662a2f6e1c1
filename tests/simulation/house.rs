//! What staff do with seats by hand.

use floodgate_domain::{
    Command, Gift, HoldId, HouseSeats, RefundReason, RefundWhy, SeatId, SeatList, SeatSet,
};
use rand::RngExt;
use rand::rngs::StdRng;

/// A block, the end of one, seats given away, or the refund of one of the `latest` holds.
pub(crate) fn by_hand(rng: &mut StdRng, latest: Option<HoldId>) -> Command {
    let first = rng.random_range(0..58);
    let numbers: Vec<u32> = (first..first + rng.random_range(1..3)).collect();
    let note = if rng.random_bool(0.5) { "sound desk" } else { "" }.to_owned();
    let house = |note| {
        let seats = SeatSet::of(numbers.iter().copied().map(SeatId)).unwrap();
        Box::new(HouseSeats { seats, note })
    };
    match (rng.random_range(0..9), latest) {
        (0..3, _) => Command::BlockSeats(house(note)),
        (3..7, _) => Command::UnblockSeats(house(note)),
        (7, Some(hold_id)) => {
            let reason = RefundReason::ALL[rng.random_range(0..RefundReason::ALL.len())];
            Command::RefundOrder { hold_id, why: Some(Box::new(RefundWhy { reason, note })) }
        }
        _ => {
            let seats = SeatList::try_from(&numbers[..]).unwrap();
            Command::GiveSeats(Box::new(Gift { seats, note }))
        }
    }
}
