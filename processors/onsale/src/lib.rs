//! The seat engine: a pure, deterministic fold of commands into facts.
//!
//! No I/O, clock, randomness, async or logging here: time and ids come in as values, and
//! everything that happens goes out as data. Start reading at [`engine::Engine::step`], then
//! `engine/decide/` (what may happen) and `engine/apply.rs` (what then is).
//!
//! | module | holds |
//! |---|---|
//! | [`ids`], [`seats`], [`price`], [`policy`], [`plan`] | the words |
//! | [`dials`], [`payment`], [`cohort`] | more of them |
//! | [`command`], [`fact`], [`refusal`], [`answer`] | asked, happened, refused, told |
//! | [`engine`] | decide, apply, timing wheel, invariants, snapshots |
//! | [`wire`] | the compact, versioned form of all of them |

pub mod answer;
pub mod cohort;
pub mod command;
pub mod dials;
pub mod engine;
pub mod fact;
pub mod ids;
pub mod payment;
pub mod plan;
pub mod policy;
pub mod price;
pub mod refusal;
pub mod seats;
pub mod wire;

pub use answer::{Answer, EventStatus, OrderStatus, OrderView, Reply, SalePhase};
pub use cohort::{AgeBand, Cohort, Region};
pub use command::{Command, Dials, Envelope, NewEvent, PaymentMethod};
pub use dials::{PhaseDial, RoomDials};
pub use engine::{Engine, EngineLimits};
pub use fact::{Fact, FactRecord, Source};
pub use ids::{
    Actor, BuyerId, CommandId, EventId, GatewayId, HoldId, LogTime, OrderName, Place, StaffId,
    VenueId,
};
pub use payment::PaymentResult;
pub use plan::{CategorySet, Plan};
pub use policy::Policy;
pub use price::{Currency, PriceTable, Tier};
pub use refusal::Refusal;
pub use seats::{SeatId, SeatList};
