//! What happens in a sale, counted: the numbers behind its windows and its dashboard.
//!
//! [`SaleTally`] folds the effects of one event's facts, in order, and says what each added;
//! whoever folds puts that into windows of log time. Pure: the same facts, the same numbers.

use std::collections::HashMap;

use crate::answer::{OrderStatus, SalePhase};
use crate::command::NewEvent;
use crate::effects::{Concerns, Effects, LineMove, Notice, OrderChange, SeatMove, ShopMove};
use crate::ids::{HoldId, LogTime};
use crate::plan::Plan;
use crate::price::PriceTable;
use crate::seats::{SeatId, SeatState};

/// How long a window is, in log time: short enough to see a rush begin, and at most 8,640 a day.
pub const WINDOW_MS: u64 = 10_000;

/// When the window begins in which something happened.
#[must_use]
pub fn window_of(at: LogTime) -> LogTime {
    LogTime(at.0 - at.0 % WINDOW_MS)
}

/// Each number with its name, the same one everywhere.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Numbers that only grow. Money is in minor units of the sale's currency.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Tally {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Tally {
            pub const NAMES: &[&str] = &[$(stringify!($name),)*];

            /// The numbers in the order of their names.
            #[must_use]
            pub fn numbers(&self) -> [u64; Self::NAMES.len()] {
                [$(self.$name,)*]
            }

            pub fn add(&mut self, other: &Tally) {
                $(self.$name = self.$name.saturating_add(other.$name);)*
            }
        }
    };
}

numbers! {
    /// Places of the line that were reserved; gateways take them in blocks, so no fewer than came.
    places,
    /// Passes given; whoever comes back counts again.
    entered,
    /// Whoever is out of the shop: with a purchase, by themselves, or because their time was over.
    left,
    holds,
    /// Extensions of holds.
    extended,
    released,
    /// Holds that ended before anybody tried to pay.
    holds_expired,
    /// Holds of which somebody tried to pay, once each.
    paying,
    /// Tries to pay.
    attempts,
    declined,
    /// Tries that the provider did not answer in time.
    unanswered,
    confirmed,
    /// Orders whose money has arrived.
    settled,
    /// Orders that ended after a try to pay.
    orders_expired,
    /// Orders whose money could not be captured.
    cancelled,
    refunded,
    seats_held,
    seats_sold,
    /// Sold seats that came back.
    seats_back,
    /// Seats that the house gave away.
    seats_given,
    /// What confirmed orders cost, fees included.
    gross,
    /// Of which fees.
    fees,
    /// What was given back, fees included.
    returned,
    /// Of which fees.
    fees_returned,
}

impl Tally {
    /// What is left without fees and without what was given back.
    #[must_use]
    pub fn net(&self) -> i64 {
        let of = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let kept = of(self.gross).saturating_sub(of(self.returned));
        kept.saturating_sub(of(self.fees)).saturating_add(of(self.fees_returned))
    }
}

/// One run of a plan, and what its seats count towards.
#[derive(Debug, Clone, Copy)]
struct RunOf {
    first_seat: u32,
    section: u32,
    category: u8,
}

/// What is kept of an order that may still change.
#[derive(Debug, Clone, Copy, Default)]
struct Money {
    amount: u64,
    fees: u64,
    has_tried: bool,
}

/// One event's numbers, folded from its facts.
#[derive(Debug)]
pub struct SaleTally {
    prices: PriceTable,
    /// In the order of their first seats.
    runs: Vec<RunOf>,
    /// By category: seats that are held or sold.
    taken: Vec<u32>,
    /// Orders that may still change; as many as the engine has.
    orders: HashMap<HoldId, Money>,
    pub totals: Tally,
    /// Seats that are sold now, by section and by category.
    pub sections: Vec<u32>,
    pub categories: Vec<u32>,
    /// When the sale first opened to all.
    pub opened_at: Option<LogTime>,
}

impl SaleTally {
    #[must_use]
    pub fn of(new: &NewEvent) -> Self {
        let plan = &new.plan;
        SaleTally {
            prices: new.prices.clone(),
            runs: runs_of(plan),
            taken: vec![0; plan.categories.len()],
            orders: HashMap::new(),
            totals: Tally::default(),
            sections: vec![0; plan.sections.len()],
            categories: vec![0; plan.categories.len()],
            opened_at: None,
        }
    }

    #[must_use]
    pub fn currency(&self) -> &str {
        self.prices.currency.as_str()
    }

    /// Follows a fact of the event and says what it added; most add little or nothing.
    pub fn follow(&mut self, effects: &Effects<'_>, at: LogTime) -> Tally {
        let mut added = Tally::default();
        if let Some(prices) = effects.prices {
            self.prices.clone_from(prices);
        }
        if effects.phase == Some(SalePhase::Open) {
            self.opened_at = self.opened_at.or(Some(at));
        }
        match effects.line {
            Some(LineMove::Reserved { count, .. }) => added.places = u64::from(count),
            Some(LineMove::Called { .. } | LineMove::Awaited { .. }) | None => {}
        }
        match effects.shop {
            Some(ShopMove::Entered { .. }) => added.entered = 1,
            Some(ShopMove::Left { .. }) => added.left = 1,
            Some(ShopMove::Stayed { .. } | ShopMove::Cooling { .. }) | None => {}
        }
        // A hold costs what its seats cost before they are taken.
        if let Some(change) = &effects.order {
            self.follow_order(change, effects, at, &mut added);
        }
        if let Some(change) = &effects.seats {
            self.follow_seats(change);
        }
        self.totals.add(&added);
        added
    }

    fn follow_order(
        &mut self,
        change: &OrderChange<'_>,
        effects: &Effects<'_>,
        at: LogTime,
        added: &mut Tally,
    ) {
        let seats = change.seats.map_or(0, |seats| seats.as_slice().len() as u64);
        let mut order = self.orders.get(&change.hold_id).copied().unwrap_or_default();
        let mut is_over = false;
        added.extended = u64::from(change.is_extended);
        match change.status {
            OrderStatus::Held => {
                if change.is_new {
                    (added.holds, added.seats_held) = (1, seats);
                    let of_seats = change.seats.map_or(&[][..], |seats| seats.as_slice());
                    order.amount = change.amount.unwrap_or_default();
                    order.fees = self.fees(of_seats, order.amount, at);
                }
            }
            OrderStatus::PaymentPending => {
                let is_try = change.attempt.is_some() && starts(effects);
                added.attempts = u64::from(is_try);
                added.paying = u64::from(is_try && !order.has_tried);
                order.has_tried |= is_try;
            }
            OrderStatus::Declined => added.declined = 1,
            OrderStatus::NoAnswer => added.unanswered = 1,
            OrderStatus::Confirmed => {
                let is_sold = change.kept.is_some();
                added.settled = u64::from(change.is_settled && !change.is_new);
                if is_sold {
                    order.amount = change.amount.unwrap_or(order.amount);
                    (added.confirmed, added.seats_sold) = (1, seats);
                    (added.gross, added.fees) = (order.amount, order.fees);
                } else if change.is_new {
                    added.seats_given = seats;
                }
            }
            OrderStatus::Released => {
                added.released = 1;
                is_over = !order.has_tried;
            }
            OrderStatus::Expired => {
                let after_a_try = is_notice(effects.concerns, Notice::OrderExpired);
                added.orders_expired = u64::from(after_a_try);
                added.holds_expired = u64::from(!after_a_try);
                // Money that comes late may still revive what somebody tried to pay for.
                is_over = !order.has_tried;
            }
            OrderStatus::Refunded => {
                (added.refunded, added.seats_back) = (1, seats);
                (added.returned, added.fees_returned) =
                    (change.amount.unwrap_or(order.amount), order.fees);
                is_over = true;
            }
            OrderStatus::Cancelled => {
                (added.cancelled, added.seats_back) = (1, seats);
                (added.returned, added.fees_returned) = (order.amount, order.fees);
                is_over = true;
            }
        }
        if is_over {
            self.orders.remove(&change.hold_id);
        } else {
            self.orders.insert(change.hold_id, order);
        }
    }

    /// The fees within what a hold costs; none where the prices as they are do not lead to its
    /// amount.
    fn fees(&self, seats: &[SeatId], amount: u64, at: LogTime) -> u64 {
        let mut taken = self.taken.clone();
        let (mut total, mut fees) = (0_u64, 0_u64);
        for &seat in seats {
            let Some((_, category)) = self.place(seat) else { return 0 };
            let Some(count) = taken.get_mut(usize::from(category)) else { return 0 };
            let Some(tier) = self.prices.tier(category, *count, at) else { return 0 };
            *count = count.saturating_add(1);
            total = total.saturating_add(u64::from(tier.amount));
            fees = fees.saturating_add(u64::from(tier.fee));
        }
        if total == amount { fees } else { 0 }
    }

    fn follow_seats(&mut self, change: &SeatMove<'_>) {
        let is_taken = |state| i32::from(matches!(state, SeatState::Held | SeatState::Sold));
        let taken = is_taken(change.to).saturating_sub(is_taken(change.from));
        let sold = i32::try_from(change.change_of(SeatState::Sold)).unwrap_or_default();
        if taken == 0 && sold == 0 {
            return;
        }
        let turn = |count: Option<&mut u32>, by: i32| {
            if let Some(count) = count {
                *count = count.saturating_add_signed(by);
            }
        };
        for &seat in change.seats {
            let Some((section, category)) = self.place(seat) else { continue };
            turn(self.taken.get_mut(usize::from(category)), taken);
            turn(self.categories.get_mut(usize::from(category)), sold);
            turn(self.sections.get_mut(section as usize), sold);
        }
    }

    /// Section and category of a seat.
    fn place(&self, seat: SeatId) -> Option<(u32, u8)> {
        let after = self.runs.partition_point(|run| run.first_seat <= seat.0);
        let run = self.runs.get(after.checked_sub(1)?)?;
        Some((run.section, run.category))
    }
}

/// Whether the money of a try is asked for by this, and not only that the buyer has to act.
fn starts(effects: &Effects<'_>) -> bool {
    use crate::effects::MoneyStep::Authorise;
    effects.money.is_some_and(|money| matches!(money.step, Authorise { .. }))
}

fn is_notice(concerns: Concerns, notice: Notice) -> bool {
    concerns.notices().any(|(_, found)| found == notice)
}

fn runs_of(plan: &Plan) -> Vec<RunOf> {
    let (mut runs, mut first_seat) = (Vec::new(), 0_u32);
    for (section, of_section) in (0..).zip(&plan.sections) {
        for run in of_section.rows.iter().flat_map(|row| &row.runs) {
            runs.push(RunOf { first_seat, section, category: run.category });
            first_seat = first_seat.saturating_add(run.labels.len() as u32);
        }
    }
    runs
}
