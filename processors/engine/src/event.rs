//! Everything the engine knows about one event.

use std::collections::BTreeMap;

use super::announcements::Announcements;
use super::buyers::{Buyer, Buyers};
use super::codes::Codes;
use super::consents::Consents;
use super::orders::Orders;
use super::releases::Releases;
use super::seat_map::{Known, SeatMap};
use super::unanswered::Unanswered;
use super::version::{NEIGHBOURS_ARE_KNOWN, SEATS_HAVE_QUALITY};
use super::waiting_line::WaitingLine;
use floodgate_domain::answer::{EventStatus, SalePhase};
use floodgate_domain::command::{Command, Envelope, NewEvent};
use floodgate_domain::details::SaleTimes;
use floodgate_domain::effects::TicketStates;
use floodgate_domain::ids::{Actor, BuyerId, EventId, HoldId, LogTime, Place};
use floodgate_domain::line::LineOrder;
use floodgate_domain::policy::Policy;
use floodgate_domain::price::PriceTable;
use floodgate_domain::seats::SeatList;

/// Places one event may give out: sixteen million, two megabytes of spent marks.
pub(super) const PLACES_MAX: u64 = 1 << 24;

/// Seats that nobody has, and nobody can have before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SetAside {
    pub(super) seats: SeatList,
    pub(super) until: LogTime,
}

/// One event's state.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: EventId,
    pub(super) phase: SalePhase,
    pub(super) prices: PriceTable,
    pub(super) policy: Policy,
    pub(super) sale_times: SaleTimes,
    /// How often the event's details were set.
    pub(super) details_revision: u32,
    pub(super) seat_map: SeatMap,
    pub(super) orders: Orders,
    pub(super) buyers: Buyers,
    pub(super) shoppers: u32,
    /// When the sale was opened last: nobody is idle before, since nothing could be done.
    pub(super) open_since: LogTime,
    /// Places given out: numbers below this exist.
    pub(super) places_reserved: u64,
    /// One bit a place: it has entered.
    pub(super) places_spent: Vec<u64>,
    /// After a cancellation: the next order slot to undo.
    pub(super) sweep: Option<u32>,
    /// In which order places are called.
    pub(super) order: LineOrder,
    pub(super) waiting_line: WaitingLine,
    /// Tickets that were handed on or let in with.
    pub(super) tickets: TicketStates,
    /// Payments nobody answered.
    pub(super) unanswered: Unanswered,
    /// Seats that are set aside, by the order that had them last.
    pub(super) set_aside: BTreeMap<HoldId, SetAside>,
    /// Who agreed to messages.
    pub(super) consents: Consents,
    pub(super) announcements: Announcements,
    /// Who may come in before the sale opens to all.
    pub(super) codes: Codes,
    /// Tables of its audience, and what they have cost.
    pub(super) releases: Releases,
}

impl Event {
    pub(super) fn new(id: EventId, new: &NewEvent, version: u32) -> Self {
        let known = Known {
            neighbours: version >= NEIGHBOURS_ARE_KNOWN,
            seats_have_quality: version >= SEATS_HAVE_QUALITY,
        };
        let seat_map = SeatMap::build(&new.plan, known);
        let capacity = seat_map.capacity as usize;
        // Twice the capacity: about as many buyers as come while seats are left, on reserve.
        let buyers = (capacity * 2).clamp(1024, (new.policy.buyers_max as usize).max(1024));
        Event {
            id,
            phase: SalePhase::Announced,
            prices: new.prices.clone(),
            policy: new.policy,
            sale_times: SaleTimes::default(),
            details_revision: 0,
            seat_map,
            orders: Orders::with_room_for(capacity + 1024),
            buyers: Buyers::with_room_for(buyers),
            shoppers: 0,
            open_since: LogTime(0),
            places_reserved: 0,
            places_spent: Vec::new(),
            sweep: None,
            order: LineOrder::AS_GIVEN,
            waiting_line: WaitingLine::default(),
            tickets: TicketStates::default(),
            unanswered: Unanswered::default(),
            set_aside: BTreeMap::new(),
            consents: Consents::default(),
            announcements: Announcements::default(),
            codes: Codes::default(),
            releases: Releases::default(),
        }
    }

    pub(super) fn status(&self) -> EventStatus {
        let not_for_sale = self.seat_map.free_without_price(&self.prices);
        EventStatus {
            phase: self.phase,
            capacity: self.seat_map.capacity - not_for_sale,
            free: self.seat_map.free - not_for_sale,
            held: self.seat_map.held(),
            sold: self.seat_map.sold,
            shoppers: self.shoppers,
            shoppers_max: self.policy.shoppers_max,
            places_reserved: self.places_reserved,
        }
    }

    pub(super) fn place_is_spent(&self, place: Place) -> bool {
        let word = usize::try_from(place.0 / 64).unwrap_or(usize::MAX);
        self.places_spent.get(word).is_some_and(|bits| bits & (1 << (place.0 % 64)) != 0)
    }

    pub(super) fn spend_place(&mut self, place: Place) {
        let word = usize::try_from(place.0 / 64).unwrap_or(usize::MAX);
        if let Some(bits) = self.places_spent.get_mut(word) {
            *bits |= 1 << (place.0 % 64);
        }
    }

    /// The one thing facts do not say: who joined which cohort. Facts are for others to read, and
    /// must not say; the command does, and the engine remembers.
    pub(super) fn remember_cohort(&mut self, envelope: &Envelope) {
        let cohort = match &envelope.command {
            Command::ShareCohort { cohort } => Some(*cohort),
            Command::WithdrawCohort => None,
            _ => return,
        };
        if let Actor::Buyer(buyer) = envelope.actor {
            self.buyers.entry(buyer).1.cohort = cohort;
        }
    }

    /// Of this buyer's payments without an answer, keeps those that can still matter.
    pub(super) fn prune_unanswered(&mut self, buyer: BuyerId) {
        let orders = &self.orders;
        self.unanswered.prune(buyer, |hold_id| {
            let order = orders.get(hold_id);
            order.is_some_and(|order| order.status.has_seats())
        });
    }

    /// When a shopper who has no seats has done nothing for too long; `None` where there is no such
    /// moment, on this visit or while the sale is not open.
    pub(super) fn idle_end(&self, buyer: &Buyer) -> Option<LogTime> {
        let idle_ms = Some(u64::from(buyer.idle_ms)).filter(|&ms| ms > 0)?;
        self.phase.sells().then(|| buyer.idle_until.max(self.open_since.plus(idle_ms)))
    }

    pub(super) fn buyer(&self, id: BuyerId) -> Option<&Buyer> {
        self.buyers.get(id)
    }
}
