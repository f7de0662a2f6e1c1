//! Which commands have to lead to a fact: a fact that is missing is a fact that was lost.
//!
//! Only what the books can say for certain is owed. The seats that somebody gets who asked for the
//! best ones are a choice, so a hold of the best is owed nothing; its number then shows the gap.

use floodgate_domain::price::{PriceTable, TIERS_MAX};
use floodgate_domain::{
    BuyerId, Command, Envelope, Fact, FactRecord, HoldId, PhaseDial, Place, SalePhase, SeatState,
};

use super::codes;
use super::holds::{ADDED_SINCE, extended_until, price};
use super::house;
use super::messages::{self, may_be_set};
use super::releases;
use super::sale::may_be_said;
use super::tickets::may_receive;
use super::{CommandView, is_open_to, no_hold};
use crate::books::event::EventBook;
use crate::books::stage::{OrderBook, OrderStage};

/// Places that one command may reserve, and those an event may have.
const PLACES_PER_COMMAND_MAX: u32 = 1 << 16;
/// Hands a ticket may go through.
const EDITIONS_MAX: u16 = 16;

/// Whether a command that was not decided before has to lead to a fact of its event, whose books
/// stand as they did before it.
pub(crate) fn is_owed(book: &EventBook, asked: CommandView<'_>) -> bool {
    let command = &asked.envelope.command;
    match command {
        Command::SetPrices(prices) => asked.is_staff() && fits(book, asked, prices),
        Command::SetPolicy(policy) => {
            let may_be = may_be_set(policy, asked);
            asked.is_staff() && policy.fault().is_none() && may_be
        }
        Command::SetDetails { details, revision } => {
            let is_newest = *revision == book.details_revision;
            asked.is_staff() && is_newest && may_be_said(book, asked, details)
        }
        // An event that is not there shows in everything that follows.
        Command::CreateEvent(_) => false,
        Command::SetDials(change) => {
            let turns = change.phase.is_none_or(|dial| dial.turn(book.phase).is_ok());
            let is_read = asked.version >= 4 || change.phase != Some(PhaseDial::Presale);
            asked.is_staff() && change.check().is_ok() && turns && is_read
        }
        Command::MarkTime => asked.is_system(),
        Command::ReservePlaces { count } => {
            let all = book.places + u64::from(*count);
            let fits = (1..=PLACES_PER_COMMAND_MAX).contains(count);
            asked.is_system() && fits && all <= floodgate_domain::line::PLACES_MAX
        }
        Command::CallPlaces { below } => {
            asked.is_system() && below.0.min(book.places) > book.crowd.called()
        }
        Command::Enter { .. }
        | Command::Leave
        | Command::Stay
        | Command::AwaitTurn { .. }
        | Command::ShareCohort { .. }
        | Command::WithdrawCohort
        | Command::HoldSeats { .. } => {
            asked.buyer().is_some_and(|buyer| of_buyer(book, asked, buyer))
        }
        Command::TransferTicket { .. } | Command::RedeemTicket { .. } => of_ticket(book, asked),
        Command::GiveConsent { .. }
        | Command::WithdrawConsent { .. }
        | Command::Announce(_)
        | Command::SteerAnnouncement { .. } => messages::is_owed(book, asked),
        Command::MintCodes(_) | Command::ClaimCode { .. } => codes::is_owed(book, asked),
        Command::ReleaseAudience(release) => releases::is_owed(book, release, asked),
        Command::BlockSeats(_) | Command::UnblockSeats(_) | Command::GiveSeats(_) => {
            house::is_owed(book, asked)
        }
        command => command.hold_id().is_some_and(|hold_id| of_order(book, asked, hold_id)),
    }
}

/// Whether a fact may be what its command had to lead to. A phase is turned beside the dials, seats are
/// released beside who leaves, and what is announced goes out beside it.
pub(crate) fn is_answer(envelope: &Envelope, record: &FactRecord) -> bool {
    let is_that = match envelope.command {
        Command::SetDials(_) => matches!(record.fact, Fact::DialsSet { .. }),
        Command::Leave => matches!(record.fact, Fact::ShopperLeft { .. }),
        Command::ShareCohort { .. } => matches!(record.fact, Fact::CohortJoined { .. }),
        Command::Announce(_) => matches!(record.fact, Fact::AnnouncementMade { .. }),
        Command::SteerAnnouncement { .. } => {
            matches!(record.fact, Fact::AnnouncementSteered { .. })
        }
        Command::GiveSeats(_) => matches!(record.fact, Fact::SeatsGiven { .. }),
        _ => true,
    };
    envelope.event_id == record.event_id && is_that
}

fn fits(book: &EventBook, asked: CommandView<'_>, prices: &PriceTable) -> bool {
    let may_end = asked.version == 1;
    prices.currency == book.prices.currency
        && prices.categories.len() <= book.category_count
        && (may_end || prices.first_that_ends().is_none())
        && prices.categories.iter().all(|tiers| {
            tiers.len() <= TIERS_MAX && tiers.iter().all(|tier| tier.fee <= tier.amount)
        })
}

fn of_buyer(book: &EventBook, asked: CommandView<'_>, buyer: BuyerId) -> bool {
    let policy = &book.policy;
    let record = book.buyers.get(&buyer);
    let is_in_shop = record.is_some_and(|one| one.is_in_shop);
    let is_waiting = |place: &Place| place.0 < book.places && !book.spent.contains(place);
    match &asked.envelope.command {
        Command::Enter { place } => {
            let has_pass = record.is_some_and(|one| is_in_shop && asked.now < one.pass_until);
            let has_room = is_in_shop || book.shoppers < u64::from(policy.shoppers_max);
            let is_known = record.is_some() || book.buyers.len() < policy.buyers_max as usize;
            let is_open = is_open_to(book, buyer);
            is_waiting(place) && is_open && !has_pass && has_room && is_known && asked.is_known()
        }
        Command::Leave => is_in_shop,
        Command::Stay => {
            let may = record.filter(|one| is_in_shop && asked.now < one.pass_until);
            asked.version > 1 && may.is_some_and(|one| one.idle_ms.is_some())
        }
        Command::AwaitTurn { place } => {
            let is_over = matches!(book.phase, SalePhase::Closed | SalePhase::Cancelled);
            !is_over && is_waiting(place) && !book.crowd.has_asked(*place)
        }
        Command::ShareCohort { cohort } => record.is_some_and(|one| {
            one.cohort != Some(*cohort) && one.matters(asked.now, asked.version)
        }),
        Command::WithdrawCohort => record.is_some_and(|one| one.cohort.is_some()),
        Command::HoldSeats { seats, accessible } => {
            let is_free = |seat| {
                book.seats.get(seat).is_some_and(|one| {
                    one.state == SeatState::Free && (*accessible || !one.is_accessible)
                })
            };
            let (has, live) = record.map_or((0, 0), |one| (one.seats, one.live.len()));
            let is_known = record.is_some() || book.buyers.len() < policy.buyers_max as usize;
            asked.is_known()
                && no_hold(book, &asked, buyer).is_none()
                && is_known
                && live < usize::from(policy.holds_per_buyer_max)
                && has + seats.len() as u64 <= u64::from(policy.seats_per_buyer_max)
                && (1..=usize::from(policy.seats_per_hold_max)).contains(&seats.len())
                && !seats.has_duplicates()
                && seats.iter().all(is_free)
                && price(book, seats, asked.now).is_some()
        }
        _ => false,
    }
}

fn of_order(book: &EventBook, asked: CommandView<'_>, hold_id: HoldId) -> bool {
    let order = book.order(hold_id).filter(|_| !book.is_forgotten(hold_id));
    // Money for an order that nobody knows is let go of.
    let Some(order) = order else {
        return asked.is_system()
            && matches!(asked.envelope.command, Command::PaymentAuthorised { .. });
    };
    let OrderBook { stage, attempt: last, .. } = *order;
    let policy = &book.policy;
    let may = asked.may_touch(order.buyer);
    match asked.envelope.command {
        Command::ReleaseHold { .. } => {
            may && matches!(stage, OrderStage::Held | OrderStage::Declined | OrderStage::NoAnswer)
        }
        Command::ExtendHold { .. } => {
            let is_left = order.extensions < policy.extensions_max && asked.now < order.until;
            let adds = asked.version < ADDED_SINCE
                || extended_until(order, asked, policy.extension_ms) > order.until;
            may && stage == OrderStage::Held && is_left && adds && asked.is_known()
        }
        Command::StartPurchase { despite_unanswered, .. } => {
            let is_left = last < policy.payment_attempts_max && asked.now < order.until;
            let is_buyer = asked.buyer() == Some(order.buyer);
            let is_open =
                matches!(stage, OrderStage::Held | OrderStage::Declined | OrderStage::NoAnswer);
            let is_sure = despite_unanswered || !book.unanswered.has_any(order.buyer);
            is_buyer && is_open && is_left && is_sure && asked.is_known()
        }
        Command::PaymentAuthorised { attempt, .. } => {
            let is_sold = stage.is_sold() && attempt == last;
            asked.is_system() && !is_sold && asked.is_known()
        }
        Command::RecordPaymentAction { attempt, .. } => {
            asked.is_system() && stage == OrderStage::Pending && attempt == last
        }
        Command::PaymentDeclined { attempt, .. } => {
            let waits = stage == OrderStage::Pending && attempt == last;
            let is_open = book.unanswered.contains(order.buyer, (hold_id, attempt));
            asked.is_system() && (waits || is_open)
        }
        Command::PaymentLost { attempt, .. } => {
            let waits = stage == OrderStage::Pending;
            let is_undone = stage == OrderStage::Confirmed && asked.version <= 1;
            asked.is_system() && (waits || is_undone) && attempt == last
        }
        Command::CaptureFailed { attempt, .. } => {
            let is_unpaid = stage == OrderStage::Confirmed && attempt == last;
            asked.is_system() && is_unpaid && asked.version > 1
        }
        Command::PaymentCaptured { attempt, .. } => {
            asked.is_system() && stage == OrderStage::Confirmed && attempt == last
        }
        Command::RefundOrder { ref why, .. } => {
            let is_read = why.is_none() || asked.version >= 4;
            let mut seats = order.seats.iter();
            let is_used = seats.any(|seat| book.tickets.is_used(hold_id, seat));
            asked.is_staff() && stage.is_sold() && !is_used && is_read
        }
        _ => false,
    }
}

fn of_ticket(book: &EventBook, asked: CommandView<'_>) -> bool {
    let (hold_id, seat, edition, to) = match asked.envelope.command {
        Command::TransferTicket { hold_id, seat, edition, to } => {
            (hold_id, seat, edition, Some(to))
        }
        Command::RedeemTicket { hold_id, seat, edition } => (hold_id, seat, edition, None),
        _ => return false,
    };
    let Some(order) = book.order(hold_id) else { return false };
    let owner = book.tickets.owner(hold_id, seat).unwrap_or(order.buyer);
    let is_good = order.stage.is_sold()
        && order.seats.as_slice().contains(&seat)
        && !book.tickets.is_used(hold_id, seat)
        && book.tickets.edition(hold_id, seat) == edition;
    is_good
        && match to {
            Some(to) => {
                let fits = edition < EDITIONS_MAX && may_receive(book, hold_id, to);
                asked.may_touch(owner) && to != owner && fits
            }
            None => asked.is_staff(),
        }
}
