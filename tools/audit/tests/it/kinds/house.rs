//! Facts about what staff do by hand.

use floodgate_domain::{Refund, RefundReason, RefundWhy, SeatSet};

use super::*;

fn fewer(seats: &mut SeatSet) {
    let all = seats.as_slice();
    let rest = if all.len() > 1 { all[1..].to_vec() } else { vec![SeatId(all[0].0 + 1)] };
    *seats = SeatSet::of(rest).unwrap();
}

fn one_more(seats: &mut SeatSet) {
    let last = seats.as_slice().last().copied().unwrap();
    *seats = SeatSet::of(seats.iter().chain([SeatId(last.0 + 1)])).unwrap();
}

fn elsewhere(seats: &mut SeatSet) {
    *seats = SeatSet::of(seats.iter().map(|seat| SeatId(7_000 + seat.0))).unwrap();
}

macro_rules! by_hand {
    ($fact:expr, $kind:ident) => {
        vec![
            change!($fact, "fewer seats", $kind, seats, fewer),
            change!($fact, "one seat more", $kind, seats, one_more),
            change!($fact, "seats there are not", $kind, seats, elsewhere),
            change!($fact, "another note", $kind, note, |note: &mut String| note.push('!')),
            change!($fact, "by another", $kind, by, |by: &mut StaffId| by.0 += 1),
        ]
    };
}

pub(super) fn of_house(fact: &Fact) -> Vec<Altered> {
    match fact {
        Fact::SeatsBlocked { .. } => by_hand!(fact, SeatsBlocked),
        Fact::SeatsUnblocked { .. } => by_hand!(fact, SeatsUnblocked),
        Fact::SeatsGiven { .. } => {
            let mut all = [owner!(fact, SeatsGiven), seats!(fact, SeatsGiven)].concat();
            let other = |note: &mut String| note.push('!');
            all.push(change!(fact, "another note", SeatsGiven, note, other));
            all.push(change!(fact, "by another", SeatsGiven, by, |by: &mut StaffId| by.0 += 1));
            all
        }
        _ => Vec::new(),
    }
}

fn refund() -> Refund {
    let why = RefundWhy { reason: RefundReason::Goodwill, note: String::new() };
    Refund { why, by: StaffId(4) }
}

/// Why an order was refunded, made another, left out, or said where nothing says it.
pub(super) fn of_reason(fact: &Fact) -> Vec<Altered> {
    let Fact::OrderRefunded { why, .. } = fact else { return Vec::new() };
    let other = |change: fn(&mut Refund)| {
        let mut refund = why.clone()?;
        change(&mut refund);
        Some(Some(refund))
    };
    let next = |refund: &mut Refund| {
        let is_other = refund.why.reason == RefundReason::Other;
        refund.why.reason = if is_other { RefundReason::Fraud } else { RefundReason::Other };
    };
    let all = [
        ("another reason", other(next)),
        ("another note", other(|refund| refund.why.note.push('!'))),
        ("by another", other(|refund| refund.by.0 += 1)),
        ("no reason", why.is_some().then_some(None)),
        ("a reason", why.is_none().then(|| Some(Box::new(refund())))),
    ];
    let altered = all.into_iter().filter_map(|(name, why)| Some((name, why?)));
    let set = |(name, new): (&'static str, Option<Box<Refund>>)| {
        with(fact, name, |fact| {
            if let Fact::OrderRefunded { why, .. } = fact {
                *why = new;
            }
        })
    };
    altered.map(set).collect()
}
