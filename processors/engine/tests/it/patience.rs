//! Seats held for nothing: not for long, not again at once, and not handed to a friend.

use std::collections::BTreeMap;

use floodgate_domain::{
    Actor, BuyerId, Command, Fact, FactRecord, HoldId, LogTime, Policy, Refusal, SeatId,
};
use floodgate_engine::{BASE_VERSION, NEWEST_VERSION};

use crate::rows::Then::{No, Seats};
use crate::rows::{check, enter, no_queue};
use crate::stage::{Stage, buyer, method, order, policy, seats};

/// Timers fire at the first step after their slot, which is 64 ms wide.
const SLOT_MS: u64 = 64;

fn pay(hold_id: HoldId) -> Command {
    Command::StartPurchase { hold_id, method: method(), despite_unanswered: false }
}

/// Declining card after card just before each deadline, and extending before: how long the seats are
/// out of everybody's reach.
fn held_for_nothing(version: u32, policy: Policy) -> u64 {
    let mut stage = Stage::open_under(version, policy);
    let begun = stage.now;
    let mut view = order(&stage.ask(buyer(1), seats(&[0])));
    let hold_id = view.hold_id;
    stage.wait(view.until.0 - stage.now - 1);
    view = order(&stage.ask(buyer(1), Command::ExtendHold { hold_id }));
    for attempt in 1..=policy.payment_attempts_max {
        stage.wait(view.until.0 - stage.now - 1);
        let started = stage.ask(buyer(1), pay(hold_id)).answer;
        let floodgate_domain::Answer::Order(paying) = started else { break };
        stage.wait(paying.until.0 - stage.now - 1);
        let declined = Command::PaymentDeclined { hold_id, attempt };
        view = order(&stage.ask(Actor::System, declined));
    }
    while stage.facts.iter().all(|record| record.fact.name() != "OrderExpired") {
        stage.wait(SLOT_MS);
        stage.tick();
    }
    stage.now - begun
}

#[test]
fn declining_cards_keeps_seats_no_longer_than_the_bound() {
    let policy = Policy { payment_attempts_max: 9, ..no_queue() };
    let bound = policy.unpaid_ms_max();
    assert_eq!(bound, 60_000 + 30_000 + 120_000 + 40_000);
    assert!(held_for_nothing(NEWEST_VERSION, policy) <= bound + 2 * SLOT_MS);
    // Under the first rules every card gave more time.
    assert!(held_for_nothing(BASE_VERSION, policy) > 5 * bound);
}

#[test]
fn who_lets_go_unpaid_waits_longer_each_time() {
    let rules = Policy { cooldown_ms: 1_000, hold_ms: 10, seats_per_buyer_max: 9, ..no_queue() };
    let mut stage = Stage::open_newest(rules);
    // A release, an expiry, and so on: both count, and a failed card counts once more.
    for (round, wait_ms) in
        [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000].into_iter().enumerate()
    {
        let hold_id = order(&stage.ask(buyer(1), seats(&[round as u32]))).hold_id;
        if round % 2 == 0 {
            stage.ask(buyer(1), Command::ReleaseHold { hold_id });
        } else {
            stage.wait(200);
            stage.tick();
        }
        stage.wait(wait_ms - 1);
        check(&mut stage, vec![(buyer(1), seats(&[9]), No(Refusal::CoolingDown))]);
        stage.wait(1);
    }
    // Somebody else waits for nothing, and whoever buys begins again.
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    stage.ask(buyer(1), pay(hold_id));
    stage.ask(Actor::System, crate::stage::authorised(hold_id));
    let hold_id = order(&stage.ask(buyer(1), seats(&[1]))).hold_id;
    stage.ask(buyer(1), Command::ReleaseHold { hold_id });
    stage.wait(1_000);
    check(&mut stage, vec![(buyer(1), seats(&[2]), Seats(&[2]))]);
}

#[test]
fn leaving_is_letting_go() {
    let mut stage = Stage::open_newest(policy());
    stage.ask(buyer(1), enter(0));
    stage.ask(buyer(1), seats(&[0]));
    let before = stage.facts.len();
    stage.ask(buyer(1), Command::Leave);
    let names = ["HoldReleased", "SeatsSetAside", "BuyerCooling", "ShopperLeft"];
    assert_eq!(stage.fact_names(before), names);
}

/// A cool-down counts for an hour after it, and whoever is not remembered begins again just so.
#[test]
fn cool_downs_of_long_ago_do_not_count() {
    let rules = Policy { cooldown_ms: 1_000, ..no_queue() };
    for (wait_ms, count) in [(3_600_999, 2), (3_601_000, 1)] {
        let mut stage = Stage::open_newest(rules);
        let mut let_go = || {
            let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
            stage.ask(buyer(1), Command::ReleaseHold { hold_id });
            stage.wait(wait_ms);
            match stage.facts.last().unwrap().fact {
                Fact::BuyerCooling { count, .. } => count,
                ref other => panic!("{other:?}"),
            }
        };
        assert_eq!((let_go(), let_go()), (1, count));
    }
}

/// Whoever holds four times over and leaves has let go four times.
#[test]
fn every_hold_that_is_let_go_of_counts() {
    let rules = Policy { cooldown_ms: 1_000, holds_per_buyer_max: 4, ..policy() };
    let mut stage = Stage::open_newest(rules);
    stage.ask(buyer(1), enter(0));
    (0..4).for_each(|seat| _ = stage.ask(buyer(1), seats(&[seat])));
    stage.ask(buyer(1), Command::Leave);
    let cools = stage.facts.iter().filter_map(|record| match record.fact {
        Fact::BuyerCooling { until, count, .. } => Some((until.0 - stage.now, count)),
        _ => None,
    });
    assert_eq!(cools.collect::<Vec<_>>(), [(1_000, 1), (2_000, 2), (4_000, 3), (8_000, 4)]);
    stage.wait(7_999);
    stage.ask(buyer(1), enter(1));
    check(&mut stage, vec![(buyer(1), seats(&[9]), No(Refusal::CoolingDown))]);
    stage.wait(1);
    check(&mut stage, vec![(buyer(1), seats(&[9]), Seats(&[9]))]);
}

/// When seats that were let go of can be had again differs, and nobody knows before.
#[test]
fn seats_return_at_a_moment_nobody_can_foresee() {
    let rules = Policy { hold_ms: 200_000, cooldown_ms: 0, ..no_queue() };
    let longest = rules.return_ms_max();
    assert_eq!(longest, 10_000);
    let mut moments = Vec::new();
    for others in 0..20 {
        let mut stage = Stage::open_newest(rules);
        // What others do is all that differs.
        (0..others).for_each(|other| _ = stage.ask(buyer(100 + other), Command::ReadStatus));
        let hold_id = order(&stage.ask(buyer(1), seats(&[0, 1]))).hold_id;
        let released = stage.now;
        stage.ask(buyer(1), Command::ReleaseHold { hold_id });
        check(&mut stage, vec![(buyer(2), seats(&[0]), No(Refusal::SeatTaken))]);
        while stage.facts.last().is_none_or(|record| record.fact.name() != "SeatsReturned") {
            stage.wait(SLOT_MS);
            stage.tick();
        }
        check(&mut stage, vec![(buyer(2), seats(&[0]), Seats(&[0]))]);
        moments.push(stage.now - released);
    }
    assert!(moments.iter().all(|after| *after <= longest + 2 * SLOT_MS), "{moments:?}");
    let (first, last) = (moments.iter().min().unwrap(), moments.iter().max().unwrap());
    assert!(last - first > longest / 2, "spread over the whole time: {moments:?}");
}

/// A payment that comes while the seats of its order are set aside finds them.
#[test]
fn late_money_finds_seats_that_are_set_aside() {
    let mut stage = Stage::open_newest(Policy { hold_ms: 200_000, ..no_queue() });
    let hold_id = crate::rows::paying(&mut stage);
    stage.wait(200_100);
    stage.tick();
    let before = stage.facts.len();
    stage.ask(Actor::System, crate::stage::authorised(hold_id));
    assert_eq!(stage.fact_names(before), ["SeatsReturned", "OrderConfirmed"]);
}

/// People who came by and have nothing are not counted, so they lock nobody out.
#[test]
fn the_limit_of_buyers_counts_those_who_have_seats() {
    let few = Policy { buyers_max: 2, cooldown_ms: 0, ..policy() };
    let come_by = |version| {
        let mut stage = Stage::open_under(version, few);
        for number in 1..=2 {
            stage.ask(buyer(number), enter(number));
            stage.ask(buyer(number), Command::Leave);
        }
        stage
    };
    let locked_out = (buyer(3), enter(3), No(Refusal::TooManyBuyers));
    check(&mut come_by(BASE_VERSION), vec![locked_out]);

    let mut stage = come_by(NEWEST_VERSION);
    for number in 3..=5 {
        stage.ask(buyer(number), enter(number));
    }
    let hold_id = order(&stage.ask(buyer(3), seats(&[0]))).hold_id;
    check(
        &mut stage,
        vec![
            (buyer(4), seats(&[1]), Seats(&[1])),
            (buyer(5), seats(&[2]), No(Refusal::TooManyBuyers)),
            // Who has seats may have more, and whoever gives theirs back makes room.
            (buyer(4), seats(&[3]), Seats(&[3])),
        ],
    );
    stage.ask(buyer(3), Command::ReleaseHold { hold_id });
    check(&mut stage, vec![(buyer(5), seats(&[2]), Seats(&[2]))]);
}

/// Follows the facts alone: no order is unpaid beyond its bound, nobody holds while they cool down,
/// and what was set aside is nobody's until it returns.
pub(crate) fn nobody_holds_for_nothing(facts: &[FactRecord], policy: Policy) -> Result<(), String> {
    let mut pay_by: BTreeMap<HoldId, LogTime> = BTreeMap::new();
    let mut cooling: BTreeMap<BuyerId, LogTime> = BTreeMap::new();
    let mut aside: BTreeMap<SeatId, LogTime> = BTreeMap::new();
    for FactRecord { fact, at, position, .. } in facts {
        match fact {
            Fact::SeatsHeld { hold_id, buyer, seats, pay_by: bound, .. } => {
                let bound = bound.ok_or("a hold without a bound")?;
                if bound.0 > at.0 + policy.unpaid_ms_max() {
                    return Err(format!(
                        "{hold_id} may be unpaid until {bound:?}, at {position:?}"
                    ));
                }
                pay_by.insert(*hold_id, bound);
                if cooling.get(buyer).is_some_and(|until| at < until) {
                    return Err(format!("{buyer} holds and cools down, at {position:?}"));
                }
                if let Some(seat) = seats.iter().find(|seat| aside.contains_key(seat)) {
                    return Err(format!("{seat:?} was set aside, at {position:?}"));
                }
            }
            Fact::HoldExtended { hold_id, until, .. }
            | Fact::PurchaseStarted { hold_id, until, .. }
            | Fact::OrderUnanswered { hold_id, until, .. }
            | Fact::OrderDeclined { hold_id, until, .. }
                if *until > pay_by[hold_id] =>
            {
                return Err(format!("{hold_id} goes on until {until:?}, at {position:?}"));
            }
            Fact::BuyerCooling { buyer, until, .. } => {
                cooling.insert(*buyer, *until);
            }
            Fact::SeatsSetAside { seats, until, .. } => {
                aside.extend(seats.iter().map(|seat| (seat, *until)));
            }
            Fact::SeatsReturned { seats, .. } => {
                seats.iter().for_each(|seat| _ = aside.remove(&seat));
            }
            _ => {}
        }
    }
    Ok(())
}
