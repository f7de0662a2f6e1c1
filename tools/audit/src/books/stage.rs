//! Where an order stands, and which facts may move it on: the table of lawful transitions.

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::{BuyerId, Fact, HoldId, LogTime, SeatList};

/// Where an order stands, by the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderStage {
    Held,
    Pending,
    Declined,
    /// The provider has not answered; the seats wait for it, or for another card.
    NoAnswer,
    /// Sold; the money is to be captured.
    Confirmed,
    /// Sold, and the money has moved.
    Settled,
    Expired,
    Released,
    Refunded,
    Cancelled,
}

use OrderStage::{
    Cancelled, Confirmed, Declined, Expired, Held, NoAnswer, Pending, Refunded, Released, Settled,
};

impl OrderStage {
    /// Has its seats, unpaid, until a deadline.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Held | Pending | Declined | NoAnswer)
    }

    pub(crate) fn is_sold(self) -> bool {
        matches!(self, Confirmed | Settled)
    }
}

/// What a fact does to an order that is there already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transition {
    pub(crate) hold_id: HoldId,
    /// The stages in which it may happen.
    pub(crate) from: &'static [OrderStage],
    /// The stage after it; `None` leaves it where it was.
    pub(crate) to: Option<OrderStage>,
    /// The rule it breaks where it happens in another stage.
    pub(crate) rule: &'static str,
}

/// The row of a fact; `None` for one that moves no order. A new fact about orders is a row here.
pub(crate) fn transition(fact: &Fact) -> Option<Transition> {
    let (hold_id, from, to): (HoldId, &'static [OrderStage], Option<OrderStage>) = match *fact {
        Fact::HoldExtended { hold_id, .. } => (hold_id, &[Held], None),
        Fact::HoldReleased { hold_id, .. } => {
            (hold_id, &[Held, Declined, NoAnswer, Pending], Some(Released))
        }
        Fact::HoldExpired { hold_id, .. } => (hold_id, &[Held], Some(Expired)),
        Fact::PurchaseStarted { hold_id, .. } => {
            (hold_id, &[Held, Declined, NoAnswer], Some(Pending))
        }
        Fact::PaymentActionRequired { hold_id, .. } => (hold_id, &[Pending], None),
        Fact::OrderDeclined { hold_id, .. } => (hold_id, &[Pending, NoAnswer], Some(Declined)),
        Fact::OrderUnanswered { hold_id, .. } => (hold_id, &[Pending], Some(NoAnswer)),
        Fact::OrderExpired { hold_id, .. } => {
            (hold_id, &[Pending, Declined, NoAnswer], Some(Expired))
        }
        Fact::OrderConfirmed { hold_id, kept: SeatsKept::Held, .. } => {
            (hold_id, &[Pending, Declined, NoAnswer], Some(Confirmed))
        }
        Fact::OrderConfirmed { hold_id, .. } => (hold_id, &[Expired], Some(Confirmed)),
        Fact::OrderSettled { hold_id, .. } => (hold_id, &[Confirmed], Some(Settled)),
        Fact::OrderCancelled { hold_id, .. } => (hold_id, &[Confirmed], Some(Cancelled)),
        Fact::OrderRefunded { hold_id, .. } => (hold_id, &[Confirmed, Settled], Some(Refunded)),
        Fact::TicketTransferred { hold_id, .. } | Fact::TicketRedeemed { hold_id, .. } => {
            (hold_id, &[Confirmed, Settled], None)
        }
        _ => return None,
    };
    let is_of_money = matches!(fact, Fact::OrderSettled { .. } | Fact::OrderCancelled { .. });
    let rule = if is_of_money { "captured-confirmed" } else { "order-moves" };
    Some(Transition { hold_id, from, to, rule })
}

/// Since which rules the end of a hold matters after somebody has tried to pay.
const HOLD_ENDS_SINCE: u32 = 6;

/// One hold, and the order that grew from it.
#[derive(Debug, Clone)]
pub(crate) struct OrderBook {
    pub(crate) buyer: BuyerId,
    pub(crate) seats: SeatList,
    pub(crate) amount: u64,
    /// When it ends by itself, while it is live.
    pub(crate) until: LogTime,
    /// When it ends unpaid, whatever is tried; the first rules set no such end.
    pub(crate) pay_by: Option<LogTime>,
    /// When the hold ends, or would have ended had nobody paid; zero by rules that do not ask.
    pub(crate) held_until: LogTime,
    pub(crate) stage: OrderStage,
    /// The attempt to pay that runs or was the last; 0 before the first.
    pub(crate) attempt: u8,
    pub(crate) extensions: u8,
    /// What was ever true of it, for acknowledgements.
    pub(crate) was_confirmed: bool,
}

impl OrderBook {
    /// A new hold, under the rules of a version.
    pub(super) fn held(
        (buyer, seats, amount): (BuyerId, SeatList, u64),
        (until, pay_by): (LogTime, Option<LogTime>),
        version: u32,
    ) -> Self {
        OrderBook {
            buyer,
            seats,
            amount,
            until,
            pay_by,
            held_until: if version >= HOLD_ENDS_SINCE { until } else { LogTime(0) },
            stage: Held,
            attempt: 0,
            extensions: 0,
            was_confirmed: false,
        }
    }

    /// A deadline, or the end of the time to pay if that is earlier.
    pub(crate) fn within_bound(&self, until: LogTime) -> LogTime {
        self.pay_by.map_or(until, |pay_by| until.min(pay_by))
    }

    /// The end of the time for another card: no earlier than that of the hold.
    pub(crate) fn retry_until(&self, now: LogTime, retry_ms: u64) -> LogTime {
        self.within_bound(now.plus(retry_ms).max(self.held_until))
    }
}

/// What a fact says of an order besides its stage.
pub(super) fn follow(order: &mut OrderBook, fact: &Fact) {
    match fact {
        Fact::HoldExtended { until, .. } => {
            order.until = *until;
            if order.held_until != LogTime(0) {
                order.held_until = *until;
            }
            order.extensions = order.extensions.saturating_add(1);
        }
        Fact::PurchaseStarted { until, attempt, .. } => {
            order.until = *until;
            order.attempt = *attempt;
        }
        Fact::OrderDeclined { until, .. } | Fact::OrderUnanswered { until, .. } => {
            order.until = *until;
        }
        Fact::OrderConfirmed { seats, attempt, .. } => {
            order.seats = *seats;
            order.attempt = *attempt;
            order.was_confirmed = true;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    const ALL: [OrderStage; 10] = [
        Held, Pending, Declined, NoAnswer, Confirmed, Settled, Expired, Released, Refunded,
        Cancelled,
    ];

    #[test]
    fn what_is_over_stays_over_but_for_a_late_payment() {
        let (hold_id, buyer, seats) = (HoldId(1), BuyerId(1), SeatList::new());
        let endings = [
            Fact::HoldReleased { hold_id, buyer, seats },
            Fact::HoldExpired { hold_id, buyer, seats },
            Fact::OrderExpired { hold_id, buyer, seats, is_unanswered: false },
            Fact::OrderRefunded { hold_id, buyer, seats, amount: 1, why: None },
            Fact::OrderCancelled { hold_id, buyer, seats },
        ];
        for fact in endings {
            let row = transition(&fact).expect("it ends an order");
            for from in ALL.into_iter().filter(|stage| !stage.is_live() && !stage.is_sold()) {
                assert!(!row.from.contains(&from), "{} after {from:?}", fact.name());
            }
            let ends_unpaid = matches!(row.to, Some(Expired | Released));
            let from_sold = row.from.iter().any(|stage| stage.is_sold());
            assert!(!(ends_unpaid && from_sold), "{} of a sold order", fact.name());
        }
    }
}
