//! From a hold to a sold seat, and what becomes of the money.

use floodgate_domain::{Actor, Command, Fact, HoldId, OrderStatus, Refusal};

use crate::rows::Then::{Done, Is, No, Seats};
use crate::rows::{check, enter, no_queue, paying};
use crate::stage::{
    EVENT, Stage, action, authorised, buyer, method, order, payment, policy, seats, staff,
};

#[test]
fn a_purchase_goes_through() {
    let mut stage = Stage::open(policy());
    stage.ask(buyer(1), enter(0));
    let hold_id = paying(&mut stage);
    let before = stage.facts.len();
    let start = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
    check(
        &mut stage,
        vec![
            (buyer(1), start.clone(), No(Refusal::PaymentPending)),
            (buyer(1), Command::ReleaseHold { hold_id }, No(Refusal::PaymentPending)),
            (buyer(1), authorised(hold_id), No(Refusal::NotAllowed)),
            (
                Actor::System,
                Command::PaymentCaptured { hold_id, attempt: 1 },
                No(Refusal::StaleAttempt),
            ),
            (Actor::System, authorised(hold_id), Is(OrderStatus::Confirmed)),
            (Actor::System, authorised(hold_id), No(Refusal::AlreadyPurchased)),
            (
                Actor::System,
                Command::PaymentCaptured { hold_id, attempt: 1 },
                Is(OrderStatus::Confirmed),
            ),
            (buyer(1), start, No(Refusal::AlreadyPurchased)),
            (staff(), Command::RefundOrder { hold_id, why: None }, Is(OrderStatus::Refunded)),
            (staff(), Command::RefundOrder { hold_id, why: None }, No(Refusal::AlreadyRefunded)),
        ],
    );
    assert_eq!(
        stage.fact_names(before),
        ["OrderConfirmed", "ShopperLeft", "OrderSettled", "OrderRefunded"]
    );
    // What the provider said of the money, for whoever captures it.
    let Fact::OrderConfirmed { payment: held, .. } = &stage.facts[before].fact else { panic!() };
    assert_eq!(*held, payment());
    assert_eq!(stage.engine.status(EVENT).unwrap().sold, 0);
}

#[test]
fn a_buyer_who_has_to_act_is_known_by_a_fact() {
    let mut stage = Stage::open(no_queue());
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let before = stage.facts.len();
    let record = |attempt| Command::RecordPaymentAction { hold_id, attempt, action: action() };
    let start = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
    check(
        &mut stage,
        vec![
            (Actor::System, record(0), No(Refusal::StaleAttempt)),
            (buyer(1), start, Is(OrderStatus::PaymentPending)),
            (buyer(1), record(1), No(Refusal::NotAllowed)),
            (Actor::System, record(2), No(Refusal::StaleAttempt)),
            (Actor::System, record(1), Is(OrderStatus::PaymentPending)),
            (Actor::System, authorised(hold_id), Is(OrderStatus::Confirmed)),
            (Actor::System, record(1), No(Refusal::StaleAttempt)),
        ],
    );
    let names = ["PurchaseStarted", "PaymentActionRequired", "OrderConfirmed"];
    assert_eq!(stage.fact_names(before), names);
    let Fact::PaymentActionRequired { action: known, attempt: 1, .. } =
        &stage.facts[before + 1].fact
    else {
        panic!("{:?}", stage.facts[before + 1])
    };
    assert_eq!(*known, action());
}

#[test]
fn a_declined_card_may_be_replaced() {
    let mut stage = Stage::open(no_queue());
    let hold_id = paying(&mut stage);
    let start = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
    check(
        &mut stage,
        vec![
            (
                Actor::System,
                Command::PaymentDeclined { hold_id, attempt: 2 },
                No(Refusal::StaleAttempt),
            ),
            (
                Actor::System,
                Command::PaymentDeclined { hold_id, attempt: 1 },
                Is(OrderStatus::Declined),
            ),
            (buyer(2), seats(&[0]), No(Refusal::SeatTaken)),
            (buyer(1), start.clone(), Is(OrderStatus::PaymentPending)),
            (
                Actor::System,
                Command::PaymentLost { hold_id, attempt: 2 },
                Is(OrderStatus::Declined),
            ),
            (buyer(1), start, No(Refusal::NoAttemptLeft)),
        ],
    );
    let before = stage.facts.len();
    stage.wait(40_100);
    stage.tick();
    assert_eq!(stage.fact_names(before), ["OrderExpired"]);
}

#[test]
fn late_money_finds_its_seats_or_goes_back() {
    // How the seat fared meanwhile, and what the late payment then brings about.
    let rows: [(&[Command], &str, OrderStatus); 3] = [
        (&[], "OrderConfirmed", OrderStatus::Confirmed),
        (&[seats(&[0])], "OrderConfirmed", OrderStatus::Confirmed),
        (
            &[seats(&[0, 1, 2, 3, 4, 5]), seats(&[6, 7, 8, 9, 12, 13])],
            "PaymentVoided",
            OrderStatus::Expired,
        ),
    ];
    for (taken, fact, status) in rows {
        let mut stage = Stage::open(no_queue());
        let hold_id = paying(&mut stage);
        stage.wait(120_100);
        for command in taken {
            order(&stage.ask(buyer(2), command.clone()));
        }
        stage.tick();
        let before = stage.facts.len();
        let late = authorised(hold_id);
        assert_eq!(order(&stage.ask(Actor::System, late)).status, status);
        assert_eq!(stage.fact_names(before), [fact]);
    }
}

#[test]
fn money_without_an_order_goes_back() {
    let mut stage = Stage::open(no_queue());
    let before = stage.facts.len();
    let unknown = authorised(HoldId(1 << 40));
    check(&mut stage, vec![(Actor::System, unknown, Done)]);
    assert_eq!(stage.fact_names(before), ["PaymentVoided"]);
}

#[test]
fn a_failed_capture_frees_the_seats() {
    let mut stage = Stage::open(no_queue());
    let hold_id = paying(&mut stage);
    check(
        &mut stage,
        vec![
            (Actor::System, authorised(hold_id), Is(OrderStatus::Confirmed)),
            (
                Actor::System,
                Command::PaymentLost { hold_id, attempt: 1 },
                Is(OrderStatus::Cancelled),
            ),
            (buyer(2), seats(&[0]), Seats(&[0])),
        ],
    );
}
