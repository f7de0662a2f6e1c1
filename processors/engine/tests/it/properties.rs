//! Random histories: invariants hold after each step, replay and snapshots are byte-equal,
//! and an independent bookkeeper agrees about every seat.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::{
    Actor, AgeBand, AnnouncementStep, Answer, BuyerId, Channel, Cohort, Command, CommandId,
    ConsentScope, DialChange, Envelope, Fact, FactRecord, Frontier, HoldId, PhaseDial, Place,
    Policy, SeatId,
};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};
use proptest::prelude::*;

use crate::announcements::{announce, announcement, announcements_start_in_time, steer};
use crate::consents::{consents_follow_the_model, give, withdraw};
use crate::effects::follow_beside_the_engine;
use crate::house::by_hand;
use crate::idle::only_the_idle_leave;
use crate::line_and_cohorts::cohorts_of;
use crate::patience::nobody_holds_for_nothing;
use crate::presale::{claim, mint};
use crate::silence::one_of_two_is_kept;
use crate::stage::{EVENT, Stage, action, best, method, payment, policy, seats, staff};

const LIMITS: EngineLimits =
    EngineLimits { outcomes_max: 1000, events_max: 4, version_max: NEWEST_VERSION };

/// Something to ask for, in terms of small numbers; holds are named by how many were made before.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Wait(u32),
    Enter(u64, u64),
    Leave(u64),
    Stay(u64),
    Seats(u64, Vec<u32>),
    Best(u64, u8, u8),
    OnHold(u64, usize, u8),
    Pay(usize, u8, u8),
    Repeat(usize),
    Sale(u8),
    Call(u64),
    Await(u64, u64),
    Share(u64, u8),
    Dials(Option<u32>, u8),
    /// Of a buyer: scope, channel and wording; without words they take it back.
    Consent(u64, usize, usize, u16),
    /// A number, and in how long.
    Announce(u64, Option<u64>),
    Steer(u64, usize),
    /// Seats from a number on, so many: blocked, put back or given away.
    House(u8, u32, u32),
    /// A batch and so many codes of it.
    Mint(u16, u32),
    /// Of a buyer: batch and number.
    Claim(u64, u16, u32),
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let buyer = 1_u64..6;
    prop_oneof![
        3 => (1_u32..90_000).prop_map(Request::Wait),
        3 => (buyer.clone(), 0_u64..10).prop_map(|(b, p)| Request::Enter(b, p)),
        1 => buyer.clone().prop_map(Request::Leave),
        1 => buyer.clone().prop_map(Request::Stay),
        4 => (buyer.clone(), prop::collection::vec(0_u32..20, 1..5))
            .prop_map(|(b, s)| Request::Seats(b, s)),
        4 => (buyer.clone(), 0_u8..7, 0_u8..4).prop_map(|(b, k, c)| Request::Best(b, k, c)),
        5 => (buyer, any::<usize>(), 0_u8..4).prop_map(|(b, h, a)| Request::OnHold(b, h, a)),
        6 => (any::<usize>(), 0_u8..8, 1_u8..3).prop_map(|(h, a, n)| Request::Pay(h, a, n)),
        1 => any::<usize>().prop_map(Request::Repeat),
        1 => (0_u8..40).prop_map(Request::Sale),
        1 => (0_u64..12).prop_map(Request::Call),
        1 => (1_u64..6, 0_u64..12).prop_map(|(b, p)| Request::Await(b, p)),
        2 => (1_u64..6, 0_u8..4).prop_map(|(b, c)| Request::Share(b, c)),
        1 => (prop::option::of(0_u32..5), 0_u8..20).prop_map(|(m, p)| Request::Dials(m, p)),
        3 => (1_u64..6, 0_usize..2, 0_usize..4, 0_u16..3)
            .prop_map(|(b, s, c, w)| Request::Consent(b, s, c, w)),
        2 => (1_u64..6, prop::option::of(0_u64..120_000)).prop_map(|(a, t)| Request::Announce(a, t)),
        2 => (1_u64..6, 0_usize..4).prop_map(|(a, s)| Request::Steer(a, s)),
        2 => (0_u8..4, 0_u32..20, 1_u32..6).prop_map(|(a, f, c)| Request::House(a, f, c)),
        1 => (1_u16..3, 1_u32..3).prop_map(|(b, c)| Request::Mint(b, c)),
        2 => (1_u64..6, 1_u16..3, 0_u32..6).prop_map(|(b, c, n)| Request::Claim(b, c, n)),
    ]
}

fn hold_at(holds: &[HoldId], at: usize) -> HoldId {
    if holds.is_empty() { HoldId(1 << 32) } else { holds[at % holds.len()] }
}

pub(crate) fn act(stage: &mut Stage, holds: &mut Vec<HoldId>, request: Request) {
    let buyer = |number| Actor::Buyer(BuyerId(number));
    let (actor, command) = match request {
        Request::Wait(ms) => {
            stage.wait(u64::from(ms));
            return stage.tick();
        }
        Request::Enter(b, place) => (buyer(b), Command::Enter { place: Place(place) }),
        Request::Leave(b) => (buyer(b), Command::Leave),
        Request::Stay(b) => (buyer(b), Command::Stay),
        Request::Seats(b, numbers) => (buyer(b), seats(&numbers)),
        Request::Best(b, count, category) => (buyer(b), best(count, category)),
        Request::OnHold(b, at, action) => {
            let hold_id = hold_at(holds, at);
            let command = match action {
                0 => Command::ExtendHold { hold_id },
                1 => Command::ReleaseHold { hold_id },
                _ => {
                    let despite_unanswered = action == 3;
                    Command::StartPurchase { hold_id, method: method(), despite_unanswered }
                }
            };
            (buyer(b), command)
        }
        Request::Pay(at, result, attempt) => {
            let hold_id = hold_at(holds, at);
            let command = match result {
                0 => Command::PaymentDeclined { hold_id, attempt },
                1 => Command::PaymentLost { hold_id, attempt },
                2 => Command::PaymentCaptured { hold_id, attempt },
                3 if attempt == 2 => Command::RefundOrder { hold_id, why: None },
                7 => Command::CaptureFailed { hold_id, attempt },
                4 => Command::RecordPaymentAction { hold_id, attempt, action: action() },
                _ => Command::PaymentAuthorised { hold_id, attempt, payment: payment() },
            };
            (Actor::System, command)
        }
        Request::Repeat(at) => {
            let (_, envelope) = stage.log[at % stage.log.len()].clone();
            let reply = stage.send(envelope.clone());
            assert!(reply.repeated || envelope.command_id == CommandId(0));
            return;
        }
        Request::Call(below) => (Actor::System, Command::CallPlaces { below: Frontier(below) }),
        Request::Await(b, place) => (buyer(b), Command::AwaitTurn { place: Place(place) }),
        Request::Share(b, 0) => (buyer(b), Command::WithdrawCohort),
        Request::Share(b, age) => {
            let cohort = Cohort::new(AgeBand::ALL.get(usize::from(age)).copied(), None);
            (buyer(b), Command::ShareCohort { cohort })
        }
        Request::Dials(shoppers_max, phase) => {
            let phase = PhaseDial::from_code(phase).filter(|dial| *dial != PhaseDial::Cancel);
            let change = DialChange { shoppers_max, phase, ..DialChange::default() };
            (staff(), Command::SetDials(Box::new(change)))
        }
        Request::Consent(b, scope, channel, wording) => {
            let (scope, channel) = (ConsentScope::ALL[scope], Channel::ALL[channel]);
            let takes_back = wording == 0 && b != 5;
            let given = give(scope, channel, wording);
            (buyer(b), if takes_back { withdraw(scope, channel) } else { given })
        }
        Request::House(what, first, count) => (staff(), by_hand(what, first..first + count)),
        Request::Mint(batch, count) => (staff(), mint(batch, count)),
        Request::Claim(b, batch, number) => (buyer(b), claim(batch, number)),
        Request::Announce(id, ms) => {
            // Round numbers, so that the same words come again.
            let at = ms.map(|ms| (stage.now + ms) / 30_000 * 30_000);
            (staff(), announce(announcement(id, at)))
        }
        Request::Steer(id, step) => (staff(), steer(id, AnnouncementStep::ALL[step])),
        Request::Sale(0) => (staff(), Command::turn_phase(PhaseDial::Cancel, "")),
        Request::Sale(1) => (staff(), Command::turn_phase(PhaseDial::Close, "")),
        Request::Sale(at) if at % 2 == 0 => (staff(), Command::turn_phase(PhaseDial::Pause, "")),
        Request::Sale(at) if at % 4 == 1 => (staff(), Command::turn_phase(PhaseDial::Presale, "")),
        Request::Sale(_) => (staff(), Command::turn_phase(PhaseDial::Open, "")),
    };
    if let Answer::Order(view) = stage.ask(actor, command).answer {
        holds.push(view.hold_id);
    }
}

pub(crate) fn snapshot(engine: &Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    bytes
}

fn replay(
    engine: &mut Engine,
    log: &[(floodgate_domain::LogTime, Envelope)],
    from: usize,
) -> Vec<FactRecord> {
    let mut facts = Vec::new();
    for (offset, (at, envelope)) in log.iter().enumerate().skip(from) {
        engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
    }
    facts
}

/// How many share each cohort, from the commands and a fresh engine's answers to them.
fn sharing(stage: &Stage) -> BTreeMap<Cohort, i64> {
    let mut engine = Engine::new(LIMITS);
    let mut by_buyer = BTreeMap::new();
    let mut facts = Vec::new();
    for (offset, (at, envelope)) in stage.log.iter().enumerate() {
        let reply = engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
        if reply.repeated || reply.answer != Answer::Done {
            continue;
        }
        match (&envelope.command, envelope.actor) {
            (Command::ShareCohort { cohort }, Actor::Buyer(buyer)) => {
                by_buyer.insert(buyer, *cohort);
            }
            (Command::WithdrawCohort, Actor::Buyer(buyer)) => {
                by_buyer.remove(&buyer);
            }
            _ => {}
        }
    }
    let mut counts = BTreeMap::new();
    for cohort in by_buyer.into_values() {
        *counts.entry(cohort).or_default() += 1;
    }
    counts
}

/// Follows the facts alone: nobody enters a shop that is as full as its limit of that moment.
fn doorkeeper(facts: &[FactRecord], mut limit: u32) -> Result<(), String> {
    let mut inside = BTreeSet::new();
    for FactRecord { fact, position, .. } in facts {
        match fact {
            Fact::DialsSet { change, .. } => limit = change.shoppers_max.unwrap_or(limit),
            Fact::ShopperLeft { buyer, .. } => {
                inside.remove(buyer);
            }
            Fact::Entered { buyer, .. }
                if inside.insert(*buyer) && inside.len() > limit as usize =>
            {
                return Err(format!("{} of {limit} at {position:?}", inside.len()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Follows the facts alone: whose is each seat?
fn bookkeeper(facts: &[FactRecord]) -> Result<BTreeMap<SeatId, (HoldId, bool)>, String> {
    let mut owners: BTreeMap<SeatId, (HoldId, bool)> = BTreeMap::new();
    for FactRecord { fact, position, .. } in facts {
        match fact {
            Fact::SeatsHeld { hold_id, seats, .. } => {
                for seat in seats.iter() {
                    if let Some(other) = owners.insert(seat, (*hold_id, false)) {
                        return Err(format!("{seat:?} held twice, at {position:?} over {other:?}"));
                    }
                }
            }
            Fact::SeatsGiven { hold_id, seats, .. } => {
                for seat in seats.iter() {
                    if let Some(other) = owners.insert(seat, (*hold_id, true)) {
                        return Err(format!("{seat:?} given, at {position:?} over {other:?}"));
                    }
                }
            }
            Fact::OrderConfirmed { hold_id, seats, kept, .. } => {
                for seat in seats.iter() {
                    let before = owners.insert(seat, (*hold_id, true));
                    let held = *kept == floodgate_domain::fact::SeatsKept::Held;
                    if before != held.then_some((*hold_id, false)) {
                        return Err(format!("{seat:?} sold at {position:?} over {before:?}"));
                    }
                }
            }
            Fact::SeatsSetAside { hold_id, seats, .. } => {
                for seat in seats.iter() {
                    if let Some(other) = owners.insert(seat, (*hold_id, false)) {
                        return Err(format!("{seat:?} set aside, at {position:?} over {other:?}"));
                    }
                }
            }
            Fact::SeatsReturned { hold_id, seats }
            | Fact::HoldReleased { hold_id, seats, .. }
            | Fact::HoldExpired { hold_id, seats, .. }
            | Fact::OrderExpired { hold_id, seats, .. }
            | Fact::OrderRefunded { hold_id, seats, .. }
            | Fact::OrderCancelled { hold_id, seats, .. } => {
                for seat in seats.iter() {
                    let before = owners.remove(&seat).map(|(owner, _)| owner);
                    if before != Some(*hold_id) {
                        return Err(format!("{seat:?} freed at {position:?} from {before:?}"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(owners)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn histories_are_lawful_and_replay_to_the_byte(
        requests in prop::collection::vec(request(), 1..120),
        pass_required in any::<bool>(),
        version in BASE_VERSION..=NEWEST_VERSION,
        idle_ms in prop::option::of(prop::sample::select(vec![0_u64, 20_000, 90_000])),
        approves in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let approve_announcements = (version >= 3 && approves).then_some(true);
        let sign_in_required = (version >= 4 && approves).then_some(true);
        let rules = Policy { approve_announcements, sign_in_required, ..policy() };
        let policy =
            Policy { pass_required, seats_per_buyer_max: 8, cooldown_ms: 5_000, idle_ms, ..rules };
        let mut stage = Stage::open_under(version, policy);
        let mut holds = Vec::new();
        for request in requests {
            act(&mut stage, &mut holds, request);
        }

        let mut positions: Vec<_> = stage.facts.iter().map(|record| record.position).collect();
        let count = positions.len();
        positions.dedup();
        prop_assert!(positions.is_sorted() && positions.len() == count);

        doorkeeper(&stage.facts, policy.shoppers_max).map_err(TestCaseError::fail)?;
        let owners = bookkeeper(&stage.facts).map_err(TestCaseError::fail)?;
        let status = stage.engine.status(EVENT).unwrap();
        let sold = owners.values().filter(|(_, sold)| *sold).count();
        prop_assert_eq!(status.sold as usize, sold);
        prop_assert_eq!((status.capacity - status.free) as usize, owners.len());

        only_the_idle_leave(&stage.facts).map_err(TestCaseError::fail)?;
        if version >= 2 {
            nobody_holds_for_nothing(&stage.facts, policy).map_err(TestCaseError::fail)?;
        }
        consents_follow_the_model(&stage, LIMITS).map_err(TestCaseError::fail)?;
        announcements_start_in_time(&stage.facts, stage.engine.clock())
            .map_err(TestCaseError::fail)?;
        one_of_two_is_kept(&stage.facts).map_err(TestCaseError::fail)?;
        follow_beside_the_engine(&stage, LIMITS).map_err(TestCaseError::fail)?;

        // Who shares what, by the commands that were done: the facts must say the same numbers.
        prop_assert_eq!(cohorts_of(&stage.facts), sharing(&stage));

        let end = snapshot(&stage.engine);
        let mut again = Engine::new(LIMITS);
        prop_assert_eq!(&replay(&mut again, &stage.log, 0), &stage.facts);
        prop_assert_eq!(&snapshot(&again), &end);

        // From any point, a restored engine goes on like the one that never stopped.
        let cut = cut.index(stage.log.len());
        let mut head = Engine::new(LIMITS);
        let mut facts = replay(&mut head, &stage.log[..cut], 0);
        let mut restored = Engine::restore(&snapshot(&head), LIMITS).unwrap();
        prop_assert_eq!(snapshot(&restored), snapshot(&head));
        facts.extend(replay(&mut restored, &stage.log, cut));
        prop_assert_eq!(&facts, &stage.facts);
        prop_assert_eq!(&snapshot(&restored), &end);
    }

    #[test]
    fn damaged_snapshots_never_panic(
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut stage = Stage::open(policy());
        stage.ask(crate::stage::buyer(1), Command::Enter { place: Place(1) });
        stage.ask(crate::stage::buyer(1), seats(&[1, 2]));
        let cohort = Cohort::new(None, None);
        stage.ask(crate::stage::buyer(1), Command::ShareCohort { cohort });
        stage.ask(crate::stage::buyer(2), Command::AwaitTurn { place: Place(2) });
        stage.ask(Actor::System, Command::CallPlaces { below: Frontier(2) });
        let mut bytes = snapshot(&stage.engine);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let _ = Engine::restore(&bytes, LIMITS);
        bytes.truncate(cut.index(bytes.len()));
        let _ = Engine::restore(&bytes, LIMITS);
    }
}
