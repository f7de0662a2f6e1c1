//! Rows of who asks what and what it comes to.

use floodgate_domain::{
    Actor, Answer, Command, CommandId, Envelope, Fact, GatewayId, HoldId, OrderStatus, PhaseDial,
    Place, Policy, Refusal, RoomDials, SalePhase, StaffId, Tier,
};

use crate::house::{
    CIRCLE, EVENT, FLOOR, STALLS, Stage, action, authorised, best, buyer, method, new_event, order,
    payment, policy, seats, staff,
};

/// What a row expects.
#[derive(Debug)]
enum Then {
    Done,
    No(Refusal),
    Entered,
    Seats(&'static [u32]),
    Is(OrderStatus),
}
use Then::{Done, Entered, Is, No, Seats};

fn enter(place: u64) -> Command {
    Command::Enter { place: Place(place) }
}

fn accessible(numbers: &[u32]) -> Command {
    match seats(numbers) {
        Command::HoldSeats { seats, .. } => Command::HoldSeats { seats, accessible: true },
        other => other,
    }
}

fn check(stage: &mut Stage, rows: Vec<(Actor, Command, Then)>) {
    for (at, (actor, command, then)) in rows.into_iter().enumerate() {
        let reply = stage.ask(actor, command.clone());
        let context = format!("row {at}: {command:?} -> {:?}, expected {then:?}", reply.answer);
        match (&reply.answer, then) {
            (Answer::Done, Done) | (Answer::Entered { .. }, Entered) => {}
            (Answer::Refused(refusal), No(expected)) => assert_eq!(*refusal, expected, "{context}"),
            (Answer::Order(view), Seats(expected)) => {
                let found: Vec<u32> = view.seats.iter().map(|seat| seat.0).collect();
                assert_eq!(found, expected, "{context}");
            }
            (Answer::Order(view), Is(status)) => assert_eq!(view.status, status, "{context}"),
            _ => panic!("{context}"),
        }
    }
}

fn no_queue() -> Policy {
    Policy { pass_required: false, seats_per_buyer_max: 100, ..policy() }
}

#[test]
fn a_sale_has_phases() {
    let mut stage = Stage::empty();
    let create = Command::CreateEvent(Box::new(new_event(no_queue())));
    check(
        &mut stage,
        vec![
            (staff(), Command::OpenSale, No(Refusal::UnknownEvent)),
            (buyer(1), create.clone(), No(Refusal::NotAllowed)),
            (staff(), create.clone(), Done),
            (staff(), create, No(Refusal::EventExists)),
            (buyer(1), seats(&[0]), No(Refusal::SaleNotOpen)),
            (staff(), Command::PauseSale, No(Refusal::SaleNotOpen)),
            (buyer(1), Command::OpenSale, No(Refusal::NotAllowed)),
            (staff(), Command::OpenSale, Done),
            (staff(), Command::OpenSale, Done),
            (buyer(1), seats(&[0]), Seats(&[0])),
            (staff(), Command::PauseSale, Done),
            (buyer(2), seats(&[1]), No(Refusal::SalePaused)),
            (staff(), Command::OpenSale, Done),
            (staff(), Command::CloseSale, Done),
            (buyer(2), seats(&[1]), No(Refusal::SaleClosed)),
            (staff(), Command::OpenSale, No(Refusal::SaleClosed)),
            (staff(), Command::CancelEvent, Done),
            (buyer(2), seats(&[1]), No(Refusal::EventCancelled)),
        ],
    );
}

fn tune(dials: RoomDials) -> Command {
    Command::TuneRoom(Box::new(dials))
}

#[test]
fn all_dials_turn_or_none() {
    let none = RoomDials::default();
    let phase = |dial| RoomDials { phase: Some(dial), ..RoomDials::default() };
    let mut stage = Stage::open(policy());
    let from = stage.facts.len();
    let all = RoomDials {
        per_minute: Some(600),
        shoppers_max: Some(1),
        puzzle_level: Some(12),
        message: Some("rain".into()),
        reason: "the roof".into(),
        ..phase(PhaseDial::Pause)
    };
    check(&mut stage, vec![(buyer(1), tune(all.clone()), No(Refusal::NotAllowed))]);
    check(&mut stage, vec![(staff(), tune(all.clone()), Done)]);
    assert_eq!(stage.fact_names(from), ["SalePaused", "RoomTuned"]);
    let Fact::RoomTuned { dials, by } = &stage.facts[from + 1].fact else { panic!("no turn") };
    assert_eq!((&**dials, *by), (&all, StaffId(1)), "who and why are in the fact");

    let from = stage.facts.len();
    let loud = RoomDials { message: Some("x".repeat(501)), ..phase(PhaseDial::Open) };
    let long = RoomDials { reason: "x".repeat(501), ..none.clone() };
    let hard = RoomDials { puzzle_level: Some(13), shoppers_max: Some(9), ..none.clone() };
    check(
        &mut stage,
        vec![
            (staff(), tune(loud), No(Refusal::InvalidPolicy)),
            (staff(), tune(long), No(Refusal::InvalidPolicy)),
            (staff(), tune(hard), No(Refusal::InvalidPolicy)),
            (staff(), tune(phase(PhaseDial::Close)), Done),
            (staff(), tune(phase(PhaseDial::Close)), Done),
            // The capacity beside a phase that cannot be stays as it is.
            (
                staff(),
                tune(RoomDials { shoppers_max: Some(9), ..phase(PhaseDial::Open) }),
                No(Refusal::SaleClosed),
            ),
            (staff(), tune(phase(PhaseDial::Pause)), No(Refusal::SaleClosed)),
            (Actor::System, tune(phase(PhaseDial::Cancel)), Done),
            (staff(), tune(phase(PhaseDial::Close)), No(Refusal::EventCancelled)),
        ],
    );
    let names = stage.fact_names(from);
    let expected = ["SaleClosed", "RoomTuned", "RoomTuned", "EventCancelled", "RoomTuned"];
    assert_eq!(names, expected, "a refused turn says nothing");
    let status = stage.engine.status(EVENT).unwrap();
    assert_eq!((status.phase, status.shoppers_max), (SalePhase::Cancelled, 1));
}

#[test]
fn a_smaller_shop_lets_nobody_new_in_and_throws_nobody_out() {
    let limit = |max| tune(RoomDials { shoppers_max: Some(max), ..RoomDials::default() });
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
fn bad_events_are_refused() {
    let create = |change: fn(&mut floodgate_domain::NewEvent)| {
        let mut new = new_event(policy());
        change(&mut new);
        Command::CreateEvent(Box::new(new))
    };
    check(
        &mut Stage::empty(),
        vec![
            (staff(), create(|new| new.plan.sections.clear()), No(Refusal::InvalidPlan)),
            (staff(), create(|new| new.prices.categories.push(vec![])), No(Refusal::InvalidPrices)),
            (staff(), create(|new| new.policy.hold_ms = 0), No(Refusal::InvalidPolicy)),
            (staff(), create(|new| new.policy.holds_per_buyer_max = 5), No(Refusal::InvalidPolicy)),
        ],
    );
}

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

/// Buyer 1 holds seat 0 and starts to pay.
fn paying(stage: &mut Stage) -> HoldId {
    let hold_id = order(&stage.ask(buyer(1), seats(&[0]))).hold_id;
    let start = Command::StartPurchase { hold_id, method: method() };
    assert_eq!(order(&stage.ask(buyer(1), start)).status, OrderStatus::PaymentPending);
    hold_id
}

#[test]
fn a_purchase_goes_through() {
    let mut stage = Stage::open(policy());
    stage.ask(buyer(1), enter(0));
    let hold_id = paying(&mut stage);
    let before = stage.facts.len();
    let start = Command::StartPurchase { hold_id, method: method() };
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
            (staff(), Command::RefundOrder { hold_id }, Is(OrderStatus::Refunded)),
            (staff(), Command::RefundOrder { hold_id }, No(Refusal::AlreadyRefunded)),
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
    let start = Command::StartPurchase { hold_id, method: method() };
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
    let start = Command::StartPurchase { hold_id, method: method() };
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

#[test]
fn a_cancelled_event_gives_everything_back() {
    let mut stage = Stage::open(no_queue());
    let sold = paying(&mut stage);
    stage.ask(Actor::System, authorised(sold));
    stage.ask(buyer(2), seats(&[3]));
    let pending = order(&stage.ask(buyer(3), seats(&[4]))).hold_id;
    stage.ask(buyer(3), Command::StartPurchase { hold_id: pending, method: method() });
    let before = stage.facts.len();
    stage.ask(staff(), Command::CancelEvent);
    assert!(stage.engine.next_due().is_some());
    stage.tick();
    stage.tick();
    assert_eq!(
        stage.fact_names(before),
        ["EventCancelled", "OrderRefunded", "HoldReleased", "OrderExpired"]
    );
    let status = stage.engine.status(EVENT).unwrap();
    assert_eq!((status.phase, status.free), (SalePhase::Cancelled, status.capacity));
    stage.ask(Actor::System, authorised(pending));
    assert_eq!(stage.fact_names(before).last(), Some(&"PaymentVoided"));
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

#[test]
fn tiers_end_in_the_middle_of_a_group() {
    let mut new = new_event(no_queue());
    let tier = |amount, until_taken| Tier { amount, fee: 0, until_taken, until: None };
    new.prices.categories[usize::from(STALLS)] = vec![tier(100, Some(3)), tier(150, None)];
    let mut stage = Stage::empty();
    stage.ask(staff(), Command::CreateEvent(Box::new(new)));
    stage.ask(staff(), Command::OpenSale);
    assert_eq!(order(&stage.ask(buyer(1), seats(&[0, 1]))).amount, 200);
    assert_eq!(order(&stage.ask(buyer(2), seats(&[2, 3]))).amount, 250);
    assert_eq!(order(&stage.ask(buyer(3), best(1, STALLS))).amount, 150);
}

#[test]
fn a_repeated_command_hears_the_first_outcome() {
    let mut stage = Stage::open(no_queue());
    let envelope = |fingerprint, command| Envelope {
        command_id: CommandId(1 << 100),
        fingerprint,
        event_id: EVENT,
        actor: buyer(1),
        reply_to: GatewayId(3),
        command,
    };
    let first = stage.send(envelope(1, seats(&[0])));
    let facts = stage.facts.len();
    let second = stage.send(envelope(1, seats(&[0])));
    assert!(!first.repeated && second.repeated);
    assert_eq!(first.answer, second.answer);
    let other = stage.send(envelope(2, seats(&[1])));
    assert_eq!(other.answer, Answer::Refused(Refusal::KeyReused));
    assert_eq!(stage.facts.len(), facts, "a repeat makes no facts");
}
