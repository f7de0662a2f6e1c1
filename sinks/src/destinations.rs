//! Every destination of facts, in one list.

use std::path::Path;
use std::sync::Arc;

use floodgate_config::SinksSettings;

use crate::sink::{Destination, SinkError};
use crate::{postgres, search, sqlite};

/// What the settings name. An error says which setting can never be right; a place that is only
/// away is found out when it is opened.
pub fn destinations(
    settings: &SinksSettings,
    data: &Path,
) -> Result<Vec<Arc<dyn Destination>>, SinkError> {
    let named = [
        sqlite::destination(settings, data),
        postgres::destination(settings)?,
        search::destination(settings)?,
    ];
    Ok(named.into_iter().flatten().collect())
}
