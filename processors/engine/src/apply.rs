//! Apply: the resulting state. Cannot fail, checks nothing, decides nothing.

use super::announcements::AnnouncementState;
use super::event::{Event, SetAside};
use super::orders::{Order, generation_of, hold_in, slot_of};
use super::unanswered::Attempt;
use super::version::{A_DECLINE_TAKES_NO_TIME, IDLE_SHOPPERS_LEAVE, PEOPLE_ARE_FORGOTTEN};
use super::wheel::{Timer, TimerKind, Wheel};
use floodgate_domain::answer::{OrderStatus, SalePhase};
use floodgate_domain::details::{EventDetails, SaleTimes};
use floodgate_domain::effects::{AnnouncementMove, ConsentMove};
use floodgate_domain::fact::Fact::{AudienceReleased, CodeClaimed, CodesMinted};
use floodgate_domain::fact::{Fact, SeatsKept};
use floodgate_domain::ids::{BuyerId, HoldId, LogTime, Place};
use floodgate_domain::seats::SeatList;

/// The event a fact concerns, and the clock it sets timers on.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) event: &'a mut Event,
    pub(super) number: u32,
    pub(super) wheel: &'a mut Wheel,
    pub(super) now: LogTime,
    /// The rules in force.
    pub(super) version: u32,
}

impl Target<'_> {
    /// Makes a fact true.
    pub(super) fn apply(&mut self, fact: &Fact) {
        self.change(fact);
        if let Some(order) = fact.effects().order {
            self.act(order.buyer);
        }
    }

    fn change(&mut self, fact: &Fact) {
        use OrderStatus::{Cancelled, Refunded, Released};
        match fact {
            Fact::PricesSet(prices) => self.event.prices.clone_from(prices),
            Fact::PolicySet(policy) => self.event.policy = **policy,
            Fact::DetailsSet(details) => self.set_details(details),
            Fact::SaleOpened => self.open(SalePhase::Open),
            Fact::PresaleOpened => self.open(SalePhase::Presale),
            Fact::SalePaused => self.event.phase = SalePhase::Paused,
            Fact::SaleClosed => self.event.phase = SalePhase::Closed,
            Fact::DialsSet { change, .. } => self.event.policy.follow(change),
            Fact::EventCancelled => self.cancel_event(),
            Fact::PlacesReserved { count, .. } => self.reserve_places(*count),
            Fact::Entered { buyer, place, until, idle_until: idle } => {
                self.enter(*buyer, *place, (*until, *idle));
            }
            Fact::ShopperStayed { buyer, .. } => self.act(*buyer),
            Fact::ShopperLeft { buyer, .. } => self.leave(*buyer),
            Fact::PlacesCalled { below } => self.event.waiting_line.call(*below),
            Fact::TurnAwaited { place, .. } => self.await_turn(*place),
            Fact::SeatsHeld { hold_id: id, buyer, seats, amount, until, pay_by } => {
                self.hold(*id, *buyer, (seats, *amount), (*until, *pay_by));
            }
            Fact::HoldExtended { hold_id, until, .. } => self.extend(*hold_id, *until),
            Fact::HoldReleased { hold_id: id, seats, .. } => self.end(*id, seats, Released),
            Fact::HoldExpired { hold_id, buyer, seats } => self.expire(*hold_id, *buyer, seats),
            Fact::OrderExpired { hold_id, buyer, seats, is_unanswered } => {
                self.expire_order((*hold_id, *buyer), seats, *is_unanswered);
            }
            Fact::PurchaseStarted { hold_id, buyer, attempt, until, .. } => {
                self.start_payment((*hold_id, *buyer), *attempt, *until);
            }
            Fact::OrderUnanswered { hold_id, buyer, until, .. } => {
                self.wait_for_answer(*hold_id, *buyer, *until);
            }
            Fact::OrderDeclined { hold_id, buyer, attempt, until, .. } => {
                self.decline((*hold_id, *attempt), *buyer, *until);
            }
            Fact::PaymentNotTaken { hold_id, buyer, attempt }
            | Fact::PaymentVoided { hold_id, buyer, attempt, .. } => {
                self.answered(*buyer, (*hold_id, *attempt));
            }
            Fact::OrderConfirmed { hold_id, buyer, seats, attempt, kept, .. } => {
                self.confirm((*hold_id, *attempt), *buyer, (seats, *kept));
            }
            Fact::OrderSettled { hold_id, .. } => self.settle(*hold_id),
            Fact::OrderRefunded { hold_id: id, seats, .. } => self.end(*id, seats, Refunded),
            Fact::OrderCancelled { hold_id: id, seats, .. } => self.end(*id, seats, Cancelled),
            Fact::TicketTransferred { .. } | Fact::TicketRedeemed { .. } => self.note_ticket(fact),
            Fact::SeatsSetAside { hold_id: id, seats, until } => self.set_aside(*id, seats, *until),
            Fact::SeatsReturned { hold_id, seats } => self.give_back(*hold_id, seats),
            Fact::BuyerCooling { buyer, until, count } => self.cool_down(*buyer, *until, *count),
            Fact::ConsentGiven { .. } | Fact::ConsentWithdrawn { .. } => self.follow_consent(fact),
            Fact::AnnouncementMade { .. }
            | Fact::AnnouncementSteered { .. }
            | Fact::AnnouncementStarted { .. } => self.follow_announcement(fact),
            Fact::SeatsBlocked { .. } | Fact::SeatsUnblocked { .. } => self.take_off_sale(fact),
            Fact::SeatsGiven { hold_id, seats, .. } => self.give(*hold_id, seats),
            CodesMinted { .. } | CodeClaimed { .. } | AudienceReleased { .. } => self.book(fact),
            // Said for others; the engine's own state does not depend on them.
            Fact::EventCreated(_)
            | Fact::PaymentActionRequired { .. }
            | Fact::DrawCommitted { .. }
            | Fact::DrawRevealed { .. }
            | Fact::CohortJoined { .. }
            | Fact::CohortLeft { .. }
            | Fact::TimeMarked
            | Fact::EngineVersionSet { .. } => {}
        }
    }

    /// Seats that staff take off sale, or put back.
    fn take_off_sale(&mut self, fact: &Fact) {
        if let Fact::SeatsBlocked { seats, .. } = fact {
            self.event.seat_map.block(seats);
        } else if let Fact::SeatsUnblocked { seats, .. } = fact {
            self.event.seat_map.unblock(seats);
        }
    }

    /// Codes, and tables of the audience.
    fn book(&mut self, fact: &Fact) {
        if let CodesMinted { batch, count, .. } = fact {
            self.event.codes.mint(*batch, *count);
        } else if let CodeClaimed { buyer, code } = fact {
            self.event.codes.claim(*buyer, *code);
        } else if let AudienceReleased { release, .. } = fact {
            self.event.releases.enter(release, self.now);
        }
    }

    fn open(&mut self, phase: SalePhase) {
        self.event.phase = phase;
        if self.version >= IDLE_SHOPPERS_LEAVE {
            self.event.open_since = self.now;
        }
    }

    fn act(&mut self, buyer: BuyerId) {
        if let Some(buyer) = self.event.buyers.get_mut(buyer) {
            buyer.act(self.now);
        }
    }

    fn set_details(&mut self, details: &EventDetails) {
        self.event.details_revision += 1;
        self.follow_sale_times(details.sale_times());
    }

    /// A timer for each time that is new; those of before change nothing when they fire.
    pub(super) fn follow_sale_times(&mut self, times: SaleTimes) {
        let before = std::mem::replace(&mut self.event.sale_times, times);
        let all = [
            (times.presale_at, before.presale_at),
            (times.opens_at, before.opens_at),
            (times.closes_at, before.closes_at),
        ];
        for (at, before) in all {
            if let Some(at) = at
                && Some(at) != before
            {
                self.start_timer(at, TimerKind::Sale);
            }
        }
    }

    fn cancel_event(&mut self) {
        self.event.phase = SalePhase::Cancelled;
        self.event.sweep = Some(0);
    }

    fn note_ticket(&mut self, fact: &Fact) {
        fact.effects().seats.iter().for_each(|seats| self.event.tickets.follow(seats));
    }

    fn follow_consent(&mut self, fact: &Fact) {
        match fact.effects().consent {
            Some(ConsentMove::Given { buyer, consent }) => self.event.consents.give(buyer, consent),
            Some(ConsentMove::Withdrawn { buyer, scope, channel }) => {
                self.event.consents.withdraw(buyer, (scope, channel));
            }
            None => {}
        }
    }

    fn follow_announcement(&mut self, fact: &Fact) {
        match fact.effects().announcement {
            Some(AnnouncementMove::Made { announcement, needs_approval }) => {
                let state = AnnouncementState::new(announcement, needs_approval);
                let id = announcement.id;
                self.event.announcements.add(id, state);
                if let Some(at) = state.send_at {
                    self.start_timer(at, TimerKind::Announcement { id });
                }
            }
            Some(AnnouncementMove::Steered { id, step }) => self.event.announcements.step(id, step),
            Some(AnnouncementMove::Started { id }) => self.event.announcements.start(id),
            None => {}
        }
    }

    fn leave(&mut self, buyer: BuyerId) {
        self.event.buyers.entry(buyer).1.in_shop = false;
        self.event.shoppers -= 1;
    }

    fn await_turn(&mut self, place: Place) {
        let rank = self.event.order.rank(place);
        self.event.waiting_line.request(rank);
    }

    fn extend(&mut self, hold_id: HoldId, until: LogTime) {
        self.with_order(hold_id, |order| {
            order.extensions += 1;
            order.until = until;
            if order.held_until != LogTime(0) {
                order.held_until = until;
            }
        });
    }

    fn start_payment(&mut self, (hold_id, buyer): (HoldId, BuyerId), attempt: u8, until: LogTime) {
        self.event.unanswered.pay_instead(buyer, hold_id);
        self.with_order(hold_id, |order| {
            order.status = OrderStatus::PaymentPending;
            order.attempt = attempt;
            order.until = until;
        });
    }

    fn settle(&mut self, hold_id: HoldId) {
        self.with_order(hold_id, |order| order.settled = true);
    }

    fn with_order(&mut self, hold_id: HoldId, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.event.orders.get_mut(hold_id) {
            change(order);
        }
    }

    /// Where somebody may be added, some of those who do not matter any more are forgotten.
    fn forget_some(&mut self) {
        if self.version >= PEOPLE_ARE_FORGOTTEN {
            let (now, unanswered) = (self.now, &self.event.unanswered);
            self.event.buyers.forget(|buyer| buyer.matters(now) || unanswered.knows(buyer.id));
        }
    }

    fn reserve_places(&mut self, count: u32) {
        let event = &mut *self.event;
        event.places_reserved += u64::from(count);
        let words = event.places_reserved.div_ceil(64);
        event.places_spent.resize(usize::try_from(words).unwrap_or(0), 0);
    }

    fn enter(&mut self, id: BuyerId, place: Place, ends: (LogTime, Option<LogTime>)) {
        let (until, idle_until) = ends;
        let idle_ms = idle_until.map_or(0, |end| end.0.saturating_sub(self.now.0));
        self.forget_some();
        let (number, buyer) = self.event.buyers.entry(id);
        let is_new = !buyer.in_shop;
        buyer.in_shop = true;
        buyer.place = place;
        buyer.pass_until = until;
        buyer.idle_ms = u32::try_from(idle_ms).unwrap_or(u32::MAX);
        buyer.act(self.now);
        self.event.shoppers += u32::from(is_new);
        self.event.waiting_line.enter(self.event.order.rank(place));
        self.event.spend_place(place);
        let first = idle_until.map_or(until, |idle_until| until.min(idle_until));
        self.start_timer(first, TimerKind::Visit { buyer: number });
    }

    fn hold(
        &mut self,
        hold_id: HoldId,
        id: BuyerId,
        (seats, amount): (&SeatList, u64),
        (until, pay_by): (LogTime, Option<LogTime>),
    ) {
        self.forget_some();
        let event = &mut *self.event;
        if let Some(before) = event.orders.slots.get(slot_of(hold_id)) {
            event.unanswered.forget(before.buyer, hold_in(slot_of(hold_id), before.generation));
        }
        event.seat_map.hold(seats);
        let is_kept = self.version >= A_DECLINE_TAKES_NO_TIME;
        let held_until = if is_kept { until } else { LogTime(0) };
        let order = Order {
            generation: generation_of(hold_id),
            status: OrderStatus::Held,
            settled: false,
            attempt: 0,
            extensions: 0,
            buyer: id,
            amount,
            until,
            pay_by,
            held_until,
            armed: until,
            seats: *seats,
        };
        event.orders.insert(order, hold_id);
        event.buyers.entry(id).1.add_hold(hold_id);
        event.buyers.add_seats(id, seats.len() as u16);
        self.start_order_timer(hold_id, until);
    }

    fn wait_for_answer(&mut self, hold_id: HoldId, buyer: BuyerId, until: LogTime) {
        self.note_silence(hold_id, buyer);
        self.wait_for_another(hold_id, OrderStatus::NoAnswer, until);
    }

    fn decline(&mut self, attempt: Attempt, buyer: BuyerId, until: LogTime) {
        self.answered(buyer, attempt);
        self.wait_for_another(attempt.0, OrderStatus::Declined, until);
    }

    fn expire_order(
        &mut self,
        (hold_id, buyer): (HoldId, BuyerId),
        seats: &SeatList,
        is_unanswered: bool,
    ) {
        if is_unanswered {
            self.note_silence(hold_id, buyer);
        }
        self.expire(hold_id, buyer, seats);
    }

    /// Nobody has answered the attempt that is under way.
    fn note_silence(&mut self, hold_id: HoldId, buyer: BuyerId) {
        let order = self.event.orders.get(hold_id);
        let waited = order.filter(|order| order.status == OrderStatus::PaymentPending);
        if let Some(attempt) = waited.map(|order| order.attempt) {
            self.event.unanswered.add(buyer, (hold_id, attempt));
        }
    }

    /// The provider has said what becomes of an attempt.
    fn answered(&mut self, buyer: BuyerId, attempt: Attempt) {
        self.event.unanswered.remove(buyer, attempt);
        self.event.prune_unanswered(buyer);
    }

    /// The seats stay for another card.
    fn wait_for_another(&mut self, hold_id: HoldId, status: OrderStatus, until: LogTime) {
        let Some(order) = self.event.orders.get_mut(hold_id) else {
            return;
        };
        order.status = status;
        order.until = until;
        // The running timer may be later than the new deadline; an earlier one takes over.
        if until < order.armed {
            order.armed = until;
            self.start_order_timer(hold_id, until);
        }
    }

    fn confirm(
        &mut self,
        (hold_id, attempt): Attempt,
        buyer: BuyerId,
        (seats, kept): (&SeatList, SeatsKept),
    ) {
        self.sell((hold_id, attempt), seats, kept);
        self.event.unanswered.paid(buyer, hold_id);
        self.event.prune_unanswered(buyer);
    }

    fn sell(&mut self, (hold_id, attempt): Attempt, seats: &SeatList, kept: SeatsKept) {
        let event = &mut *self.event;
        let Some(order) = event.orders.get_mut(hold_id) else {
            return;
        };
        order.attempt = attempt;
        order.status = OrderStatus::Confirmed;
        order.until = LogTime(0);
        order.seats = *seats;
        let (_, buyer) = event.buyers.entry(order.buyer);
        buyer.cooldown_count = 0;
        if kept == SeatsKept::Held {
            buyer.drop_hold(hold_id);
        } else {
            event.buyers.add_seats(order.buyer, seats.len() as u16);
            event.seat_map.hold(seats);
            event.orders.revive(hold_id);
        }
        event.seat_map.sell(seats);
    }

    /// Sold at once, for nothing, and nobody's limits know of it.
    fn give(&mut self, hold_id: HoldId, seats: &SeatList) {
        let event = &mut *self.event;
        event.seat_map.hold(seats);
        event.seat_map.sell(seats);
        event.orders.insert(
            Order {
                generation: generation_of(hold_id),
                status: OrderStatus::Confirmed,
                settled: true,
                attempt: 0,
                extensions: 0,
                buyer: BuyerId::HOUSE,
                amount: 0,
                until: LogTime(0),
                pay_by: None,
                held_until: LogTime(0),
                armed: LogTime(0),
                seats: *seats,
            },
            hold_id,
        );
    }

    /// The order ends and its seats are free.
    fn end(&mut self, hold_id: HoldId, seats: &SeatList, status: OrderStatus) {
        let event = &mut *self.event;
        let Some(order) = event.orders.get_mut(hold_id) else {
            return;
        };
        order.status = status;
        order.until = LogTime(0);
        let buyer = order.buyer;
        if buyer != BuyerId::HOUSE {
            event.buyers.entry(buyer).1.drop_hold(hold_id);
            event.buyers.remove_seats(buyer, seats.len() as u16);
        }
        event.seat_map.free(seats);
        event.tickets.forget(hold_id, seats.as_slice());
        event.orders.retire(hold_id);
        event.prune_unanswered(buyer);
    }

    /// It ran out unpaid: its buyer has to wait before the next.
    fn expire(&mut self, hold_id: HoldId, buyer: BuyerId, seats: &SeatList) {
        self.end(hold_id, seats, OrderStatus::Expired);
        let cooldown_until = self.now.plus(self.event.policy.cooldown_ms);
        self.event.buyers.entry(buyer).1.cooldown_until = cooldown_until;
    }

    fn set_aside(&mut self, hold_id: HoldId, seats: &SeatList, until: LogTime) {
        self.event.seat_map.hold(seats);
        self.event.set_aside.insert(hold_id, SetAside { seats: *seats, until });
        self.start_timer(until, TimerKind::Return { hold_id });
    }

    fn give_back(&mut self, hold_id: HoldId, seats: &SeatList) {
        self.event.set_aside.remove(&hold_id);
        self.event.seat_map.free(seats);
    }

    fn cool_down(&mut self, buyer: BuyerId, until: LogTime, count: u8) {
        let (_, buyer) = self.event.buyers.entry(buyer);
        (buyer.cooldown_until, buyer.cooldown_count) = (until, count);
    }

    fn start_order_timer(&mut self, hold_id: HoldId, deadline: LogTime) {
        let slot = slot_of(hold_id) as u32;
        self.start_timer(deadline, TimerKind::Order { slot, generation: generation_of(hold_id) });
    }

    fn start_timer(&mut self, deadline: LogTime, kind: TimerKind) {
        self.wheel.start(Timer { deadline, event: self.number, kind });
    }
}
