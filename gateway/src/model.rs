//! What is sent and received. Serialised types live here and nowhere deeper.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{EventStatus, LogTime, OrderStatus, OrderView, Place, Reply, SeatId};

use crate::routes::sandbox::asks_buyer;
use crate::state::GatewayState;
use crate::time;
use crate::views::{AsOf, Counts, EventView, SeatPlace};

/// The record of the event's log up to which an answer is true.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Position {
    pub(crate) offset: u64,
    #[schema(example = "2026-11-24T12:00:00.000Z")]
    pub(crate) at: String,
}

impl From<AsOf> for Position {
    fn from(as_of: AsOf) -> Self {
        Position { offset: as_of.source.offset, at: time::text(as_of.at) }
    }
}

impl From<&Reply> for Position {
    fn from(reply: &Reply) -> Self {
        Position { offset: reply.offset, at: time::text(reply.at) }
    }
}

/// A seat of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Seat {
    /// The seat's number in the plan.
    pub(crate) seat_id: u32,
    pub(crate) section: String,
    pub(crate) row: String,
    pub(crate) seat: String,
    pub(crate) category: String,
}

impl Seat {
    pub(crate) fn of(view: &EventView, seat: SeatId) -> Self {
        let place = view.place_of(seat).unwrap_or(SeatPlace {
            section: String::new(),
            row: String::new(),
            label: String::new(),
            category: 0,
        });
        let category = view.plan.categories.get(usize::from(place.category));
        Seat {
            seat_id: seat.0,
            section: place.section,
            row: place.row,
            seat: place.label,
            category: category.map(|category| category.name.clone()).unwrap_or_default(),
        }
    }
}

/// Something only the buyer can do now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Action {
    #[serde(rename = "type")]
    #[schema(example = "challenge")]
    pub(crate) kind: &'static str,
    /// Where the buyer's bank asks.
    pub(crate) url: String,
}

/// A hold, and the order that grows from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Order {
    #[schema(example = "ord_0000010000000")]
    pub(crate) order_id: String,
    #[schema(example = "hld_0000010000000")]
    pub(crate) hold_id: String,
    pub(crate) event_id: String,
    /// held, payment_pending, declined, confirmed, expired, released, refunded or cancelled.
    #[schema(example = "held")]
    pub(crate) status: &'static str,
    pub(crate) seats: Vec<Seat>,
    /// All-in total in minor units.
    pub(crate) amount: u64,
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// When the status ends by itself.
    pub(crate) expires_at: Option<String>,
    pub(crate) extensions_left: u8,
    /// Payment attempts so far.
    pub(crate) attempt: u8,
    /// Whether the money has been captured.
    pub(crate) settled: bool,
    pub(crate) action: Option<Action>,
    pub(crate) as_of: Position,
}

impl Order {
    pub(crate) fn of(
        state: &GatewayState,
        view: &EventView,
        order: &OrderView,
        as_of: Position,
    ) -> Self {
        let is_asked = order.status == OrderStatus::PaymentPending
            && asks_buyer(state.sandbox.as_deref(), view, order.hold_id);
        let url = format!("/sandbox/challenge/{}/{}", view.id, order.hold_id.order());
        Order {
            order_id: order.hold_id.order().to_string(),
            hold_id: order.hold_id.to_string(),
            event_id: view.id.to_string(),
            status: order.status.code(),
            seats: order.seats.iter().map(|seat| Seat::of(view, seat)).collect(),
            amount: order.amount,
            currency: view.prices.currency.as_str().to_owned(),
            expires_at: time::text_if_set(order.until),
            extensions_left: order.extensions_left,
            attempt: order.attempt,
            settled: order.settled,
            action: is_asked.then_some(Action { kind: "challenge", url }),
            as_of,
        }
    }
}

/// An event in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventSummary {
    #[schema(example = "evt_0000000000001")]
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) starts_at: Option<String>,
    pub(crate) venue_id: String,
    pub(crate) venue_name: String,
    /// announced, open, paused, sold_out, closed or cancelled.
    pub(crate) phase: &'static str,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) currency: String,
    /// Cheapest all-in price of one seat now, in minor units.
    pub(crate) price_from: Option<u32>,
    pub(crate) as_of: Position,
}

impl EventSummary {
    pub(crate) fn of(view: &EventView) -> Self {
        let now = time::now();
        let categories = 0..view.plan.categories.len() as u8;
        EventSummary {
            event_id: view.id.to_string(),
            name: view.name.clone(),
            description: view.description.clone(),
            starts_at: time::text_if_set(view.starts_at),
            venue_id: view.venue_id.to_string(),
            venue_name: view.plan.name.clone(),
            phase: view.phase_text(),
            capacity: view.capacity(),
            free: view.counts.free,
            currency: view.prices.currency.as_str().to_owned(),
            price_from: categories.filter_map(|category| view.price(category, now)).min(),
            as_of: view.as_of.into(),
        }
    }
}

/// Counts of one price category.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CategoryStatus {
    /// Index in the plan.
    pub(crate) category: u8,
    pub(crate) name: String,
    pub(crate) color: String,
    /// All-in price of one seat now, in minor units; absent when not for sale.
    pub(crate) price: Option<u32>,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
}

impl CategoryStatus {
    pub(crate) fn all(view: &EventView) -> Vec<Self> {
        let now = time::now();
        let rows = view.plan.categories.iter().zip(&view.by_category).zip(0_u8..);
        rows.map(|((category, &Counts { free, held, sold }), number)| {
            let [red, green, blue] = category.color;
            CategoryStatus {
                category: number,
                name: category.name.clone(),
                color: format!("#{red:02x}{green:02x}{blue:02x}"),
                price: view.price(number, now),
                free,
                held,
                sold,
            }
        })
        .collect()
    }
}

/// Phase and counts of an event: `getEventStatus`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    pub(crate) event_id: String,
    /// announced, open, paused, sold_out, closed or cancelled.
    pub(crate) phase: &'static str,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
    pub(crate) shoppers: u32,
    pub(crate) shoppers_max: u32,
    /// eventual: folded from the stream, as of `as_of`. strong: decided in the log.
    #[schema(example = "strong")]
    pub(crate) consistency: &'static str,
    /// Only with eventual consistency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) categories: Vec<CategoryStatus>,
    pub(crate) as_of: Position,
}

impl StatusAnswer {
    pub(crate) fn eventual(view: &EventView) -> Self {
        let Counts { free, held, sold } = view.counts;
        StatusAnswer {
            event_id: view.id.to_string(),
            phase: view.phase_text(),
            capacity: view.capacity(),
            free,
            held,
            sold,
            shoppers: view.shoppers,
            shoppers_max: view.policy.shoppers_max,
            consistency: "eventual",
            categories: CategoryStatus::all(view),
            as_of: view.as_of.into(),
        }
    }

    pub(crate) fn strong(reply: &Reply, status: &EventStatus) -> Self {
        let nothing_left = status.free + status.held == 0;
        let is_sold_out = nothing_left && status.phase == floodgate_domain::SalePhase::Open;
        StatusAnswer {
            event_id: reply.event_id.to_string(),
            phase: if is_sold_out { "sold_out" } else { status.phase.code() },
            capacity: status.capacity,
            free: status.free,
            held: status.held,
            sold: status.sold,
            shoppers: status.shoppers,
            shoppers_max: status.shoppers_max,
            consistency: "strong",
            categories: Vec::new(),
            as_of: reply.into(),
        }
    }
}

/// The public state of a queue; every place below `frontier` may enter.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Queue {
    pub(crate) event_id: String,
    pub(crate) phase: &'static str,
    pub(crate) frontier: u64,
    pub(crate) pace_per_minute: u32,
    pub(crate) shoppers: u32,
    pub(crate) shoppers_max: u32,
    /// How much work the door asks for; 0 is none. See `getChallenge`.
    pub(crate) puzzle_level: u8,
    /// From the organiser.
    pub(crate) message: String,
    pub(crate) free: u32,
    pub(crate) as_of_at: String,
    /// When to look again, if not listening to the stream.
    pub(crate) next_poll_ms: u64,
}

/// A place in the queue and what proves it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JoinAnswer {
    pub(crate) event_id: String,
    pub(crate) place: u64,
    /// Send as Floodgate-Device from now on; browsers have it as a cookie.
    pub(crate) device: String,
    /// Send as Floodgate-Queue-Ticket; browsers have it as a cookie.
    pub(crate) queue_ticket: String,
    pub(crate) queue: Queue,
}

/// The proof of a shopper.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EnterAnswer {
    /// Send as Floodgate-Pass; browsers have it as a cookie.
    pub(crate) pass: String,
    pub(crate) place: u64,
    pub(crate) expires_at: String,
    pub(crate) as_of: Position,
}

impl EnterAnswer {
    pub(crate) fn of(pass: String, place: Place, until: LogTime, reply: &Reply) -> Self {
        EnterAnswer { pass, place: place.0, expires_at: time::text(until), as_of: reply.into() }
    }
}

/// Done, as of a position.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DoneAnswer {
    #[schema(example = "done")]
    pub(crate) status: &'static str,
    pub(crate) as_of: Position,
}

/// Not decided within the deadline; ask again, or repeat the request with the same key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PendingAnswer {
    pub(crate) command_id: String,
    #[schema(example = "pending")]
    pub(crate) status: &'static str,
    /// Where to ask.
    pub(crate) ask: String,
}

/// A body with nothing in it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}
