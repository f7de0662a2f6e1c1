//! One event's waiting room and shop, as far as numbers of people follow from its facts.

use std::collections::VecDeque;

use floodgate_domain::effects::{LineMove, ShopMove};
use floodgate_domain::{Effects, Frontier, LogTime, OrderStatus, SalePhase};

/// How long orders are counted together: a rush is over within minutes.
pub(super) const STEP_MS: u64 = 600_000;
/// Steps of a sale, a month: against its first ten minutes nobody compares what is later.
const STEPS_MAX: u64 = 30 * 24 * 6;

/// Orders that were confirmed in a step of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: LogTime,
    pub(super) orders: u64,
}

#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) artist: String,
    reserved: u64,
    called: Frontier,
    pub(super) shopping: u64,
    opened_at: Option<LogTime>,
    /// The step that everything is measured against, once it is over.
    pub(super) first_step: Option<Step>,
    /// Steps that were handed out.
    steps: u64,
    /// Orders by step, from the next one on: two at most, since a step ends within a minute.
    orders: VecDeque<u64>,
}

impl Room {
    pub(super) fn follow(&mut self, effects: &Effects<'_>, at: LogTime) {
        if let Some(details) = effects.details {
            self.artist.clone_from(&details.artist);
        }
        if effects.phase == Some(SalePhase::Open) {
            self.opened_at = self.opened_at.or(Some(at));
        }
        match effects.line {
            Some(LineMove::Reserved { first, count }) => {
                self.reserved = first.0.saturating_add(u64::from(count));
            }
            Some(LineMove::Called { below }) => self.called = below,
            Some(LineMove::Awaited { .. }) | None => {}
        }
        match effects.shop {
            Some(ShopMove::Entered { .. }) => self.shopping += 1,
            Some(ShopMove::Left { .. }) => self.shopping = self.shopping.saturating_sub(1),
            Some(ShopMove::Stayed { .. } | ShopMove::Cooling { .. }) | None => {}
        }
        let order = effects.order.as_ref();
        let is_sold = order
            .is_some_and(|order| order.status == OrderStatus::Confirmed && order.kept.is_some());
        if is_sold {
            self.ordered(at);
        }
    }

    /// An order was confirmed.
    pub(super) fn ordered(&mut self, at: LogTime) {
        let Some(opened_at) = self.opened_at else { return };
        let step = at.0.saturating_sub(opened_at.0) / STEP_MS;
        if step >= STEPS_MAX || step < self.steps {
            return;
        }
        let place = (step - self.steps) as usize;
        if self.orders.len() <= place {
            self.orders.resize(place + 1, 0);
        }
        self.orders[place] += 1;
    }

    #[cfg(test)]
    pub(super) fn opened(at: LogTime) -> Self {
        Room { opened_at: Some(at), ..Room::default() }
    }

    /// Places that are reserved and not called.
    pub(super) fn waiting(&self) -> u64 {
        self.called.not_called(self.reserved)
    }

    /// The next step that is over by then.
    pub(super) fn next_step(&mut self, until: LogTime) -> Option<Step> {
        let from = self.opened_at?.plus(self.steps * STEP_MS);
        if self.steps >= STEPS_MAX || from.plus(STEP_MS) > until {
            return None;
        }
        self.steps += 1;
        let step = Step { from, orders: self.orders.pop_front().unwrap_or(0) };
        self.first_step = self.first_step.or(Some(step));
        Some(step)
    }
}
