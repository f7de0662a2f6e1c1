//! Whoever is in the shop and does nothing makes room for those who wait.

use std::collections::BTreeMap;

use floodgate_domain::fact::LeaveReason;
use floodgate_domain::policy::IDLE_MS;
use floodgate_domain::{
    Actor, Answer, BuyerId, Command, DialChange, Fact, FactRecord, HoldId, PhaseDial, Policy,
    Refusal,
};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::properties::snapshot;
use crate::rows::Then::{Done, Entered, No, Seats};
use crate::rows::{check, enter, set_dials};
use crate::stage::{Stage, authorised, buyer, method, order, policy, seats, staff};

/// Timers fire at the first step after their slot, which is 64 ms wide.
const LATE_MS: u64 = 2 * 64;

fn rules() -> Policy {
    Policy { idle_ms: Some(30_000), cooldown_ms: 0, ..policy() }
}

/// Why everybody left, in order.
fn left(stage: &Stage) -> Vec<(u64, &'static str)> {
    let left = stage.facts.iter().filter_map(|record| match record.fact {
        Fact::ShopperLeft { buyer, reason } => Some((buyer.0, reason.code())),
        _ => None,
    });
    left.collect()
}

fn pass_time(stage: &mut Stage, ms: u64) {
    stage.wait(ms);
    stage.tick();
}

#[test]
fn a_shopper_who_does_nothing_leaves_after_the_rules_time() {
    let mut stage = Stage::open_newest(rules());
    check(&mut stage, vec![(buyer(1), enter(0), Entered)]);
    pass_time(&mut stage, 29_999);
    assert_eq!(left(&stage), []);
    pass_time(&mut stage, LATE_MS);
    assert_eq!(left(&stage), [(1, "idle")]);
    check(
        &mut stage,
        vec![
            (buyer(1), seats(&[0]), No(Refusal::NoPass)),
            (buyer(1), Command::Stay, No(Refusal::NotInShop)),
            (buyer(1), enter(0), No(Refusal::PlaceSpent)),
            // With a new place, as everybody.
            (buyer(1), enter(5), Entered),
        ],
    );
}

#[test]
fn what_counts_as_doing_something() {
    let mut stage = Stage::open_newest(rules());
    (1..=3).for_each(|number| _ = stage.ask(buyer(number), enter(number)));
    pass_time(&mut stage, 20_000);
    // One says that they are there, one holds, one does nothing.
    check(&mut stage, vec![(buyer(1), Command::Stay, Done), (buyer(2), seats(&[0]), Seats(&[0]))]);
    pass_time(&mut stage, 10_000 + LATE_MS);
    assert_eq!(left(&stage), [(3, "idle")]);
    pass_time(&mut stage, 20_000);
    assert_eq!(left(&stage), [(3, "idle"), (1, "idle")]);
    // Whoever has seats stays as long as they have them, and begins anew once they end.
    pass_time(&mut stage, 30_000);
    assert_eq!(stage.facts.last().unwrap().fact.name(), "SeatsSetAside");
    pass_time(&mut stage, 29_000);
    assert_eq!(left(&stage).len(), 2);
    pass_time(&mut stage, 1_000 + LATE_MS);
    assert_eq!(left(&stage).last(), Some(&(2, "idle")));
}

#[test]
fn what_is_being_paid_is_something() {
    let mut stage = Stage::open_newest(rules());
    stage.ask(buyer(1), enter(0));
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let method = method();
    stage.ask(buyer(1), Command::StartPurchase { hold_id, method, despite_unanswered: false });
    pass_time(&mut stage, 100_000);
    assert_eq!(left(&stage), []);
    stage.ask(Actor::System, authorised(hold_id));
    assert_eq!(left(&stage), [(1, "purchased")]);
}

/// A hundred devices that enter and do nothing: whoever comes next waits for no longer than the
/// rules allow to do nothing.
#[test]
fn idle_devices_delay_nobody_by_more_than_the_rules_time() {
    let inside = |version| {
        let mut stage = Stage::open_under(version, Policy { shoppers_max: 100, ..rules() });
        stage.ask(Actor::System, Command::ReservePlaces { count: 200 });
        (0..100).for_each(|device| _ = stage.ask(buyer(1 + device), enter(device)));
        stage
    };
    let waited = |mut stage: Stage| {
        let begun = stage.now;
        while stage.now - begun < 200_000 {
            let answer = stage.ask(buyer(500), enter(150)).answer;
            if matches!(answer, Answer::Entered { .. }) {
                break;
            }
            stage.wait(100);
        }
        stage.now - begun
    };
    assert!(waited(inside(NEWEST_VERSION)) <= 30_000 + LATE_MS + 100);
    // Under the first rules they stay for as long as their passes.
    assert_eq!(waited(inside(BASE_VERSION)), 200_000);
}

#[test]
fn nobody_is_idle_while_nothing_can_be_done() {
    let phase = |phase| DialChange { phase: Some(phase), ..DialChange::default() };
    let mut stage = Stage::open_newest(rules());
    stage.ask(buyer(1), enter(0));
    pass_time(&mut stage, 10_000);
    stage.ask(staff(), set_dials(phase(PhaseDial::Pause)));
    for _ in 0..20 {
        pass_time(&mut stage, 10_000);
    }
    assert_eq!(left(&stage), []);
    stage.ask(staff(), set_dials(phase(PhaseDial::Open)));
    pass_time(&mut stage, 29_000);
    assert_eq!(left(&stage), []);
    pass_time(&mut stage, 1_000 + LATE_MS);
    assert_eq!(left(&stage), [(1, "idle")]);
}

#[test]
fn without_such_a_rule_the_pass_is_the_end() {
    for (version, idle_ms) in [(BASE_VERSION, Some(30_000)), (NEWEST_VERSION, Some(0))] {
        let mut stage = Stage::open_under(version, Policy { idle_ms, ..rules() });
        stage.ask(buyer(1), enter(0));
        pass_time(&mut stage, 599_000);
        assert_eq!(left(&stage), []);
        let stays = if version == BASE_VERSION { No(Refusal::NeedsNewerEngine) } else { Done };
        check(&mut stage, vec![(buyer(1), Command::Stay, stays)]);
        pass_time(&mut stage, 1_000 + LATE_MS);
        assert_eq!(left(&stage), [(1, "pass_expired")]);
    }
}

/// Rules that change leave a visit as it is, and a policy that says nothing has the usual time.
#[test]
fn a_visit_keeps_the_rules_it_began_with() {
    let mut stage = Stage::open_newest(policy());
    stage.ask(buyer(1), enter(0));
    stage.ask(staff(), Command::SetPolicy(Box::new(rules())));
    stage.ask(buyer(2), enter(1));
    pass_time(&mut stage, 30_000 + LATE_MS);
    assert_eq!(left(&stage), [(2, "idle")]);
    let restored = Engine::restore(&snapshot(&stage.engine), EngineLimits::default()).unwrap();
    assert_eq!(snapshot(&restored), snapshot(&stage.engine));
    stage.engine = restored;
    pass_time(&mut stage, IDLE_MS - 31_000);
    check(&mut stage, vec![(buyer(1), Command::Stay, Done)]);
    pass_time(&mut stage, IDLE_MS - 1_000);
    assert_eq!(left(&stage).len(), 1);
    pass_time(&mut stage, 1_000 + LATE_MS);
    assert_eq!(left(&stage), [(2, "idle"), (1, "idle")]);
}

/// Follows the facts alone: whoever leaves as idle has no seats, and has done nothing for as long as
/// their visit allows, while the sale was open.
pub(crate) fn only_the_idle_leave(facts: &[FactRecord]) -> Result<(), String> {
    let mut visits: BTreeMap<BuyerId, (u64, u64)> = BTreeMap::new();
    let mut live: BTreeMap<HoldId, BuyerId> = BTreeMap::new();
    let (mut is_open, mut open_since) = (false, 0);
    for FactRecord { fact, at, position, .. } in facts {
        match fact {
            Fact::SaleOpened | Fact::PresaleOpened => (is_open, open_since) = (true, at.0),
            Fact::SalePaused | Fact::SaleClosed | Fact::EventCancelled => is_open = false,
            Fact::Entered { buyer, idle_until: Some(end), .. } => {
                visits.insert(*buyer, (end.0 - at.0, at.0));
            }
            Fact::ShopperStayed { buyer, until } => {
                let visit = visits.get_mut(buyer).ok_or("somebody stays who is not in")?;
                visit.1 = at.0;
                if until.0 != at.0 + visit.0 {
                    return Err(format!("{buyer} stays until {until:?}, at {position:?}"));
                }
            }
            Fact::ShopperLeft { buyer, reason: LeaveReason::Idle } => {
                let (length, acted) = visits[buyer];
                let is_idle = at.0 >= acted.max(open_since) + length && is_open;
                if !is_idle || live.values().any(|of| of == buyer) {
                    return Err(format!("{buyer} is not idle, at {position:?}"));
                }
            }
            _ => {}
        }
        if let Some(order) = fact.effects().order {
            match order.status.has_seats() && order.until.is_some() {
                true => _ = live.insert(order.hold_id, order.buyer),
                false => _ = live.remove(&order.hold_id),
            }
            if let Some(visit) = visits.get_mut(&order.buyer) {
                visit.1 = at.0;
            }
        }
    }
    Ok(())
}
