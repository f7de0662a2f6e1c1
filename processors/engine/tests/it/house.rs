//! What staff do by hand: seats off sale and back, seats given away, refunds that say why.

use std::ops::Range;

use floodgate_domain::{
    Actor, Answer, BuyerId, Command, EventStatus, Fact, Gift, HoldId, HouseSeats, OrderStatus,
    OrderView, PhaseDial, Policy, PriceTable, RefundReason, RefundWhy, Refusal, SeatId, SeatList,
    SeatSet, StaffId, Tier,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};

use crate::fixtures::{STALLS, new_event};
use crate::rows::Then::{Done, Is, No, Seats};
use crate::rows::{check, no_queue, paying};
use crate::stage::{EVENT, Stage, authorised, best, buyer, order, policy, seats, staff};

fn house(seats: Range<u32>) -> Box<HouseSeats> {
    let seats = SeatSet::of(seats.map(SeatId)).unwrap();
    Box::new(HouseSeats { seats, note: "sound desk".to_owned() })
}

fn block(seats: Range<u32>) -> Command {
    Command::BlockSeats(house(seats))
}

fn unblock(seats: Range<u32>) -> Command {
    Command::UnblockSeats(house(seats))
}

fn give(seats: &[u32]) -> Command {
    let seats = SeatList::try_from(seats).unwrap();
    Command::GiveSeats(Box::new(Gift { seats, note: "press".to_owned() }))
}

/// One of the three, for random histories.
pub(crate) fn by_hand(what: u8, seats: Range<u32>) -> Command {
    match what {
        0 => block(seats),
        1 | 2 => unblock(seats),
        _ => give(&seats.collect::<Vec<_>>()),
    }
}

fn refund(hold_id: HoldId, reason: RefundReason) -> Command {
    let why = RefundWhy { reason, note: "on the phone".to_owned() };
    Command::RefundOrder { hold_id, why: Some(Box::new(why)) }
}

fn status(stage: &Stage) -> EventStatus {
    stage.engine.status(EVENT).unwrap()
}

/// Capacity, free, held and sold.
fn counts(stage: &Stage) -> [u32; 4] {
    let EventStatus { capacity, free, held, sold, .. } = status(stage);
    [capacity, free, held, sold]
}

fn given(stage: &mut Stage, seats: &[u32]) -> OrderView {
    order(&stage.ask(staff(), give(seats)))
}

#[test]
fn seats_go_off_sale_and_come_back() {
    let mut stage = Stage::open_newest(no_queue());
    let before = counts(&stage);
    assert_eq!(before, [184, 184, 0, 0], "seat 14 is blocked in the plan");
    let from = stage.facts.len();
    check(
        &mut stage,
        vec![
            (buyer(1), block(0..4), No(Refusal::NotAllowed)),
            (staff(), block(180..200), No(Refusal::UnknownSeat)),
            (staff(), block(0..4), Done),
            (staff(), block(0..4), Done),
            (buyer(1), seats(&[0]), No(Refusal::SeatNotForSale)),
            (buyer(1), best(2, STALLS), Seats(&[4, 5])),
            (staff(), block(4..8), No(Refusal::SeatsInUse)),
            (staff(), block(2..4), Done),
            (staff(), unblock(0..6), Done),
            (buyer(2), best(4, STALLS), Seats(&[0, 1, 2, 3])),
            (staff(), unblock(14..15), Done),
        ],
    );
    assert_eq!(counts(&stage), [185, 179, 6, 0], "the plan's own block was lifted as well");
    let names = stage.fact_names(from);
    let moved =
        names.iter().filter(|name| name.starts_with("SeatsB") || name.starts_with("SeatsU"));
    assert_eq!(moved.count(), 3, "what is so already is no fact: {names:?}");
    let Fact::SeatsUnblocked { seats, by, .. } = &stage.facts.last().unwrap().fact else {
        panic!()
    };
    assert_eq!((seats.as_slice(), *by), (&[SeatId(14)][..], StaffId(1)));
}

#[test]
fn what_is_off_sale_is_not_counted_and_moves_no_price() {
    let mut stage = Stage::open_newest(no_queue());
    stage.ask(staff(), block(0..10));
    assert_eq!(counts(&stage), [174, 174, 0, 0]);
    // Without a price it is not free when it comes back either.
    let none = PriceTable::flat(new_event(policy()).prices.currency, &[]);
    stage.ask(staff(), Command::SetPrices(Box::new(none)));
    assert_eq!(counts(&stage), [0, 0, 0, 0]);
    stage.ask(staff(), unblock(0..10));
    assert_eq!(counts(&stage), [0, 0, 0, 0]);
    let tier = |amount, until_taken| Tier { amount, fee: 0, until_taken, until: None };
    let mut prices = new_event(policy()).prices;
    prices.categories[0] = vec![tier(10, Some(2)), tier(20, None)];
    stage.ask(staff(), Command::SetPrices(Box::new(prices)));
    stage.ask(staff(), block(0..5));
    let paid = |stage: &mut Stage, seat: u32| order(&stage.ask(buyer(9), seats(&[seat]))).amount;
    assert_eq!(paid(&mut stage, 5), 10, "blocked seats are not taken");
    given(&mut stage, &[0]);
    assert_eq!(paid(&mut stage, 6), 20, "those given away are");
}

#[test]
fn seats_are_given_away_and_nobodys_limits_know() {
    let mut stage = Stage::open_newest(Policy { seats_per_buyer_max: 1, ..no_queue() });
    stage.ask(staff(), block(0..4));
    let from = stage.facts.len();
    check(
        &mut stage,
        vec![
            (buyer(1), give(&[0]), No(Refusal::NotAllowed)),
            (staff(), give(&[]), No(Refusal::NoSeatsNamed)),
            (staff(), give(&[5, 5]), No(Refusal::SeatsRepeated)),
            (staff(), give(&[200]), No(Refusal::UnknownSeat)),
            (buyer(1), seats(&[6]), Is(OrderStatus::Held)),
            (staff(), give(&[5, 6]), No(Refusal::SeatsInUse)),
        ],
    );
    let gift = given(&mut stage, &[3, 4, 14]);
    assert_eq!((gift.status, gift.amount, gift.settled), (OrderStatus::Confirmed, 0, true));
    assert_eq!((gift.buyer, gift.attempt), (BuyerId::HOUSE, 0));
    let names: Vec<_> = stage.fact_names(from);
    assert_eq!(names[names.len() - 2..], ["SeatsUnblocked", "SeatsGiven"]);
    assert_eq!(counts(&stage), [182, 178, 1, 3], "three stay blocked; the plan's block was given");

    // A guest who has bought as many as one may takes it all the same, and may still buy.
    let hold_id = gift.hold_id;
    let to = |seat: u32, edition, to| Command::TransferTicket {
        hold_id,
        seat: SeatId(seat),
        edition,
        to: BuyerId(to),
    };
    check(
        &mut stage,
        vec![
            (buyer(2), to(3, 0, 2), No(Refusal::NotYourTicket)),
            (Actor::Buyer(BuyerId::HOUSE), to(3, 0, 1), Done),
            (Actor::Buyer(BuyerId::HOUSE), to(4, 0, 1), Done),
            (buyer(1), to(4, 1, 2), Done),
            (buyer(2), seats(&[8]), Is(OrderStatus::Held)),
            (staff(), refund(hold_id, RefundReason::Other), Is(OrderStatus::Refunded)),
            (
                staff(),
                Command::RedeemTicket { hold_id, seat: SeatId(3), edition: 1 },
                No(Refusal::TicketRevoked),
            ),
        ],
    );
    let last = stage.facts.iter().rev().find(|record| record.fact.name() == "OrderRefunded");
    assert!(last.unwrap().fact.effects().money.is_none(), "nothing was paid");
    stage.wait(120_000);
    stage.tick();
    assert_eq!(status(&stage).sold, 0);
}

#[test]
fn in_every_phase_but_after_a_cancellation() {
    for phase in [PhaseDial::Open, PhaseDial::Pause, PhaseDial::Close, PhaseDial::Cancel] {
        let mut stage = Stage::open_newest(no_queue());
        stage.ask(staff(), block(8..9));
        let first = given(&mut stage, &[0]);
        stage.ask(staff(), Command::turn_phase(phase, ""));
        let is_off = phase == PhaseDial::Cancel;
        let commands = [block(1..2), unblock(8..9), give(&[2])];
        for command in commands {
            let answer = stage.ask(staff(), command.clone()).answer;
            let is_refused = answer == Answer::Refused(Refusal::EventCancelled);
            assert_eq!(is_refused, is_off, "{phase:?}: {command:?} {answer:?}");
        }
        stage.tick();
        let view = stage.facts.iter().rev().find_map(|record| match &record.fact {
            Fact::OrderRefunded { hold_id, why, .. } if *hold_id == first.hold_id => why.clone(),
            _ => None,
        });
        let reason = view.map(|refund| (refund.why.reason, refund.by));
        let expected = is_off.then_some((RefundReason::EventCancelled, StaffId::SYSTEM));
        assert_eq!(reason, expected, "{phase:?}");
    }
}

#[test]
fn a_refund_says_why_and_who() {
    let why = |version: u32, command: fn(HoldId) -> Command| {
        let mut stage = Stage::open_under(version, no_queue());
        let hold_id = paying(&mut stage);
        stage.ask(Actor::System, authorised(hold_id));
        let answer = stage.ask(staff(), command(hold_id)).answer;
        stage
            .facts
            .iter()
            .find_map(|record| match &record.fact {
                Fact::OrderRefunded { why, .. } => {
                    Some(Ok(why.as_ref().map(|refund| (refund.why.clone(), refund.by))))
                }
                _ => None,
            })
            .unwrap_or(Err(answer))
    };
    let named = |hold_id| refund(hold_id, RefundReason::EventChanged);
    let bare = |hold_id| Command::RefundOrder { hold_id, why: None };
    let said =
        |reason, note: &str| Ok(Some((RefundWhy { reason, note: note.to_owned() }, StaffId(1))));
    for version in 1..4 {
        assert_eq!(why(version, named), Err(Answer::Refused(Refusal::NeedsNewerEngine)));
        assert_eq!(why(version, bare), Ok(None), "as it was");
    }
    assert_eq!(why(4, named), said(RefundReason::EventChanged, "on the phone"));
    assert_eq!(why(4, bare), said(RefundReason::Other, ""));
}

#[test]
fn earlier_rules_have_none_of_it() {
    for version in 1..4 {
        let mut stage = Stage::open_under(version, no_queue());
        for command in [block(0..1), unblock(14..15), give(&[0])] {
            let answer = stage.ask(staff(), command).answer;
            assert_eq!(answer, Answer::Refused(Refusal::NeedsNewerEngine), "version {version}");
        }
    }
}

#[test]
fn a_snapshot_knows_what_is_off_sale_and_whose_it_was() {
    let mut stage = Stage::open_newest(no_queue());
    stage.ask(staff(), block(0..4));
    let gift = given(&mut stage, &[4]);
    let mut bytes = Vec::new();
    stage.engine.snapshot(&mut bytes);
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };
    let before = counts(&stage);
    stage.engine = Engine::restore(&bytes, limits).unwrap();
    assert_eq!(counts(&stage), before);
    check(
        &mut stage,
        vec![
            (buyer(1), seats(&[0]), No(Refusal::SeatNotForSale)),
            (staff(), unblock(0..4), Done),
            (buyer(1), seats(&[0]), Is(OrderStatus::Held)),
            (staff(), refund(gift.hold_id, RefundReason::Other), Is(OrderStatus::Refunded)),
        ],
    );
}

/// The largest set there is, in one step.
#[test]
fn a_whole_section_is_one_command() {
    let mut stage = Stage::open_newest(no_queue());
    stage.ask(staff(), block(15..185));
    assert_eq!(counts(&stage), [14, 14, 0, 0]);
    let Fact::SeatsBlocked { seats, .. } = &stage.facts.last().unwrap().fact else { panic!() };
    assert_eq!(seats.runs().collect::<Vec<_>>(), [(SeatId(15), 170)]);
    assert!(SeatSet::of((0..4_097).map(SeatId)).is_none() && SeatSet::of([]).is_none());
}
