//! People whom a provider of identities knows: signing in as one of them. Who they are there is
//! kept as a lookup alone, which nobody can read back.

use floodgate_domain::{BuyerId, LogTime, PersonId};

use crate::PeopleError;
use crate::contacts::NewContact;
use crate::database::values;
use crate::sign_in::SignedIn;
use crate::store::Work;

/// Somebody, as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIdentity {
    pub issuer: String,
    pub subject: String,
}

/// A device that signs in, and how whoever has it is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDevice {
    pub buyer: BuyerId,
    /// What the device is called in the list of devices.
    pub label: String,
    pub language: String,
    pub time_zone: String,
}

impl Work<'_> {
    /// Signs a device in as somebody whom a provider knows. Who comes for the first time is the
    /// person of this device, unless that is known to the provider as somebody else.
    pub fn sign_in_as(
        &mut self,
        identity: &KnownIdentity,
        device: &NewDevice,
        now: LogTime,
    ) -> Result<SignedIn, PeopleError> {
        let lookup = self.master.lookup_identity(&identity.issuer, &identity.subject);
        let row = self
            .row("SELECT person FROM identities WHERE lookup = $1", values![lookup.as_slice()])?;
        if let Some(row) = row {
            return self.join_device(PersonId(row.id(0)?), device.buyer, &device.label, now);
        }
        let (person, _) = self.person_on(
            (device.buyer, &device.label),
            (&device.language, &device.time_zone),
            now,
        )?;
        let known = self.row("SELECT 1 FROM identities WHERE person = $1", values![person.0])?;
        if known.is_some() {
            return Ok(SignedIn::Another);
        }
        self.run(
            "INSERT INTO identities (lookup, person, since) VALUES ($1, $2, $3)",
            values![lookup.as_slice(), person.0, now.0],
        )?;
        Ok(SignedIn::In(person))
    }

    /// Keeps an address that a provider has made sure of, because its owner agreed; one that is
    /// there already is confirmed by that. Says whether there was room for it.
    pub fn keep_vouched(&mut self, new: &NewContact, now: LogTime) -> Result<bool, PeopleError> {
        let (channel, buyer) = (new.address.channel(), new.buyer);
        let lookup = self.master.lookup(channel, &new.address.lookup_text());
        let Some(person) = self.person_of(buyer)? else { return Ok(false) };
        let known = self.run(
            "UPDATE contacts SET confirmed_at = COALESCE(confirmed_at, $4)
             WHERE person = $1 AND channel = $2 AND lookup = $3",
            values![person.0, channel as u8, lookup.as_slice(), now.0],
        )?;
        if known > 0 {
            return Ok(true);
        }
        if self.has_all_contacts(person)? {
            return Ok(false);
        }
        self.keep_confirmed(new, now).map(|_| true)
    }
}
