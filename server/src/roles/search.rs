//! What answers searches of a gateway.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use floodgate_config::SearchBackend;
use floodgate_gateway::{SearchParts, Towns};
use floodgate_search::{Embedded, SearchIndex};
use floodgate_sinks::{embedded_index, search_index};
use floodgate_transport::Stage;

use super::Parts;

/// The index of the settings. One in memory is fed from here; one elsewhere by a sink.
pub(super) fn open(parts: &Parts<'_>) -> Result<SearchParts> {
    let settings = &parts.settings.search;
    let index: Option<Arc<dyn SearchIndex>> = match settings.backend {
        SearchBackend::Off => None,
        SearchBackend::Embedded => {
            let index = Arc::new(Embedded::default());
            let feed = floodgate_sinks::spawn(parts.log.shared(), embedded_index(&index));
            let feed = feed.context("the thread of the search index could not start")?;
            // Buyers do not wait for it.
            parts.services.add_beside(Stage::Work, Arc::new(feed));
            Some(index)
        }
        SearchBackend::Opensearch => match search_index(&parts.settings.sinks)? {
            Some(index) => Some(index),
            None => bail!("search.backend is opensearch: name one with sinks.opensearch"),
        },
    };
    Ok(SearchParts { index, towns: towns(parts)? })
}

fn towns(parts: &Parts<'_>) -> Result<Towns> {
    let file = &parts.settings.search.towns_file;
    if file.as_os_str().is_empty() {
        return Ok(Towns::default());
    }
    let named = || format!("search.towns_file: {}", file.display());
    let text = std::fs::read_to_string(file).with_context(named)?;
    Towns::parse(&text).map_err(anyhow::Error::msg).with_context(named)
}
