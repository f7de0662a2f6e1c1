//! One event, folded from its facts.

use std::collections::HashMap;
use std::sync::Arc;

use floodgate_admission::QueueTicket;
use floodgate_domain::effects::TicketStates;
use floodgate_domain::fact::{LeaveReason, SeatsKept};
use floodgate_domain::plan::SectionKind;
use floodgate_domain::{
    BuyerId, EventDetails, EventId, FactPosition, FactRecord, Frontier, HoldId, LineOrder, LogTime,
    OrderView, Place, Plan, Policy, PriceTable, SalePhase, SeatId, SeatState, VenueId,
};

use super::announcements::Announcements;
use super::changes::Changes;
use super::codes::CodesView;
use super::fading::Fading;
use super::house::HouseView;
use super::insight::Insight;
use super::payments::EventPayments;
use super::revoked::Revoked;
use super::stay::Stay;

/// Up to which fact a view is true.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ViewPosition {
    pub(crate) position: FactPosition,
    pub(crate) at: LogTime,
}

/// Free, held, sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SeatsByState {
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
}

/// A visit that is over: the place it used up, and when it ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedVisit {
    pub(crate) place: Place,
    pub(crate) at: LogTime,
    pub(crate) reason: LeaveReason,
    /// How long nothing had happened, where that is why it ended.
    pub(crate) idle_ms: Option<u64>,
}

/// A visit to the shop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShopVisit {
    pub(crate) place: Place,
    pub(crate) pass_until: LogTime,
    /// How long they may do nothing, and when they last did something.
    pub(crate) idle_ms: Option<u64>,
    pub(crate) acted_at: LogTime,
}

impl EndedVisit {
    /// Whether a ticket was for this visit, or was got beside it: a store that forgot may have
    /// given one device two places, and the second is not for entering again.
    pub(crate) fn uses_up(&self, ticket: &QueueTicket) -> bool {
        ticket.place == self.place || ticket.joined_at <= self.at
    }
}

/// Where a seat is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeatPlace {
    pub(crate) section: String,
    pub(crate) row: String,
    pub(crate) label: String,
    pub(crate) category: u8,
}

/// A run of seats, found by its first one.
#[derive(Debug, Clone, Copy)]
struct RunAt {
    first_seat: u32,
    section: u32,
    row: u32,
    run: u32,
}

/// One event.
#[derive(Debug)]
pub(crate) struct EventView {
    pub(crate) id: EventId,
    /// What it says of itself, and how often that was changed.
    pub(crate) details: EventDetails,
    pub(crate) details_revision: u32,
    pub(crate) venue_id: VenueId,
    pub(crate) plan: Arc<Plan>,
    pub(crate) prices: PriceTable,
    pub(crate) policy: Policy,
    pub(crate) phase: SalePhase,
    /// One state a seat.
    pub(crate) seats: Vec<SeatState>,
    /// Tickets that were handed on or let in with.
    pub(crate) tickets: TicketStates,
    /// Those that are good no more.
    pub(crate) revoked: Revoked,
    pub(crate) categories: Vec<u8>,
    pub(crate) counts: SeatsByState,
    pub(crate) by_category: Vec<SeatsByState>,
    pub(crate) shoppers: u32,
    pub(crate) places_reserved: u64,
    /// In which order they are called.
    pub(crate) order: LineOrder,
    /// How far the line was called, as far as the log has it.
    pub(crate) places_called: Frontier,
    pub(crate) entered_beyond: Frontier,
    pub(crate) entered_count: u64,
    pub(crate) orders: HashMap<HoldId, OrderView>,
    pub(crate) payments: EventPayments,
    /// Orders whose payment came late and found the same seats, or others.
    pub(crate) late: HashMap<HoldId, SeatsKept>,
    /// Whether the engine knows payments without an answer: under its first rules it does not.
    pub(crate) knows_silence: bool,
    pub(crate) by_buyer: HashMap<BuyerId, Vec<HoldId>>,
    /// Who is in the shop.
    pub(crate) visits: HashMap<BuyerId, ShopVisit>,
    /// When the sale was opened last.
    pub(super) open_since: LogTime,
    /// What staff changed, and where the dials stand.
    pub(crate) changes: Changes,
    /// What staff did by hand with seats and orders.
    pub(crate) house: HouseView,
    pub(crate) insight: Insight,
    /// Words of staff for its people.
    pub(crate) announcements: Announcements,
    /// Codes of its presale.
    pub(crate) codes: CodesView,
    /// How long shoppers stay.
    pub(crate) stay: Stay,
    /// Until when buyers who let go of seats may hold none.
    pub(crate) cooling: Fading<LogTime>,
    /// How those left who were in the shop, for as long as they may show a ticket of then.
    pub(crate) left: Fading<EndedVisit>,
    pub(crate) as_of: ViewPosition,
    pub(super) changed: Vec<u32>,
    runs: Vec<RunAt>,
}

impl EventView {
    /// The view of an event that was just created; `None` for any other fact.
    pub(super) fn created(fact: &FactRecord) -> Option<Self> {
        let new = fact.fact.effects().created?;
        let mut by_category = vec![SeatsByState::default(); new.plan.categories.len()];
        let (mut seats, mut categories) = (Vec::new(), Vec::new());
        for seat in new.plan.seats() {
            let state = seat.first_state().where_sold(new.prices.sells(seat.category));
            seats.push(state);
            categories.push(seat.category);
            if let Some(counts) = by_category.get_mut(usize::from(seat.category)) {
                counts.free += u32::from(state == SeatState::Free);
            }
        }
        let free = by_category.iter().map(|counts| counts.free).sum();
        Some(EventView {
            id: fact.event_id,
            details: new.details.clone(),
            details_revision: 0,
            venue_id: new.venue_id,
            runs: runs_of(&new.plan),
            house: HouseView::of(&new.plan, fact.at),
            insight: Insight::of(new),
            plan: Arc::new(new.plan.clone()),
            prices: new.prices.clone(),
            policy: new.policy,
            phase: SalePhase::Announced,
            seats,
            tickets: TicketStates::default(),
            revoked: Revoked::default(),
            categories,
            counts: SeatsByState { free, ..SeatsByState::default() },
            by_category,
            shoppers: 0,
            places_reserved: 0,
            order: LineOrder::AS_GIVEN,
            places_called: Frontier::default(),
            entered_beyond: Frontier::default(),
            entered_count: 0,
            orders: HashMap::new(),
            payments: EventPayments::default(),
            late: HashMap::new(),
            knows_silence: false,
            by_buyer: HashMap::new(),
            visits: HashMap::new(),
            open_since: LogTime(0),
            changes: Changes::default(),
            codes: CodesView::default(),
            announcements: Announcements::default(),
            stay: Stay::default(),
            cooling: Fading::default(),
            left: Fading::default(),
            as_of: ViewPosition { position: fact.position, at: fact.at },
            changed: Vec::new(),
        })
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.counts.free + self.counts.held + self.counts.sold
    }

    /// The phase as people know it: an open sale with nothing left is sold out.
    pub(crate) fn phase_text(&self) -> &'static str {
        let nothing_left = self.counts.free + self.counts.held == 0;
        if self.phase.sells() && nothing_left { "sold_out" } else { self.phase.code() }
    }

    /// What a seat of a category costs now.
    pub(crate) fn price(&self, category: u8, now: LogTime) -> Option<u32> {
        let counts = self.by_category.get(usize::from(category))?;
        self.prices.amount(category, counts.held + counts.sold, now)
    }

    pub(crate) fn orders_of(&self, buyer: BuyerId) -> impl Iterator<Item = &OrderView> {
        let holds = self.by_buyer.get(&buyer).map(Vec::as_slice).unwrap_or_default();
        holds.iter().rev().filter_map(|hold_id| self.orders.get(hold_id))
    }

    /// When somebody who is in the shop and does nothing has to leave: not while they have an order,
    /// nor before the sale is open.
    pub(crate) fn idle_at(&self, buyer: BuyerId) -> Option<LogTime> {
        let visit = self.visits.get(&buyer)?;
        let idle_ms = visit.idle_ms.filter(|_| self.phase.sells())?;
        let has_order = self.orders_of(buyer).any(|order| order.status.is_live());
        (!has_order).then(|| visit.acted_at.max(self.open_since).plus(idle_ms))
    }

    /// Seats of an order whose tickets are a buyer's by now.
    pub(crate) fn tickets_of<'a>(
        &'a self,
        order: &'a OrderView,
        buyer: BuyerId,
    ) -> impl Iterator<Item = SeatId> + 'a {
        let owner = |seat| self.tickets.owner(order.hold_id, seat).unwrap_or(order.buyer);
        order.seats.iter().filter(move |seat| owner(*seat) == buyer)
    }

    /// Where a seat is.
    pub(crate) fn place_of(&self, seat: SeatId) -> Option<SeatPlace> {
        let after = self.runs.partition_point(|run| run.first_seat <= seat.0);
        let at = self.runs.get(after.checked_sub(1)?)?;
        let section = self.plan.sections.get(at.section as usize)?;
        let row = section.rows.get(at.row as usize)?;
        let run = row.runs.get(at.run as usize)?;
        let within = (seat.0 - at.first_seat) as usize;
        let label = match section.kind {
            SectionKind::Seated => run.labels.label(within)?,
            SectionKind::GeneralAdmission if within < run.labels.len() => String::new(),
            SectionKind::GeneralAdmission => return None,
        };
        let category = run.category;
        Some(SeatPlace { section: section.name.clone(), row: row.label.clone(), label, category })
    }

    /// The seat called `section/row/label`. Rows of one name are all looked at.
    pub(crate) fn seat_named(&self, name: &str) -> Option<SeatId> {
        let mut parts = name.rsplitn(3, '/');
        let (label, row, section) = (parts.next()?, parts.next()?, parts.next()?);
        for at in &self.runs {
            let in_section = &self.plan.sections[at.section as usize];
            let in_row = &in_section.rows[at.row as usize];
            if in_section.name != section || in_row.label != row {
                continue;
            }
            let labels = &in_row.runs[at.run as usize].labels;
            let found =
                (0..labels.len()).find(|&seat| labels.label(seat).as_deref() == Some(label));
            if let Some(within) = found {
                return Some(SeatId(at.first_seat + within as u32));
            }
        }
        None
    }

    /// Every seat of the rows whose section and name fit.
    pub(crate) fn seats_where(&self, fits: impl Fn(&str, &str) -> bool) -> Vec<SeatId> {
        let mut seats = Vec::new();
        for at in &self.runs {
            let section = &self.plan.sections[at.section as usize];
            let row = &section.rows[at.row as usize];
            if fits(&section.name, &row.label) {
                let count = row.runs[at.run as usize].labels.len() as u32;
                seats.extend((at.first_seat..at.first_seat + count).map(SeatId));
            }
        }
        seats
    }

    /// Whether two seats are of one run: adjacent ones touch.
    pub(crate) fn are_in_one_run(&self, one: SeatId, other: SeatId) -> bool {
        let run = |seat: SeatId| self.runs.partition_point(|run| run.first_seat <= seat.0);
        run(one) == run(other)
    }

    /// Whether somebody has a seat.
    pub(crate) fn is_taken(&self, seat: SeatId) -> bool {
        let state = self.seats.get(seat.0 as usize);
        matches!(state, Some(SeatState::Held | SeatState::Sold))
    }

    /// Seats that changed since the last call, with their states, ascending.
    pub(super) fn take_changes(&mut self) -> Vec<(u32, SeatState)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed.into_iter().map(|seat| (seat, self.seats[seat as usize])).collect()
    }
}

fn runs_of(plan: &Plan) -> Vec<RunAt> {
    let mut runs = Vec::new();
    let mut first_seat = 0;
    for (section, in_section) in plan.sections.iter().enumerate() {
        for (row, in_row) in in_section.rows.iter().enumerate() {
            for (run, in_run) in in_row.runs.iter().enumerate() {
                let [section, row, run] = [section, row, run].map(|number| number as u32);
                runs.push(RunAt { first_seat, section, row, run });
                first_seat += in_run.labels.len() as u32;
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_uses_up_its_place_and_every_ticket_got_before_its_end() {
        let reason = LeaveReason::ByChoice;
        let left = EndedVisit { place: Place(5), at: LogTime(1000), reason, idle_ms: None };
        let rows =
            [(5, 10, true), (5, 2000, true), (9, 10, true), (9, 1000, true), (9, 1001, false)];
        for (place, joined_at, is_used_up) in rows {
            let (event_id, buyer) = (EventId(1), BuyerId(2));
            let (place, joined_at) = (Place(place), LogTime(joined_at));
            let ticket = QueueTicket { event_id, buyer, place, joined_at };
            assert_eq!(left.uses_up(&ticket), is_used_up, "{ticket:?}");
        }
    }
}
