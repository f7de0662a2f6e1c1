//! Payments without an answer: never a no, and never two for one.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::{
    Actor, Answer, BuyerId, Command, Fact, FactRecord, HoldId, OrderStatus, OrderView, Policy,
    Refusal,
};
use floodgate_engine::{BASE_VERSION, NEWEST_VERSION};

use crate::rows::Then::{Is, No, Seats};
use crate::rows::{check, no_queue, paying};
use crate::stage::{EVENT, Stage, authorised, buyer, method, order, payment, seats};

fn lost(hold_id: HoldId, attempt: u8) -> Command {
    Command::PaymentLost { hold_id, attempt }
}

fn declined(hold_id: HoldId, attempt: u8) -> Command {
    Command::PaymentDeclined { hold_id, attempt }
}

fn pay(hold_id: HoldId) -> Command {
    Command::StartPurchase { hold_id, method: method(), despite_unanswered: false }
}

fn pay_again(hold_id: HoldId) -> Command {
    Command::StartPurchase { hold_id, method: method(), despite_unanswered: true }
}

/// A sale in which one buyer can hold twice.
fn house() -> Stage {
    Stage::open_newest(Policy { cooldown_ms: 0, ..no_queue() })
}

/// How an order stands, by the effects of the facts.
fn status(stage: &Stage, hold_id: HoldId) -> OrderStatus {
    let mut orders: BTreeMap<HoldId, OrderView> = BTreeMap::new();
    for record in &stage.facts {
        let effects = record.fact.effects();
        let Some(change) = effects.order else { continue };
        match OrderView::begun_by(&change) {
            Some(order) => _ = orders.insert(order.hold_id, order),
            None => orders.get_mut(&change.hold_id).unwrap().follow(&change),
        }
    }
    orders[&hold_id].status
}

#[test]
fn silence_has_a_status_of_its_own() {
    let mut stage = house();
    let hold_id = paying(&mut stage);
    let before = stage.facts.len();
    check(
        &mut stage,
        vec![
            (buyer(1), lost(hold_id, 1), No(Refusal::NotAllowed)),
            (Actor::System, lost(hold_id, 2), No(Refusal::StaleAttempt)),
            (Actor::System, lost(hold_id, 1), Is(OrderStatus::NoAnswer)),
            (buyer(2), seats(&[0]), No(Refusal::SeatTaken)),
            (buyer(1), pay(hold_id), No(Refusal::PaymentUnanswered)),
            (Actor::System, declined(hold_id, 1), Is(OrderStatus::Declined)),
            // It is known by now that nothing was paid.
            (buyer(1), pay(hold_id), Is(OrderStatus::PaymentPending)),
            (Actor::System, lost(hold_id, 2), Is(OrderStatus::NoAnswer)),
            (
                Actor::System,
                Command::PaymentAuthorised { hold_id, attempt: 2, payment: payment() },
                Is(OrderStatus::Confirmed),
            ),
        ],
    );
    let names = [
        "OrderUnanswered",
        "OrderDeclined",
        "PurchaseStarted",
        "OrderUnanswered",
        "OrderConfirmed",
    ];
    assert_eq!(stage.fact_names(before), names);
}

#[test]
fn the_first_rules_call_silence_a_no() {
    let mut stage = Stage::open(no_queue());
    let hold_id = paying(&mut stage);
    check(
        &mut stage,
        vec![
            (Actor::System, lost(hold_id, 1), Is(OrderStatus::Declined)),
            (Actor::System, declined(hold_id, 1), No(Refusal::StaleAttempt)),
            (buyer(1), pay(hold_id), Is(OrderStatus::PaymentPending)),
            (
                Actor::System,
                Command::CaptureFailed { hold_id, attempt: 1 },
                No(Refusal::NeedsNewerEngine),
            ),
        ],
    );
}

/// However the order ended meanwhile, the no that comes late is known, once.
#[test]
fn a_late_no_is_an_answer() {
    let expire = |stage: &mut Stage| {
        stage.wait(200_000);
        stage.tick();
    };
    type End<'a> = &'a dyn Fn(&mut Stage, HoldId);
    let ends: [(&str, End<'_>, &str); 5] = [
        (
            "lost, then over",
            &|stage, hold_id| {
                stage.ask(Actor::System, lost(hold_id, 1));
                expire(stage);
            },
            "PaymentNotTaken",
        ),
        ("over while it is asked for", &|stage, _| expire(stage), "PaymentNotTaken"),
        (
            "lost, then released",
            &|stage, hold_id| {
                stage.ask(Actor::System, lost(hold_id, 1));
                stage.ask(buyer(1), Command::ReleaseHold { hold_id });
            },
            "PaymentNotTaken",
        ),
        (
            "lost, then another card",
            &|stage, hold_id| {
                stage.ask(Actor::System, lost(hold_id, 1));
                stage.ask(buyer(1), pay_again(hold_id));
            },
            "PaymentNotTaken",
        ),
        (
            "lost",
            &|stage, hold_id| {
                stage.ask(Actor::System, lost(hold_id, 1));
            },
            "OrderDeclined",
        ),
    ];
    for (words, end, fact) in ends {
        let mut stage = house();
        let hold_id = paying(&mut stage);
        end(&mut stage, hold_id);
        let before = stage.facts.len();
        stage.ask(Actor::System, declined(hold_id, 1));
        let again = stage.ask(Actor::System, declined(hold_id, 1)).answer;
        assert_eq!(again, Answer::Refused(Refusal::StaleAttempt), "{words}");
        assert_eq!(stage.fact_names(before), [fact], "{words}");
    }
}

#[test]
fn who_pays_again_has_to_mean_it() {
    let mut stage = house();
    let first = paying(&mut stage);
    stage.wait(130_000);
    stage.tick();
    assert_eq!(status(&stage, first), OrderStatus::Expired);
    let second = order(&stage.ask(buyer(1), seats(&[1]))).hold_id;
    let strangers = order(&stage.ask(buyer(2), seats(&[2]))).hold_id;
    check(
        &mut stage,
        vec![
            (buyer(2), pay(strangers), Is(OrderStatus::PaymentPending)),
            (buyer(1), pay(second), No(Refusal::PaymentUnanswered)),
            (buyer(1), pay_again(second), Is(OrderStatus::PaymentPending)),
        ],
    );
}

/// Two orders, the second paid for while the first had no answer: in whichever order the two answers
/// come, one is paid and the other's money goes back.
#[test]
fn of_two_payments_the_first_that_goes_through_is_kept() {
    // Which order is answered when, what follows, and how the two end.
    let rows: [([usize; 2], &[&str], [OrderStatus; 2]); 2] = [
        (
            [0, 1],
            &["OrderConfirmed", "PaymentVoided", "HoldReleased", "SeatsSetAside"],
            [OrderStatus::Confirmed, OrderStatus::Released],
        ),
        (
            [1, 0],
            &["OrderConfirmed", "PaymentVoided"],
            [OrderStatus::Expired, OrderStatus::Confirmed],
        ),
    ];
    for (answered, names, ends) in rows {
        let mut stage = house();
        let first = paying(&mut stage);
        stage.wait(130_000);
        stage.tick();
        stage.wait(10_000);
        let second = order(&stage.ask(buyer(1), seats(&[1]))).hold_id;
        stage.ask(buyer(1), pay_again(second));
        let before = stage.facts.len();
        let orders = [first, second];
        for at in answered {
            stage.ask(Actor::System, authorised(orders[at]));
        }
        assert_eq!(stage.fact_names(before), names, "{answered:?}");
        assert_eq!(orders.map(|hold_id| status(&stage, hold_id)), ends, "{answered:?}");
        assert_eq!(stage.engine.status(EVENT).unwrap().sold, 1);
        // What was bought is bought, and buying more is another matter.
        let third = order(&stage.ask(buyer(1), seats(&[3]))).hold_id;
        stage.ask(buyer(1), pay(third));
        let confirmed = stage.ask(Actor::System, authorised(third));
        assert_eq!(order(&confirmed).status, OrderStatus::Confirmed, "{answered:?}");
    }
}

#[test]
fn of_two_cards_for_one_order_the_first_that_goes_through_is_kept() {
    let second = |hold_id| Command::PaymentAuthorised { hold_id, attempt: 2, payment: payment() };
    let mut stage = house();
    let hold_id = paying(&mut stage);
    stage.ask(Actor::System, lost(hold_id, 1));
    stage.ask(buyer(1), pay_again(hold_id));
    let before = stage.facts.len();
    check(
        &mut stage,
        vec![
            (Actor::System, authorised(hold_id), Is(OrderStatus::Confirmed)),
            (Actor::System, second(hold_id), Is(OrderStatus::Confirmed)),
            (
                Actor::System,
                Command::PaymentCaptured { hold_id, attempt: 1 },
                Is(OrderStatus::Confirmed),
            ),
        ],
    );
    assert_eq!(stage.fact_names(before), ["OrderConfirmed", "PaymentVoided", "OrderSettled"]);
    // The other card's answer comes or not: one more order is another matter.
    let more = order(&stage.ask(buyer(1), seats(&[1]))).hold_id;
    stage.ask(buyer(1), pay(more));
    let bought = order(&stage.ask(Actor::System, authorised(more)));
    assert_eq!(bought.status, OrderStatus::Confirmed);
}

/// No answer and a yes can be reported at once, by two who asked at different moments.
#[test]
fn silence_undoes_nothing_that_is_sold() {
    for (version, silence, failed) in [
        (BASE_VERSION, Is(OrderStatus::Cancelled), No(Refusal::NeedsNewerEngine)),
        (NEWEST_VERSION, No(Refusal::StaleAttempt), Is(OrderStatus::Cancelled)),
    ] {
        let mut stage = Stage::open_under(version, no_queue());
        let hold_id = paying(&mut stage);
        stage.ask(Actor::System, authorised(hold_id));
        let capture_failed = |attempt| Command::CaptureFailed { hold_id, attempt };
        check(
            &mut stage,
            vec![
                (Actor::System, lost(hold_id, 1), silence),
                (buyer(1), capture_failed(1), No(Refusal::NotAllowed)),
                (Actor::System, capture_failed(1), failed),
            ],
        );
        stage.wait(10_000);
        check(&mut stage, vec![(buyer(2), seats(&[0]), Seats(&[0]))]);
    }
}

/// Follows the facts alone: whoever paid again instead of waiting has one of the two.
pub(crate) fn one_of_two_is_kept(facts: &[FactRecord]) -> Result<(), String> {
    let mut silent: BTreeMap<BuyerId, BTreeSet<(HoldId, u8)>> = BTreeMap::new();
    let mut attempts: BTreeMap<HoldId, u8> = BTreeMap::new();
    let mut instead: BTreeMap<HoldId, BTreeSet<HoldId>> = BTreeMap::new();
    let mut confirmed: BTreeSet<HoldId> = BTreeSet::new();
    for FactRecord { fact, position, .. } in facts {
        match fact {
            Fact::PurchaseStarted { hold_id, buyer, attempt, .. } => {
                attempts.insert(*hold_id, *attempt);
                let others = silent.entry(*buyer).or_default().iter().map(|(other, _)| *other);
                instead.insert(*hold_id, others.filter(|other| other != hold_id).collect());
            }
            Fact::OrderUnanswered { hold_id, buyer, attempt, .. } => {
                silent.entry(*buyer).or_default().insert((*hold_id, *attempt));
            }
            Fact::OrderExpired { hold_id, buyer, is_unanswered: true, .. } => {
                silent.entry(*buyer).or_default().insert((*hold_id, attempts[hold_id]));
            }
            Fact::OrderDeclined { hold_id, buyer, attempt, .. }
            | Fact::PaymentNotTaken { hold_id, buyer, attempt }
            | Fact::PaymentVoided { hold_id, buyer, attempt, .. } => {
                silent.entry(*buyer).or_default().remove(&(*hold_id, *attempt));
            }
            Fact::OrderConfirmed { hold_id, buyer, .. } => {
                silent.entry(*buyer).or_default().retain(|(of, _)| of != hold_id);
                confirmed.insert(*hold_id);
                let is_pair = |one: &HoldId, other: &HoldId| {
                    instead.get(one).is_some_and(|others| others.contains(other))
                };
                let twice =
                    confirmed.iter().find(|paid| is_pair(paid, hold_id) || is_pair(hold_id, paid));
                if let Some(paid) = twice {
                    return Err(format!("{hold_id} is kept beside {paid}, at {position:?}"));
                }
            }
            Fact::OrderRefunded { hold_id, .. } | Fact::OrderCancelled { hold_id, .. } => {
                confirmed.remove(hold_id);
            }
            _ => {}
        }
    }
    Ok(())
}
