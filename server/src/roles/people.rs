//! The store of those who can be reached.

use std::path::Path;

use floodgate_config::{Backend, Settings};
use floodgate_people::{People, PeopleError, PeopleLocation};

fn location(settings: &Settings, data: &Path) -> Option<PeopleLocation> {
    Some(match (settings.people.postgres.as_str(), settings.log.backend) {
        ("", Backend::Embedded) => PeopleLocation::File(data.join("people.db")),
        ("", Backend::Kafka) => return None,
        (config, _) => PeopleLocation::Postgres(config.to_owned()),
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

/// Lets the store of people forget what it has from the log, after that was replaced; whether there
/// is such a store. Blocks.
pub fn forget_folded(settings: &Settings, data: &Path) -> Result<bool, PeopleError> {
    let is_there = |location: &PeopleLocation| match location {
        PeopleLocation::File(path) => path.exists(),
        PeopleLocation::Postgres(_) => true,
    };
    let Some(location) = location(settings, data).filter(is_there) else { return Ok(false) };
    // Nothing sealed is touched, so that it takes no key.
    People::new(location, &[0; 32]).with(|work| work.forget_folded())?;
    Ok(true)
}
