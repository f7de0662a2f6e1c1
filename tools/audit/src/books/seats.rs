//! The seats of one event: who has them, and what that adds up to.

use floodgate_domain::plan::{SeatFlags, SectionKind};
use floodgate_domain::{HoldId, Plan, PriceTable, SeatId, SeatList, SeatSet, SeatState};

/// One seat, by the books.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeatBook {
    pub(crate) category: u8,
    section: u32,
    /// Number of the run of seats that touch each other.
    pub(crate) run: u32,
    /// Any place will do: a standing area.
    pub(crate) is_standing: bool,
    /// Wheelchair and companion seats.
    pub(crate) is_accessible: bool,
    pub(crate) state: SeatState,
    pub(crate) owner: Option<HoldId>,
}

/// Free, held and sold.
pub(crate) type SeatTotals = [i64; 3];

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountScope {
    Event,
    Section(u32),
    Category(u32),
}

/// All seats of an event.
#[derive(Debug, Default)]
pub(crate) struct SeatBooks {
    seats: Vec<SeatBook>,
    /// By category: what has no price is not counted as free.
    sells: Vec<bool>,
    whole: SeatTotals,
    sections: Vec<SeatTotals>,
    categories: Vec<SeatTotals>,
    section_names: Vec<String>,
    category_names: Vec<String>,
}

impl SeatBooks {
    pub(crate) fn of(plan: &Plan, prices: &PriceTable) -> Self {
        let mut books = SeatBooks {
            sells: vec![false; plan.categories.len()],
            sections: vec![[0; 3]; plan.sections.len()],
            categories: vec![[0; 3]; plan.categories.len()],
            section_names: plan.sections.iter().map(|one| one.name.clone()).collect(),
            category_names: plan.categories.iter().map(|one| one.name.clone()).collect(),
            ..SeatBooks::default()
        };
        for (number, (section, _, run)) in plan.runs().enumerate() {
            let is_standing = plan.sections[section].kind == SectionKind::GeneralAdmission;
            let mut flags = vec![SeatFlags::default(); run.labels.len()];
            for (at, flag) in &run.flags {
                if let Some(seat) = flags.get_mut(usize::from(*at)) {
                    *seat = *flag;
                }
            }
            for flags in flags {
                let is_blocked = flags.has(SeatFlags::BLOCKED);
                books.seats.push(SeatBook {
                    category: run.category,
                    section: section as u32,
                    run: number as u32,
                    is_standing,
                    is_accessible: flags.has(SeatFlags::ACCESSIBLE)
                        || flags.has(SeatFlags::COMPANION),
                    state: if is_blocked { SeatState::NotForSale } else { SeatState::Free },
                    owner: None,
                });
            }
        }
        books.price(prices);
        books
    }

    /// From here on, what these prices name is for sale.
    pub(crate) fn price(&mut self, prices: &PriceTable) {
        let free = |books: &Self| {
            let is_free = |at: &u32| books.seats[*at as usize].state == SeatState::Free;
            (0..books.seats.len() as u32).filter(is_free).map(SeatId).collect::<Vec<_>>()
        };
        free(self).into_iter().for_each(|seat| self.add(seat, SeatState::Free, -1));
        self.sells = (0..self.sells.len()).map(|at| prices.sells(at as u8)).collect();
        free(self).into_iter().for_each(|seat| self.add(seat, SeatState::Free, 1));
    }

    pub(crate) fn get(&self, seat: SeatId) -> Option<&SeatBook> {
        self.seats.get(seat.0 as usize)
    }

    pub(crate) fn all_free(&self, seats: &SeatList) -> bool {
        seats.iter().all(|seat| self.get(seat).is_some_and(|book| book.state == SeatState::Free))
    }

    /// Whether they could have been given to somebody who asked for the best ones together.
    pub(crate) fn are_together(&self, seats: &SeatList) -> bool {
        seats.as_slice().windows(2).all(|pair| {
            let (Some(one), Some(other)) = (self.get(pair[0]), self.get(pair[1])) else {
                return false;
            };
            let touch = one.run == other.run && pair[0].0 + 1 == pair[1].0;
            let both_stand = one.is_standing && other.is_standing && pair[0] != pair[1];
            one.category == other.category && (touch || both_stand)
        })
    }

    /// Held and sold seats of a category.
    pub(crate) fn taken(&self, category: u8) -> u32 {
        let amounts = self.categories.get(usize::from(category)).copied().unwrap_or_default();
        u32::try_from(amounts[1] + amounts[2]).unwrap_or(u32::MAX)
    }

    /// What a scope adds up to; `None` if the plan has no such section or category.
    pub(crate) fn amounts(&self, scope: CountScope) -> Option<SeatTotals> {
        match scope {
            CountScope::Event => Some(self.whole),
            CountScope::Section(at) => self.sections.get(at as usize).copied(),
            CountScope::Category(at) => self.categories.get(at as usize).copied(),
        }
    }

    /// What a scope is called; an event as a whole has no name here.
    pub(crate) fn name(&self, scope: CountScope) -> Option<&str> {
        match scope {
            CountScope::Event => Some(""),
            CountScope::Section(at) => self.section_names.get(at as usize).map(String::as_str),
            CountScope::Category(at) => self.category_names.get(at as usize).map(String::as_str),
        }
    }

    /// Seats move on; returns the first that did not stand as it should have, with its owner.
    pub(crate) fn turn(
        &mut self,
        hold_id: HoldId,
        seats: &SeatList,
        (from, to): (SeatState, SeatState),
    ) -> Result<(), (SeatId, Option<HoldId>)> {
        let mut wrong = None;
        for seat in seats.iter() {
            let Some(&SeatBook { state, owner, .. }) = self.get(seat) else {
                wrong = wrong.or(Some((seat, None)));
                continue;
            };
            let expected = (from != SeatState::Free).then_some(hold_id);
            if state != from || owner != expected {
                wrong = wrong.or(Some((seat, owner)));
            }
            if state == SeatState::NotForSale {
                continue;
            }
            self.add(seat, state, -1);
            self.add(seat, to, 1);
            let book = &mut self.seats[seat.0 as usize];
            book.state = to;
            book.owner = (to != SeatState::Free).then_some(hold_id);
        }
        wrong.map_or(Ok(()), Err)
    }

    /// Seats go off sale, or come back; returns the first that did not stand as it should have.
    pub(crate) fn turn_for_sale(
        &mut self,
        seats: &SeatSet,
        (from, to): (SeatState, SeatState),
    ) -> Result<(), SeatId> {
        let mut wrong = None;
        for seat in seats.iter() {
            let state = self.get(seat).map(|book| book.state);
            if state != Some(from) {
                wrong = wrong.or(Some(seat));
                continue;
            }
            self.add(seat, from, -1);
            self.add(seat, to, 1);
            self.seats[seat.0 as usize].state = to;
        }
        wrong.map_or(Ok(()), Err)
    }

    fn add(&mut self, seat: SeatId, state: SeatState, change: i64) {
        let Some(book) = self.seats.get(seat.0 as usize) else { return };
        let has_price = self.sells.get(usize::from(book.category)).is_some_and(|sells| *sells);
        let at = match state.where_sold(has_price) {
            SeatState::Free => 0,
            SeatState::Held => 1,
            SeatState::Sold => 2,
            SeatState::NotForSale => return,
        };
        let (section, category) = (book.section as usize, usize::from(book.category));
        self.whole[at] += change;
        if let Some(amounts) = self.sections.get_mut(section) {
            amounts[at] += change;
        }
        if let Some(amounts) = self.categories.get_mut(category) {
            amounts[at] += change;
        }
    }
}
