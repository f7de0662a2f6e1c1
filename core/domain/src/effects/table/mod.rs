//! The effects of every fact. One match over all: a new fact does not compile without a row.

mod codes;
mod house;
mod messages;
mod orders;
mod room;
mod sale;

use super::{Concerns, Effects, Visibility};
use crate::answer::SalePhase;
use crate::fact::Fact;
use crate::ids::{BuyerId, HoldId};

use super::Notice;
use Fact::{
    AnnouncementMade, AudienceReleased, CodeClaimed, CodesMinted, CohortJoined, CohortLeft,
    PaymentNotTaken, SeatsBlocked, SeatsGiven, SeatsUnblocked, TicketTransferred,
};
use messages::{made, of_consents, started, steered};
use orders::{
    action_required, cancelled, confirmed, declined, extended, held, hold_expired, not_taken,
    order_expired, paying, redeemed, refunded, released, returned, set_aside, settled, transferred,
    unanswered, voided,
};

/// A hold or order, and its buyer.
type Order = (HoldId, BuyerId);

/// What other teams may read and changes nothing by itself: the ground of every row.
const PUBLIC: Effects<'static> = Effects {
    visibility: Visibility::Public,
    rules: None,
    created: None,
    phase: None,
    prices: None,
    policy: None,
    details: None,
    dials: None,
    seats: None,
    order: None,
    money: None,
    shop: None,
    line: None,
    cohort: None,
    consent: None,
    codes: None,
    release: None,
    announcement: None,
    by: None,
    reason: None,
    message: None,
    refund: None,
    note: None,
    concerns: Concerns::Nobody,
};

impl Fact {
    /// Everything it changes. Nobody follows a draw by its facts yet; the time is the engine's.
    #[must_use]
    pub fn effects(&self) -> Effects<'_> {
        match self {
            Fact::EventCreated(new) => sale::created(new),
            Fact::PricesSet(prices) => sale::prices_set(prices, prices.by),
            Fact::PolicySet(policy) => sale::policy_set(policy, policy.by),
            Fact::DetailsSet(details) => sale::details_set(details, details.by),
            Fact::SaleOpened => sale::phase(SalePhase::Open, Notice::EventOpen),
            Fact::SalePaused => sale::phase(SalePhase::Paused, Notice::EventPaused),
            Fact::SaleClosed => sale::phase(SalePhase::Closed, Notice::EventClosed),
            Fact::EventCancelled => sale::phase(SalePhase::Cancelled, Notice::EventCancelled),
            Fact::DialsSet { change, by } => sale::dials_set(change, *by),
            Fact::PlacesReserved { first, count } => room::reserved(*first, *count),
            Fact::PlacesCalled { below } => room::called(*below),
            Fact::TurnAwaited { buyer, place } => room::awaited(*buyer, *place),
            Fact::Entered { buyer, place, until, idle_until } => {
                room::entered(*buyer, *place, (*until, *idle_until))
            }
            Fact::ShopperStayed { buyer, until } => room::stayed(*buyer, *until),
            Fact::ShopperLeft { buyer, reason } => room::left(*buyer, *reason),
            Fact::SeatsHeld { hold_id, buyer, seats, amount, until, .. } => {
                held((*hold_id, *buyer), seats, *amount, *until)
            }
            Fact::HoldExtended { hold_id, buyer, until } => extended((*hold_id, *buyer), *until),
            Fact::HoldReleased { hold_id, buyer, seats } => released((*hold_id, *buyer), seats),
            Fact::HoldExpired { hold_id, buyer, seats } => hold_expired((*hold_id, *buyer), seats),
            Fact::PurchaseStarted { hold_id, buyer, method, amount, currency, attempt, until } => {
                paying((*hold_id, *buyer), (*attempt, method), (*amount, *currency), *until)
            }
            Fact::PaymentActionRequired { hold_id, buyer, attempt, action } => {
                action_required((*hold_id, *buyer), *attempt, action)
            }
            Fact::OrderDeclined { hold_id, buyer, attempt, reason, until } => {
                declined((*hold_id, *buyer), *attempt, *reason, *until)
            }
            Fact::OrderUnanswered { hold_id, buyer, attempt, until } => {
                unanswered((*hold_id, *buyer), *attempt, *until)
            }
            PaymentNotTaken { hold_id, buyer, attempt } => not_taken((*hold_id, *buyer), *attempt),
            Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment } => {
                confirmed((*hold_id, *buyer), (seats, *kept), *amount, (*attempt, payment))
            }
            Fact::OrderSettled { hold_id, buyer, amount } => settled((*hold_id, *buyer), *amount),
            Fact::OrderExpired { hold_id, buyer, seats, is_unanswered } => {
                order_expired((*hold_id, *buyer), seats, *is_unanswered)
            }
            Fact::PaymentVoided { hold_id, buyer, attempt, reference } => {
                voided((*hold_id, *buyer), *attempt, reference)
            }
            Fact::OrderRefunded { hold_id, buyer, seats, amount, why } => {
                refunded((*hold_id, *buyer), (seats, *amount), why.as_deref())
            }
            Fact::OrderCancelled { hold_id, buyer, seats } => cancelled((*hold_id, *buyer), seats),
            TicketTransferred { hold_id: id, seat, from, to } => transferred(*id, seat, *from, *to),
            Fact::TicketRedeemed { hold_id, buyer, seat } => redeemed((*hold_id, *buyer), seat),
            Fact::ConsentGiven { .. } | Fact::ConsentWithdrawn { .. } => of_consents(self),
            AnnouncementMade { announcement: it, needs_approval: is, by } => made(it, *is, *by),
            Fact::AnnouncementSteered { id, step, by } => steered(*id, *step, *by),
            Fact::AnnouncementStarted { id } => started(*id),
            Fact::EngineVersionSet { version } => sale::version_set(*version),
            Fact::SeatsSetAside { hold_id, seats, .. } => set_aside(*hold_id, seats),
            Fact::SeatsReturned { hold_id, seats } => returned(*hold_id, seats),
            Fact::BuyerCooling { buyer, until, .. } => room::cooling(*buyer, *until),
            SeatsBlocked { .. } | SeatsUnblocked { .. } | SeatsGiven { .. } => house::by_hand(self),
            CodesMinted { .. } | CodeClaimed { .. } => codes::of_codes(self),
            CohortJoined { .. } | CohortLeft { .. } | AudienceReleased { .. } => room::count(self),
            Fact::PresaleOpened => sale::phase(SalePhase::Presale, Notice::EventPresale),
            Fact::DrawCommitted { .. } | Fact::DrawRevealed { .. } | Fact::TimeMarked => PUBLIC,
        }
    }
}
