//! Several devices of one person: signing in by a link to an address they have confirmed.

use floodgate_domain::{BuyerId, ContactId, LogTime, PersonId};

use crate::PeopleError;
use crate::address::Address;
use crate::contacts::random;
use crate::database::{StoredRow, values};
use crate::links::Link;
use crate::messages::NewMessage;
use crate::store::Work;

/// How long a link that signs in works.
const SIGN_IN_WITHIN_MS: u64 = 15 * 60_000;
/// Links sent to one address within an hour, whoever asks.
const SIGN_INS_PER_HOUR: i64 = 5;
const HOUR_MS: u64 = 3_600_000;
/// How long nobody is sent another link.
const ASKED_AGAIN_AFTER_MS: u64 = 20_000;
/// Devices one person may have; the oldest gives way.
const DEVICES_MAX: usize = 20;

/// What became of a link that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    In(PersonId),
    /// It was opened before, or too late.
    Spent,
    Unknown,
    /// This device is somebody else's, who can sign in by themselves: it has to be signed out
    /// first.
    Another,
}

/// A device of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDevice {
    pub buyer: BuyerId,
    /// What it was called when it came.
    pub label: String,
    pub since: LogTime,
    /// When it was last seen, to the hour; `None` where that is not known.
    pub used_at: Option<LogTime>,
}

impl Work<'_> {
    /// Queues a link that signs in, to an address whose owner has confirmed it on a device of
    /// theirs. Whether there is such an address must not be said to whoever asks.
    pub fn ask_sign_in(&mut self, address: &Address, now: LogTime) -> Result<bool, PeopleError> {
        let channel = address.channel();
        let lookup = self.master.lookup(channel, &address.lookup_text());
        let row = self.row(
            "SELECT contact, person, buyer FROM contacts
             WHERE channel = $1 AND lookup = $2 AND confirmed_at IS NOT NULL AND same_device = 1
             ORDER BY confirmed_at, contact LIMIT 1",
            values![channel as u8, lookup.as_slice()],
        )?;
        let Some(row) = row else { return Ok(false) };
        let (contact, person) = (ContactId(row.id(0)?), PersonId(row.id(1)?));
        let sent_since = |work: &mut Work<'_>, ms: u64| {
            work.row(
                "SELECT COUNT(*) FROM messages
                 WHERE occasion = 'sign_in' AND lookup = $1 AND made_at > $2",
                values![lookup.as_slice(), now.0.saturating_sub(ms)],
            )
        };
        // The same request once more, or an impatient finger: the link that was sent is good.
        if sent_since(self, ASKED_AGAIN_AFTER_MS)?.map_or(Ok(0), |row| row.int(0))? > 0 {
            return Ok(true);
        }
        let sent = sent_since(self, HOUR_MS)?;
        if sent.map_or(Ok(0), |row| row.int(0))? >= SIGN_INS_PER_HOUR {
            return Ok(false);
        }
        let link = random();
        self.run(
            "INSERT INTO sign_ins (link, person, contact, ends_at, used_at)
             VALUES ($1, $2, $3, $4, NULL)",
            values![link, person.0, contact.0, now.0 + SIGN_IN_WITHIN_MS],
        )?;
        let token = Link::SignIn { link }.token(self.master);
        self.queue_to(
            contact,
            (channel, &lookup),
            &NewMessage {
                message: format!("sign-in-{link}"),
                occasion: "sign_in".to_owned(),
                event_id: None,
                announcement: None,
                buyer: BuyerId(row.id(2)?),
                variables: serde_json::json!({ "token": token }),
                due_at: now,
                made_at: now,
            },
        )?;
        Ok(true)
    }

    /// Signs a device in, once a link. What it had of its own comes along.
    pub fn sign_in(
        &mut self,
        link: u64,
        buyer: BuyerId,
        label: &str,
        now: LogTime,
    ) -> Result<SignedIn, PeopleError> {
        let row = self.row(
            "UPDATE sign_ins SET used_at = $2
             WHERE link = $1 AND used_at IS NULL AND ends_at > $2 RETURNING person",
            values![link, now.0],
        )?;
        let Some(row) = row else {
            let known = self.row("SELECT 1 FROM sign_ins WHERE link = $1", values![link])?;
            return Ok(if known.is_some() { SignedIn::Spent } else { SignedIn::Unknown });
        };
        self.join_device(PersonId(row.id(0)?), buyer, label, now)
    }

    /// Makes a device one of a person. What it had of its own comes along, unless it is of
    /// somebody else who can sign in by themselves.
    pub(crate) fn join_device(
        &mut self,
        person: PersonId,
        buyer: BuyerId,
        label: &str,
        now: LogTime,
    ) -> Result<SignedIn, PeopleError> {
        match self.person_of(buyer)? {
            Some(own) if own != person && self.signs_in_alone(own)? => {
                return Ok(SignedIn::Another);
            }
            Some(own) if own != person => self.merge(own, person)?,
            Some(_) => {}
            None => {
                let sql = "INSERT INTO buyers (buyer, person, label, since)
                     VALUES ($1, $2, $3, $4)";
                self.run(sql, values![buyer.0, person.0, label, now.0])?;
            }
        }
        let devices = self.devices(person)?;
        for device in devices.iter().take(devices.len().saturating_sub(DEVICES_MAX)) {
            self.remove_device(person, device.buyer)?;
        }
        Ok(SignedIn::In(person))
    }

    /// Whether a device is of somebody who can sign in elsewhere: by an address that was confirmed
    /// on the device that left it, a provider, or a passkey.
    pub fn is_signed_in(&mut self, buyer: BuyerId) -> Result<bool, PeopleError> {
        let Some(person) = self.person_of(buyer)? else { return Ok(false) };
        let sql = "SELECT 1 FROM contacts
             WHERE person = $1 AND confirmed_at IS NOT NULL AND same_device = 1 LIMIT 1";
        let by_link = self.row(sql, values![person.0])?.is_some();
        Ok(by_link || self.signs_in_alone(person)?)
    }

    /// Whether a person has a way to sign in that is theirs alone: nobody's browser makes them one
    /// with another person.
    fn signs_in_alone(&mut self, person: PersonId) -> Result<bool, PeopleError> {
        let row = self.row(
            "SELECT 1 FROM identities WHERE person = $1
             UNION ALL SELECT 1 FROM passkeys WHERE person = $1 LIMIT 1",
            values![person.0],
        )?;
        Ok(row.is_some())
    }

    /// The devices of a person, the oldest first.
    pub fn devices(&mut self, person: PersonId) -> Result<Vec<PersonDevice>, PeopleError> {
        let rows = self.rows(
            "SELECT b.buyer, b.label, b.since, u.at FROM buyers b
             LEFT JOIN device_uses u ON u.buyer = b.buyer
             WHERE b.person = $1 ORDER BY b.since, b.buyer",
            values![person.0],
        )?;
        let device = |row: &StoredRow| {
            Ok(PersonDevice {
                buyer: BuyerId(row.id(0)?),
                label: row.text(1)?,
                since: LogTime(row.id(2)?),
                used_at: row.int_or_none(3)?.map(|at| LogTime(at.cast_unsigned())),
            })
        };
        rows.iter().map(device).collect()
    }

    /// Every pseudonym of the person of a device, that of the device itself first.
    pub fn buyers_like(&mut self, buyer: BuyerId) -> Result<Vec<BuyerId>, PeopleError> {
        let mut all = vec![buyer];
        if let Some(person) = self.person_of(buyer)? {
            let devices = self.devices(person)?.into_iter().map(|device| device.buyer);
            all.extend(devices.filter(|other| *other != buyer));
        }
        Ok(all)
    }

    /// The devices of everybody who has several, a list a person; `count` devices at most.
    pub fn devices_of_all(&mut self, count: u32) -> Result<Vec<Vec<BuyerId>>, PeopleError> {
        let rows = self.rows(
            "SELECT b.person, b.buyer FROM buyers b WHERE EXISTS (SELECT 1 FROM buyers o
                 WHERE o.person = b.person AND o.buyer <> b.buyer)
             ORDER BY b.person, b.buyer LIMIT $1",
            values![count],
        )?;
        let mut persons: Vec<(u64, Vec<BuyerId>)> = Vec::new();
        for row in &rows {
            let (person, buyer) = (row.id(0)?, BuyerId(row.id(1)?));
            match persons.last_mut() {
                Some((last, devices)) if *last == person => devices.push(buyer),
                _ => persons.push((person, vec![buyer])),
            }
        }
        Ok(persons.into_iter().map(|(_, devices)| devices).collect())
    }

    /// Signs a device out of a person; whether it was in.
    pub fn remove_device(&mut self, person: PersonId, buyer: BuyerId) -> Result<bool, PeopleError> {
        let sql = "DELETE FROM buyers WHERE person = $1 AND buyer = $2";
        let was_in = self.run(sql, values![person.0, buyer.0])? > 0;
        if was_in {
            self.run("DELETE FROM device_uses WHERE buyer = $1", values![buyer.0])?;
        }
        Ok(was_in)
    }

    /// Signs every device of a person out but `kept`; how many.
    pub fn remove_devices(
        &mut self,
        person: PersonId,
        kept: Option<BuyerId>,
    ) -> Result<u64, PeopleError> {
        let mut count = 0;
        for device in self.devices(person)? {
            if Some(device.buyer) != kept {
                count += u64::from(self.remove_device(person, device.buyer)?);
            }
        }
        Ok(count)
    }

    /// Devices that were seen; those of nobody are not kept.
    pub fn devices_seen(&mut self, buyers: &[BuyerId], at: LogTime) -> Result<(), PeopleError> {
        for buyer in buyers {
            self.run(
                "INSERT INTO device_uses (buyer, at)
                 SELECT buyer, CAST($2 AS BIGINT) FROM buyers WHERE buyer = $1
                 ON CONFLICT (buyer) DO UPDATE SET at = excluded.at",
                values![buyer.0, at.0],
            )?;
        }
        Ok(())
    }

    /// Makes two persons one: the addresses of `from` are sealed under the key of `into`.
    fn merge(&mut self, from: PersonId, into: PersonId) -> Result<(), PeopleError> {
        let sql = "SELECT sealing_key FROM persons WHERE person = $1";
        let mut keys = Vec::new();
        for person in [from, into] {
            let row = self.row(sql, values![person.0])?;
            let row = row.ok_or_else(|| PeopleError::Damaged("a person is gone".to_owned()))?;
            keys.push(self.master.key(person, &row.bytes(0)?)?);
        }
        let rows = self.rows(
            "SELECT contact, address, channel, lookup FROM contacts WHERE person = $1",
            values![from.0],
        )?;
        for row in &rows {
            let known = self.row(
                "SELECT 1 FROM contacts WHERE person = $1 AND channel = $2 AND lookup = $3",
                values![into.0, row.int(2)?, row.bytes(3)?],
            )?;
            let contact = row.id(0)?;
            if known.is_some() {
                self.run("DELETE FROM wants WHERE contact = $1", values![contact])?;
                self.run("DELETE FROM contacts WHERE contact = $1", values![contact])?;
                continue;
            }
            let address = keys[0].open(from, "address", &row.bytes(1)?)?;
            let sealed = keys[1].seal(into, "address", &address);
            let sql = "UPDATE contacts SET person = $2, address = $3 WHERE contact = $1";
            self.run(sql, values![contact, into.0, sealed])?;
        }
        for sql in [
            "UPDATE buyers SET person = $2 WHERE person = $1",
            "UPDATE sign_ins SET person = $2 WHERE person = $1",
            "UPDATE identities SET person = $2 WHERE person = $1",
            "UPDATE passkeys SET person = $2 WHERE person = $1",
            "UPDATE messages SET person = $2 WHERE person = $1",
        ] {
            self.run(sql, values![from.0, into.0])?;
        }
        self.run("DELETE FROM persons WHERE person = $1", values![from.0]).map(|_| ())
    }
}
