//! From facts to differences.

use std::collections::HashMap;

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::plan::SeatFlags;
use floodgate_domain::{EventId, Fact, FactRecord, Plan, SeatList};

/// What is counted: an event, a section or a price category of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scope {
    Event,
    Section(u32),
    Category(u32),
}

/// A total's name.
pub(crate) type Key = (EventId, Scope);

/// Free, held, sold: totals, or changes of them.
pub(crate) type Amounts = [i64; 3];

const FREE: usize = 0;
const HELD: usize = 1;
const SOLD: usize = 2;

/// One event's shape: what each seat counts towards.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Section and category by seat.
    seats: Vec<(u32, u32)>,
    pub(crate) sections: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// The shapes of all events of a partition.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    events: HashMap<EventId, Shape>,
}

impl Shapes {
    pub(crate) fn get(&self, event_id: EventId) -> Option<&Shape> {
        self.events.get(&event_id)
    }

    /// Every total an event has, in the order of their keys.
    pub(crate) fn keys(&self, event_id: EventId) -> Vec<Key> {
        let Some(shape) = self.events.get(&event_id) else { return Vec::new() };
        let sections = (0..shape.sections.len() as u32).map(Scope::Section);
        let categories = (0..shape.categories.len() as u32).map(Scope::Category);
        let all = std::iter::once(Scope::Event).chain(sections).chain(categories);
        all.map(|scope| (event_id, scope)).collect()
    }

    /// Lets go of an event; what still happens to it changes no total.
    pub(crate) fn forget(&mut self, event_id: EventId) {
        self.events.remove(&event_id);
    }

    /// Appends what a fact changes.
    pub(crate) fn differences(&mut self, record: &FactRecord, into: &mut Vec<(Key, Amounts)>) {
        let event_id = record.event_id;
        match &record.fact {
            Fact::EventCreated(new) => self.created(event_id, &new.plan, into),
            Fact::SeatsHeld { seats, .. } => self.moved(event_id, seats, FREE, HELD, into),
            Fact::OrderConfirmed { seats, kept, .. } => {
                // Late payments find free seats; all others have held theirs.
                let from = if *kept == SeatsKept::Held { HELD } else { FREE };
                self.moved(event_id, seats, from, SOLD, into);
            }
            Fact::HoldReleased { seats, .. }
            | Fact::HoldExpired { seats, .. }
            | Fact::OrderExpired { seats, .. } => self.moved(event_id, seats, HELD, FREE, into),
            Fact::OrderRefunded { seats, .. } | Fact::OrderCancelled { seats, .. } => {
                self.moved(event_id, seats, SOLD, FREE, into);
            }
            _ => {}
        }
    }

    fn created(&mut self, event_id: EventId, plan: &Plan, into: &mut Vec<(Key, Amounts)>) {
        let mut shape = Shape {
            seats: Vec::new(),
            sections: plan.sections.iter().map(|section| section.name.clone()).collect(),
            categories: plan.categories.iter().map(|category| category.name.clone()).collect(),
        };
        for seat in plan.seats() {
            let (section, category) = (seat.section_index as u32, u32::from(seat.category));
            shape.seats.push((section, category));
            if !seat.flags.has(SeatFlags::BLOCKED) {
                add(event_id, (section, category), [1, 0, 0], into);
            }
        }
        self.events.insert(event_id, shape);
    }

    fn moved(
        &self,
        event_id: EventId,
        seats: &SeatList,
        from: usize,
        to: usize,
        into: &mut Vec<(Key, Amounts)>,
    ) {
        let Some(shape) = self.events.get(&event_id) else { return };
        let mut change = [0; 3];
        change[from] -= 1;
        change[to] += 1;
        for seat in seats.iter() {
            if let Some(&counts_towards) = shape.seats.get(seat.0 as usize) {
                add(event_id, counts_towards, change, into);
            }
        }
    }
}

fn add(
    event_id: EventId,
    (section, category): (u32, u32),
    change: Amounts,
    into: &mut Vec<(Key, Amounts)>,
) {
    into.push(((event_id, Scope::Event), change));
    into.push(((event_id, Scope::Section(section)), change));
    into.push(((event_id, Scope::Category(category)), change));
}
