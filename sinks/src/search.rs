//! The index that visitors search, in OpenSearch or in the memory of a gateway.
//!
//! Documents are whole, so they are made from all facts, not from the last ones alone: every start
//! folds from the first fact, and writes from where the index is. What was folded stays while the
//! index is away; one that was deleted gets everything again, without the log.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodgate_config::SinksSettings;
use floodgate_domain::{FactRecord, LogTime};
use floodgate_event_log::{Checkpoint, Offset, Partition, Reads};
use floodgate_search::{
    Documents, Embedded, OpenSearch, OpenSearchOptions, Reached, SearchError, SearchIndex,
};
use floodgate_transport::Unreadable;

use crate::sink::{Destination, Inspection, Sink, SinkError, role};

/// Documents sent at once: about a megabyte.
const DOCUMENTS_MAX: usize = 1_000;
/// Refused documents whose facts are looked for; a mapping that refuses more refuses all.
const REFUSED_MAX: usize = 4_096;

/// An index that facts are carried to.
#[derive(Debug)]
struct SearchDestination {
    name: &'static str,
    unreadable: Unreadable,
    index: Arc<dyn SearchIndex>,
    // One pump uses it; it outlives the sinks that the pump opens one after the other.
    folded: Arc<Mutex<Folded>>,
}

/// What has been read, and how much of it is written.
#[derive(Debug, Default)]
struct Folded {
    documents: Documents,
    partitions: HashMap<Partition, Progress>,
    /// Versions of documents that the index will never take.
    refused: HashSet<u64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// Everything before it is folded.
    folded: Checkpoint,
    /// Everything before it is in the index.
    written: Offset,
    at: LogTime,
}

/// The index that `sinks.opensearch` names.
pub fn search_index(settings: &SinksSettings) -> Result<Option<Arc<dyn SearchIndex>>, SinkError> {
    if settings.opensearch.is_empty() {
        return Ok(None);
    }
    let wrong = |setting, reason: String| SinkError::Misconfigured { setting, reason };
    let file = &settings.opensearch_password_file;
    let password = if file.as_os_str().is_empty() {
        String::new()
    } else {
        let read = std::fs::read_to_string(file);
        let read = read.map_err(|error| {
            wrong("sinks.opensearch_password_file", format!("{}: {error}", file.display()))
        })?;
        read.trim_end().to_owned()
    };
    let options = OpenSearchOptions {
        url: settings.opensearch.clone(),
        user: settings.opensearch_user.clone(),
        password,
        name: settings.opensearch_index.clone(),
    };
    let index = OpenSearch::new(&options).map_err(|reason| wrong("sinks.opensearch", reason))?;
    Ok(Some(Arc::new(index)))
}

pub(crate) fn destination(
    settings: &SinksSettings,
) -> Result<Option<Arc<dyn Destination>>, SinkError> {
    Ok(search_index(settings)?.map(|index| carried("opensearch", index)))
}

/// Carries facts to an index in memory.
#[must_use]
pub fn embedded_index(index: &Arc<Embedded>) -> Arc<dyn Destination> {
    // Every gateway reads the same, and its views count it.
    let unreadable = Unreadable::PassedOver;
    let index = Arc::clone(index) as Arc<dyn SearchIndex>;
    Arc::new(SearchDestination { name: "search", unreadable, index, folded: Arc::default() })
}

/// Carries facts to an index that is elsewhere.
pub fn carried(name: &'static str, index: Arc<dyn SearchIndex>) -> Arc<dyn Destination> {
    let unreadable = Unreadable::SetAside { role: role(name), reads: Reads::FromTheFirst };
    Arc::new(SearchDestination { name, unreadable, index, folded: Arc::default() })
}

impl Destination for SearchDestination {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unreadable(&self) -> Unreadable {
        self.unreadable.clone()
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        self.index.open().map_err(failed)?;
        let (index, folded) = (Arc::clone(&self.index), Arc::clone(&self.folded));
        Ok(Box::new(SearchSink { index, folded }))
    }

    fn exists(&self) -> bool {
        true
    }

    /// A sink that carries facts there meanwhile notices, and writes all of it again.
    fn clear(&self) -> Result<(), SinkError> {
        *lock(&self.folded) = Folded::default();
        self.index.remove().map_err(failed)
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        let found = format!("{} answers", self.index.about().map_err(failed)?);
        Ok(Inspection { found, fault: None, clock: None })
    }
}

/// The sink that keeps an index.
#[derive(Debug)]
struct SearchSink {
    index: Arc<dyn SearchIndex>,
    folded: Arc<Mutex<Folded>>,
}

impl Sink for SearchSink {
    /// Where to go on folding. Whether the index still has what was written is found out here.
    fn checkpoint(&mut self, partition: Partition) -> Result<Checkpoint, SinkError> {
        let written = self.index.next(partition).map_err(failed)?;
        let mut folded = lock(&self.folded);
        let progress = folded.partitions.entry(partition).or_default();
        let is_lost = written < progress.written;
        let checkpoint = progress.folded;
        progress.written = written;
        if is_lost {
            tracing::warn!(partition, "the search index lost what it had; it is written anew");
            folded.documents.touch_everything();
        }
        Ok(checkpoint)
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError> {
        let mut folded = lock(&self.folded);
        let folded = &mut *folded;
        if let [fact] = facts
            && folded.refused.remove(&fact.position.version())
        {
            return Err(SinkError::Refused("a document of it does not fit the index".to_owned()));
        }
        let progress = folded.partitions.entry(partition).or_default();
        let is_written = behind.next <= progress.written;
        facts.iter().for_each(|fact| folded.documents.fold(fact, is_written));
        if progress.folded.next <= behind.next {
            progress.folded = behind;
        }
        let newest = facts.iter().map(|fact| fact.at).max().unwrap_or_default();
        progress.at = progress.at.max(newest);
        if is_written && folded.documents.is_clean() {
            return Ok(());
        }
        flush(&*self.index, folded, (partition, behind.next))
    }

    fn probe(&mut self) -> Result<(), SinkError> {
        let mut folded = lock(&self.folded);
        let partitions = folded.partitions.iter();
        let partitions: Vec<_> = partitions.map(|(at, one)| (*at, one.folded.next)).collect();
        for (partition, next) in partitions {
            if !folded.documents.is_clean() || folded.partitions[&partition].written < next {
                flush(&*self.index, &mut folded, (partition, next))?;
            }
            let written = self.index.next(partition).map_err(failed)?;
            if written < folded.partitions[&partition].written {
                return Err(failed(SearchError::Missing));
            }
        }
        Ok(())
    }

    fn rewind(&mut self, partition: Partition, _: Offset) -> Result<(), SinkError> {
        // Every start folds from the first fact; this lets it write from there, too.
        self.index.rewind(partition).map_err(failed)
    }
}

/// Writes what is dirty, and then how far a partition is: not before what the index refuses of it
/// has been set aside.
fn flush(
    index: &dyn SearchIndex,
    folded: &mut Folded,
    (partition, next): (Partition, Offset),
) -> Result<(), SinkError> {
    let mut unfit = Vec::new();
    let Progress { written, at, .. } = folded.partitions.entry(partition).or_default();
    while !folded.documents.is_clean() {
        let documents = folded.documents.dirty(DOCUMENTS_MAX);
        let reached = Reached { partition, next: *written, at: *at };
        unfit.extend(index.put(&documents, reached).map_err(failed)?);
        folded.documents.written(&documents);
    }
    let Some(first) = unfit.first() else {
        let reached = Reached { partition, next: next.max(*written), at: *at };
        index.put(&[], reached).map_err(failed)?;
        *written = reached.next;
        return Ok(());
    };
    let refusal = SinkError::Refused(format!("{:?}: {}", first.key, first.reason));
    let room = REFUSED_MAX.saturating_sub(folded.refused.len());
    folded.refused.extend(unfit.iter().map(|one| one.version).take(room));
    Err(refusal)
}

fn lock(folded: &Mutex<Folded>) -> MutexGuard<'_, Folded> {
    folded.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: SearchError) -> SinkError {
    SinkError::Unavailable(error.to_string())
}
