//! The store of those who can be reached.

use std::path::Path;

use floodgate_config::{Backend, Settings};
use floodgate_people::{People, PeopleLocation};

/// The store that the settings name, if addresses are kept.
pub(super) fn open(settings: &Settings, data: &Path, root: &[u8; 32]) -> Option<People> {
    let place = match (settings.people.postgres.as_str(), settings.log.backend) {
        ("", Backend::Embedded) => PeopleLocation::File(data.join("people.db")),
        ("", Backend::Kafka) => return None,
        (config, _) => PeopleLocation::Postgres(config.to_owned()),
    };
    Some(People::new(place, root))
}
