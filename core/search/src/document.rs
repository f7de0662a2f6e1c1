//! What an index has. Every document is whole: it says everything about its subject as of a fact.

use std::sync::Arc;

use floodgate_domain::plan::{Labels, SeatFlags};
use floodgate_domain::{EventId, LogTime};

/// An event as people look for it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDocument {
    pub event_id: EventId,
    /// The fact it is as of, as one number that grows; and when that was.
    pub version: u64,
    pub at: LogTime,
    pub name: String,
    pub artist: String,
    pub venue: String,
    /// The last line of the address without its numbers: where people travel to.
    pub town: String,
    /// Its words as they are compared, by how much they count.
    pub words: Vec<(String, f32)>,
    /// As people know it: `open`, `sold_out`.
    pub phase: &'static str,
    pub starts_at: Option<LogTime>,
    /// `2027-06` on the calendar of the venue.
    pub month: String,
    pub currency: String,
    /// The cheapest seat of a category that has a free one, all fees included, in minor units.
    pub price_from: Option<u32>,
    /// `EUR 50-100`, in whole units.
    pub price_band: String,
    pub capacity: u32,
    pub free: u32,
}

/// How many seats of a section are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionDocument {
    pub event_id: EventId,
    pub version: u64,
    pub section_index: u32,
    pub section: Arc<str>,
    pub capacity: u32,
    pub free: u32,
}

/// What of a run never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPlace {
    pub section: Arc<str>,
    pub section_index: u32,
    pub row: String,
    /// Smaller is better.
    pub rank: u32,
    /// Number of its first seat; the others follow.
    pub first_seat: u32,
    pub category: u8,
    pub labels: Labels,
    pub flags: Vec<(u16, SeatFlags)>,
    /// Any of its places will do, together or not.
    pub is_general: bool,
}

/// The free seats of a run: what a seat is for a ticket, a run is for a party. One document a run
/// costs a twentieth of one a seat, and says which seats are side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDocument {
    pub event_id: EventId,
    pub version: u64,
    pub place: Arc<RunPlace>,
    /// Which of its seats are free, from 0, ascending.
    pub free: Vec<u16>,
}

/// A document of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    Event(Box<EventDocument>),
    Section(SectionDocument),
    Run(RunDocument),
}

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKey {
    Run(EventId, u32),
    Section(EventId, u32),
    Event(EventId),
}

impl Document {
    #[must_use]
    pub fn key(&self) -> DocumentKey {
        match self {
            Document::Event(event) => DocumentKey::Event(event.event_id),
            Document::Section(one) => DocumentKey::Section(one.event_id, one.section_index),
            Document::Run(run) => DocumentKey::Run(run.event_id, run.place.first_seat),
        }
    }

    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Document::Event(event) => event.version,
            Document::Section(section) => section.version,
            Document::Run(run) => run.version,
        }
    }
}

impl RunPlace {
    /// The flags of its seat at `at`.
    #[must_use]
    pub fn flags_of(&self, at: u16) -> SeatFlags {
        let found = self.flags.iter().find(|(seat, _)| *seat == at);
        found.map_or(SeatFlags::default(), |(_, flags)| *flags)
    }
}
