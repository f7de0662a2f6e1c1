//! Staff who look for a person by an address: what they find, and that they looked.

use floodgate_domain::{BuyerId, LogTime, PersonId, StaffId};

use crate::PeopleError;
use crate::address::Address;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Looks of one of staff within an hour: a box office has a fan every half minute.
const LOOK_UPS_PER_HOUR: i64 = 120;
const HOUR_MS: u64 = 3_600_000;
/// How long it is kept who looked.
const KEPT_MS: u64 = 400 * 24 * HOUR_MS;

/// Somebody who has left an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAtAddress {
    pub person: PersonId,
    /// Their devices, by pseudonym.
    pub buyers: Vec<BuyerId>,
    /// Whether they confirmed that the address is theirs.
    pub is_confirmed: bool,
}

impl Work<'_> {
    /// Everybody who has left this address. It is kept that `staff` looked, under the lookup of
    /// the address alone; `None` of somebody who looks too often.
    pub fn look_up(
        &mut self,
        staff: StaffId,
        address: &Address,
        now: LogTime,
    ) -> Result<Option<Vec<PersonAtAddress>>, PeopleError> {
        let channel = address.channel();
        let lookup = self.master.lookup(channel, &address.lookup_text());
        let lately = self.row(
            "SELECT COUNT(*) FROM look_ups WHERE staff = $1 AND at > $2",
            values![staff.0, now.0.saturating_sub(HOUR_MS)],
        )?;
        if lately.map_or(Ok(0), |row| row.int(0))? >= LOOK_UPS_PER_HOUR {
            return Ok(None);
        }
        let kept_since = now.0.saturating_sub(KEPT_MS);
        self.run("DELETE FROM look_ups WHERE at < $1", values![kept_since])?;
        self.run(
            "INSERT INTO look_ups (staff, at, lookup) VALUES ($1, $2, $3)",
            values![staff.0, now.0, lookup.as_slice()],
        )?;
        let rows = self.rows(
            "SELECT person, MAX(CASE WHEN confirmed_at IS NULL THEN 0 ELSE 1 END) FROM contacts
             WHERE channel = $1 AND lookup = $2 GROUP BY person ORDER BY person",
            values![channel as u8, lookup.as_slice()],
        )?;
        let one = |row: &StoredRow| Ok((PersonId(row.id(0)?), row.int(1)? == 1));
        let persons: Vec<_> = rows.iter().map(one).collect::<Result<_, PeopleError>>()?;
        let mut found = Vec::new();
        for (person, is_confirmed) in persons {
            let buyers = self.devices(person)?.into_iter().map(|device| device.buyer).collect();
            found.push(PersonAtAddress { person, buyers, is_confirmed });
        }
        Ok(Some(found))
    }
}
