//! The shared vocabulary: commands on an event, what happens to it, and how both are encoded.
//!
//! Pure data with the rules that belong to it; nothing here decides. Start reading at
//! [`command`] (what is requested) and [`fact`] (what happened).
//!
//! | module | holds |
//! |---|---|
//! | [`ids`], [`seats`], [`price`], [`policy`], [`plan`] | the nouns |
//! | [`details`] | what people plan an event by |
//! | [`bounds`] | what the rules of a sale can be |
//! | [`presale`] | codes that let people in before a sale opens to all |
//! | [`release`] | tables of an audience, and what each costs in privacy |
//! | [`text`] | what a name may hold, and which names look alike |
//! | [`dials`], [`line`], [`payment`], [`cohort`], [`network`] | more of them |
//! | [`consent`], [`announcement`] | who agreed to messages, and what is said to whom |
//! | [`command`], [`fact`], [`refusal`], [`answer`] | requested, happened, refused, answered |
//! | [`effects`] | what each fact changes, for all readers |
//! | [`tally`] | what happens in a sale, counted |
//! | [`wire`] | the compact, versioned form of all of them |

pub mod announcement;
pub mod answer;
pub mod bounds;
pub mod cohort;
pub mod command;
pub mod consent;
pub mod details;
pub mod dials;
pub mod effects;
pub mod fact;
pub mod house;
pub mod ids;
pub mod line;
pub mod network;
pub mod payment;
pub mod plan;
pub mod policy;
pub mod presale;
pub mod price;
pub mod refusal;
pub mod release;
pub mod seats;
pub mod tally;
pub mod text;
pub mod wire;

pub use announcement::{Announcement, AnnouncementStep, AudienceSpec, AudienceWho};
pub use answer::{Answer, EventStatus, OrderStatus, OrderView, Reply, SalePhase};
pub use cohort::{AgeBand, Cohort, Region};
pub use command::{Command, Envelope, NewEvent, PaymentMethod, SeatGroup};
pub use consent::{Channel, Consent, ConsentScope};
pub use details::{EventDetails, Look, Picture};
pub use dials::{DialChange, PhaseDial};
pub use effects::Effects;
pub use fact::{Fact, FactPosition, FactRecord, SetBy};
pub use house::{Gift, HouseSeats, Refund, RefundReason, RefundWhy};
pub use ids::{
    Actor, AnnouncementId, BuyerId, CommandId, ContactId, EventId, GatewayId, HoldId, LogTime,
    OrderName, PersonId, Place, StaffId, VenueId, WebhookId,
};
pub use line::{Frontier, LineOrder, Rank};
pub use network::Network;
pub use payment::{
    ActionUrl, AuthorisedPayment, PaymentAction, PaymentReference, PaymentResult, Subject,
};
pub use plan::{CategorySet, Plan};
pub use policy::Policy;
pub use presale::{CodeMint, CodeNumber};
pub use price::{Currency, PriceTable, Tier};
pub use refusal::Refusal;
pub use release::AudienceRelease;
pub use seats::{SeatId, SeatList, SeatSet, SeatState};
