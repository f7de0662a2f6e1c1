//! Requests and responses, by subject. Serialised types are here and nowhere deeper; handlers know
//! what they mean for the log and the views.

pub(crate) mod announcement;
mod answer;
mod calendar;
pub(crate) mod contact;
mod details;
mod dials;
mod door;
mod event;
mod hold;
pub(crate) mod house;
mod me;
mod order;
mod payment;
mod plan;
mod policy;
mod price;
mod problem;
mod queue;
mod sale;
mod seat;
mod staff;
mod status;
mod ticket;
mod venue;

pub(crate) use answer::{DoneAnswer, Empty, LogPosition, PendingAnswer};
pub(crate) use calendar::calendar;
pub(crate) use details::DetailsPatch;
pub(crate) use dials::{ChangeBody, DialAnswer, DialValues};
pub(crate) use door::{DoorAnswer, PuzzleChallenge};
pub(crate) use event::{CreateEvent, Created, EventDetail, EventList, EventSummary};
pub(crate) use hold::{Acquire, Best, SeatName};
pub(crate) use me::{CohortAnswers, Me};
pub(crate) use order::{Order, PurchaseBody};
pub(crate) use payment::{OrderPayment, PaymentForm, Recorded, WebhookTaken};
pub(crate) use plan::SeatingPlan;
pub(crate) use policy::PolicyPatch;
pub(crate) use price::{Prices, price_table};
pub(crate) use problem::{ProblemCode, ProblemList};
pub(crate) use queue::{EnterAnswer, Join, JoinAnswer, Queue};
pub(crate) use sale::PhaseChange;
pub(crate) use seat::Seat;
pub(crate) use staff::{ConnectionAnswer, StaffMe};
pub(crate) use status::StatusAnswer;
pub(crate) use ticket::*;
pub(crate) use venue::{PlanPreview, PlanReport, PlanUpload};
