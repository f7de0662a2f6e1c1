//! The store of those who can be reached.

use floodgate_config::Backend;
use floodgate_people::{People, PeopleLocation};

use super::Parts;

/// The store that the settings name, if addresses are kept.
pub(super) fn open(parts: &Parts<'_>, root: &[u8; 32]) -> Option<People> {
    let settings = parts.settings;
    let place = match (settings.people.postgres.as_str(), settings.log.backend) {
        ("", Backend::Embedded) => PeopleLocation::File(parts.data.join("people.db")),
        ("", Backend::Kafka) => return None,
        (config, _) => PeopleLocation::Postgres(config.to_owned()),
    };
    Some(People::new(place, root))
}
