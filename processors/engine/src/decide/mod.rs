//! Decide: what a command comes to, given the state. Changes nothing.
//!
//! Each file holds one group of commands. A decision pushes facts and names the outcome;
//! a refusal pushes nothing.

mod crowd;
mod hold;
mod manage;
mod payment;
mod shop;
mod timeout;

pub(super) use manage::problem_with_new_event;
pub(super) use timeout::{expire, undo_cancelled};

use super::event::Event;
use super::outcomes::Outcome;
use floodgate_domain::command::Command;
use floodgate_domain::dials::PhaseDial;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::{Actor, BuyerId, LogTime};
use floodgate_domain::refusal::Refusal;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) now: LogTime,
    pub(super) actor: Actor,
}

impl Asked {
    fn buyer(self) -> Result<BuyerId, Refusal> {
        match self.actor {
            Actor::Buyer(buyer) => Ok(buyer),
            Actor::System | Actor::Staff(_) => Err(Refusal::NotAllowed),
        }
    }

    fn staff(self) -> Result<(), Refusal> {
        match self.actor {
            Actor::Staff(_) | Actor::System => Ok(()),
            Actor::Buyer(_) => Err(Refusal::NotAllowed),
        }
    }

    fn system(self) -> Result<(), Refusal> {
        match self.actor {
            Actor::System => Ok(()),
            Actor::Buyer(_) | Actor::Staff(_) => Err(Refusal::NotAllowed),
        }
    }
}

/// Decides a command that concerns one existing event.
pub(super) fn decide(
    event: &Event,
    asked: Asked,
    command: &Command,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    match command {
        Command::CreateEvent(_) => Err(Refusal::EventExists),
        Command::SetPrices(prices) => manage::set_prices(event, asked, prices, facts),
        Command::SetPolicy(policy) => manage::set_policy(asked, policy, facts),
        Command::OpenSale => manage::set_phase(event, asked, PhaseDial::Open, facts),
        Command::PauseSale => manage::set_phase(event, asked, PhaseDial::Pause, facts),
        Command::CloseSale => manage::set_phase(event, asked, PhaseDial::Close, facts),
        Command::CancelEvent => manage::set_phase(event, asked, PhaseDial::Cancel, facts),
        Command::ReservePlaces { count } => shop::reserve_places(event, asked, *count, facts),
        Command::Enter { place } => shop::enter(event, asked, *place, facts),
        Command::Leave => shop::leave(event, asked, facts),
        Command::HoldSeats { seats, accessible } => {
            hold::hold_seats(event, asked, seats, *accessible, facts)
        }
        Command::HoldBest { count, categories } => {
            hold::hold_best(event, asked, *count, *categories, facts)
        }
        Command::ExtendHold { hold_id } => hold::extend_hold(event, asked, *hold_id, facts),
        Command::ReleaseHold { hold_id } => hold::release_hold(event, asked, *hold_id, facts),
        Command::StartPurchase { hold_id, method } => {
            payment::start_purchase(event, asked, *hold_id, *method, facts)
        }
        Command::PaymentAuthorised { hold_id, attempt, payment } => {
            payment::authorised(event, asked, (*hold_id, *attempt), payment, facts)
        }
        Command::RecordPaymentAction { hold_id, attempt, action } => {
            payment::action_required(event, asked, (*hold_id, *attempt), action, facts)
        }
        Command::PaymentDeclined { hold_id, attempt } => {
            payment::declined(event, asked, *hold_id, *attempt, facts)
        }
        Command::PaymentCaptured { hold_id, attempt } => {
            payment::captured(event, asked, *hold_id, *attempt, facts)
        }
        Command::PaymentLost { hold_id, attempt } => {
            payment::lost(event, asked, *hold_id, *attempt, facts)
        }
        Command::RefundOrder { hold_id } => payment::refund(event, asked, *hold_id, facts),
        Command::ReadStatus => Ok(Outcome::Status),
        Command::TuneQueue(dials) => manage::tune_queue(asked, dials, facts),
        Command::CallPlaces { below } => crowd::call_places(event, asked, *below, facts),
        Command::AwaitTurn { place } => crowd::await_turn(event, asked, *place, facts),
        Command::ShareCohort { cohort } => crowd::share_cohort(event, asked, Some(*cohort), facts),
        Command::WithdrawCohort => crowd::share_cohort(event, asked, None, facts),
        Command::MarkTime => crowd::mark_time(asked, facts),
        Command::TuneRoom(dials) => manage::tune_room(event, asked, dials, facts),
        // Their types are fixed, their rules come with a later engine version; until an
        // EngineVersion command raises it, every log decides them alike.
        Command::CommitDraw { .. }
        | Command::RevealDraw { .. }
        | Command::TransferTicket { .. }
        | Command::RedeemTicket { .. }
        | Command::Announce { .. } => Err(Refusal::NeedsNewerEngine),
        // Decided for the whole partition before any event is looked up.
        Command::Tick | Command::EngineVersion { .. } => Err(Refusal::WrongPhase),
    }
}
