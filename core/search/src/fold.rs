//! From facts to documents.
//!
//! Keeps each event's seats, so that every document is whole; what changed is dirty until whoever
//! writes it says that it is written. Repeated facts change nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use floodgate_domain::plan::SectionKind;
use floodgate_domain::{
    EventDetails, EventId, FactRecord, LogTime, NewEvent, Plan, PriceTable, SalePhase, SeatState,
};

use crate::document::{Document, DocumentKey, RunDocument, RunPlace, SectionDocument};
use crate::event::{Sale, event_document};

/// One event, folded.
#[derive(Debug)]
struct Folded {
    event_id: EventId,
    details: EventDetails,
    plan_name: String,
    prices: PriceTable,
    phase: SalePhase,
    /// As its facts say, whether or not its category has a price.
    seats: Vec<SeatState>,
    /// How many seats of each section and category are in each state: counting 200,000 anew with
    /// every batch would cost more than all else here.
    counts: Vec<[u32; 4]>,
    categories: usize,
    /// Which run each seat is of.
    run_of: Vec<u32>,
    runs: Vec<Arc<RunPlace>>,
    /// The newest fact that changed a run.
    run_versions: Vec<u64>,
    /// Sections, each with its runs; they follow each other.
    sections: Vec<(Arc<str>, std::ops::Range<usize>)>,
    version: u64,
    at: LogTime,
}

/// All events of the partitions that are folded here.
#[derive(Debug, Default)]
pub struct Documents {
    events: HashMap<EventId, Folded>,
    /// Runs before sections before events: who finds an event as of a fact, finds its runs as of
    /// that or a later one.
    dirty: BTreeSet<DocumentKey>,
}

impl Documents {
    /// Enters a fact; what it changed is dirty from here on, unless whoever writes has it already.
    pub fn fold(&mut self, record: &FactRecord, is_written: bool) {
        let effects = record.fact.effects();
        let event_id = record.event_id;
        if let Some(new) = effects.created {
            let Some(event) = Folded::new(record, new) else { return };
            if self.events.contains_key(&event_id) {
                return;
            }
            self.events.insert(event_id, event);
            if !is_written {
                self.touch_all(event_id);
            }
            return;
        }
        let Some(event) = self.events.get_mut(&event_id) else { return };
        let version = record.position.version();
        if version <= event.version {
            return;
        }
        let is_news = effects.phase.is_some()
            || effects.details.is_some()
            || effects.prices.is_some()
            || effects.seats.is_some();
        if !is_news {
            return;
        }
        (event.version, event.at) = (version, record.at);
        event.phase = effects.phase.unwrap_or(event.phase);
        if let Some(details) = effects.details {
            event.details.clone_from(details);
        }
        let mut touched = vec![DocumentKey::Event(event_id)];
        if let Some(change) = effects.seats {
            for seat in change.seats {
                let at = seat.0 as usize;
                let Some(run) = event.turn(at, change.to) else { continue };
                event.run_versions[run] = version;
                let place = &event.runs[run];
                touched.push(DocumentKey::Run(event_id, place.first_seat));
                touched.push(DocumentKey::Section(event_id, place.section_index));
            }
        }
        if let Some(prices) = effects.prices {
            event.prices.clone_from(prices);
            event.run_versions.fill(version);
        }
        if is_written {
            return;
        }
        self.dirty.extend(touched);
        if effects.prices.is_some() {
            self.touch_all(event_id);
        }
    }

    /// Everything is dirty: an index that lost what it had gets all of it again.
    pub fn touch_everything(&mut self) {
        let ids: Vec<_> = self.events.keys().copied().collect();
        ids.into_iter().for_each(|event_id| self.touch_all(event_id));
    }

    fn touch_all(&mut self, event_id: EventId) {
        let Some(event) = self.events.get(&event_id) else { return };
        let runs = event.runs.iter().map(|run| DocumentKey::Run(event_id, run.first_seat));
        self.dirty.extend(runs);
        let sections = 0..event.sections.len() as u32;
        self.dirty.extend(sections.map(|section| DocumentKey::Section(event_id, section)));
        self.dirty.insert(DocumentKey::Event(event_id));
    }

    /// What is dirty, as it is now, at most so many; runs first.
    #[must_use]
    pub fn dirty(&self, max: usize) -> Vec<Document> {
        self.dirty.iter().take(max).filter_map(|key| self.document(*key)).collect()
    }

    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty()
    }

    /// These are written. Nothing may have been folded since they were made.
    pub fn written(&mut self, documents: &[Document]) {
        for document in documents {
            self.dirty.remove(&document.key());
        }
    }

    fn document(&self, key: DocumentKey) -> Option<Document> {
        Some(match key {
            DocumentKey::Event(event_id) => {
                Document::Event(Box::new(self.events.get(&event_id)?.event()))
            }
            DocumentKey::Section(event_id, section) => {
                Document::Section(self.events.get(&event_id)?.section(section)?)
            }
            DocumentKey::Run(event_id, first_seat) => {
                Document::Run(self.events.get(&event_id)?.run(first_seat)?)
            }
        })
    }
}

impl Folded {
    fn new(record: &FactRecord, new: &NewEvent) -> Option<Self> {
        let version = record.position.version();
        let (runs, sections) = places_of(&new.plan);
        let seats: Vec<_> = new.plan.seats().map(|seat| seat.first_state()).collect();
        let mut run_of = Vec::with_capacity(seats.len());
        for (at, run) in runs.iter().enumerate() {
            run_of.resize(run_of.len() + run.labels.len(), u32::try_from(at).ok()?);
        }
        let categories = new.plan.categories.len();
        let mut counts = vec![[0; 4]; categories * sections.len()];
        for seat in new.plan.seats() {
            let of = seat.section_index * categories + usize::from(seat.category);
            counts.get_mut(of)?[seat.first_state() as usize] += 1;
        }
        Some(Folded {
            counts,
            categories,
            event_id: record.event_id,
            details: new.details.clone(),
            plan_name: new.plan.name.clone(),
            prices: new.prices.clone(),
            phase: SalePhase::Announced,
            run_versions: vec![version; runs.len()],
            seats,
            run_of,
            runs,
            sections,
            version,
            at: record.at,
        })
    }

    /// A seat is in another state; which run it is of.
    fn turn(&mut self, seat: usize, to: SeatState) -> Option<usize> {
        let state = self.seats.get_mut(seat)?;
        let run = self.run_of[seat] as usize;
        let place = &self.runs[run];
        let of = place.section_index as usize * self.categories + usize::from(place.category);
        self.counts[of][*state as usize] -= 1;
        self.counts[of][to as usize] += 1;
        *state = to;
        Some(run)
    }

    fn state(&self, seat: usize, category: u8) -> SeatState {
        self.seats[seat].where_sold(self.prices.sells(category))
    }

    fn run(&self, first_seat: u32) -> Option<RunDocument> {
        let at = *self.run_of.get(first_seat as usize)? as usize;
        let place = Arc::clone(&self.runs[at]);
        let is_free = |within: &u16| {
            let seat = place.first_seat as usize + usize::from(*within);
            self.state(seat, place.category) == SeatState::Free
        };
        let count = u16::try_from(place.labels.len()).unwrap_or(u16::MAX);
        let free = (0..count).filter(is_free).collect();
        Some(RunDocument { event_id: self.event_id, version: self.run_versions[at], place, free })
    }

    /// The seats of some sections that are for sale, by where they stand.
    fn count(&self, sections: std::ops::Range<usize>) -> Counted {
        let mut counted = Counted::default();
        for section in sections {
            let of_section = &self.counts[section * self.categories..][..self.categories];
            for (counts, category) in of_section.iter().zip(0_u8..) {
                let of = |state: SeatState| counts[state as usize];
                let (held, sold) = (of(SeatState::Held), of(SeatState::Sold));
                let free = if self.prices.sells(category) { of(SeatState::Free) } else { 0 };
                counted.free += free;
                counted.held += held;
                counted.sold += sold;
                counted.free_of[usize::from(category & 63)] += free;
                counted.taken_of[usize::from(category & 63)] += held + sold;
            }
        }
        counted
    }

    fn section(&self, index: u32) -> Option<SectionDocument> {
        let (section, runs) = self.sections.get(index as usize)?.clone();
        let at = index as usize;
        let counted = self.count(at..at + 1);
        Some(SectionDocument {
            event_id: self.event_id,
            version: self.run_versions[runs].iter().copied().max().unwrap_or(self.version),
            section_index: index,
            section,
            capacity: counted.free + counted.held + counted.sold,
            free: counted.free,
        })
    }

    fn event(&self) -> crate::document::EventDocument {
        let counted = self.count(0..self.sections.len());
        let categories = (0..64_u8).filter(|at| counted.free_of[usize::from(*at)] > 0);
        let price_from = categories
            .filter_map(|at| self.prices.amount(at, counted.taken_of[usize::from(at)], self.at))
            .min();
        let sale = Sale {
            phase: self.phase,
            capacity: counted.free + counted.held + counted.sold,
            free: counted.free,
            held: counted.held,
            currency: self.prices.currency.as_str(),
            price_from,
        };
        let as_of = (self.event_id, self.version, self.at);
        event_document(as_of, &self.details, &self.plan_name, sale)
    }
}

#[derive(Debug)]
struct Counted {
    free: u32,
    held: u32,
    sold: u32,
    free_of: [u32; 64],
    taken_of: [u32; 64],
}

impl Default for Counted {
    fn default() -> Self {
        Counted { free: 0, held: 0, sold: 0, free_of: [0; 64], taken_of: [0; 64] }
    }
}

/// Every run with where it is, and which runs each section has.
#[expect(clippy::type_complexity, reason = "two lists that are made in one pass")]
fn places_of(plan: &Plan) -> (Vec<Arc<RunPlace>>, Vec<(Arc<str>, std::ops::Range<usize>)>) {
    let (mut runs, mut sections) = (Vec::new(), Vec::new());
    let mut first_seat = 0;
    for (in_section, section_index) in plan.sections.iter().zip(0..) {
        let name: Arc<str> = Arc::from(in_section.name.as_str());
        let from = runs.len();
        for row in &in_section.rows {
            for run in &row.runs {
                runs.push(Arc::new(RunPlace {
                    section: Arc::clone(&name),
                    section_index,
                    row: row.label.clone(),
                    rank: row.rank,
                    first_seat,
                    category: run.category,
                    labels: run.labels.clone(),
                    flags: run.flags.clone(),
                    is_general: in_section.kind == SectionKind::GeneralAdmission,
                }));
                first_seat += run.labels.len() as u32;
            }
        }
        sections.push((name, from..runs.len()));
    }
    (runs, sections)
}
