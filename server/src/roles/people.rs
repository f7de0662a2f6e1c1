//! The store of those who can be reached.

use std::path::Path;
use std::sync::Arc;

use floodgate_config::{Backend, Settings};
use floodgate_event_log::Log;
use floodgate_people::{People, PeopleError, PeopleLocation};

use crate::private::make_folder;

fn location(settings: &Settings, data: &Path) -> Option<PeopleLocation> {
    Some(match (settings.people.postgres.as_str(), settings.log.backend) {
        ("", Backend::Embedded) => PeopleLocation::File(data.join("people.db")),
        ("", Backend::Kafka) => return None,
        (config, _) => PeopleLocation::Postgres(config.to_owned()),
    })
}

/// The same, if it is there already.
fn existing(settings: &Settings, data: &Path) -> Option<PeopleLocation> {
    location(settings, data).filter(|location| match location {
        PeopleLocation::File(path) => path.exists(),
        PeopleLocation::Postgres(_) => true,
    })
}

/// The store that the settings name, if addresses are kept.
pub(super) fn open(settings: &Settings, data: &Path, root: &[u8; 32]) -> Option<People> {
    location(settings, data).map(|location| People::new(location, root))
}

/// Whether the store answers; `None` where no addresses are kept. Makes nothing. Blocks.
pub fn people_answer(settings: &Settings, data: &Path) -> Option<Result<(), PeopleError>> {
    location(settings, data).map(|location| location.answers())
}

/// What differs between the store and what the ledger leads to, as of where the store is; `None` where
/// there is none. Writes it once more beside the data, and removes that. Blocks.
pub fn people_differences(
    settings: &Settings,
    data: &Path,
    log: &Arc<dyn Log>,
) -> Result<Option<Vec<String>>, PeopleError> {
    let Some(location) = existing(settings, data) else { return Ok(None) };
    let aside = data.join("people.check");
    let failed = |error: std::io::Error| PeopleError::Unavailable(error.to_string());
    // One that was left by a check that was killed.
    if aside.exists() {
        std::fs::remove_dir_all(&aside).map_err(failed)?;
    }
    make_folder(&aside).map_err(failed)?;
    // Nothing sealed is touched, so that it takes no key.
    let found = floodgate_channels::check(log, &People::new(location, &[0; 32]), &aside);
    std::fs::remove_dir_all(&aside).map_err(failed)?;
    found.map(Some)
}

/// Lets the store of people forget what it has from the log, after that was replaced; whether there
/// is such a store. Blocks.
pub fn forget_folded(settings: &Settings, data: &Path) -> Result<bool, PeopleError> {
    let Some(location) = existing(settings, data) else { return Ok(false) };
    // Nothing sealed is touched, so that it takes no key.
    People::new(location, &[0; 32]).with(|work| work.forget_folded())?;
    Ok(true)
}
