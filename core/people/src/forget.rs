//! Forgetting a person: the key goes, and everything that was derived from what it opened.

use floodgate_domain::{BuyerId, Channel, ConsentScope, EventId, PersonId};

use crate::PeopleError;
use crate::address::Address;
use crate::audience::consent;
use crate::database::{StoredRow, values};
use crate::messages::DONE;
use crate::reports::NO_CHANNEL;
use crate::schema::TABLES_OF_PERSONS;
use crate::store::Work;

/// What was deleted of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub contacts: u64,
    pub devices: u64,
    pub messages: u64,
}

impl Work<'_> {
    /// Everybody who has left this address.
    pub fn persons_at(&mut self, address: &Address) -> Result<Vec<PersonId>, PeopleError> {
        let channel = address.channel();
        let lookup = self.master.lookup(channel, &address.lookup_text());
        let rows = self.rows(
            "SELECT DISTINCT person FROM contacts WHERE channel = $1 AND lookup = $2",
            values![channel as u8, lookup.as_slice()],
        )?;
        rows.iter().map(|row| row.id(0).map(PersonId)).collect()
    }

    /// What the devices of a person have agreed to: to be taken back in the log before they are
    /// forgotten.
    pub fn consents_of(
        &mut self,
        person: PersonId,
    ) -> Result<Vec<(EventId, BuyerId, ConsentScope, Channel)>, PeopleError> {
        let rows = self.rows(
            "SELECT k.event, k.buyer, k.scope, k.channel, k.wording FROM consents k
             JOIN buyers b ON b.buyer = k.buyer WHERE b.person = $1
             ORDER BY k.event, k.buyer, k.scope, k.channel",
            values![person.0],
        )?;
        let one = |row: &StoredRow| {
            let given = consent(row, 2)?;
            Ok((EventId(row.id(0)?), BuyerId(row.id(1)?), given.scope, given.channel))
        };
        rows.iter().map(one).collect()
    }

    /// Adds what became of the messages of a person to numbers that name nobody: a report says how
    /// many were reached, and that does not change afterwards.
    fn count_forgotten(&mut self, theirs: &str, person: PersonId) -> Result<(), PeopleError> {
        let sql = format!(
            "INSERT INTO forgotten_verdicts (event, announcement, verdict, channel, count)
             SELECT event, announcement, verdict, COALESCE(channel, {NO_CHANNEL}), COUNT(*)
             FROM messages WHERE state = {DONE} AND verdict IS NOT NULL AND event IS NOT NULL
                 AND announcement IS NOT NULL AND {theirs}
             GROUP BY event, announcement, verdict, COALESCE(channel, {NO_CHANNEL})
             ON CONFLICT (event, announcement, verdict, channel)
                 DO UPDATE SET count = forgotten_verdicts.count + excluded.count"
        );
        self.run(&sql, values![person.0]).map(|_| ())
    }

    /// Deletes a person. [`crate::People::purge`] overwrites what that leaves on disk.
    pub fn forget(&mut self, person: PersonId) -> Result<Forgotten, PeopleError> {
        let theirs = "(person = $1 OR buyer IN (SELECT buyer FROM buyers WHERE person = $1)
             OR contact IN (SELECT contact FROM contacts WHERE person = $1))";
        self.count_forgotten(theirs, person)?;
        let sql = format!(
            "DELETE FROM message_failures WHERE message IN (SELECT message FROM messages
             WHERE {theirs})"
        );
        self.run(&sql, values![person.0])?;
        let sql = format!("DELETE FROM messages WHERE {theirs}");
        let messages = self.run(&sql, values![person.0])?;
        // Those who hold tickets still do: what says so is a pseudonym, and stays.
        self.run(
            "DELETE FROM consents WHERE buyer IN (SELECT buyer FROM buyers WHERE person = $1)",
            values![person.0],
        )?;
        self.run(
            "DELETE FROM suppressions WHERE EXISTS (SELECT 1 FROM contacts c
             WHERE c.person = $1 AND c.channel = suppressions.channel
                 AND c.lookup = suppressions.lookup)",
            values![person.0],
        )?;
        self.run(
            "DELETE FROM look_ups WHERE EXISTS (SELECT 1 FROM contacts c
             WHERE c.person = $1 AND c.lookup = look_ups.lookup)",
            values![person.0],
        )?;
        let mut forgotten = Forgotten { messages, ..Forgotten::default() };
        for table in TABLES_OF_PERSONS {
            let whose = match table {
                "wants" => "contact IN (SELECT contact FROM contacts WHERE person = $1)",
                "device_uses" => "buyer IN (SELECT buyer FROM buyers WHERE person = $1)",
                _ => "person = $1",
            };
            let sql = format!("DELETE FROM {table} WHERE {whose}");
            let count = self.run(&sql, values![person.0])?;
            match table {
                "contacts" => forgotten.contacts = count,
                "buyers" => forgotten.devices = count,
                _ => {}
            }
        }
        Ok(forgotten)
    }
}
