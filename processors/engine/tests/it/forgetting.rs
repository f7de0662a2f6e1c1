//! Those who came by and have nothing are not remembered for ever; those who have something are.

use floodgate_domain::{Actor, Command, Fact, Policy, Refusal};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::properties::snapshot;
use crate::rows::Then::{Entered, No};
use crate::rows::{check, enter};
use crate::stage::{Stage, authorised, buyer, method, order, policy, seats};

/// A crowd that comes by, a hundred at a time, and leaves.
fn crowd(version: u32, people: u64) -> Stage {
    let rules = Policy { shoppers_max: 100, pass_ms: 1_000, cooldown_ms: 1_000, ..policy() };
    let mut stage = Stage::open_under(version, rules);
    stage.ask(Actor::System, Command::ReservePlaces { count: 60_000 });
    // One of them buys, one lets go of seats.
    stage.ask(buyer(1), enter(0));
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let method = method();
    stage.ask(buyer(1), Command::StartPurchase { hold_id, method, despite_unanswered: false });
    stage.ask(Actor::System, authorised(hold_id));
    stage.ask(buyer(2), enter(1));
    let hold_id = order(&stage.ask(buyer(2), seats(&[1]))).hold_id;
    stage.ask(buyer(2), Command::ReleaseHold { hold_id });
    for number in 3..people {
        if number % 100 == 0 {
            stage.wait(2_000);
            stage.tick();
        }
        stage.ask_unchecked(buyer(number), enter(number - 1));
    }
    stage
}

#[test]
fn what_is_remembered_follows_those_who_matter() {
    let bytes = |version, people| snapshot(&crowd(version, people).engine).len();
    let (few, many) = (bytes(NEWEST_VERSION, 2_000), bytes(NEWEST_VERSION, 20_000));
    // A mark for each place, and nothing else.
    assert!(many < few + 20_000 / 8 + 4_000, "{few} bytes after 2,000, {many} after 20,000");
    let (few, many) = (bytes(BASE_VERSION, 2_000), bytes(BASE_VERSION, 20_000));
    assert!(many > few + 18_000 * 15, "the first rules remember everybody: {few}, {many}");
}

#[test]
fn those_who_have_something_are_remembered() {
    let mut stage = crowd(NEWEST_VERSION, 5_000);
    stage.wait(2_000);
    stage.tick();
    let six = Policy::default().seats_per_buyer_max as u32;
    let all: Vec<u32> = (20..20 + six).collect();
    check(
        &mut stage,
        vec![
            // A place is spent for good, whoever it was.
            (buyer(77), enter(76), No(Refusal::PlaceSpent)),
            (buyer(77), Command::Leave, No(Refusal::NotInShop)),
            (buyer(77), enter(50_000), Entered),
            (buyer(1), enter(50_001), Entered),
            (buyer(1), seats(&all), No(Refusal::BuyerLimit)),
            (buyer(2), enter(50_002), Entered),
        ],
    );
    let hold_id = order(&stage.ask(buyer(2), seats(&[2]))).hold_id;
    stage.ask(buyer(2), Command::ReleaseHold { hold_id });
    let last = &stage.facts.last().unwrap().fact;
    assert!(matches!(last, Fact::BuyerCooling { count: 2, .. }), "{last:?}");
}

/// From a snapshot anywhere, the same are forgotten and the same records used again.
#[test]
fn forgetting_replays_to_the_byte() {
    let stage = crowd(NEWEST_VERSION, 3_000);
    let end = snapshot(&stage.engine);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    for cut in [500, 1_500, 2_999] {
        let mut engine = Engine::new(limits);
        let mut facts = Vec::new();
        for (offset, (at, envelope)) in stage.log.iter().enumerate() {
            if offset == cut {
                engine = Engine::restore(&snapshot(&engine), limits).unwrap();
            }
            engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
        }
        assert_eq!(facts, stage.facts, "cut at {cut}");
        assert_eq!(snapshot(&engine), end, "cut at {cut}");
    }
}
