//! Seats out of reach of others, for a while.

use floodgate_domain::{Actor, Answer, Command, HoldId, PhaseDial, Policy, Refusal, Tier};
use floodgate_engine::NEWEST_VERSION;

use crate::rows::Then::{No, Seats};
use crate::rows::{accessible, check, no_queue};
use crate::stage::{
    CIRCLE, FLOOR, STALLS, Stage, best, buyer, method, new_event, order, seats, staff,
};

#[test]
fn seats_are_held_once() {
    check(
        &mut Stage::open(no_queue()),
        vec![
            (buyer(1), seats(&[3, 2]), Seats(&[3, 2])),
            (buyer(2), seats(&[2]), No(Refusal::SeatTaken)),
            (buyer(2), seats(&[1, 2]), No(Refusal::SeatTaken)),
            (buyer(2), seats(&[1, 1]), No(Refusal::SeatsRepeated)),
            (buyer(2), seats(&[185]), No(Refusal::UnknownSeat)),
            (buyer(2), seats(&[u32::MAX]), No(Refusal::UnknownSeat)),
            (buyer(2), seats(&[14]), No(Refusal::SeatNotForSale)),
            (buyer(2), seats(&[]), No(Refusal::NoSeatsNamed)),
            (buyer(2), seats(&[10]), No(Refusal::AccessibleSeat)),
            (buyer(2), accessible(&[10, 11]), Seats(&[10, 11])),
            (buyer(2), seats(&[0, 1, 4, 5, 6, 7, 8]), No(Refusal::HoldTooLarge)),
            (staff(), seats(&[1]), No(Refusal::NotAllowed)),
            (buyer(2), seats(&[1]), Seats(&[1])),
            (buyer(2), seats(&[0]), No(Refusal::TooManyHolds)),
        ],
    );
}

#[test]
fn the_best_seats_go_first_and_together() {
    check(
        &mut Stage::open(Policy { holds_per_buyer_max: 4, ..no_queue() }),
        vec![
            (buyer(1), best(4, STALLS), Seats(&[0, 1, 2, 3])),
            (buyer(1), best(3, STALLS), Seats(&[6, 7, 8])),
            (buyer(1), best(3, STALLS), No(Refusal::NotEnoughTogether)),
            (buyer(2), best(2, STALLS), Seats(&[4, 5])),
            // Row B: 10 and 11 are a pool of their own, 14 is blocked.
            (buyer(2), best(2, STALLS), Seats(&[12, 13])),
            (buyer(2), best(1, STALLS), Seats(&[9])),
            (buyer(3), best(1, STALLS), No(Refusal::SoldOut)),
            (buyer(3), best(1, 9), No(Refusal::NoSuchCategory)),
            (buyer(3), best(6, CIRCLE), Seats(&[15, 16, 17, 18, 19, 20])),
            // Standing places need not touch: 70 are two blocks of 35.
            (buyer(3), best(6, FLOOR), Seats(&[115, 116, 117, 118, 119, 120])),
        ],
    );
}

#[test]
fn standing_places_are_sold_to_the_last() {
    let policy = Policy { seats_per_hold_max: 16, holds_per_buyer_max: 4, ..no_queue() };
    let mut stage = Stage::open(policy);
    for group in [16_u8, 16, 16, 16, 6] {
        let reply = stage.ask(buyer(u64::from(group) + stage.now), best(group, FLOOR));
        assert_eq!(order(&reply).seats.len(), usize::from(group));
        stage.wait(1);
    }
    assert!(matches!(
        stage.ask(buyer(1), best(1, FLOOR)).answer,
        Answer::Refused(Refusal::SoldOut)
    ));
}

#[test]
fn limits_are_kept() {
    let policy = Policy { seats_per_buyer_max: 3, cooldown_ms: 10_000, ..no_queue() };
    let mut stage = Stage::open(policy);
    check(
        &mut stage,
        vec![
            (buyer(1), seats(&[0, 1, 2, 3]), No(Refusal::BuyerLimit)),
            (buyer(1), seats(&[0, 1]), Seats(&[0, 1])),
            (buyer(1), seats(&[2, 3]), No(Refusal::BuyerLimit)),
            (buyer(1), seats(&[2]), Seats(&[2])),
        ],
    );
    stage.wait(60_100);
    check(&mut stage, vec![(buyer(1), seats(&[0]), No(Refusal::CoolingDown))]);
    stage.wait(10_000);
    check(&mut stage, vec![(buyer(1), seats(&[0]), Seats(&[0]))]);
}

#[test]
fn holds_end_and_may_be_extended() {
    let mut stage = Stage::open(no_queue());
    let held = order(&stage.ask(buyer(1), seats(&[0])));
    assert_eq!((held.amount, held.until.0), (5000, stage.now + 60_000));
    let hold_id = held.hold_id;
    stage.wait(50_000);
    let extend = Command::ExtendHold { hold_id };
    assert_eq!(order(&stage.ask(buyer(1), extend.clone())).until.0, stage.now + 30_000);
    check(
        &mut stage,
        vec![
            (buyer(1), extend.clone(), No(Refusal::NoExtensionLeft)),
            (buyer(2), extend.clone(), No(Refusal::NotYourHold)),
            (buyer(2), Command::ReleaseHold { hold_id }, No(Refusal::NotYourHold)),
            (buyer(2), Command::ReleaseHold { hold_id: HoldId(99) }, No(Refusal::UnknownHold)),
        ],
    );
    let before = stage.facts.len();
    stage.wait(29_000);
    stage.tick();
    assert_eq!(stage.fact_names(before), [""; 0]);
    stage.wait(1_100);
    stage.tick();
    assert_eq!(stage.fact_names(before), ["HoldExpired"]);
    check(
        &mut stage,
        vec![
            (buyer(1), extend, No(Refusal::HoldEnded)),
            (buyer(2), seats(&[0]), Seats(&[0])),
            (buyer(1), Command::ReleaseHold { hold_id }, No(Refusal::HoldEnded)),
        ],
    );
}

/// At once after holding, when somebody with a slow screen reader asks.
#[test]
fn more_time_is_added_to_what_is_left() {
    // Under the older rules it was counted from now, so that it could be used up for nothing.
    for (version, until_ms) in [(5, 60_000), (NEWEST_VERSION, 90_000)] {
        let mut stage = Stage::open_under(version, no_queue());
        let begun = stage.now;
        let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
        let view = order(&stage.ask(buyer(1), Command::ExtendHold { hold_id }));
        assert_eq!((view.until.0 - begun, view.extensions), (until_ms, 1), "version {version}");
    }
}

#[test]
fn an_extension_that_adds_nothing_is_not_used_up() {
    let mut stage = Stage::open_newest(Policy { extension_ms: 0, ..no_queue() });
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let before = stage.facts.len();
    let extend = Command::ExtendHold { hold_id };
    check(&mut stage, vec![(buyer(1), extend, No(Refusal::NoExtensionLeft))]);
    assert_eq!(stage.fact_names(before), [""; 0]);
}

/// What is left of a hold is left after a card was declined, extended or not; and a snapshot in
/// between forgets it not.
#[test]
fn a_decline_takes_no_time_away() {
    let rows = [(5, false, 42_000), (5, true, 42_000), (6, false, 60_000), (6, true, 90_000)];
    for (version, extends, until_ms) in rows {
        let mut stage = Stage::open_under(version, no_queue());
        let begun = stage.now;
        let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
        if extends {
            stage.ask(buyer(1), Command::ExtendHold { hold_id });
        }
        stage.wait(1_000);
        let pay = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
        stage.ask(buyer(1), pay);
        stage.restore();
        stage.wait(1_000);
        let declined = Command::PaymentDeclined { hold_id, attempt: 1 };
        let view = order(&stage.ask(Actor::System, declined));
        assert_eq!(view.until.0 - begun, until_ms, "version {version}, extended: {extends}");
    }
}

#[test]
fn tiers_end_in_the_middle_of_a_group() {
    let mut new = new_event(no_queue());
    let tier = |amount, until_taken| Tier { amount, fee: 0, until_taken, until: None };
    new.prices.categories[usize::from(STALLS)] = vec![tier(100, Some(3)), tier(150, None)];
    let mut stage = Stage::empty();
    stage.ask(staff(), Command::CreateEvent(Box::new(new)));
    stage.ask(staff(), Command::turn_phase(PhaseDial::Open, ""));
    assert_eq!(order(&stage.ask(buyer(1), seats(&[0, 1]))).amount, 200);
    assert_eq!(order(&stage.ask(buyer(2), seats(&[2, 3]))).amount, 250);
    assert_eq!(order(&stage.ask(buyer(3), best(1, STALLS))).amount, 150);
}
