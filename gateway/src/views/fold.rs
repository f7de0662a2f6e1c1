//! How facts change a view: their effects, one kind after the other.

use std::sync::Arc;

use floodgate_domain::effects::{LineMove, OrderChange, SeatMove, ShopMove};
use floodgate_domain::fact::{LeaveReason, SeatsKept};
use floodgate_domain::{FactRecord, Frontier, LogTime, OrderView, SeatId, SeatState};

use super::event::{EndedVisit, EventView, SeatsByState, ShopVisit, ViewPosition};

/// How long browsers keep a ticket of the queue: later the engine alone knows that its place is used
/// up.
const TICKET_KEPT_MS: u64 = 7 * 24 * 3_600_000;

impl EventView {
    /// Enters one fact.
    pub(super) fn fold(&mut self, record: &FactRecord) {
        let effects = record.fact.effects();
        self.as_of = ViewPosition { position: record.position, at: record.at };
        self.changes.note(record, &effects);
        if let Some(phase) = effects.phase {
            self.phase = phase;
            self.open_since = record.at;
        }
        self.policy = effects.policy.copied().unwrap_or(self.policy);
        if let Some(prices) = effects.prices {
            self.prices.clone_from(prices);
            self.follow_prices();
        }
        if let Some(details) = effects.details {
            self.details.clone_from(details);
            self.details_revision += u32::from(effects.created.is_none());
        }
        if let Some(dials) = effects.dials {
            self.policy.follow(dials);
        }
        if let Some(change) = effects.announcement {
            self.announcements.follow(change, effects.by, record.at);
        }
        if let Some(change) = effects.codes {
            self.codes.follow(change);
        }
        if let Some(change) = effects.line {
            self.follow_line(change);
        }
        if let Some(change) = effects.shop {
            self.follow_shop(change, record.at);
        }
        if let Some(change) = effects.order {
            self.follow_order(&change);
            if let Some(visit) = self.visits.get_mut(&change.buyer) {
                visit.acted_at = record.at;
            }
        }
        if let Some(change) = effects.money {
            self.payments.follow(&change);
        }
        self.insight.follow(record, &effects, self.seats.len());
        self.house.follow(record, &effects);
        if let Some(change) = effects.seats {
            self.tickets.follow(&change);
            self.revoked.follow(&change, &self.tickets, record);
            self.follow_seats(&change);
        }
    }

    fn follow_line(&mut self, change: LineMove) {
        match change {
            LineMove::Reserved { first, count } => {
                self.places_reserved = first.0 + u64::from(count);
            }
            LineMove::Called { below } => self.places_called = below,
            LineMove::Awaited { .. } => {}
        }
    }

    fn follow_shop(&mut self, change: ShopMove, at: LogTime) {
        match change {
            ShopMove::Entered { buyer, place, until, idle_until } => {
                let idle_ms = idle_until.map(|end| end.0.saturating_sub(at.0));
                let visit = ShopVisit { place, pass_until: until, idle_ms, acted_at: at };
                if self.visits.insert(buyer, visit).is_none() {
                    self.shoppers += 1;
                }
                let behind = Frontier::behind(self.order.rank(place));
                self.entered_beyond = self.entered_beyond.max(behind);
                self.entered_count += 1;
            }
            ShopMove::Cooling { buyer, until } => {
                self.cooling.insert(buyer, until, |until| *until <= at);
            }
            ShopMove::Stayed { buyer, .. } => {
                if let Some(visit) = self.visits.get_mut(&buyer) {
                    visit.acted_at = at;
                }
            }
            ShopMove::Left { buyer, reason } => {
                if let Some(visit) = self.visits.remove(&buyer) {
                    self.shoppers -= 1;
                    let entered_ms = visit.pass_until.0.saturating_sub(self.policy.pass_ms);
                    self.stay.note(at.0.saturating_sub(entered_ms));
                    let idle_ms = visit.idle_ms.filter(|_| reason == LeaveReason::Idle);
                    let ended = EndedVisit { place: visit.place, at, reason, idle_ms };
                    self.left.insert(buyer, ended, |ended| ended.at.plus(TICKET_KEPT_MS) < at);
                }
            }
        }
    }

    fn follow_order(&mut self, change: &OrderChange<'_>) {
        if let Some(order) = OrderView::begun_by(change) {
            self.orders.insert(order.hold_id, order);
            self.by_buyer.entry(order.buyer).or_default().push(order.hold_id);
        } else if let Some(order) = self.orders.get_mut(&change.hold_id) {
            order.follow(change);
        }
        self.knows_silence |= change.is_unanswered;
        if let Some(kept) = change.kept.filter(|kept| *kept != SeatsKept::Held) {
            self.late.insert(change.hold_id, kept);
        }
    }

    /// A category that got a price is for sale, one that lost its price is not.
    fn follow_prices(&mut self) {
        let plan = Arc::clone(&self.plan);
        let untouched =
            |state: &SeatState| matches!(state, SeatState::Free | SeatState::NotForSale);
        for seat in plan.seats() {
            if self.seats.get(seat.seat.0 as usize).is_some_and(untouched) {
                let is_off = self.house.is_blocked(seat.seat);
                self.turn(seat.seat, if is_off { SeatState::NotForSale } else { SeatState::Free });
            }
        }
    }

    fn follow_seats(&mut self, change: &SeatMove<'_>) {
        change.seats.iter().for_each(|&seat| self.turn(seat, change.to));
    }

    fn turn(&mut self, seat: SeatId, to: SeatState) {
        let at = seat.0 as usize;
        let (Some(now), Some(&category)) = (self.seats.get_mut(at), self.categories.get(at)) else {
            return;
        };
        let to = to.where_sold(self.prices.sells(category));
        let before = std::mem::replace(now, to);
        if before == to {
            return;
        }
        self.changed.push(seat.0);
        self.counts.move_one(before, to);
        if let Some(counts) = self.by_category.get_mut(usize::from(category)) {
            counts.move_one(before, to);
        }
    }
}

impl SeatsByState {
    fn move_one(&mut self, from: SeatState, to: SeatState) {
        self.add(from, -1);
        self.add(to, 1);
    }

    fn add(&mut self, state: SeatState, change: i32) {
        let count = match state {
            SeatState::Free => &mut self.free,
            SeatState::Held => &mut self.held,
            SeatState::Sold => &mut self.sold,
            SeatState::NotForSale => return,
        };
        *count = count.saturating_add_signed(change);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::revoked::NO_EDITION;
    use super::*;
    use floodgate_domain::fact::SetBy;
    use floodgate_domain::plan::{Category, Labels, Row, Run, Section, Shape};
    use floodgate_domain::{
        AuthorisedPayment, BuyerId, Currency, EventId, Fact, FactPosition, HoldId, NewEvent,
        OrderStatus, PaymentReference, Plan, PriceTable, SeatId, SeatList,
    };

    const ORDER: HoldId = HoldId(7);

    fn priced() -> PriceTable {
        PriceTable::flat(Currency::default(), &[10])
    }

    fn view(facts: Vec<Fact>) -> EventView {
        let labels = Labels::Numbers { first: 1, step: 1, count: 4 };
        let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
        let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
        let categories = vec![Category { name: "All".into(), color: [0; 3] }];
        let sections = vec![Section { rows: vec![row], ..Section::default() }];
        let plan = Plan { name: String::new(), categories, sections, ..Plan::default() };
        let new = Fact::EventCreated(Box::new(NewEvent {
            plan,
            prices: priced(),
            ..NewEvent::default()
        }));
        let record = |(offset, fact)| {
            let position = FactPosition { offset: offset as u64, index: 0 };
            FactRecord { position, at: LogTime(9), event_id: EventId(1), fact }
        };
        let mut records = [new].into_iter().chain(facts).enumerate().map(record);
        let mut view = EventView::created(&records.next().unwrap()).unwrap();
        records.for_each(|record| view.fold(&record));
        view
    }

    #[test]
    fn without_a_price_nothing_is_free() {
        let (hold_id, buyer, amount, until) = (ORDER, BuyerId(5), 10, LogTime(99));
        let seats = SeatList::try_from(&[1, 2][..]).unwrap();
        let held = Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: None };
        let set = |prices| Fact::PricesSet(SetBy { value: Box::new(prices), by: None });
        let released = Fact::HoldReleased { hold_id, buyer, seats };
        let counts = |facts: &[Fact]| {
            let view = view(facts.to_vec());
            let free = view.seats.iter().filter(|state| **state == SeatState::Free).count();
            assert_eq!((free as u32, view.counts), (view.counts.free, view.by_category[0]));
            (view.counts.free, view.counts.held, view.capacity())
        };
        let none = set(PriceTable::default());
        let mut facts = vec![held, none.clone()];
        assert_eq!(counts(&facts[..1]), (2, 2, 4));
        assert_eq!(counts(&facts), (0, 2, 2), "what is held stays held");
        facts.push(released);
        assert_eq!(counts(&facts), (0, 0, 0), "and is not free afterwards");
        facts.push(set(priced()));
        assert_eq!(counts(&facts), (4, 0, 4));
    }

    #[test]
    fn tickets_follow_those_they_are_handed_to() {
        let (hold_id, buyer, to, amount) = (ORDER, BuyerId(5), BuyerId(6), 10);
        let (attempt, until, kept, seat) = (1, LogTime(99), SeatsKept::Held, SeatId(2));
        let seats = SeatList::try_from(&[1, 2][..]).unwrap();
        let reference = PaymentReference::parse("pi_test").unwrap();
        let payment = AuthorisedPayment { reference, capture_before: None };
        let sold = vec![
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: None },
            Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment },
            Fact::TicketTransferred { hold_id, seat, from: buyer, to },
            Fact::TicketRedeemed { hold_id, buyer: to, seat },
        ];
        let handed_on = view(sold.clone());
        let order = handed_on.orders[&ORDER];
        let of = |buyer| handed_on.tickets_of(&order, buyer).map(|seat| seat.0).collect::<Vec<_>>();
        assert_eq!((of(buyer), of(to), of(BuyerId(9))), (vec![1], vec![2], vec![]));
        assert!(handed_on.tickets.is_redeemed(ORDER, seat));
        assert_eq!((order.buyer, order.status), (buyer, OrderStatus::Confirmed));
        assert_eq!(handed_on.counts, SeatsByState { free: 2, held: 0, sold: 2 });

        // The giver's ticket is good no more; the taker's is the first that is.
        let entries = |view: &EventView| view.revoked.entries().collect::<Vec<_>>();
        assert_eq!(entries(&handed_on), [(ORDER, seat, 1)]);
        let version = handed_on.revoked.version();

        let given_back = [Fact::OrderRefunded { hold_id, buyer, seats, amount, why: None }];
        let given_back = view(sold.into_iter().chain(given_back).collect());
        assert_eq!(given_back.counts, SeatsByState { free: 4, held: 0, sold: 0 });
        assert_eq!(given_back.tickets.received_by(to).count(), 0);
        let all = [(ORDER, SeatId(1), NO_EDITION), (ORDER, seat, NO_EDITION)];
        assert_eq!(entries(&given_back), all);
        assert!(given_back.revoked.version() > version);
    }
}
