//! Every fact follows from its command, or from time: field by field.

use floodgate_domain::fact::LeaveReason;
use floodgate_domain::wire::decode_fact;
use floodgate_domain::{BuyerId, Command, EventId, Fact, FactRecord, HoldId, LogTime, SalePhase};

use super::row::{CAUSE, Row};
use super::{CommandView, codes, holds, house, messages, payments, releases, sale, tickets};
use crate::books::event::EventBook;
use crate::books::stage::OrderStage;
use crate::findings::Findings;

/// Checks one fact against what it follows from; `asked` is `None` where its command is unknown.
pub(crate) fn check(
    book: &EventBook,
    record: &FactRecord,
    time: (LogTime, u32),
    asked: Option<CommandView<'_>>,
    found: &mut Findings,
) {
    if is_without_command(book, &record.fact, time) {
        return found.check(CAUSE, true, String::new);
    }
    if asked.is_some_and(|asked| is_restored(record, asked)) {
        return found.check(CAUSE, true, String::new);
    }
    let rows = asked.and_then(|asked| rows(book, record.event_id, &record.fact, asked));
    let words = || format!("{} at {:?}", record.fact.name(), record.position);
    let Some(rows) = rows else {
        return found.check(CAUSE, false, || format!("{} follows from nothing", words()));
    };
    found.check(CAUSE, true, String::new);
    for (invariant, what, holds) in rows {
        found.check(invariant, holds, || format!("{}: {what}", words()));
    }
}

/// Whether a repair put exactly this fact in the place of its command.
pub(crate) fn is_restored(record: &FactRecord, asked: CommandView<'_>) -> bool {
    let Command::RestoreFacts { facts } = &asked.envelope.command else { return false };
    let is_it = |bytes: &Vec<u8>| decode_fact(bytes).is_ok_and(|fact| fact == *record);
    asked.is_system() && facts.iter().any(is_it)
}

/// Whether time alone, or a cancellation before, has brought it about.
pub(crate) fn is_without_command(
    book: &EventBook,
    fact: &Fact,
    (now, version): (LogTime, u32),
) -> bool {
    let is_rightly_silent = match fact {
        Fact::OrderExpired { hold_id, is_unanswered, .. } => {
            let stage = book.order(*hold_id).map(|order| order.stage);
            let waits = matches!(stage, Some(OrderStage::Pending | OrderStage::NoAnswer));
            *is_unanswered == (waits && version > 1)
        }
        _ => true,
    };
    let is_given_back = cancellation_explains(book, fact) && house::says_cancelled(fact, version);
    is_rightly_silent && (time_explains(book, fact, now) || is_given_back)
}

/// Time passes before a command is decided. Only who has nothing left to wait for leaves after it,
/// and what was held back goes out.
pub(crate) fn may_come_late(before: Option<&Fact>, fact: &Fact) -> bool {
    let released = match before {
        Some(Fact::HoldReleased { buyer, .. }) => Some(*buyer),
        _ => None,
    };
    let leaves = matches!(fact, Fact::ShopperLeft { buyer, .. } if Some(*buyer) == released);
    leaves || messages::is_let_go(before, fact)
}

/// What ends because its time is over. Whose it is, and which seats, the books say.
fn time_explains(book: &EventBook, fact: &Fact, now: LogTime) -> bool {
    let is_due = |hold_id: &HoldId, buyer: &BuyerId, stages: &[OrderStage]| {
        book.order(*hold_id).is_some_and(|order| {
            stages.contains(&order.stage) && order.until <= now && order.buyer == *buyer
        })
    };
    match fact {
        Fact::HoldExpired { hold_id, buyer, .. } => is_due(hold_id, buyer, &[OrderStage::Held]),
        Fact::OrderExpired { hold_id, buyer, .. } => is_due(
            hold_id,
            buyer,
            &[OrderStage::Pending, OrderStage::Declined, OrderStage::NoAnswer],
        ),
        Fact::SeatsReturned { hold_id, seats } => {
            let due = book.set_aside.get(hold_id);
            due.is_some_and(|(all, until)| *until <= now && all == seats)
        }
        Fact::SaleOpened => {
            let is_due = book.sale_times.opens_at.is_some_and(|at| at <= now);
            is_due && matches!(book.phase, SalePhase::Announced | SalePhase::Presale)
        }
        Fact::PresaleOpened => {
            let is_due = book.sale_times.presale_at.is_some_and(|at| at <= now);
            is_due && book.phase == SalePhase::Announced
        }
        Fact::SaleClosed => {
            let is_due = book.sale_times.closes_at.is_some_and(|at| at <= now);
            is_due && !matches!(book.phase, SalePhase::Closed | SalePhase::Cancelled)
        }
        Fact::AnnouncementStarted { id } => messages::is_timed(book, *id, now),
        Fact::ShopperLeft { buyer, reason: LeaveReason::PassExpired } => {
            let record = book.buyers.get(buyer);
            record.is_some_and(|one| one.pass_until <= now && one.live.is_empty())
        }
        Fact::ShopperLeft { buyer, reason: LeaveReason::Idle } => {
            // Whose pass is over as well leaves because of that.
            let idle = book
                .buyers
                .get(buyer)
                .filter(|one| one.is_in_shop && one.live.is_empty() && now < one.pass_until);
            let end = idle.and_then(|one| book.idle_end(one));
            end.is_some_and(|end| end <= now)
        }
        _ => false,
    }
}

/// A cancelled event gives everything back.
fn cancellation_explains(book: &EventBook, fact: &Fact) -> bool {
    if book.phase != SalePhase::Cancelled {
        return false;
    }
    let is = |hold_id: &HoldId, buyer: &BuyerId, of: &[OrderStage], total: Option<u64>| {
        book.order(*hold_id).is_some_and(|order| {
            let is_total = total.is_none_or(|total| total == order.amount);
            of.contains(&order.stage) && order.buyer == *buyer && is_total
        })
    };
    match fact {
        Fact::HoldReleased { hold_id, buyer, .. } => is(
            hold_id,
            buyer,
            &[OrderStage::Held, OrderStage::Declined, OrderStage::NoAnswer],
            None,
        ),
        Fact::OrderExpired { hold_id, buyer, .. } => {
            is(hold_id, buyer, &[OrderStage::Pending], None)
        }
        Fact::OrderRefunded { hold_id, buyer, amount, .. } => {
            is(hold_id, buyer, &[OrderStage::Confirmed, OrderStage::Settled], Some(*amount))
        }
        _ => false,
    }
}

/// What a fact has to say, given its command; `None` where it follows from no such command.
fn rows(
    book: &EventBook,
    event_id: EventId,
    fact: &Fact,
    asked: CommandView<'_>,
) -> Option<Vec<Row>> {
    let mut rows = holds::rows(book, fact, asked)
        .or_else(|| payments::rows(book, fact, asked))
        .or_else(|| tickets::rows(book, fact, asked))
        .or_else(|| messages::rows(book, fact, asked))
        .or_else(|| codes::rows(book, fact, asked))
        .or_else(|| releases::rows(book, fact, asked))
        .or_else(|| house::rows(book, fact, asked))
        .or_else(|| sale::rows(book, fact, asked))?;
    rows.push((CAUSE, "its command concerns another event", asked.envelope.event_id == event_id));
    rows.push((CAUSE, "its command was decided before", !asked.is_repeated));
    Some(rows)
}
