//! From facts to rows: what a fact changes, as whole rows.
//!
//! Keeps what a fact leaves out: the plan and the words of each event, and orders that may still
//! change, as many as the engine has. Pure; a restart folds the same facts to the same rows.

use std::collections::{BTreeMap, HashMap};

use floodgate_domain::effects::{OrderChange, SeatMove};
use floodgate_domain::{
    Effects, EventDetails, EventId, FactRecord, HoldId, LogTime, NewEvent, OrderStatus, OrderView,
    SalePhase, SeatId, SeatState,
};

use super::rows::{EventRow, OrderRow, ReservationRow};
use super::seat_names::SeatNames;

/// A row that a fact has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TableRow {
    Reservation(ReservationRow),
    Order(OrderRow),
    Event(EventRow),
}

/// Which tables rows are wanted of; the others are only followed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WantedTables {
    pub(crate) reservations: bool,
    pub(crate) orders: bool,
    pub(crate) events: bool,
}

/// What is kept of an event.
#[derive(Debug)]
struct Known {
    venue_id: String,
    seats: SeatNames,
    details: EventDetails,
    phase: SalePhase,
    currency: String,
}

/// What rows are made of, of one partition.
#[derive(Debug, Default)]
pub(crate) struct TableFold {
    events: BTreeMap<EventId, Known>,
    /// Orders that may still change, and when they began. Hold numbers are each event's own.
    orders: HashMap<(EventId, HoldId), (OrderView, LogTime)>,
}

impl TableFold {
    /// Follows a fact, and adds the rows that it changes.
    pub(crate) fn take(
        &mut self,
        record: &FactRecord,
        wanted: WantedTables,
        rows: &mut Vec<TableRow>,
    ) {
        let effects = record.fact.effects();
        self.follow_event(record, &effects);
        let order = effects.order.and_then(|change| self.follow_order(record, &change));
        let Some(event) = self.events.get(&record.event_id) else { return };
        let says_of_event = effects.phase.is_some() || effects.details.is_some();
        if wanted.events && (says_of_event || effects.prices.is_some()) {
            rows.push(TableRow::Event(event.row(record)));
        }
        if let Some((order, began)) = order.filter(|_| wanted.orders) {
            let row = order_row(record, &order, began, &event.currency);
            let refund_reason = effects.refund.map(|reason| reason.code().to_owned());
            rows.push(TableRow::Order(OrderRow { refund_reason, ..row }));
        }
        if !wanted.reservations {
            return;
        }
        match (effects.seats, effects.order, order) {
            (Some(change), _, _) => {
                let until = effects.order.and_then(|order| order.until);
                let until = until.filter(|_| change.to == SeatState::Held);
                rows.extend(event.reservations(record, &change, until));
            }
            // Only the end of the hold moves.
            (None, Some(change), Some((order, _))) if change.until.is_some() => {
                let stays = SeatMove {
                    hold_id: Some(order.hold_id),
                    seats: order.seats.as_slice(),
                    from: SeatState::Held,
                    to: SeatState::Held,
                    owner: Some(order.buyer),
                    is_redeemed: false,
                };
                rows.extend(event.reservations(record, &stays, change.until));
            }
            _ => {}
        }
    }

    fn follow_event(&mut self, record: &FactRecord, effects: &Effects<'_>) {
        if let Some(new) = effects.created {
            self.events.insert(record.event_id, Known::of(new));
        }
        let Some(event) = self.events.get_mut(&record.event_id) else { return };
        event.phase = effects.phase.unwrap_or(event.phase);
        if let Some(details) = effects.details {
            details.clone_into(&mut event.details);
        }
        if let Some(prices) = effects.prices {
            prices.currency.as_str().clone_into(&mut event.currency);
        }
    }

    /// The order as it is from here on; forgotten where nothing can change it any more.
    fn follow_order(
        &mut self,
        record: &FactRecord,
        change: &OrderChange<'_>,
    ) -> Option<(OrderView, LogTime)> {
        use OrderStatus::{Cancelled, Expired, Refunded, Released};
        let key = (record.event_id, change.hold_id);
        let known = match self.orders.remove(&key) {
            Some((mut order, began)) => {
                order.follow(change);
                (order, began)
            }
            None => (OrderView::begun_by(change)?, record.at),
        };
        // Money that comes late revives an order that ended unpaid, if somebody had tried to pay.
        let ended_unpaid = matches!(change.status, Expired | Released);
        let is_over =
            matches!(change.status, Refunded | Cancelled) || ended_unpaid && known.0.attempt == 0;
        if !is_over {
            self.orders.insert(key, known);
        }
        Some(known)
    }
}

impl Known {
    fn of(new: &NewEvent) -> Self {
        Known {
            venue_id: new.venue_id.to_string(),
            seats: SeatNames::of(&new.plan),
            details: new.details.clone(),
            phase: SalePhase::Announced,
            currency: new.prices.currency.as_str().to_owned(),
        }
    }

    fn row(&self, record: &FactRecord) -> EventRow {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let time = |at: Option<LogTime>| at.map(ms);
        let EventDetails { name, description, age_min, .. } = &self.details;
        EventRow {
            event_id: record.event_id.to_string(),
            event_name: name.clone(),
            event_description: description.clone(),
            artist: text(&self.details.artist),
            venue_id: self.venue_id.clone(),
            venue_name: text(&self.details.venue_name),
            venue_address: text(&self.details.venue_address),
            time_zone: text(&self.details.time_zone),
            doors_at: time(self.details.doors_at),
            starts_at: time(self.details.starts_at),
            ends_at: time(self.details.ends_at),
            opens_at: time(self.details.opens_at),
            closes_at: time(self.details.closes_at),
            age_min: age_min.map(i32::from),
            phase: self.phase.code().to_owned(),
            currency: self.currency.clone(),
            seat_count: i32::try_from(self.seats.count()).unwrap_or(i32::MAX),
            changed_at: ms(record.at),
            event_version: version(record),
        }
    }

    fn reservations(
        &self,
        record: &FactRecord,
        change: &SeatMove<'_>,
        until: Option<LogTime>,
    ) -> impl Iterator<Item = TableRow> {
        let of_all = ReservationRow {
            event_id: record.event_id.to_string(),
            seat_id: 0,
            venue_id: self.venue_id.clone(),
            section: String::new(),
            row: String::new(),
            seat: String::new(),
            seat_type: String::new(),
            status: change.to.code().to_owned(),
            user_id: change.owner.map(|owner| owner.to_string()),
            // What staff take off sale or put back is of no session.
            session_id: change.hold_id.map(|hold_id| hold_id.to_string()).unwrap_or_default(),
            lock_expiry: until.map(ms),
            redeemed: change.is_redeemed,
            changed_at: ms(record.at),
            reservation_version: version(record),
        };
        let rows = change.seats.iter().map(|&SeatId(seat_id)| {
            let name = self.seats.name(SeatId(seat_id));
            TableRow::Reservation(ReservationRow {
                seat_id,
                section: name.section.to_owned(),
                row: name.row.to_owned(),
                seat: name.label,
                seat_type: name.category.to_owned(),
                ..of_all.clone()
            })
        });
        rows.collect::<Vec<_>>().into_iter()
    }
}

fn order_row(record: &FactRecord, order: &OrderView, began: LogTime, currency: &str) -> OrderRow {
    let seats: Vec<String> = order.seats.iter().map(|seat| seat.0.to_string()).collect();
    OrderRow {
        event_id: record.event_id.to_string(),
        order_id: order.hold_id.order().to_string(),
        user_id: order.buyer.to_string(),
        status: order.status.code().to_owned(),
        seat_count: i32::try_from(seats.len()).unwrap_or(i32::MAX),
        seats: seats.join(","),
        amount: i64::try_from(order.amount).unwrap_or(i64::MAX),
        currency: currency.to_owned(),
        until: Some(order.until).filter(|until| until.0 > 0).map(ms),
        attempts: i32::from(order.attempt),
        settled: order.settled,
        refund_reason: None,
        created_at: ms(began),
        changed_at: ms(record.at),
        order_version: version(record),
    }
}

/// Databases count from below zero; nothing of ours comes near the end.
fn ms(at: LogTime) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// The fact's place in the log as one number: it only grows in a row.
fn version(record: &FactRecord) -> i64 {
    i64::try_from(record.position.version()).unwrap_or(i64::MAX)
}
