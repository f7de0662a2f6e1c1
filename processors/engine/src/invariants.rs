//! Named invariants: one predicate each, used by tests, simulator, runner and metrics.

use super::Engine;
use super::event::Event;
use super::orders::Order;
use super::wheel::{SLOT_MS, Timer, TimerKind};
use floodgate_domain::answer::OrderStatus;
use floodgate_domain::details::SaleTimes;
use floodgate_domain::ids::BuyerId;
use floodgate_domain::seats::SeatState;

/// A named invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub detail: String,
}

type Predicate = fn(&Engine, &Event) -> Result<(), String>;

/// Every invariant of the engine's state, by id.
pub const INVARIANTS: [(&str, &str); 14] = [
    (
        "seat-one-owner",
        "a held or sold seat belongs to exactly one live or confirmed order, or is set aside",
    ),
    ("seats-add-up", "free + held + sold = capacity, by block and in all"),
    ("hold-ends", "every held order has a deadline and a timer that will find it"),
    ("visits-end", "whoever is in the shop without seats has a timer that will find them"),
    ("sale-on-time", "a sale that will open or close by itself has a timer for it"),
    ("shoppers-counted", "the shoppers counted are the buyers in the shop"),
    ("buyer-limits", "a buyer's seats and live holds are those of their orders"),
    ("place-enters-once", "every shopper's place is spent and was given out"),
    ("line-moves-on", "places called were given out, and who waits for a message is counted"),
    ("ticket-of-order", "a ticket handed on or let in with is a seat of a confirmed order"),
    ("announcement-starts", "an announcement that nothing holds back has started, or has a timer"),
    ("consents-add-up", "consents are counted one by one, and nobody is kept who has none"),
    ("codes-claimed-once", "a claimed code exists and is one buyer's, and a buyer has one"),
    ("budget-kept", "what any 365 days of releases have cost is within the budget"),
];

const PREDICATES: [Predicate; 14] = [
    seat_one_owner,
    seats_add_up,
    hold_ends,
    visits_end,
    sale_on_time,
    shoppers_counted,
    buyer_limits,
    place_enters_once,
    line_moves_on,
    ticket_of_order,
    announcement_starts,
    consents_add_up,
    codes_claimed_once,
    budget_kept,
];

impl Engine {
    /// Every invariant that does not hold now; empty when all is well. Looks at every seat,
    /// order and buyer: for tests, recovery and spot checks, not for each command.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for event in &self.events {
            for ((invariant, _), predicate) in INVARIANTS.iter().zip(PREDICATES) {
                if let Err(detail) = predicate(self, event) {
                    let detail = format!("{}: {detail}", event.id);
                    violations.push(Violation { invariant, detail });
                }
            }
        }
        violations
    }
}

fn expect_equal(what: &str, found: u64, expected: u64) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found}, expected {expected}")) }
}

fn seat_one_owner(_: &Engine, event: &Event) -> Result<(), String> {
    let mut owners = std::collections::HashSet::new();
    for (slot, order) in event.orders.slots.iter().enumerate() {
        if !order.status.has_seats() {
            continue;
        }
        let expected = match order.status {
            OrderStatus::Confirmed => SeatState::Sold,
            _ => SeatState::Held,
        };
        for seat in order.seats.iter() {
            if !owners.insert(seat) {
                return Err(format!("seat {} has two owners, one in slot {slot}", seat.0));
            }
            let state = event.seat_map.seat_state(seat);
            if state != Some(expected) {
                return Err(format!("seat {} of slot {slot} is {state:?}", seat.0));
            }
        }
    }
    for seat in event.set_aside.values().flat_map(|aside| aside.seats.iter()) {
        if !owners.insert(seat) || event.seat_map.seat_state(seat) != Some(SeatState::Held) {
            return Err(format!("seat {} is set aside and not held", seat.0));
        }
    }
    let taken = u64::from(event.seat_map.capacity - event.seat_map.free);
    expect_equal("owned seats", owners.len() as u64, taken)
}

fn seats_add_up(_: &Engine, event: &Event) -> Result<(), String> {
    let (mut capacity, mut free, mut sold) = (0, 0, 0);
    for block in &event.seat_map.blocks {
        if block.free & block.sold != 0 || (block.free | block.sold) & !block.for_sale != 0 {
            return Err(format!("block at seat {} is torn", block.first_seat));
        }
        capacity += block.for_sale.count_ones();
        free += block.free.count_ones();
        sold += block.sold.count_ones();
    }
    expect_equal("capacity", u64::from(capacity), u64::from(event.seat_map.capacity))?;
    expect_equal("free", u64::from(free), u64::from(event.seat_map.free))?;
    expect_equal("sold", u64::from(sold), u64::from(event.seat_map.sold))
}

fn hold_ends(engine: &Engine, event: &Event) -> Result<(), String> {
    let number = engine.number(event.id);
    let (_, timers) = engine.wheel.parts();
    let armed: std::collections::HashSet<_> = timers
        .filter(|timer| Some(timer.event) == number)
        .filter_map(|timer| match timer.kind {
            TimerKind::Order { slot, generation } => Some((slot, generation, timer.deadline)),
            _ => None,
        })
        .collect();
    let live = event.orders.slots.iter().enumerate().filter(|(_, order)| order.is_live());
    for (slot, order) in live {
        let late = order.armed.0 > order.until.0.saturating_add(SLOT_MS);
        if late || !armed.contains(&(slot as u32, order.generation, order.armed)) {
            return Err(format!("the order in slot {slot} has no timer at {}", order.armed.0));
        }
    }
    let (_, timers) = engine.wheel.parts();
    let returns: std::collections::HashSet<_> = timers
        .filter(|timer| Some(timer.event) == number)
        .filter_map(|timer| match timer.kind {
            TimerKind::Return { hold_id } => Some((hold_id, timer.deadline)),
            _ => None,
        })
        .collect();
    let lost = event.set_aside.iter().find(|(id, aside)| !returns.contains(&(**id, aside.until)));
    lost.map_or(Ok(()), |(id, _)| Err(format!("the seats of {id} are set aside for ever")))
}

fn visits_end(engine: &Engine, event: &Event) -> Result<(), String> {
    let number = engine.number(event.id);
    let (_, timers) = engine.wheel.parts();
    let mut first = std::collections::HashMap::new();
    for timer in timers.filter(|timer| Some(timer.event) == number) {
        if let TimerKind::Visit { buyer } = timer.kind {
            let earliest = first.entry(buyer as usize).or_insert(timer.deadline);
            *earliest = timer.deadline.min(*earliest);
        }
    }
    let records = event.buyers.records.iter().enumerate();
    let free = records.filter(|(_, buyer)| buyer.in_shop && buyer.live_holds().is_empty());
    for (at, buyer) in free {
        let end = event.idle_end(buyer).unwrap_or(buyer.pass_until).min(buyer.pass_until);
        if first.get(&at).is_none_or(|deadline| *deadline > end) {
            return Err(format!("{} may stay beyond {}", buyer.id, end.0));
        }
    }
    Ok(())
}

/// What lies ahead of a sale has its timer; what has passed had it.
fn sale_on_time(engine: &Engine, event: &Event) -> Result<(), String> {
    let number = engine.number(event.id);
    let SaleTimes { presale_at, opens_at, closes_at } = event.sale_times;
    for at in
        [presale_at, opens_at, closes_at].into_iter().flatten().filter(|at| *at > engine.clock())
    {
        let (_, mut timers) = engine.wheel.parts();
        let is_it = |timer: &Timer| {
            Some(timer.event) == number && timer.kind == TimerKind::Sale && timer.deadline == at
        };
        if !timers.any(is_it) {
            return Err(format!("nothing happens at {}", at.0));
        }
    }
    Ok(())
}

fn shoppers_counted(_: &Engine, event: &Event) -> Result<(), String> {
    let in_shop = event.buyers.records.iter().filter(|buyer| buyer.in_shop).count();
    expect_equal("shoppers", u64::from(event.shoppers), in_shop as u64)
}

fn buyer_limits(_: &Engine, event: &Event) -> Result<(), String> {
    let mut seats = vec![0_u64; event.buyers.records.len()];
    let mut holds = vec![0_u64; event.buyers.records.len()];
    let has_seats = |order: &&Order| order.status.has_seats() && order.buyer != BuyerId::HOUSE;
    for order in event.orders.slots.iter().filter(has_seats) {
        let Some(at) = event.buyers.position(order.buyer) else {
            return Err(format!("{} has an order but no record", order.buyer));
        };
        seats[at as usize] += order.seats.len() as u64;
        holds[at as usize] += u64::from(order.is_live());
    }
    for (at, buyer) in event.buyers.records.iter().enumerate() {
        expect_equal("seats of a buyer", u64::from(buyer.seats_count), seats[at])?;
        expect_equal("holds of a buyer", u64::from(buyer.holds_count), holds[at])?;
    }
    let with_seats = seats.iter().filter(|count| **count > 0).count();
    expect_equal("buyers with seats", event.buyers.with_seats() as u64, with_seats as u64)?;
    Ok(())
}

fn place_enters_once(_: &Engine, event: &Event) -> Result<(), String> {
    let mut places = std::collections::HashSet::new();
    for buyer in event.buyers.records.iter().filter(|buyer| buyer.in_shop) {
        let given_out = buyer.place.0 < event.places_reserved;
        if !given_out || !event.place_is_spent(buyer.place) || !places.insert(buyer.place) {
            return Err(format!("place {} of {} did not enter once", buyer.place.0, buyer.id));
        }
    }
    Ok(())
}

fn line_moves_on(_: &Engine, event: &Event) -> Result<(), String> {
    let called = event.waiting_line.called.0;
    if called > event.places_reserved {
        return Err(format!("{called} places called of {}", event.places_reserved));
    }
    let awaiting = event.waiting_line.count();
    expect_equal("turns awaited", u64::from(event.waiting_line.awaiting()), u64::from(awaiting))
}

fn ticket_of_order(_: &Engine, event: &Event) -> Result<(), String> {
    let handed_on = event.tickets.all_handed_on().map(|(hold_id, seat, _)| (hold_id, seat));
    for (hold_id, seat) in handed_on.chain(event.tickets.all_redeemed()) {
        let order = event.orders.get(hold_id);
        let has_it = order.is_some_and(|order| {
            order.status == OrderStatus::Confirmed && order.seats.as_slice().contains(&seat)
        });
        if !has_it {
            return Err(format!("seat {} of {hold_id} is a ticket of no order", seat.0));
        }
    }
    Ok(())
}

/// What lies ahead has its timer, whatever holds it back now; what is due and held back by nothing has
/// started, or its timer is about to fire.
fn announcement_starts(engine: &Engine, event: &Event) -> Result<(), String> {
    let number = engine.number(event.id);
    let (_, timers) = engine.wheel.parts();
    let timers: std::collections::HashSet<_> = timers
        .filter(|timer| Some(timer.event) == number)
        .filter_map(|timer| match timer.kind {
            TimerKind::Announcement { id } => Some((id, timer.deadline)),
            _ => None,
        })
        .collect();
    for (id, state) in event.announcements.all().filter(|(_, state)| !state.has_started) {
        let is_ahead = state.send_at.is_some_and(|at| at > engine.clock());
        let has_timer = state.send_at.is_some_and(|at| timers.contains(&(id, at)));
        if (is_ahead || state.is_ready()) && !has_timer {
            return Err(format!("nothing lets {id} go out"));
        }
    }
    Ok(())
}

fn consents_add_up(_: &Engine, event: &Event) -> Result<(), String> {
    if event.consents.add_up() { Ok(()) } else { Err("consents are counted wrongly".to_owned()) }
}

fn codes_claimed_once(_: &Engine, event: &Event) -> Result<(), String> {
    let is_so = event.codes.claimed_once();
    if is_so { Ok(()) } else { Err("a code is claimed twice, or by nobody".to_owned()) }
}

fn budget_kept(_: &Engine, event: &Event) -> Result<(), String> {
    let is_so = event.releases.are_within_budget();
    if is_so { Ok(()) } else { Err("a year of releases has cost too much".to_owned()) }
}
