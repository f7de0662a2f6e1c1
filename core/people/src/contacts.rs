//! Addresses that people leave, and what they prove by opening a link sent there.

use rand::Rng;

use floodgate_domain::{BuyerId, Channel, ConsentScope, ContactId, EventId, LogTime, PersonId};

use crate::PeopleError;
use crate::address::Address;
use crate::database::{StoredRow, values};
use crate::links::Link;
use crate::messages::NewMessage;
use crate::seal::PersonKey;
use crate::store::Work;

/// Addresses one person may have.
const CONTACTS_MAX: i64 = 10;
/// Confirmations sent to one address within an hour, whoever asks: nobody is flooded with them.
const CONFIRMATIONS_PER_HOUR: i64 = 3;
const HOUR_MS: u64 = 3_600_000;
/// How long nobody is asked again to confirm the same address on the same device.
const ASKED_AGAIN_AFTER_MS: u64 = 60_000;
/// How long a link to confirm an address works.
const CONFIRM_WITHIN_MS: u64 = 48 * HOUR_MS;

/// What is agreed to as soon as an address is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    pub event_id: EventId,
    pub scope: ConsentScope,
    /// The words that were shown.
    pub wording: u16,
}

/// An address somebody leaves.
#[derive(Debug, Clone)]
pub struct NewContact {
    pub buyer: BuyerId,
    pub address: Address,
    /// `en` or another language that messages are written in.
    pub language: String,
    /// Name in the IANA time zone database.
    pub time_zone: String,
    pub wants: Vec<Want>,
    /// What the device is called in the list of devices.
    pub label: String,
}

/// What became of an address that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskOutcome {
    /// A message with a link is on its way, or was a moment ago.
    Unconfirmed(ContactId),
    /// It was confirmed before: what is wanted can be agreed to at once.
    Confirmed(ContactId),
    /// They have as many as they may.
    TooMany,
}

/// What became of a link that confirms an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// From now on messages go there; consent of `buyer` is to be recorded for what was wanted,
    /// and then [`Work::wants_are_recorded`] called. Opening the link again until then gives the
    /// same.
    Now { contact: ContactId, buyer: BuyerId, channel: Channel, wants: Vec<Want> },
    /// It was opened before, or there was a later request.
    Spent,
    /// The contact is gone, or the link too old.
    Unknown,
}

/// An address of a person, as they see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub contact: ContactId,
    pub address: Address,
    pub asked_at: LogTime,
    pub confirmed_at: Option<LogTime>,
}

/// A person, as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    pub person: PersonId,
    pub language: String,
    pub time_zone: String,
    pub contacts: Vec<Contact>,
}

impl Work<'_> {
    /// The person a pseudonym belongs to.
    pub fn person_of(&mut self, buyer: BuyerId) -> Result<Option<PersonId>, PeopleError> {
        let row = self.row("SELECT person FROM buyers WHERE buyer = $1", values![buyer.0])?;
        row.map(|row| row.id(0).map(PersonId)).transpose()
    }

    /// Keeps an address that was left on a device, and queues the message that asks to confirm it.
    pub fn ask(&mut self, new: &NewContact, now: LogTime) -> Result<AskOutcome, PeopleError> {
        let (person, key) = self.person_for(new, now)?;
        let channel = new.address.channel();
        let lookup = self.master.lookup(channel, &new.address.lookup_text());
        let found = self.row(
            "SELECT contact, confirmed_at, asked_at FROM contacts
             WHERE person = $1 AND channel = $2 AND lookup = $3",
            values![person.0, channel as u8, lookup.as_slice()],
        )?;
        let known = match found {
            Some(row) => {
                let is_recent = now.0 < row.id(2)? + ASKED_AGAIN_AFTER_MS;
                Some((ContactId(row.id(0)?), row.int_or_none(1)?.is_some(), is_recent))
            }
            None => None,
        };
        let contact = match known {
            Some((contact, ..)) => contact,
            None => {
                if self.has_all_contacts(person)? {
                    return Ok(AskOutcome::TooMany);
                }
                let contact = ContactId(random());
                let address = key.seal(person, "address", new.address.expose());
                self.run(
                    "INSERT INTO contacts (contact, person, buyer, channel, lookup, address,
                         asked_at, confirmed_at, same_device)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, 0)",
                    values![
                        contact.0,
                        person.0,
                        new.buyer.0,
                        channel as u8,
                        lookup.as_slice(),
                        address,
                        now.0
                    ],
                )?;
                contact
            }
        };
        self.keep_wants(contact, &new.wants)?;
        match known {
            Some((_, true, _)) => return Ok(AskOutcome::Confirmed(contact)),
            // The same request once more, or an impatient finger: the link that was sent is good.
            Some((_, false, true)) => return Ok(AskOutcome::Unconfirmed(contact)),
            _ => {}
        }
        self.ask_to_confirm(contact, new.buyer, (channel, &lookup), now)?;
        Ok(AskOutcome::Unconfirmed(contact))
    }

    /// Keeps an address that its owner has confirmed elsewhere, or that is made up for a trial.
    pub fn keep_confirmed(
        &mut self,
        new: &NewContact,
        now: LogTime,
    ) -> Result<ContactId, PeopleError> {
        let (person, key) = self.person_for(new, now)?;
        let channel = new.address.channel();
        let lookup = self.master.lookup(channel, &new.address.lookup_text());
        let contact = ContactId(random());
        let address = key.seal(person, "address", new.address.expose());
        self.run(
            "INSERT INTO contacts (contact, person, buyer, channel, lookup, address, asked_at,
                 confirmed_at, same_device)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)",
            values![
                contact.0,
                person.0,
                new.buyer.0,
                channel as u8,
                lookup.as_slice(),
                address,
                now.0
            ],
        )?;
        Ok(contact)
    }

    /// What a confirmed contact of this buyer has yet to agree to, with the contact.
    pub fn open_wants(&mut self, contact: ContactId) -> Result<(Channel, Vec<Want>), PeopleError> {
        let sql = "SELECT channel FROM contacts WHERE contact = $1";
        let row = self.row(sql, values![contact.0])?;
        let row = row.ok_or_else(|| PeopleError::Damaged("a contact is gone".to_owned()))?;
        Ok((row.channel(0)?, self.wants(contact)?))
    }

    /// Opens a link that confirms an address, on the device of `by`.
    pub fn confirm(
        &mut self,
        contact: ContactId,
        asked_at: LogTime,
        by: Option<BuyerId>,
        now: LogTime,
    ) -> Result<Confirmed, PeopleError> {
        let row = self.row(
            "SELECT buyer, channel, asked_at, confirmed_at FROM contacts WHERE contact = $1",
            values![contact.0],
        )?;
        let Some(row) = row else { return Ok(Confirmed::Unknown) };
        if now.0.saturating_sub(asked_at.0) > CONFIRM_WITHIN_MS {
            return Ok(Confirmed::Unknown);
        }
        if row.id(2)? != asked_at.0 {
            return Ok(Confirmed::Spent);
        }
        let (buyer, channel) = (BuyerId(row.id(0)?), row.channel(1)?);
        let (is_first, wants) = (row.int_or_none(3)?.is_none(), self.wants(contact)?);
        if !is_first && wants.is_empty() {
            return Ok(Confirmed::Spent);
        }
        if is_first {
            // Only whoever asked, on the same device, has shown that person and mailbox are one.
            self.run(
                "UPDATE contacts SET confirmed_at = $2, same_device = $3 WHERE contact = $1",
                values![contact.0, now.0, u8::from(by == Some(buyer))],
            )?;
        }
        Ok(Confirmed::Now { contact, buyer, channel, wants })
    }

    /// What a contact wanted has been agreed to.
    pub fn wants_are_recorded(&mut self, contact: ContactId) -> Result<(), PeopleError> {
        self.run("DELETE FROM wants WHERE contact = $1", values![contact.0]).map(|_| ())
    }

    /// The person of a device, with their addresses.
    pub fn person_view(&mut self, buyer: BuyerId) -> Result<Option<PersonView>, PeopleError> {
        let Some(person) = self.person_of(buyer)? else { return Ok(None) };
        let sql = "SELECT sealing_key, language, time_zone FROM persons WHERE person = $1";
        let Some(row) = self.row(sql, values![person.0])? else { return Ok(None) };
        let key = self.master.key(person, &row.bytes(0)?)?;
        let (language, time_zone) = (row.text(1)?, row.text(2)?);
        let rows = self.rows(
            "SELECT contact, channel, address, asked_at, confirmed_at FROM contacts
             WHERE person = $1 ORDER BY asked_at, contact",
            values![person.0],
        )?;
        let contacts =
            rows.iter().map(|row| contact_of(person, &key, row)).collect::<Result<_, _>>()?;
        Ok(Some(PersonView { person, language, time_zone, contacts }))
    }

    /// Changes the language and time zone of a person.
    pub fn set_locale(
        &mut self,
        person: PersonId,
        language: &str,
        time_zone: &str,
    ) -> Result<(), PeopleError> {
        let sql = "UPDATE persons SET language = $2, time_zone = $3 WHERE person = $1";
        self.run(sql, values![person.0, language, time_zone]).map(|_| ())
    }

    /// Takes an address away from the person of a device; whether there was one.
    pub fn remove_contact(
        &mut self,
        buyer: BuyerId,
        contact: ContactId,
    ) -> Result<bool, PeopleError> {
        let Some(person) = self.person_of(buyer)? else { return Ok(false) };
        let theirs = "DELETE FROM contacts WHERE contact = $1 AND person = $2";
        let removed = self.run(theirs, values![contact.0, person.0])? > 0;
        if removed {
            self.run("DELETE FROM wants WHERE contact = $1", values![contact.0])?;
            self.run("DELETE FROM sign_ins WHERE contact = $1", values![contact.0])?;
        }
        Ok(removed)
    }

    /// Whether a person has as many addresses as one may.
    pub(crate) fn has_all_contacts(&mut self, person: PersonId) -> Result<bool, PeopleError> {
        let count = "SELECT COUNT(*) FROM contacts WHERE person = $1";
        let count = self.row(count, values![person.0])?;
        Ok(count.map_or(Ok(0), |row| row.int(0))? >= CONTACTS_MAX)
    }

    /// The person of a device, made if this is the first address left there.
    fn person_for(
        &mut self,
        new: &NewContact,
        now: LogTime,
    ) -> Result<(PersonId, PersonKey), PeopleError> {
        let (language, zone) = (new.language.as_str(), new.time_zone.as_str());
        let of_device = (new.buyer, new.label.as_str());
        self.person_on(of_device, (language, zone), now)
    }

    /// The person of a device, with its label, made if there is none.
    pub(crate) fn person_on(
        &mut self,
        (buyer, label): (BuyerId, &str),
        (language, time_zone): (&str, &str),
        now: LogTime,
    ) -> Result<(PersonId, PersonKey), PeopleError> {
        if let Some(person) = self.person_of(buyer)? {
            return Ok((person, self.key_of(person)?));
        }
        let person = PersonId(random());
        let (key, stored) = self.master.new_key(person);
        self.run(
            "INSERT INTO persons (person, sealing_key, language, time_zone, made_at)
             VALUES ($1, $2, $3, $4, $5)",
            values![person.0, stored, language, time_zone, now.0],
        )?;
        self.run(
            "INSERT INTO buyers (buyer, person, label, since) VALUES ($1, $2, $3, $4)",
            values![buyer.0, person.0, label, now.0],
        )?;
        Ok((person, key))
    }

    pub(crate) fn key_of(&mut self, person: PersonId) -> Result<PersonKey, PeopleError> {
        let sql = "SELECT sealing_key FROM persons WHERE person = $1";
        let row = self.row(sql, values![person.0])?;
        let row = row.ok_or_else(|| PeopleError::Damaged("a person is gone".to_owned()))?;
        self.master.key(person, &row.bytes(0)?)
    }

    fn keep_wants(&mut self, contact: ContactId, wants: &[Want]) -> Result<(), PeopleError> {
        for Want { event_id, scope, wording } in wants {
            self.run(
                "INSERT INTO wants (contact, event, scope, wording) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (contact, event, scope) DO UPDATE SET wording = excluded.wording",
                values![contact.0, event_id.0, *scope as u8, *wording],
            )?;
        }
        Ok(())
    }

    fn wants(&mut self, contact: ContactId) -> Result<Vec<Want>, PeopleError> {
        let sql =
            "SELECT event, scope, wording FROM wants WHERE contact = $1 ORDER BY event, scope";
        let rows = self.rows(sql, values![contact.0])?;
        let want = |row: &StoredRow| {
            let (scope, wording) = (row.int(1)?, row.int(2)?);
            let scope = u8::try_from(scope).ok().and_then(ConsentScope::from_number);
            let wording = u16::try_from(wording).ok();
            let (Some(scope), Some(wording)) = (scope, wording) else {
                return Err(PeopleError::Damaged("a want has no scope".to_owned()));
            };
            Ok(Want { event_id: EventId(row.id(0)?), scope, wording })
        };
        rows.iter().map(want).collect()
    }

    /// Queues the message with the link, unless the address has had enough of them lately.
    fn ask_to_confirm(
        &mut self,
        contact: ContactId,
        buyer: BuyerId,
        (channel, lookup): (Channel, &[u8]),
        now: LogTime,
    ) -> Result<(), PeopleError> {
        let sent = self.row(
            "SELECT COUNT(*) FROM messages
             WHERE occasion = 'confirm_address' AND lookup = $1 AND made_at > $2",
            values![lookup, now.0.saturating_sub(HOUR_MS)],
        )?;
        if sent.map_or(Ok(0), |row| row.int(0))? >= CONFIRMATIONS_PER_HOUR {
            return Ok(());
        }
        let sql = "UPDATE contacts SET asked_at = $2 WHERE contact = $1";
        self.run(sql, values![contact.0, now.0])?;
        let link = Link::Confirm { contact, asked_at: now };
        self.queue_to(
            contact,
            (channel, lookup),
            &NewMessage {
                message: format!("confirm-{contact}-{}", now.0),
                occasion: "confirm_address".to_owned(),
                event_id: None,
                announcement: None,
                buyer,
                variables: serde_json::json!({ "token": link.token(self.master) }),
                due_at: now,
                made_at: now,
            },
        )
    }
}

fn contact_of(person: PersonId, key: &PersonKey, row: &StoredRow) -> Result<Contact, PeopleError> {
    let address = key.open(person, "address", &row.bytes(2)?)?;
    Ok(Contact {
        contact: ContactId(row.id(0)?),
        address: Address::stored(row.channel(1)?, address),
        asked_at: LogTime(row.id(3)?),
        confirmed_at: row.int_or_none(4)?.map(|at| LogTime(at.cast_unsigned())),
    })
}

/// An id nobody can guess; positive as a signed number, since databases sort those.
pub(crate) fn random() -> u64 {
    (rand::rng().next_u64() >> 1).max(1)
}
