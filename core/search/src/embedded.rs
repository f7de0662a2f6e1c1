//! The index in memory: made from the first fact at every start, so there is nothing to mend.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use floodgate_domain::{EventId, LogTime};

use crate::document::{Document, EventDocument, RunDocument};
use crate::index::{Reached, SearchError, SearchIndex, Unfit};
use crate::query::{
    EventHit, EventHits, EventQuery, FacetCount, Facets, FoundSeats, HitCursor, NO_START,
    SeatFindings, SeatOrder, SeatQuery, facet_value,
};
use crate::together::{WAYS_COUNT, conditions, groups, is_asked_for, longest};
use crate::words::{fit, mistakes_max};

/// An index in the memory of its process.
#[derive(Debug, Default)]
pub struct Embedded {
    // Read by queries, written in batches by one thread a batch; nobody waits while holding it.
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    events: BTreeMap<EventId, EventDocument>,
    /// Every word that any event has; who has it, and how much it counts there.
    words: HashMap<String, KnownWord>,
    /// By event, then by the first seat.
    runs: HashMap<EventId, BTreeMap<u32, KeptRun>>,
    next: HashMap<u32, u64>,
    at: LogTime,
}

#[derive(Debug, Default)]
struct KnownWord {
    chars: Vec<char>,
    /// Which characters it has.
    has: u64,
    events: HashMap<EventId, f32>,
}

#[derive(Debug)]
struct KeptRun {
    run: RunDocument,
    longest: [u32; WAYS_COUNT],
}

impl SearchIndex for Embedded {
    fn open(&self) -> Result<(), SearchError> {
        Ok(())
    }

    fn next(&self, partition: u32) -> Result<u64, SearchError> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.next.get(&partition).copied().unwrap_or(0))
    }

    fn put(&self, documents: &[Document], reached: Reached) -> Result<Vec<Unfit>, SearchError> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        documents.iter().for_each(|document| kept.put(document));
        let next = kept.next.entry(reached.partition).or_default();
        *next = reached.next.max(*next);
        kept.at = kept.at.max(reached.at);
        Ok(Vec::new())
    }

    fn rewind(&self, partition: u32) -> Result<(), SearchError> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).next.remove(&partition);
        Ok(())
    }

    fn remove(&self) -> Result<(), SearchError> {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Kept::default();
        Ok(())
    }

    fn refresh(&self) -> Result<(), SearchError> {
        Ok(())
    }

    fn about(&self) -> Result<String, SearchError> {
        Ok("the index in memory".to_owned())
    }

    fn events(&self, query: &EventQuery) -> Result<EventHits, SearchError> {
        Ok(self.kept.read().unwrap_or_else(PoisonError::into_inner).events(query))
    }

    fn seats(&self, query: &SeatQuery) -> Result<Option<SeatFindings>, SearchError> {
        Ok(self.kept.read().unwrap_or_else(PoisonError::into_inner).seats(query))
    }
}

impl Kept {
    fn put(&mut self, document: &Document) {
        match document {
            Document::Event(event) => self.put_event(event),
            // Its runs say it.
            Document::Section(_) => {}
            Document::Run(run) => {
                let runs = self.runs.entry(run.event_id).or_default();
                let known = runs.get(&run.place.first_seat);
                if known.is_none_or(|known| known.run.version < run.version) {
                    let kept = KeptRun { run: run.clone(), longest: longest(run) };
                    runs.insert(run.place.first_seat, kept);
                }
            }
        }
    }

    fn put_event(&mut self, event: &EventDocument) {
        let known = self.events.get(&event.event_id);
        if known.is_some_and(|known| known.version >= event.version) {
            return;
        }
        // A sale changes its counts all the time, its words hardly ever.
        if known.is_none_or(|known| known.words != event.words) {
            for (word, _) in known.map(|known| &known.words).into_iter().flatten() {
                if let Some(known) = self.words.get_mut(word) {
                    known.events.remove(&event.event_id);
                    if known.events.is_empty() {
                        self.words.remove(word);
                    }
                }
            }
            for (word, weight) in &event.words {
                let known = self.words.entry(word.clone()).or_default();
                if known.chars.is_empty() {
                    known.chars = word.chars().collect();
                    known.has = characters(&known.chars);
                }
                known.events.insert(event.event_id, *weight);
            }
        }
        self.events.insert(event.event_id, event.clone());
    }

    /// How well each event fits all words; every event where there are none.
    fn scores(&self, query: &EventQuery) -> HashMap<EventId, f32> {
        let mut scores: HashMap<EventId, f32> = self.events.keys().map(|&id| (id, 0.0)).collect();
        for (at, word) in query.words.iter().enumerate() {
            let is_typing = query.is_typing && at + 1 == query.words.len();
            let asked: Vec<char> = word.chars().collect();
            let mut best: HashMap<EventId, f32> = HashMap::new();
            let (has, mistakes) = (characters(&asked), mistakes_max(asked.len()) as u32);
            for known in self.words.values() {
                // Each mistake accounts for one character that the word lacks. This passes over
                // nearly all words, for a hundredth of what comparing them costs.
                if (has & !known.has).count_ones() > mistakes {
                    continue;
                }
                let fit = fit(&asked, &known.chars, is_typing);
                if fit > 0.0 {
                    for (event_id, weight) in &known.events {
                        let score = best.entry(*event_id).or_default();
                        *score = score.max(fit * weight);
                    }
                }
            }
            scores.retain(|event_id, score| match best.get(event_id) {
                Some(more) => {
                    *score += more;
                    true
                }
                None => false,
            });
        }
        scores
    }

    fn events(&self, query: &EventQuery) -> EventHits {
        let mut hits = Vec::new();
        let mut facets: HashMap<(&'static str, &str), usize> = HashMap::new();
        let mut all = Facets::default();
        let names = all.fields().map(|(name, _)| name);
        for (event_id, score) in self.scores(query) {
            let event = &self.events[&event_id];
            if !is_wanted(event, query) {
                continue;
            }
            for name in names {
                *facets.entry((name, facet_value(event, name))).or_default() += 1;
            }
            let starts_at = event.starts_at.map_or(NO_START, |at| at.0);
            hits.push(HitCursor { score, starts_at, event_id });
        }
        let count = hits.len();
        hits.retain(|hit| query.after.is_none_or(|after| after.is_before(hit)));
        hits.sort_unstable_by(|a, b| match a.is_before(b) {
            true => std::cmp::Ordering::Less,
            false if b.is_before(a) => std::cmp::Ordering::Greater,
            false => std::cmp::Ordering::Equal,
        });
        hits.truncate(query.limit);
        for (name, values) in all.fields() {
            let of_name = facets.iter().filter(|((of, value), _)| *of == name && !value.is_empty());
            values.extend(of_name.map(|((_, value), count)| FacetCount {
                value: (*value).to_owned(),
                count: *count,
            }));
            values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then(a.value.cmp(&b.value)));
            values.truncate(Facets::VALUES_MAX);
        }
        let hit = |cursor: HitCursor| EventHit { event_id: cursor.event_id, cursor };
        EventHits { hits: hits.into_iter().map(hit).collect(), count, facets: all, at: self.at }
    }

    fn seats(&self, query: &SeatQuery) -> Option<SeatFindings> {
        let event = self.events.get(&query.event_id)?;
        let mut found = SeatFindings { groups: Vec::new(), version: event.version, at: event.at };
        let ways = conditions(query);
        let runs = self.runs.get(&query.event_id).into_iter().flat_map(BTreeMap::values);
        let fits = |kept: &&KeptRun| {
            ways.iter().all(|way| kept.longest[*way] >= u32::from(query.count))
                && is_asked_for(&kept.run.place, query)
        };
        let mut fitting: Vec<&RunDocument> = runs.filter(fits).map(|kept| &kept.run).collect();
        fitting.sort_by_key(|run| {
            let place = &run.place;
            let category = query.categories.iter().position(|one| *one == place.category);
            let category = category.filter(|_| query.order == SeatOrder::Categories);
            (category, place.rank, place.first_seat)
        });
        let all = fitting.into_iter().flat_map(|run| {
            let group = |places| FoundSeats { run: run.clone(), places };
            groups(run, query).into_iter().map(group)
        });
        found.groups.extend(all.take(query.limit));
        Some(found)
    }
}

/// A bit for each character, or for a few that share it.
fn characters(word: &[char]) -> u64 {
    word.iter().fold(0, |all, c| all | 1 << (u32::from(*c) % 64))
}

/// Whether an event is within the bounds of a query.
fn is_wanted(event: &EventDocument, query: &EventQuery) -> bool {
    let is =
        |asked: &Option<String>, value: &str| asked.as_ref().is_none_or(|asked| asked == value);
    let starts = event.starts_at;
    is(&query.artist, &event.artist)
        && is(&query.venue, &event.venue)
        && is(&query.month, &event.month)
        && is(&query.price_band, &event.price_band)
        && (query.phases.is_empty() || query.phases.iter().any(|phase| *phase == event.phase))
        && query.towns.as_ref().is_none_or(|towns| towns.contains(&event.town))
        && query.starts_from.is_none_or(|from| starts.is_some_and(|at| at >= from))
        && query.starts_before.is_none_or(|before| starts.is_some_and(|at| at < before))
}
