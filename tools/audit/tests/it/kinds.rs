//! Every field of every fact, each made another.

use floodgate_domain::fact::{DeclineReason, LeaveReason, SeatsKept};
use floodgate_domain::{
    ActionUrl, AgeBand, Announcement, AnnouncementId, AnnouncementStep, AudienceWho, BuyerId,
    CategorySet, Channel, Cohort, Consent, ConsentScope, Currency, Fact, Frontier, HoldId, LogTime,
    PaymentMethod, PaymentReference, Place, SeatId, SeatList, StaffId,
};

/// A fact with one field changed, and which one.
pub(crate) type Altered = (&'static str, Fact);

/// What is changed, and how.
type Change<T> = (&'static str, fn(&mut T));

/// Changes one field.
fn with(fact: &Fact, name: &'static str, change: impl FnOnce(&mut Fact)) -> Altered {
    let mut altered = fact.clone();
    change(&mut altered);
    (name, altered)
}

macro_rules! change {
    ($fact:expr, $name:literal, $kind:ident, $field:ident, $new:expr) => {
        with($fact, $name, |fact| {
            if let Fact::$kind { $field, .. } = fact {
                $new($field);
            }
        })
    };
}

mod messages;

use messages::of_message;

fn other_buyer(buyer: &mut BuyerId) {
    buyer.0 = buyer.0 % 14 + 1;
}

fn other_hold(hold_id: &mut HoldId) {
    hold_id.0 ^= 1;
}

fn other_generation(hold_id: &mut HoldId) {
    hold_id.0 += 1 << 32;
}

fn later(until: &mut LogTime) {
    until.0 += 5_000;
}

fn earlier(until: &mut LogTime) {
    until.0 = until.0.saturating_sub(5_000);
}

fn other_seats(seats: &mut SeatList) {
    let moved: Vec<u32> = seats.iter().map(|seat| (seat.0 + 41) % 185).collect();
    *seats = SeatList::try_from(&moved[..]).unwrap();
}

fn unknown_seat(seats: &mut SeatList) {
    let mut numbers: Vec<u32> = seats.iter().map(|seat| seat.0).collect();
    numbers[0] = 7_000;
    *seats = SeatList::try_from(&numbers[..]).unwrap();
}

fn one_more_seat(seats: &mut SeatList) {
    let next = seats.as_slice().last().map_or(0, |seat| seat.0 + 1);
    seats.push(SeatId(next));
}

fn no_seats(seats: &mut SeatList) {
    *seats = SeatList::new();
}

fn same_seat_twice(seats: &mut SeatList) {
    let first = seats.as_slice()[0];
    seats.push(first);
}

fn more(amount: &mut u64) {
    *amount += 1;
}

fn nothing(amount: &mut u64) {
    *amount = 0;
}

fn next_attempt(attempt: &mut u8) {
    *attempt += 1;
}

macro_rules! seats {
    ($fact:expr, $kind:ident) => {
        vec![
            change!($fact, "other seats", $kind, seats, other_seats),
            change!($fact, "a seat there is not", $kind, seats, unknown_seat),
            change!($fact, "one seat more", $kind, seats, one_more_seat),
            change!($fact, "no seats", $kind, seats, no_seats),
            change!($fact, "a seat twice", $kind, seats, same_seat_twice),
        ]
    };
}

macro_rules! owner {
    ($fact:expr, $kind:ident) => {
        vec![
            change!($fact, "another hold", $kind, hold_id, other_hold),
            change!($fact, "another generation", $kind, hold_id, other_generation),
            change!($fact, "another buyer", $kind, buyer, other_buyer),
        ]
    };
}

macro_rules! until {
    ($fact:expr, $kind:ident) => {
        vec![
            change!($fact, "a later end", $kind, until, later),
            change!($fact, "an earlier end", $kind, until, earlier),
        ]
    };
}

macro_rules! amount {
    ($fact:expr, $kind:ident) => {
        vec![
            change!($fact, "a higher amount", $kind, amount, more),
            change!($fact, "no amount", $kind, amount, nothing),
        ]
    };
}

macro_rules! attempt {
    ($fact:expr, $kind:ident) => {
        vec![change!($fact, "another attempt", $kind, attempt, next_attempt)]
    };
}

mod codes;
mod house;
mod releases;

use codes::of_codes;
use house::{of_house, of_reason};
use releases::of_releases;

/// Every field of a fact made another. A fact that is added does not compile until it is here.
pub(crate) fn fields(fact: &Fact) -> Vec<Altered> {
    match fact {
        Fact::EventCreated(new) => {
            let mut named = new.clone();
            named.details.name.push('!');
            let mut priced = new.clone();
            priced.prices.categories[0][0].amount += 1;
            let mut ruled = new.clone();
            ruled.policy.seats_per_buyer_max += 1;
            let mut planned = new.clone();
            planned.plan.sections.pop();
            let all = [("name", named), ("prices", priced), ("policy", ruled), ("plan", planned)];
            all.map(|(name, new)| (name, Fact::EventCreated(new))).into()
        }
        Fact::PricesSet(prices) => {
            let mut other = prices.clone();
            other.value.categories[0][0].amount += 1;
            let mut foreign = prices.clone();
            foreign.value.currency = Currency(*b"USD");
            let mut by = prices.clone();
            by.by = Some(StaffId(99));
            vec![
                ("another price", Fact::PricesSet(other)),
                ("currency", Fact::PricesSet(foreign)),
                ("by another", Fact::PricesSet(by)),
            ]
        }
        Fact::PolicySet(policy) => {
            let mut other = policy.clone();
            other.value.payment_ms += 1;
            let mut by = policy.clone();
            by.by = Some(StaffId(99));
            vec![("another policy", Fact::PolicySet(other)), ("by another", Fact::PolicySet(by))]
        }
        Fact::DetailsSet(details) => {
            let mut named = details.clone();
            named.value.name.push('!');
            let mut timed = details.clone();
            timed.value.closes_at = Some(LogTime(1));
            let mut by = details.clone();
            by.by = Some(StaffId(99));
            let all = [("another name", named), ("another time", timed), ("by another", by)];
            all.map(|(what, details)| (what, Fact::DetailsSet(details))).into()
        }
        Fact::SaleOpened
        | Fact::PresaleOpened
        | Fact::SalePaused
        | Fact::SaleClosed
        | Fact::EventCancelled => {
            let all = [
                ("opened", Fact::SaleOpened),
                ("in presale", Fact::PresaleOpened),
                ("paused", Fact::SalePaused),
                ("closed", Fact::SaleClosed),
                ("cancelled", Fact::EventCancelled),
            ];
            all.into_iter().filter(|(_, other)| other != fact).collect()
        }
        // No rule leads to them yet: wherever one stands is wrong, and `exchanged` puts them there.
        Fact::DrawCommitted { .. } | Fact::DrawRevealed { .. } => Vec::new(),
        Fact::TimeMarked => Vec::new(),
        Fact::PlacesReserved { .. } => vec![
            change!(fact, "another first", PlacesReserved, first, |place: &mut Place| place.0 += 1),
            change!(fact, "another count", PlacesReserved, count, |count: &mut u32| *count += 1),
        ],
        Fact::Entered { .. } | Fact::ShopperStayed { .. } | Fact::ShopperLeft { .. } => {
            of_shop(fact)
        }
        Fact::PlacesCalled { .. } => vec![
            change!(fact, "further", PlacesCalled, below, |to: &mut Frontier| to.0 += 1),
            change!(fact, "less far", PlacesCalled, below, |to: &mut Frontier| to.0 -= 1),
        ],
        Fact::TurnAwaited { .. } => vec![
            change!(fact, "another buyer", TurnAwaited, buyer, other_buyer),
            change!(fact, "another place", TurnAwaited, place, |place: &mut Place| place.0 += 1),
        ],
        Fact::CohortJoined { .. } | Fact::CohortLeft { .. } => {
            let older = Cohort::new(Some(AgeBand::From65), None);
            let other = |cohort: &mut Cohort| *cohort = older;
            vec![
                change!(fact, "another cohort", CohortJoined, cohort, other),
                change!(fact, "another cohort", CohortLeft, cohort, other),
            ]
        }
        Fact::DialsSet { .. } => vec![
            with(fact, "another dial", |fact| {
                if let Fact::DialsSet { change, .. } = fact {
                    change.shoppers_max = Some(17);
                }
            }),
            change!(fact, "by another", DialsSet, by, |by: &mut StaffId| by.0 += 1),
        ],
        Fact::EngineVersionSet { .. } => {
            vec![change!(fact, "another", EngineVersionSet, version, |to: &mut u32| *to += 1)]
        }
        Fact::ConsentGiven { .. }
        | Fact::ConsentWithdrawn { .. }
        | Fact::AnnouncementMade { .. }
        | Fact::AnnouncementSteered { .. }
        | Fact::AnnouncementStarted { .. } => of_message(fact),
        Fact::SeatsBlocked { .. } | Fact::SeatsUnblocked { .. } | Fact::SeatsGiven { .. } => {
            of_house(fact)
        }
        Fact::CodesMinted { .. } | Fact::CodeClaimed { .. } => of_codes(fact),
        Fact::AudienceReleased { .. } => of_releases(fact),
        fact => of_order(fact),
    }
}

fn of_shop(fact: &Fact) -> Vec<Altered> {
    match fact {
        Fact::Entered { .. } => {
            let mut all = until!(fact, Entered);
            all.push(change!(fact, "another buyer", Entered, buyer, other_buyer));
            all.push(change!(fact, "another place", Entered, place, |at: &mut Place| at.0 += 1));
            all.push(with(fact, "idle at another time", |fact| {
                if let Fact::Entered { idle_until, .. } = fact {
                    *idle_until = Some(LogTime(idle_until.map_or(7, |at| at.0 + 1)));
                }
            }));
            all
        }
        Fact::ShopperStayed { .. } => {
            let mut all = until!(fact, ShopperStayed);
            all.push(change!(fact, "another buyer", ShopperStayed, buyer, other_buyer));
            all
        }
        _ => {
            use LeaveReason::{ByChoice, Idle, PassExpired, Purchased};
            let reasons = [ByChoice, Purchased, PassExpired, Idle];
            let mut all: Vec<Altered> = reasons
                .into_iter()
                .map(|new| {
                    change!(fact, "another reason", ShopperLeft, reason, |old: &mut _| *old = new)
                })
                .collect();
            all.push(change!(fact, "another buyer", ShopperLeft, buyer, other_buyer));
            all
        }
    }
}

fn of_order(fact: &Fact) -> Vec<Altered> {
    match fact {
        Fact::SeatsHeld { .. } => [
            vec![with(fact, "another time to pay", |fact| {
                if let Fact::SeatsHeld { pay_by, .. } = fact {
                    *pay_by = Some(LogTime(pay_by.map_or(7, |at| at.0 + 1)));
                }
            })],
            owner!(fact, SeatsHeld),
            seats!(fact, SeatsHeld),
            amount!(fact, SeatsHeld),
            until!(fact, SeatsHeld),
        ]
        .concat(),
        Fact::HoldExtended { .. } => {
            [owner!(fact, HoldExtended), until!(fact, HoldExtended)].concat()
        }
        Fact::HoldReleased { .. } => {
            [owner!(fact, HoldReleased), seats!(fact, HoldReleased)].concat()
        }
        Fact::HoldExpired { .. } => [owner!(fact, HoldExpired), seats!(fact, HoldExpired)].concat(),
        Fact::OrderExpired { .. } => {
            let turned = |silent: &mut bool| *silent = !*silent;
            let mut all = [owner!(fact, OrderExpired), seats!(fact, OrderExpired)].concat();
            all.push(change!(fact, "an answer", OrderExpired, is_unanswered, turned));
            all
        }
        Fact::SeatsSetAside { .. } => {
            let mut all = [seats!(fact, SeatsSetAside), until!(fact, SeatsSetAside)].concat();
            all.push(change!(fact, "another hold", SeatsSetAside, hold_id, other_hold));
            all
        }
        Fact::SeatsReturned { .. } => {
            let mut all = seats!(fact, SeatsReturned);
            all.push(change!(fact, "another hold", SeatsReturned, hold_id, other_hold));
            all
        }
        Fact::BuyerCooling { .. } => {
            let mut all = until!(fact, BuyerCooling);
            all.push(change!(fact, "another buyer", BuyerCooling, buyer, other_buyer));
            all.push(change!(fact, "another count", BuyerCooling, count, next_attempt));
            all
        }
        Fact::OrderCancelled { .. } => {
            [owner!(fact, OrderCancelled), seats!(fact, OrderCancelled)].concat()
        }
        Fact::OrderRefunded { .. } => {
            let of_order = [owner!(fact, OrderRefunded), seats!(fact, OrderRefunded)].concat();
            [of_order, amount!(fact, OrderRefunded), of_reason(fact)].concat()
        }
        Fact::OrderSettled { .. } => {
            [owner!(fact, OrderSettled), amount!(fact, OrderSettled)].concat()
        }
        fact => of_payment(fact),
    }
}

fn of_payment(fact: &Fact) -> Vec<Altered> {
    let reference = || PaymentReference::parse("pi_other").unwrap();
    match fact {
        Fact::PurchaseStarted { .. } => [
            owner!(fact, PurchaseStarted),
            amount!(fact, PurchaseStarted),
            attempt!(fact, PurchaseStarted),
            until!(fact, PurchaseStarted),
            vec![
                change!(
                    fact,
                    "another currency",
                    PurchaseStarted,
                    currency,
                    |to: &mut Currency| { *to = Currency(*b"USD") }
                ),
                change!(
                    fact,
                    "another method",
                    PurchaseStarted,
                    method,
                    |to: &mut PaymentMethod| { *to = PaymentMethod::parse("pm_other").unwrap() }
                ),
            ],
        ]
        .concat(),
        Fact::PaymentActionRequired { .. } => {
            let mut all =
                [owner!(fact, PaymentActionRequired), attempt!(fact, PaymentActionRequired)]
                    .concat();
            all.push(with(fact, "another address", |fact| {
                if let Fact::PaymentActionRequired { action, .. } = fact {
                    action.url = ActionUrl::parse("https://evil.example/").unwrap();
                }
            }));
            all
        }
        Fact::OrderDeclined { .. } => {
            let reasons = [DeclineReason::Declined, DeclineReason::Lost];
            let of_reason = reasons.into_iter().map(|new| {
                change!(fact, "another reason", OrderDeclined, reason, |old: &mut _| *old = new)
            });
            let of_reason: Vec<Altered> = of_reason.collect();
            let rest = [owner!(fact, OrderDeclined), attempt!(fact, OrderDeclined)].concat();
            [rest, until!(fact, OrderDeclined), of_reason].concat()
        }
        Fact::OrderConfirmed { .. } => {
            let all = [SeatsKept::Held, SeatsKept::Retaken, SeatsKept::Moved];
            let of_kept = all.into_iter().map(|new| {
                change!(fact, "kept otherwise", OrderConfirmed, kept, |old: &mut _| *old = new)
            });
            let of_kept: Vec<Altered> = of_kept.collect();
            let other = with(fact, "another payment", |fact| {
                if let Fact::OrderConfirmed { payment, .. } = fact {
                    payment.reference = reference();
                }
            });
            [
                owner!(fact, OrderConfirmed),
                seats!(fact, OrderConfirmed),
                amount!(fact, OrderConfirmed),
                attempt!(fact, OrderConfirmed),
                of_kept,
                vec![other],
            ]
            .concat()
        }
        Fact::OrderUnanswered { .. } => [
            owner!(fact, OrderUnanswered),
            attempt!(fact, OrderUnanswered),
            until!(fact, OrderUnanswered),
        ]
        .concat(),
        Fact::PaymentNotTaken { .. } => {
            [owner!(fact, PaymentNotTaken), attempt!(fact, PaymentNotTaken)].concat()
        }
        Fact::PaymentVoided { .. } => {
            let other = |to: &mut PaymentReference| *to = reference();
            let mut all = [owner!(fact, PaymentVoided), attempt!(fact, PaymentVoided)].concat();
            all.push(change!(fact, "another payment", PaymentVoided, reference, other));
            all
        }
        Fact::TicketTransferred { .. } => vec![
            change!(fact, "another order", TicketTransferred, hold_id, other_hold),
            change!(fact, "another seat", TicketTransferred, seat, |seat: &mut SeatId| seat.0 += 1),
            change!(fact, "another giver", TicketTransferred, from, other_buyer),
            change!(fact, "another receiver", TicketTransferred, to, other_buyer),
        ],
        Fact::TicketRedeemed { .. } => vec![
            change!(fact, "another order", TicketRedeemed, hold_id, other_hold),
            change!(fact, "another seat", TicketRedeemed, seat, |seat: &mut SeatId| seat.0 += 1),
            change!(fact, "another buyer", TicketRedeemed, buyer, other_buyer),
        ],
        other => panic!("no field of {} is altered", other.name()),
    }
}

/// What never happened to an order: money, an end, another owner. Each with what it claims.
pub(crate) fn endings(fact: &Fact) -> Vec<Altered> {
    let effects = fact.effects();
    let (Some(order), Some(change)) = (effects.order, effects.seats) else { return Vec::new() };
    let (hold_id, buyer, amount) = (order.hold_id, order.buyer, order.amount.unwrap_or(5_000));
    let mut seats = SeatList::new();
    change.seats.iter().for_each(|seat| assert!(seats.push(*seat)));
    let attempt = order.attempt.unwrap_or(1);
    let (until, other) = (LogTime(u64::MAX / 2), BuyerId(buyer.0 % 14 + 1));
    let confirmed = |kept| {
        let payment = crate::fixtures::payment();
        Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment }
    };
    vec![
        ("released", Fact::HoldReleased { hold_id, buyer, seats }),
        ("the hold expired", Fact::HoldExpired { hold_id, buyer, seats }),
        ("the order expired", Fact::OrderExpired { hold_id, buyer, seats, is_unanswered: false }),
        ("cancelled", Fact::OrderCancelled { hold_id, buyer, seats }),
        ("refunded", Fact::OrderRefunded { hold_id, buyer, seats, amount, why: None }),
        (
            "refunded twice as much",
            Fact::OrderRefunded { hold_id, buyer, seats, amount: amount * 2, why: None },
        ),
        ("settled", Fact::OrderSettled { hold_id, buyer, amount }),
        ("confirmed", confirmed(SeatsKept::Held)),
        ("confirmed anew", confirmed(SeatsKept::Retaken)),
        ("confirmed elsewhere", confirmed(SeatsKept::Moved)),
        (
            "held by another",
            Fact::SeatsHeld { hold_id, buyer: other, seats, amount, until, pay_by: None },
        ),
    ]
}

/// The same seats and people, but another thing that happened to them.
pub(crate) fn exchanged(fact: &Fact) -> Vec<Altered> {
    let mut all = vec![
        ("announced instead", Fact::AnnouncementStarted { id: AnnouncementId(7) }),
        ("a draw instead", Fact::DrawCommitted { commitment: [1; 32] }),
        ("revealed instead", Fact::DrawRevealed { secret: [1; 32], public_value: [2; 32] }),
        ("time instead", Fact::TimeMarked),
    ];
    all.extend(endings(fact));
    all
}
