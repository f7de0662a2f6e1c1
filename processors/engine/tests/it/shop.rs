//! Who is in the shop, and for how long.

use floodgate_domain::{Command, DialChange, Refusal};

use crate::rows::Then::{Done, Entered, No, Seats};
use crate::rows::{check, enter, set_dials};
use crate::stage::{Stage, buyer, policy, seats, staff};

#[test]
fn a_smaller_shop_lets_nobody_new_in_and_throws_nobody_out() {
    let limit = |max| set_dials(DialChange { shoppers_max: Some(max), ..DialChange::default() });
    let mut stage = Stage::open(policy());
    check(
        &mut stage,
        vec![
            (buyer(1), enter(0), Entered),
            (buyer(2), enter(1), Entered),
            (buyer(3), enter(2), Entered),
            (buyer(4), enter(3), No(Refusal::ShopFull)),
            (staff(), limit(2), Done),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (buyer(1), enter(0), Entered),
            (buyer(1), Command::Leave, Done),
            // Two are inside, and two is the limit.
            (buyer(4), enter(3), No(Refusal::ShopFull)),
            (buyer(2), Command::Leave, Done),
            (buyer(4), enter(3), Entered),
            (staff(), limit(0), Done),
            (buyer(3), Command::Leave, Done),
            (buyer(4), Command::Leave, Done),
            (buyer(5), enter(4), No(Refusal::ShopFull)),
            (staff(), limit(1), Done),
            (buyer(5), enter(4), Entered),
        ],
    );
}

#[test]
fn only_shoppers_may_hold() {
    check(
        &mut Stage::open(policy()),
        vec![
            (buyer(1), seats(&[0]), No(Refusal::NoPass)),
            (buyer(1), enter(10), No(Refusal::PlaceUnknown)),
            (buyer(1), enter(4), Entered),
            (buyer(1), enter(4), Entered),
            (buyer(1), enter(5), Entered),
            (buyer(2), enter(4), No(Refusal::PlaceSpent)),
            (buyer(2), enter(5), Entered),
            (buyer(3), enter(6), Entered),
            (buyer(4), enter(7), No(Refusal::ShopFull)),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (buyer(3), Command::Leave, Done),
            (buyer(3), Command::Leave, No(Refusal::NotInShop)),
            (buyer(4), enter(7), Entered),
            (buyer(5), enter(8), No(Refusal::ShopFull)),
            (buyer(3), enter(6), No(Refusal::PlaceSpent)),
            (buyer(1), Command::Leave, Done),
            (buyer(3), enter(6), No(Refusal::PlaceSpent)),
            (buyer(4), seats(&[0]), Seats(&[0])),
        ],
    );
}

#[test]
fn a_pass_ends_when_nothing_runs_any_more() {
    let mut stage = Stage::open(policy());
    stage.ask(buyer(1), enter(0));
    stage.ask(buyer(2), enter(1));
    stage.wait(590_000);
    stage.ask(buyer(2), seats(&[0]));
    let before = stage.facts.len();
    stage.wait(10_100);
    stage.tick();
    assert_eq!(stage.fact_names(before), ["ShopperLeft"]);
    check(&mut stage, vec![(buyer(2), seats(&[1]), No(Refusal::PassExpired))]);
    stage.wait(50_000);
    stage.tick();
    assert_eq!(stage.fact_names(before), ["ShopperLeft", "HoldExpired", "ShopperLeft"]);
}
