//! From facts to differences.

use std::collections::HashMap;

use floodgate_domain::effects::SeatMove;
use floodgate_domain::{EventId, FactRecord, NewEvent, PriceTable, SeatState};

/// What is counted: an event, a section or a price category of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scope {
    Event,
    Section(u32),
    Category(u32),
}

/// A total's name.
pub(crate) type TotalKey = (EventId, Scope);

/// Free, held, sold: totals, or changes of them.
pub(crate) type Amounts = [i64; 3];

/// One event's layout: what each seat counts towards.
#[derive(Debug)]
pub(crate) struct EventLayout {
    /// Section and category by seat.
    seats: Vec<(u32, u32)>,
    /// Seats nobody has, and whether they are for sale but for the price; the others are held, sold or
    /// blocked.
    open: Vec<bool>,
    /// By category: whether it has a price.
    sells: Vec<bool>,
    pub(crate) sections: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// The layouts of all events of a partition.
#[derive(Debug, Default)]
pub(crate) struct EventLayouts {
    events: HashMap<EventId, EventLayout>,
}

impl EventLayouts {
    pub(crate) fn get(&self, event_id: EventId) -> Option<&EventLayout> {
        self.events.get(&event_id)
    }

    /// Every total an event has, in the order of their keys.
    pub(crate) fn keys(&self, event_id: EventId) -> Vec<TotalKey> {
        let Some(layout) = self.events.get(&event_id) else { return Vec::new() };
        let sections = (0..layout.sections.len() as u32).map(Scope::Section);
        let categories = (0..layout.categories.len() as u32).map(Scope::Category);
        let all = std::iter::once(Scope::Event).chain(sections).chain(categories);
        all.map(|scope| (event_id, scope)).collect()
    }

    /// Lets go of an event; what still happens to it changes no total.
    pub(crate) fn forget(&mut self, event_id: EventId) {
        self.events.remove(&event_id);
    }

    /// Appends what a fact changes.
    pub(crate) fn differences(&mut self, record: &FactRecord, into: &mut Vec<(TotalKey, Amounts)>) {
        let effects = record.fact.effects();
        if let Some(new) = effects.created {
            self.created(record.event_id, new, into);
        }
        if let Some(prices) = effects.prices {
            self.priced(record.event_id, prices, into);
        }
        if let Some(change) = effects.seats {
            self.moved(record.event_id, &change, into);
        }
    }

    /// Nothing is for sale before it has a price; its prices are among a new event's effects.
    fn created(&mut self, event_id: EventId, new: &NewEvent, into: &mut Vec<(TotalKey, Amounts)>) {
        let plan = &new.plan;
        let mut layout = EventLayout {
            seats: Vec::new(),
            open: Vec::new(),
            sells: (0..plan.categories.len()).map(|at| new.prices.sells(at as u8)).collect(),
            sections: plan.sections.iter().map(|section| section.name.clone()).collect(),
            categories: plan.categories.iter().map(|category| category.name.clone()).collect(),
        };
        for seat in plan.seats() {
            let (section, category) = (seat.section_index as u32, u32::from(seat.category));
            layout.seats.push((section, category));
            layout.open.push(seat.first_state() == SeatState::Free);
            if seat.first_state().where_sold(new.prices.sells(seat.category)) == SeatState::Free {
                add(event_id, (section, category), [1, 0, 0], into);
            }
        }
        self.events.insert(event_id, layout);
    }

    /// What nobody has becomes free with a price, and not for sale without.
    fn priced(
        &mut self,
        event_id: EventId,
        prices: &PriceTable,
        into: &mut Vec<(TotalKey, Amounts)>,
    ) {
        let Some(layout) = self.events.get_mut(&event_id) else { return };
        let sells: Vec<bool> = (0..layout.sells.len()).map(|at| prices.sells(at as u8)).collect();
        let before = std::mem::replace(&mut layout.sells, sells);
        for (&counts_towards, _) in layout.seats.iter().zip(&layout.open).filter(|(_, open)| **open)
        {
            let at = counts_towards.1 as usize;
            let free = |sells: &[bool]| i64::from(sells.get(at).is_some_and(|sells| *sells));
            let change = free(&layout.sells) - free(&before);
            if change != 0 {
                add(event_id, counts_towards, [change, 0, 0], into);
            }
        }
    }

    fn moved(
        &mut self,
        event_id: EventId,
        change: &SeatMove<'_>,
        into: &mut Vec<(TotalKey, Amounts)>,
    ) {
        let Some(layout) = self.events.get_mut(&event_id) else { return };
        // A ticket that changes hands changes no total.
        if change.from == change.to {
            return;
        }
        let states = [SeatState::Free, SeatState::Held, SeatState::Sold];
        let amounts = states.map(|state| change.change_of(state));
        for at in change.seats.iter().map(|seat| seat.0 as usize) {
            let (Some(&counts_towards), Some(open)) =
                (layout.seats.get(at), layout.open.get_mut(at))
            else {
                continue;
            };
            *open = change.to == SeatState::Free;
            let sells = layout.sells.get(counts_towards.1 as usize).is_some_and(|sells| *sells);
            let [free, held, sold] = amounts;
            add(event_id, counts_towards, [if sells { free } else { 0 }, held, sold], into);
        }
    }
}

fn add(
    event_id: EventId,
    (section, category): (u32, u32),
    change: Amounts,
    into: &mut Vec<(TotalKey, Amounts)>,
) {
    into.push(((event_id, Scope::Event), change));
    into.push(((event_id, Scope::Section(section)), change));
    into.push(((event_id, Scope::Category(category)), change));
}
