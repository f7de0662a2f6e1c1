//! Rows of holds, orders, their money and their tickets.

use super::{Order, PUBLIC};
use crate::answer::OrderStatus;
use crate::command::PaymentMethod;
use crate::effects::{Concerns, Effects, MoneyMove, MoneyStep, Notice, OrderChange, SeatMove};
use crate::fact::{DeclineReason, SeatsKept};
use crate::house::Refund;
use crate::ids::{BuyerId, HoldId, LogTime};
use crate::payment::{AuthorisedPayment, PaymentAction, PaymentReference};
use crate::price::Currency;
use crate::seats::{SeatId, SeatList, SeatState};

use SeatState::{Free, Held, Sold};

/// An order that changes its status and nothing else.
pub(super) fn to_status((hold_id, buyer): Order, status: OrderStatus) -> OrderChange<'static> {
    OrderChange {
        hold_id,
        buyer,
        status,
        until: None,
        seats: None,
        amount: None,
        attempt: None,
        is_new: false,
        is_extended: false,
        is_settled: false,
        is_unanswered: false,
        kept: None,
    }
}

/// An order's change that its buyer is notified of.
fn noticed(order: OrderChange<'_>, notice: Notice) -> Effects<'_> {
    Effects { order: Some(order), concerns: Concerns::Buyer(order.buyer, Some(notice)), ..PUBLIC }
}

fn money(order: Order, attempt: u8, step: MoneyStep<'_>) -> MoneyMove<'_> {
    MoneyMove { hold_id: order.0, attempt: Some(attempt), step }
}

/// Seats of an order that are its buyer's from here on.
pub(super) fn taken(
    order: Order,
    seats: &SeatList,
    from: SeatState,
    to: SeatState,
) -> SeatMove<'_> {
    let (hold_id, buyer) = order;
    let (hold_id, seats) = (Some(hold_id), seats.as_slice());
    SeatMove { hold_id, seats, from, to, owner: Some(buyer), is_redeemed: false }
}

pub(super) fn held(order: Order, seats: &SeatList, amount: u64, until: LogTime) -> Effects<'_> {
    let change = OrderChange {
        until: Some(until),
        seats: Some(seats),
        amount: Some(amount),
        is_new: true,
        ..to_status(order, OrderStatus::Held)
    };
    Effects { seats: Some(taken(order, seats, Free, Held)), ..noticed(change, Notice::HoldMade) }
}

pub(super) fn extended(order: Order, until: LogTime) -> Effects<'static> {
    let change = to_status(order, OrderStatus::Held);
    let change = OrderChange { until: Some(until), is_extended: true, ..change };
    noticed(change, Notice::HoldExtended)
}

/// The order ends and its seats are free.
fn ended(
    order: Order,
    (seats, from): (&SeatList, SeatState),
    status: OrderStatus,
    notice: Notice,
) -> Effects<'_> {
    let free = SeatMove { owner: None, ..taken(order, seats, from, Free) };
    let change = OrderChange { seats: Some(seats), ..to_status(order, status) };
    Effects { seats: Some(free), ..noticed(change, notice) }
}

pub(super) fn released(order: Order, seats: &SeatList) -> Effects<'_> {
    ended(order, (seats, Held), OrderStatus::Released, Notice::HoldReleased)
}

pub(super) fn hold_expired(order: Order, seats: &SeatList) -> Effects<'_> {
    ended(order, (seats, Held), OrderStatus::Expired, Notice::HoldExpired)
}

pub(super) fn order_expired(order: Order, seats: &SeatList, is_unanswered: bool) -> Effects<'_> {
    let mut effects = ended(order, (seats, Held), OrderStatus::Expired, Notice::OrderExpired);
    effects.order = effects.order.map(|change| OrderChange { is_unanswered, ..change });
    Effects { reason: is_unanswered.then_some(OrderStatus::NoAnswer.code()), ..effects }
}

pub(super) fn paying(
    order: Order,
    (attempt, method): (u8, &PaymentMethod),
    (amount, currency): (u64, Currency),
    until: LogTime,
) -> Effects<'_> {
    let change = OrderChange {
        until: Some(until),
        amount: Some(amount),
        attempt: Some(attempt),
        ..to_status(order, OrderStatus::PaymentPending)
    };
    let authorise = MoneyStep::Authorise { method, amount, currency, until };
    let money = Some(money(order, attempt, authorise));
    Effects { money, ..noticed(change, Notice::OrderPaymentPending) }
}

/// The order's time goes on, and where its buyer has to go is theirs alone.
pub(super) fn action_required(order: Order, attempt: u8, action: &PaymentAction) -> Effects<'_> {
    let money = Some(money(order, attempt, MoneyStep::Act(action)));
    Effects { money, concerns: Concerns::Buyer(order.1, None), ..PUBLIC }
}

pub(super) fn declined(
    order: Order,
    attempt: u8,
    reason: DeclineReason,
    until: LogTime,
) -> Effects<'static> {
    let change = OrderChange {
        until: Some(until),
        attempt: Some(attempt),
        ..to_status(order, OrderStatus::Declined)
    };
    let step = match reason {
        DeclineReason::Declined => MoneyStep::Declined,
        DeclineReason::Lost => MoneyStep::Unanswered,
    };
    Effects {
        money: Some(money(order, attempt, step)),
        reason: Some(reason.code()),
        ..noticed(change, Notice::OrderDeclined)
    }
}

/// Not a no: whoever follows money goes on asking.
pub(super) fn unanswered(order: Order, attempt: u8, until: LogTime) -> Effects<'static> {
    let change = OrderChange {
        until: Some(until),
        attempt: Some(attempt),
        is_unanswered: true,
        ..to_status(order, OrderStatus::NoAnswer)
    };
    let money = Some(money(order, attempt, MoneyStep::Unanswered));
    Effects { money, ..noticed(change, Notice::OrderNoAnswer) }
}

/// The no that came late. The order stays as it is.
pub(super) fn not_taken(order: Order, attempt: u8) -> Effects<'static> {
    let concerns = Concerns::Buyer(order.1, Some(Notice::PaymentNotTaken));
    Effects { money: Some(money(order, attempt, MoneyStep::Declined)), concerns, ..PUBLIC }
}

pub(super) fn confirmed<'a>(
    order: Order,
    (seats, kept): (&'a SeatList, SeatsKept),
    amount: u64,
    (attempt, payment): (u8, &'a AuthorisedPayment),
) -> Effects<'a> {
    // A late payment found its seats free; all others have held theirs.
    let from = match kept {
        SeatsKept::Held => Held,
        SeatsKept::Retaken | SeatsKept::Moved => Free,
    };
    let change = OrderChange {
        seats: Some(seats),
        amount: Some(amount),
        attempt: Some(attempt),
        kept: Some(kept),
        ..to_status(order, OrderStatus::Confirmed)
    };
    Effects {
        seats: Some(taken(order, seats, from, Sold)),
        money: Some(money(order, attempt, MoneyStep::Capture { amount, payment })),
        reason: Some(kept.code()),
        ..noticed(change, Notice::OrderConfirmed)
    }
}

pub(super) fn settled(order: Order, amount: u64) -> Effects<'static> {
    let change = to_status(order, OrderStatus::Confirmed);
    let change = OrderChange { amount: Some(amount), is_settled: true, ..change };
    Effects { money: of_sold(order, MoneyStep::Captured), ..noticed(change, Notice::OrderSettled) }
}

/// Money of the attempt by which the order was sold.
fn of_sold((hold_id, _): Order, step: MoneyStep<'_>) -> Option<MoneyMove<'_>> {
    Some(MoneyMove { hold_id, attempt: None, step })
}

/// Money that came too late or for nothing. Of an order nobody knows any more, nobody is known.
pub(super) fn voided(order: Order, attempt: u8, reference: &PaymentReference) -> Effects<'_> {
    let concerns = match order.1 {
        BuyerId(0) => Concerns::Nobody,
        buyer => Concerns::Buyer(buyer, Some(Notice::PaymentVoided)),
    };
    let step = MoneyStep::Void(Some(reference));
    Effects { money: Some(money(order, attempt, step)), concerns, ..PUBLIC }
}

/// What the house gave away was not paid for.
pub(super) fn refunded<'a>(
    order: Order,
    (seats, amount): (&'a SeatList, u64),
    refund: Option<&'a Refund>,
) -> Effects<'a> {
    let mut effects = ended(order, (seats, Sold), OrderStatus::Refunded, Notice::OrderRefunded);
    effects.order = effects.order.map(|change| OrderChange { amount: Some(amount), ..change });
    let was_paid = order.1 != BuyerId::HOUSE;
    Effects {
        money: of_sold(order, MoneyStep::Refund).filter(|_| was_paid),
        refund: refund.map(|refund| refund.why.reason),
        reason: refund.map(|refund| refund.why.reason.code()),
        note: refund.map(|refund| refund.why.note.as_str()),
        by: refund.map(|refund| refund.by),
        ..effects
    }
}

/// The money could not be captured: what was authorised is let go of.
pub(super) fn cancelled(order: Order, seats: &SeatList) -> Effects<'_> {
    let money = of_sold(order, MoneyStep::Void(None));
    let notice = Notice::OrderCancelled;
    Effects { money, ..ended(order, (seats, Sold), OrderStatus::Cancelled, notice) }
}

/// Free for a moment only in the sense that no order has them; nobody can take them.
pub(super) fn set_aside(hold_id: HoldId, seats: &SeatList) -> Effects<'_> {
    Effects { seats: Some(of_nobody(hold_id, seats, Free, Held)), ..PUBLIC }
}

pub(super) fn returned(hold_id: HoldId, seats: &SeatList) -> Effects<'_> {
    Effects { seats: Some(of_nobody(hold_id, seats, Held, Free)), ..PUBLIC }
}

/// Seats of an order that is over.
fn of_nobody(hold_id: HoldId, seats: &SeatList, from: SeatState, to: SeatState) -> SeatMove<'_> {
    let (hold_id, seats) = (Some(hold_id), seats.as_slice());
    SeatMove { hold_id, seats, from, to, owner: None, is_redeemed: false }
}

fn ticket(hold_id: HoldId, seat: &SeatId, owner: BuyerId) -> SeatMove<'_> {
    let (seats, owner) = (std::slice::from_ref(seat), Some(owner));
    let hold_id = Some(hold_id);
    SeatMove { hold_id, seats, from: Sold, to: Sold, owner, is_redeemed: false }
}

pub(super) fn transferred(
    hold_id: HoldId,
    seat: &SeatId,
    from: BuyerId,
    to: BuyerId,
) -> Effects<'_> {
    let (from, owner) = ((from, Notice::TicketTransferred), to);
    let concerns = Concerns::Both { from, to: (to, Notice::TicketReceived) };
    Effects { seats: Some(ticket(hold_id, seat, owner)), concerns, ..PUBLIC }
}

pub(super) fn redeemed((hold_id, owner): Order, seat: &SeatId) -> Effects<'_> {
    let seats = SeatMove { is_redeemed: true, ..ticket(hold_id, seat, owner) };
    let concerns = Concerns::Buyer(owner, Some(Notice::TicketRedeemed));
    Effects { seats: Some(seats), concerns, ..PUBLIC }
}
