//! The waiting room calls everybody once, in whatever order the places are ranked.
#![allow(clippy::unwrap_used)]

use floodgate_domain::line::Permutation;
use floodgate_domain::{LineOrder, SalePhase};
use proptest::prelude::*;

use super::*;
use crate::contract::CountingReserver;
use crate::memory::MemoryStore;

const EVENT: EventId = EventId(1);

/// Bijections of the numbers below `count`, standing in for what a draw gives.
const ORDERS: [Permutation; 4] = [
    |place, _| place,
    |place, count| count - 1 - place,
    |place, count| (place + count / 3) % count,
    // Odd and even places apart.
    |place, count| if place % 2 == 0 { place / 2 } else { count.div_ceil(2) + place / 2 },
];

fn room(per_minute: u32) -> WaitingRoom {
    let store = MemoryStore::new(Arc::new(CountingReserver::default()), 100);
    let pace = PaceSettings { per_minute, grace_ms: 30_000 };
    let settings =
        RoomSettings { pace, puzzle_level: 0, puzzle_neighbours: 0, entries_per_network: 5 };
    WaitingRoom::new(Keys::new(1, [7; 32]), Arc::new(store), settings)
}

fn shop(order: LineOrder, places_reserved: u64) -> ShopView {
    ShopView {
        phase: SalePhase::Open,
        shoppers: 0,
        shoppers_max: 50,
        free: 1_000,
        held: 0,
        places_reserved,
        order,
        places_called: Frontier::default(),
        entered_beyond: Frontier::default(),
        entered_count: 0,
    }
}

/// Lets a line of places be called, entered and left until nobody waits; each look is every tick.
/// Returns the places in the order in which they could enter.
fn call_everybody(room: &WaitingRoom, mut shop: ShopView) -> Vec<Place> {
    let places = shop.places_reserved;
    let mut called = Vec::new();
    for tick in 0..100_000 {
        room.advance(EVENT, LogTime(tick * 100), shop);
        let now = LogTime(tick * 100);
        let may_enter = |place: &Place| room.check_turn(EVENT, *place, now).is_ok();
        assert!(called.iter().all(may_enter), "somebody was called back");
        let waiting = (0..places).map(Place).filter(|place| !called.contains(place));
        let mut new: Vec<Place> = waiting.filter(may_enter).collect();
        // Within one look the room says nothing of an order.
        new.sort_by_key(|place| shop.order.rank(*place));
        for place in new {
            let behind = Frontier::behind(shop.order.rank(place));
            shop.entered_beyond = shop.entered_beyond.max(behind);
            shop.entered_count += 1;
            called.push(place);
        }
        if called.len() as u64 == places {
            return called;
        }
    }
    panic!("{} of {places} were called", called.len());
}

proptest! {
    #[test]
    fn everybody_is_called_once_in_the_order_of_the_ranks(
        count in 1_u64..120,
        later in 0_u64..20,
        which in 0_usize..ORDERS.len(),
        per_minute in 60_u32..60_000,
    ) {
        let order = LineOrder::drawn(count, ORDERS[which]);
        let called = call_everybody(&room(per_minute), shop(order, count + later));
        let ranks: Vec<u64> = called.iter().map(|place| order.rank(*place).0).collect();
        prop_assert_eq!(ranks, (0..count + later).collect::<Vec<_>>());
        // Those who came after the draw keep the order in which they came.
        let last: Vec<u64> = called[count as usize..].iter().map(|place| place.0).collect();
        prop_assert_eq!(last, (count..count + later).collect::<Vec<_>>());
    }
}

#[test]
fn who_waits_hears_how_many_are_ahead_by_rank() {
    let order = LineOrder::drawn(10, |place, count| count - 1 - place);
    let room = room(60);
    room.advance(EVENT, LogTime(0), ShopView { places_called: Frontier(4), ..shop(order, 10) });
    for place in 6..10 {
        assert_eq!(room.check_turn(EVENT, Place(place), LogTime(0)), Ok(()));
    }
    let first = room.check_turn(EVENT, Place(0), LogTime(0)).unwrap_err();
    assert!(matches!(first, RoomError::NotYourTurn { ahead: 5, .. }), "{first:?}");
    assert_eq!(room.view(EVENT).unwrap().people_waiting(), 6);
}

/// A line of a hundred that is called one place a second; the grace is thirty.
fn slow_line() -> WaitingRoom {
    let room = room(60);
    for tick in 0..600 {
        room.advance(EVENT, LogTime(tick * 100), shop(LineOrder::AS_GIVEN, 100));
    }
    room
}

#[test]
fn who_does_not_come_within_the_grace_stands_behind_those_who_are_there() {
    let room = slow_line();
    let now = LogTime(60_000);
    // Called a second or two ago; nearly a minute ago; not yet.
    assert_eq!(room.check_turn(EVENT, Place(45), now), Ok(()));
    assert_eq!(room.check_turn(EVENT, Place(3), now), Err(RoomError::TurnLapsed));
    assert!(room.has_lapsed(EVENT, Place(3), now) && !room.has_lapsed(EVENT, Place(45), now));
    let ahead = room.check_turn(EVENT, Place(90), now).unwrap_err();
    assert!(matches!(ahead, RoomError::NotYourTurn { .. }), "{ahead:?}");
}

#[test]
fn who_asks_is_there_and_keeps_the_turn() {
    let room = room(60);
    for tick in 0..600 {
        let now = LogTime(tick * 100);
        room.advance(EVENT, now, shop(LineOrder::AS_GIVEN, 100));
        // The shop is full, say: every ten seconds they try again.
        if (50..).contains(&tick) && tick % 100 == 50 {
            assert_eq!(room.check_turn(EVENT, Place(3), now), Ok(()), "at {now:?}");
        }
    }
    let late = LogTime(60_000 + 31_000);
    assert_eq!(room.check_turn(EVENT, Place(3), late), Err(RoomError::TurnLapsed));
}

#[test]
fn nobody_stands_behind_an_empty_line() {
    let room = room(6_000);
    for tick in 0..600 {
        room.advance(EVENT, LogTime(tick * 100), shop(LineOrder::AS_GIVEN, 40));
    }
    assert_eq!(room.check_turn(EVENT, Place(3), LogTime(60_000)), Ok(()), "nobody waits");
}

#[tokio::test]
async fn who_rejoins_gets_one_place_behind_the_others() {
    let room = room(60);
    let device = Device { buyer: BuyerId(5) };
    let first = Joining { device, held: None, spent: None, proof: None };
    let first = room.join(EVENT, first, LogTime(0)).await.unwrap().place;
    let other =
        Joining { device: Device { buyer: BuyerId(6) }, held: None, spent: None, proof: None };
    let other = room.join(EVENT, other, LogTime(0)).await.unwrap().place;
    let again = Joining { device, held: None, spent: Some(first), proof: None };
    let next = room.join(EVENT, again, LogTime(1)).await.unwrap().place;
    assert!(next > other, "{next:?} is not behind {other:?}");
    assert_eq!(room.join(EVENT, again, LogTime(2)).await.unwrap().place, next, "one, not many");
}

#[test]
fn one_network_does_not_take_the_shop_while_others_wait() {
    let (crowd, stranger) = ("203.0.113.7".parse().unwrap(), "198.51.100.7".parse().unwrap());
    let now = LogTime(60_000);
    let waiting = slow_line();
    (0..5).for_each(|_| waiting.note_entry(crowd, now));
    let refused = waiting.check_network(EVENT, crowd, now);
    assert!(matches!(refused, Err(RoomError::NetworkEntered { .. })), "{refused:?}");
    assert_eq!(waiting.check_network(EVENT, stranger, now), Ok(()));
    assert_eq!(waiting.check_network(EVENT, crowd, now.plus(60_000)), Ok(()), "a minute later");
    let here = "127.0.0.1".parse().unwrap();
    (0..9).for_each(|_| waiting.note_entry(here, now));
    assert_eq!(waiting.check_network(EVENT, here, now), Ok(()), "this machine is no network");
    let empty = room(6_000);
    empty.advance(EVENT, LogTime(0), shop(LineOrder::AS_GIVEN, 0));
    (0..9).for_each(|_| empty.note_entry(crowd, now));
    assert_eq!(empty.check_network(EVENT, crowd, now), Ok(()), "nobody waits");
}
