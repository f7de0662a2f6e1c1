//! The engine's state as bytes and back, byte for byte the same on every machine.
//!
//! Only what cannot be derived is written; indexes are rebuilt. The limits are the
//! reader's: they bound tables, not decisions already made.

use std::collections::BTreeMap;

use super::announcements::Announcements;
use super::block::Block;
use super::buyers::{Buyer, Buyers};
use super::codes::Codes;
use super::consents::Consents;
use super::event::Event;
use super::orders::{Order, Orders};
use super::outcomes::{Outcome, Outcomes, Remembered};
use super::releases::Releases;
use super::seat_map::SeatMap;
use super::snapshot_additions::{
    COUNT_MAX, FIRST_FORM, FORM, form_of, read_count, read_later, write_later,
};
use super::unanswered::Unanswered;
use super::version::{BASE_VERSION, InForce, NewerVersion, at_most};
use super::waiting_line::WaitingLine;
use super::wheel::{Timer, TimerKind, Wheel};
use super::{Engine, EngineLimits};
use floodgate_domain::answer::{OrderStatus, SalePhase};
use floodgate_domain::details::SaleTimes;
use floodgate_domain::effects::{HandedOn, TicketStates};
use floodgate_domain::ids::{AnnouncementId, BuyerId, CommandId, EventId, HoldId, LogTime};
use floodgate_domain::line::LineOrder;
use floodgate_domain::policy::HOLDS_PER_BUYER_MAX;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatId;
use floodgate_domain::wire::{
    Cursor, WireError, WireWriter, read_cohort, read_policy, read_prices, write_policy,
    write_prices,
};

/// Why a snapshot cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    #[error("the snapshot is damaged: {0}")]
    Damaged(#[from] WireError),
    #[error("the snapshot is from a newer build: {0}")]
    Newer(#[from] NewerVersion),
}

impl Engine {
    /// Writes the whole state behind what is in `out` already.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        let form = form_of(self.in_force.version);
        out.put_u8(form);
        write_in_force(self.in_force, out);
        out.put_varint(self.clock.0);
        if form != FIRST_FORM {
            out.put_u64_fixed(self.chance);
        }
        out.put_count(self.events.len());
        self.events.iter().for_each(|event| write_event(event, form, out));
        let (done_tick, timers) = self.wheel.parts();
        out.put_varint(done_tick);
        out.put_count(self.wheel.len());
        timers.for_each(|timer| write_timer(timer, out));
        let outcomes = self.outcomes.iter();
        out.put_count(outcomes.len());
        outcomes.for_each(|remembered| write_outcome(remembered, out));
        out.put_count(self.sweeping.len());
        self.sweeping.iter().for_each(|&number| out.put_varint(u64::from(number)));
    }

    /// The engine that wrote `bytes`, under these limits.
    pub fn restore(bytes: &[u8], limits: EngineLimits) -> Result<Self, SnapshotError> {
        let mut cursor = Cursor::new(bytes);
        let form = cursor.u8()?;
        if !(FIRST_FORM..=FORM).contains(&form) {
            return Err(WireError::UnknownVersion(form).into());
        }
        let mut engine = Engine::new(limits);
        engine.in_force = read_in_force(&mut cursor, at_most(limits.version_max))?;
        engine.clock = cursor.time()?;
        if form != FIRST_FORM {
            engine.chance = cursor.u64_fixed()?;
        }
        for _ in 0..read_count(&mut cursor)? {
            engine.add_event(read_event(&mut cursor, form)?);
        }
        let done_tick = cursor.varint()?;
        let timer_count = read_count(&mut cursor)?;
        let events = engine.events.len();
        let timers: Result<Vec<Timer>, WireError> =
            (0..timer_count).map(|_| read_timer(&mut cursor, events)).collect();
        engine.wheel = Wheel::from_parts(done_tick, timers?.into_iter());
        let outcome_count = read_count(&mut cursor)?;
        engine.outcomes = Outcomes::new(limits.outcomes_max);
        for _ in 0..outcome_count {
            engine.outcomes.remember(read_outcome(&mut cursor)?);
        }
        for _ in 0..read_count(&mut cursor)? {
            let number = cursor.u32()?;
            if number as usize >= events {
                return Err(WireError::OutOfBounds("an event's number").into());
            }
            engine.sweeping.push(number);
        }
        cursor.finish()?;
        Ok(engine)
    }
}

/// The version, then one more than the offset it is in force since; 0 when the log says nothing.
fn write_in_force(in_force: InForce, out: &mut Vec<u8>) {
    out.put_varint(u64::from(in_force.version));
    out.put_varint(in_force.since.map_or(0, |offset| offset + 1));
}

fn read_in_force(cursor: &mut Cursor<'_>, known: u32) -> Result<InForce, SnapshotError> {
    let version = cursor.u32()?;
    let since = cursor.varint()?.checked_sub(1);
    match since {
        None if version == BASE_VERSION => Ok(InForce { version, since }),
        Some(offset) if version > known => Err(NewerVersion { version, offset, known }.into()),
        Some(_) if version >= BASE_VERSION => Ok(InForce { version, since }),
        _ => Err(WireError::OutOfBounds("a version of the rules").into()),
    }
}

fn write_event(event: &Event, form: u8, out: &mut Vec<u8>) {
    out.put_u64_fixed(event.id.0);
    out.put_u8(event.phase as u8);
    write_prices(&event.prices, out);
    write_policy(&event.policy, out);
    out.put_count(event.seat_map.category_count);
    out.put_count(event.seat_map.blocks.len());
    event.seat_map.blocks.iter().for_each(|block| write_block(block, out));
    out.put_count(event.orders.slots.len());
    event.orders.slots.iter().for_each(|order| write_order(order, out));
    out.put_count(event.orders.ended.len());
    event.orders.ended.iter().for_each(|&slot| out.put_varint(u64::from(slot)));
    out.put_count(event.buyers.records.len());
    event.buyers.records.iter().for_each(|buyer| write_buyer(buyer, out));
    out.put_varint(u64::from(event.shoppers));
    out.put_varint(event.places_reserved);
    event.places_spent.iter().for_each(|&bits| out.put_u64_fixed(bits));
    out.put_varint(event.sweep.map_or(0, |slot| u64::from(slot) + 1));
    write_line(event, out);
    write_tickets(&event.tickets, out);
    write_later(event, form, out);
}

/// The line, then the buyers who share a cohort, by their number: most share none.
fn write_line(event: &Event, out: &mut Vec<u8>) {
    event.waiting_line.write(out);
    let sharing = event.buyers.records.iter().enumerate();
    let sharing = sharing.filter_map(|(at, buyer)| Some((at, buyer.cohort?)));
    out.put_count(sharing.clone().count());
    for (at, cohort) in sharing {
        out.put_count(at);
        out.put_varint(u64::from(cohort.number()));
    }
}

fn write_tickets(tickets: &TicketStates, out: &mut Vec<u8>) {
    out.put_count(tickets.all_handed_on().len());
    for (hold_id, seat, HandedOn { owner, edition }) in tickets.all_handed_on() {
        write_ticket((hold_id, seat), out);
        out.put_u64_fixed(owner.0);
        out.put_varint(u64::from(edition));
    }
    out.put_count(tickets.all_redeemed().len());
    tickets.all_redeemed().for_each(|ticket| write_ticket(ticket, out));
}

fn read_tickets(cursor: &mut Cursor<'_>) -> Result<TicketStates, WireError> {
    let mut handed_on = Vec::new();
    for _ in 0..read_count(cursor)? {
        let (hold_id, seat) = read_ticket(cursor)?;
        let owner = BuyerId(cursor.u64_fixed()?);
        handed_on.push((hold_id, seat, HandedOn { owner, edition: cursor.u16()? }));
    }
    let redeemed: Result<Vec<_>, WireError> =
        (0..read_count(cursor)?).map(|_| read_ticket(cursor)).collect();
    Ok(TicketStates::restored(handed_on, redeemed?))
}

fn write_ticket((hold_id, seat): (HoldId, SeatId), out: &mut Vec<u8>) {
    out.put_u64_fixed(hold_id.0);
    out.put_varint(u64::from(seat.0));
}

fn read_ticket(cursor: &mut Cursor<'_>) -> Result<(HoldId, SeatId), WireError> {
    Ok((HoldId(cursor.u64_fixed()?), SeatId(cursor.u32()?)))
}

fn read_line(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    event.waiting_line = WaitingLine::read(cursor, event.places_spent.len())?;
    for _ in 0..read_count(cursor)? {
        let at = cursor.usize(COUNT_MAX, "a buyer's number")?;
        let cohort = read_cohort(cursor)?;
        let buyer = event.buyers.records.get_mut(at);
        buyer.ok_or(WireError::OutOfBounds("a buyer's number"))?.cohort = Some(cohort);
    }
    Ok(())
}

fn read_event(cursor: &mut Cursor<'_>, form: u8) -> Result<Event, WireError> {
    let id = EventId(cursor.u64_fixed()?);
    let phase = cursor.u8()?;
    let phase = SalePhase::from_code(phase).ok_or(WireError::UnknownKind(phase))?;
    let prices = read_prices(cursor)?;
    let policy = read_policy(cursor)?;
    let category_count = cursor.usize(64, "a count of categories")?;
    let blocks: Result<Vec<Block>, WireError> =
        (0..read_count(cursor)?).map(|_| read_block(cursor)).collect();
    let seat_map = SeatMap::from_blocks(blocks?, category_count);
    let mut orders = Orders::with_room_for(seat_map.capacity as usize + 1024);
    for _ in 0..read_count(cursor)? {
        orders.slots.push(read_order(cursor)?);
    }
    for _ in 0..read_count(cursor)? {
        let slot = cursor.u32()?;
        if slot as usize >= orders.slots.len() {
            return Err(WireError::OutOfBounds("a slot"));
        }
        orders.ended.push_back(slot);
    }
    let buyers: Result<Vec<Buyer>, WireError> =
        (0..read_count(cursor)?).map(|_| read_buyer(cursor)).collect();
    let shoppers = cursor.u32()?;
    let places_reserved = cursor.bounded(super::event::PLACES_MAX, "a count of places")?;
    let words = places_reserved.div_ceil(64);
    let places_spent: Result<Vec<u64>, WireError> =
        (0..words).map(|_| cursor.u64_fixed()).collect();
    let sweep = cursor.u32()?.checked_sub(1);
    let mut event = Event {
        id,
        phase,
        prices,
        policy,
        seat_map,
        orders,
        buyers: Buyers::from_records(buyers?),
        shoppers,
        open_since: LogTime(0),
        places_reserved,
        places_spent: places_spent?,
        sweep,
        order: LineOrder::AS_GIVEN,
        waiting_line: WaitingLine::default(),
        tickets: TicketStates::default(),
        unanswered: Unanswered::default(),
        set_aside: BTreeMap::new(),
        consents: Consents::default(),
        announcements: Announcements::default(),
        codes: Codes::default(),
        releases: Releases::default(),
        sale_times: SaleTimes::default(),
        details_revision: 0,
    };
    read_line(&mut event, cursor)?;
    event.tickets = read_tickets(cursor)?;
    read_later(&mut event, cursor, form)?;
    Ok(event)
}

fn write_block(block: &Block, out: &mut Vec<u8>) {
    out.put_varint(u64::from(block.first_seat));
    out.put_varint(u64::from(block.rank));
    out.put_bytes(&[block.category, block.count, u8::from(block.general_admission)]);
    for mask in [block.for_sale, block.accessible, block.free, block.sold] {
        out.put_u64_fixed(mask);
    }
}

fn read_block(cursor: &mut Cursor<'_>) -> Result<Block, WireError> {
    let first_seat = cursor.bounded(1 << 24, "a seat")? as u32;
    let rank = cursor.u32()?;
    let category = cursor.bounded(63, "a category")? as u8;
    let count = cursor.bounded(64, "a count of seats")? as u8;
    Ok(Block {
        first_seat,
        rank,
        category,
        count,
        general_admission: cursor.bool()?,
        touches: false,
        for_sale: cursor.u64_fixed()?,
        accessible: cursor.u64_fixed()?,
        companion: 0,
        free: cursor.u64_fixed()?,
        sold: cursor.u64_fixed()?,
        longest: 0,
    })
}

fn write_order(order: &Order, out: &mut Vec<u8>) {
    out.put_varint(u64::from(order.generation));
    out.put_bytes(&[order.status as u8, u8::from(order.settled), order.attempt, order.extensions]);
    out.put_u64_fixed(order.buyer.0);
    out.put_varint(order.amount);
    out.put_varint(order.until.0);
    out.put_varint(order.armed.0);
    out.put_seats(&order.seats);
}

fn read_order(cursor: &mut Cursor<'_>) -> Result<Order, WireError> {
    let generation = cursor.u32()?;
    let status = cursor.u8()?;
    Ok(Order {
        generation,
        status: OrderStatus::from_code(status).ok_or(WireError::UnknownKind(status))?,
        settled: cursor.bool()?,
        attempt: cursor.u8()?,
        extensions: cursor.u8()?,
        buyer: BuyerId(cursor.u64_fixed()?),
        amount: cursor.varint()?,
        until: cursor.time()?,
        pay_by: None,
        held_until: LogTime(0),
        armed: cursor.time()?,
        seats: cursor.seats()?,
    })
}

fn write_buyer(buyer: &Buyer, out: &mut Vec<u8>) {
    out.put_u64_fixed(buyer.id.0);
    out.put_u8(u8::from(buyer.in_shop));
    out.put_varint(u64::from(buyer.seats_count));
    out.put_varint(buyer.place.0);
    out.put_varint(buyer.pass_until.0);
    out.put_varint(buyer.cooldown_until.0);
    out.put_count(buyer.live_holds().len());
    buyer.live_holds().iter().for_each(|hold_id| out.put_u64_fixed(hold_id.0));
}

fn read_buyer(cursor: &mut Cursor<'_>) -> Result<Buyer, WireError> {
    let mut buyer = Buyer {
        id: BuyerId(cursor.u64_fixed()?),
        in_shop: cursor.bool()?,
        holds_count: 0,
        seats_count: cursor.u16()?,
        cohort: None,
        place: cursor.place()?,
        pass_until: cursor.time()?,
        idle_ms: 0,
        idle_until: LogTime(0),
        cooldown_until: cursor.time()?,
        cooldown_count: 0,
        holds: [HoldId(0); HOLDS_PER_BUYER_MAX],
    };
    for _ in 0..cursor.usize(HOLDS_PER_BUYER_MAX, "a count of holds")? {
        buyer.add_hold(HoldId(cursor.u64_fixed()?));
    }
    Ok(buyer)
}

fn write_timer(timer: &Timer, out: &mut Vec<u8>) {
    out.put_varint(timer.deadline.0);
    out.put_varint(u64::from(timer.event));
    match timer.kind {
        TimerKind::Order { slot, generation } => {
            out.put_u8(0);
            out.put_varint(u64::from(slot));
            out.put_varint(u64::from(generation));
        }
        TimerKind::Visit { buyer } => {
            out.put_u8(1);
            out.put_varint(u64::from(buyer));
        }
        TimerKind::Return { hold_id } => {
            out.put_u8(2);
            out.put_u64_fixed(hold_id.0);
        }
        TimerKind::Sale => out.put_u8(3),
        TimerKind::Announcement { id } => {
            out.put_u8(4);
            out.put_u64_fixed(id.0);
        }
    }
}

fn read_timer(cursor: &mut Cursor<'_>, events: usize) -> Result<Timer, WireError> {
    let deadline = cursor.time()?;
    let event = cursor.u32()?;
    if event as usize >= events {
        return Err(WireError::OutOfBounds("an event's number"));
    }
    let kind = match cursor.u8()? {
        0 => TimerKind::Order { slot: cursor.u32()?, generation: cursor.u32()? },
        1 => TimerKind::Visit { buyer: cursor.u32()? },
        2 => TimerKind::Return { hold_id: HoldId(cursor.u64_fixed()?) },
        3 => TimerKind::Sale,
        4 => TimerKind::Announcement { id: AnnouncementId(cursor.u64_fixed()?) },
        unknown => return Err(WireError::UnknownKind(unknown)),
    };
    Ok(Timer { deadline, event, kind })
}

fn write_outcome(remembered: &Remembered, out: &mut Vec<u8>) {
    out.put_u128_fixed(remembered.command_id.0);
    out.put_u32_fixed(remembered.fingerprint);
    match remembered.outcome {
        Outcome::Refused(refusal) => out.put_bytes(&[0, refusal as u8]),
        Outcome::Done => out.put_u8(1),
        Outcome::Order(hold_id) => {
            out.put_u8(2);
            out.put_u64_fixed(hold_id.0);
        }
        Outcome::Entered { place, until } => {
            out.put_u8(3);
            out.put_varint(place.0);
            out.put_varint(until.0);
        }
        Outcome::Places { first, count } => {
            out.put_u8(4);
            out.put_varint(first.0);
            out.put_varint(u64::from(count));
        }
        Outcome::Status => out.put_u8(5),
    }
}

fn read_outcome(cursor: &mut Cursor<'_>) -> Result<Remembered, WireError> {
    let command_id = CommandId(cursor.u128_fixed()?);
    let fingerprint = cursor.u32_fixed()?;
    let outcome = match cursor.u8()? {
        0 => {
            let code = cursor.u8()?;
            Outcome::Refused(Refusal::from_code(code).ok_or(WireError::UnknownKind(code))?)
        }
        1 => Outcome::Done,
        2 => Outcome::Order(HoldId(cursor.u64_fixed()?)),
        3 => Outcome::Entered { place: cursor.place()?, until: cursor.time()? },
        4 => Outcome::Places { first: cursor.place()?, count: cursor.u32()? },
        5 => Outcome::Status,
        unknown => return Err(WireError::UnknownKind(unknown)),
    };
    Ok(Remembered { command_id, fingerprint, outcome })
}
