//! Decide: the outcome of a command, given the state. Changes nothing.
//!
//! One file per command; [`decide`] is the one match. A decision pushes facts and returns the
//! outcome; a refusal pushes nothing. `rules/` holds what several commands share; `expire` and
//! `undo_cancelled` are what happens without a command.

mod announce;
mod await_turn;
mod block_seats;
mod call_places;
mod capture_failed;
mod claim_code;
mod context;
mod create_event;
mod engine_version;
mod enter;
mod expire;
mod extend_hold;
mod give_consent;
mod give_seats;
mod hold_best;
mod hold_seats;
mod leave;
mod mark_time;
mod mint_codes;
mod payment_authorised;
mod payment_captured;
mod payment_declined;
mod payment_lost;
mod record_payment_action;
mod redeem_ticket;
mod refund_order;
mod release_audience;
mod release_hold;
mod reserve_places;
mod rules;
mod set_details;
mod set_dials;
mod set_policy;
mod set_prices;
mod share_cohort;
mod start_purchase;
mod stay;
mod steer_announcement;
mod transfer_ticket;
mod undo_cancelled;
mod withdraw_consent;

use floodgate_domain::command::Command;
use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use crate::event::Event;
use crate::outcomes::Outcome;

use self::announce::announce;
use self::await_turn::await_turn;
use self::block_seats::{block_seats, unblock_seats};
use self::call_places::call_places;
use self::capture_failed::capture_failed;
use self::claim_code::claim_code;
pub(crate) use self::context::Context;
pub(crate) use self::create_event::create_event;
pub(crate) use self::engine_version::engine_version;
use self::enter::enter;
pub(crate) use self::expire::expire;
use self::extend_hold::extend_hold;
use self::give_consent::give_consent;
use self::give_seats::give_seats;
use self::hold_best::hold_best;
use self::hold_seats::hold_seats;
use self::leave::leave;
use self::mark_time::mark_time;
use self::mint_codes::mint_codes;
use self::payment_authorised::payment_authorised;
use self::payment_captured::payment_captured;
use self::payment_declined::payment_declined;
use self::payment_lost::payment_lost;
use self::record_payment_action::record_payment_action;
use self::redeem_ticket::redeem_ticket;
use self::refund_order::refund_order;
use self::release_audience::release_audience;
use self::release_hold::release_hold;
use self::reserve_places::reserve_places;
use self::set_details::set_details;
use self::set_dials::set_dials;
use self::set_policy::set_policy;
use self::set_prices::set_prices;
use self::share_cohort::share_cohort;
use self::start_purchase::start_purchase;
use self::stay::stay;
use self::steer_announcement::steer_announcement;
use self::transfer_ticket::transfer_ticket;
pub(crate) use self::undo_cancelled::undo_cancelled;
use self::withdraw_consent::withdraw_consent;

/// Decides a command that concerns one existing event.
pub(crate) fn decide(
    event: &Event,
    context: Context,
    command: &Command,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    match command {
        Command::CreateEvent(_) => Err(Refusal::EventExists),
        Command::SetPrices(prices) => set_prices(event, context, prices, facts),
        Command::SetPolicy(policy) => set_policy(context, policy, facts),
        Command::SetDetails { details, revision } => {
            set_details(event, context, (details, *revision), facts)
        }
        Command::ReservePlaces { count } => reserve_places(event, context, *count, facts),
        Command::Enter { place } => enter(event, context, *place, facts),
        Command::Leave => leave(event, context, facts),
        Command::Stay => stay(event, context, facts),
        Command::HoldSeats { seats, accessible } => {
            hold_seats(event, context, seats, *accessible, facts)
        }
        Command::HoldBest(group) => hold_best(event, context, *group, facts),
        Command::ExtendHold { hold_id } => extend_hold(event, context, *hold_id, facts),
        Command::ReleaseHold { hold_id } => release_hold(event, context, *hold_id, facts),
        Command::StartPurchase { .. }
        | Command::PaymentAuthorised { .. }
        | Command::RecordPaymentAction { .. }
        | Command::PaymentDeclined { .. }
        | Command::PaymentCaptured { .. }
        | Command::PaymentLost { .. }
        | Command::CaptureFailed { .. } => decide_payment(event, context, command, facts),
        Command::RefundOrder { hold_id, why } => {
            refund_order(event, context, *hold_id, why.as_deref(), facts)
        }
        Command::ReadStatus => Ok(Outcome::Status),
        Command::CallPlaces { below } => call_places(event, context, *below, facts),
        Command::AwaitTurn { place } => await_turn(event, context, *place, facts),
        Command::ShareCohort { cohort } => share_cohort(event, context, Some(*cohort), facts),
        Command::WithdrawCohort => share_cohort(event, context, None, facts),
        Command::MarkTime => mark_time(context, facts),
        Command::SetDials(change) => set_dials(event, context, change, facts),
        Command::TransferTicket { hold_id, seat, edition, to } => {
            transfer_ticket(event, context, (*hold_id, *seat, *edition), *to, facts)
        }
        Command::RedeemTicket { hold_id, seat, edition } => {
            redeem_ticket(event, context, (*hold_id, *seat, *edition), facts)
        }
        Command::GiveConsent { consent } => give_consent(event, context, *consent, facts),
        Command::WithdrawConsent { scope, channel } => {
            withdraw_consent(event, context, (*scope, *channel), facts)
        }
        Command::Announce(announcement) => announce(event, context, announcement, facts),
        Command::SteerAnnouncement { id, step } => {
            steer_announcement(event, context, (*id, *step), facts)
        }
        Command::BlockSeats(house) => block_seats(event, context, house, facts),
        Command::UnblockSeats(house) => unblock_seats(event, context, house, facts),
        Command::GiveSeats(gift) => give_seats(event, context, gift, facts),
        Command::MintCodes(mint) => mint_codes(event, context, mint, facts),
        Command::ClaimCode { code } => claim_code(event, context, *code, facts),
        Command::ReleaseAudience(release) => release_audience(event, context, release, facts),
        // Their types are fixed, their rules are not written yet.
        Command::CommitDraw { .. } | Command::RevealDraw { .. } | Command::AnnounceToAll { .. } => {
            Err(Refusal::NeedsNewerEngine)
        }
        // Decided for the whole partition before any event is looked up.
        Command::Tick | Command::EngineVersion { .. } | Command::RestoreFacts { .. } => {
            Err(Refusal::WrongPhase)
        }
    }
}

/// The same for what is asked and reported about payments.
fn decide_payment(
    event: &Event,
    context: Context,
    command: &Command,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    match command {
        Command::StartPurchase { hold_id, method, despite_unanswered } => {
            start_purchase(event, context, *hold_id, (*method, *despite_unanswered), facts)
        }
        Command::PaymentAuthorised { hold_id, attempt, payment } => {
            payment_authorised(event, context, (*hold_id, *attempt), payment, facts)
        }
        Command::RecordPaymentAction { hold_id, attempt, action } => {
            record_payment_action(event, context, (*hold_id, *attempt), action, facts)
        }
        Command::PaymentDeclined { hold_id, attempt } => {
            payment_declined(event, context, *hold_id, *attempt, facts)
        }
        Command::PaymentCaptured { hold_id, attempt } => {
            payment_captured(event, context, *hold_id, *attempt, facts)
        }
        Command::PaymentLost { hold_id, attempt } => {
            payment_lost(event, context, *hold_id, *attempt, facts)
        }
        Command::CaptureFailed { hold_id, attempt } => {
            capture_failed(event, context, *hold_id, *attempt, facts)
        }
        // The match above sends no others here.
        _ => Err(Refusal::WrongPhase),
    }
}
