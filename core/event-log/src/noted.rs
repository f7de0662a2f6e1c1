//! How far the readers of this process are, for whoever asks this process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::topics::Topic;
use crate::traits::{NotedPosition, Offset, Partition};

/// Readers that are remembered; a process with every role has a dozen.
const READERS_MAX: usize = 64;

type Reached = BTreeMap<(Topic, Partition), Offset>;

/// The positions that were noted last. A plain mutex: held for a look-up.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashMap<String, Reached>>);

impl Noted {
    pub(crate) fn note(&self, reader: &str, at: (Topic, Partition), next: Offset) {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reached) = readers.get_mut(reader) {
            reached.insert(at, next);
        } else if readers.len() < READERS_MAX {
            readers.insert(reader.to_owned(), BTreeMap::from([(at, next)]));
        }
    }

    /// By reader, topic and partition.
    pub(crate) fn all(&self) -> Vec<NotedPosition> {
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = readers
            .iter()
            .flat_map(|(reader, reached)| {
                reached.iter().map(|(&(topic, partition), &next)| NotedPosition {
                    reader: reader.clone(),
                    topic,
                    partition,
                    next,
                })
            })
            .collect();
        all.sort_by(|a, b| {
            (&a.reader, a.topic, a.partition).cmp(&(&b.reader, b.topic, b.partition))
        });
        all
    }
}
