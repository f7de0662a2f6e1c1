//! Passkeys of people: which there are, what they are checked with, and which questions are spent.

use floodgate_domain::{BuyerId, LogTime, PersonId};

use crate::PeopleError;
use crate::contacts::random;
use crate::database::{StoredRow, values};
use crate::identities::NewDevice;
use crate::sign_in::SignedIn;
use crate::store::Work;

/// Passkeys one person may have.
const PASSKEYS_MAX: i64 = 10;

/// A passkey as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    pub credential: Vec<u8>,
    /// Its public key, as authenticators write it.
    pub key: Vec<u8>,
    /// How often it has signed, if it counts.
    pub uses: u32,
}

/// A passkey, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPasskey {
    pub passkey: u64,
    pub label: String,
    pub since: LogTime,
    /// When it last signed in.
    pub used_at: LogTime,
}

/// Whose passkey it is, and what it is checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyKey {
    pub person: PersonId,
    pub key: Vec<u8>,
    pub uses: u32,
}

impl Work<'_> {
    /// What authenticators call the person of a device, and the credentials they have already.
    pub fn passkey_handle(
        &mut self,
        buyer: BuyerId,
    ) -> Result<([u8; 32], Vec<Vec<u8>>), PeopleError> {
        let Some(person) = self.person_of(buyer)? else {
            return Ok((self.master.handle(buyer.0), Vec::new()));
        };
        let rows = self.rows(
            "SELECT credential FROM passkeys WHERE person = $1 ORDER BY since",
            values![person.0],
        )?;
        let known = rows.iter().map(|row| row.bytes(0)).collect::<Result<_, _>>()?;
        Ok((self.master.handle(person.0), known))
    }

    /// Keeps a passkey of the person of a device, made if there is none; `false` where there are
    /// as many as one may have, or it is known already.
    pub fn add_passkey(
        &mut self,
        device: &NewDevice,
        new: &StoredPasskey,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let of_device = (device.buyer, device.label.as_str());
        let (person, _) = self.person_on(of_device, (&device.language, &device.time_zone), now)?;
        let count = "SELECT COUNT(*) FROM passkeys WHERE person = $1";
        let count = self.row(count, values![person.0])?;
        if count.map_or(Ok(0), |row| row.int(0))? >= PASSKEYS_MAX {
            return Ok(false);
        }
        let added = self.run(
            "INSERT INTO passkeys (passkey, credential, person, public_key, uses, label, since,
                 used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (credential) DO NOTHING",
            values![
                random(),
                new.credential.as_slice(),
                person.0,
                new.key.as_slice(),
                new.uses,
                device.label.as_str(),
                now.0
            ],
        )?;
        Ok(added > 0)
    }

    /// What a signature of a credential is checked with.
    pub fn passkey(&mut self, credential: &[u8]) -> Result<Option<PasskeyKey>, PeopleError> {
        let row = self.row(
            "SELECT person, public_key, uses FROM passkeys WHERE credential = $1",
            values![credential],
        )?;
        let Some(row) = row else { return Ok(None) };
        let uses = u32::try_from(row.int(2)?)
            .map_err(|_| PeopleError::Damaged("a passkey has no count".to_owned()))?;
        Ok(Some(PasskeyKey { person: PersonId(row.id(0)?), key: row.bytes(1)?, uses }))
    }

    /// Signs a device in by a passkey that has signed; `None` where the passkey is gone.
    pub fn sign_in_by_passkey(
        &mut self,
        (credential, uses): (&[u8], u32),
        (buyer, label): (BuyerId, &str),
        now: LogTime,
    ) -> Result<Option<SignedIn>, PeopleError> {
        let row = self.row(
            "UPDATE passkeys SET uses = $2, used_at = $3 WHERE credential = $1 AND uses <= $2
             RETURNING person",
            values![credential, uses, now.0],
        )?;
        let Some(row) = row else { return Ok(None) };
        self.join_device(PersonId(row.id(0)?), buyer, label, now).map(Some)
    }

    /// The passkeys of a person, the oldest first.
    pub fn passkeys(&mut self, person: PersonId) -> Result<Vec<PersonPasskey>, PeopleError> {
        let rows = self.rows(
            "SELECT passkey, label, since, used_at FROM passkeys WHERE person = $1
             ORDER BY since, passkey",
            values![person.0],
        )?;
        let one = |row: &StoredRow| {
            Ok(PersonPasskey {
                passkey: row.id(0)?,
                label: row.text(1)?,
                since: LogTime(row.id(2)?),
                used_at: LogTime(row.id(3)?),
            })
        };
        rows.iter().map(one).collect()
    }

    /// Takes a passkey away from a person; whether there was one.
    pub fn remove_passkey(&mut self, person: PersonId, passkey: u64) -> Result<bool, PeopleError> {
        let sql = "DELETE FROM passkeys WHERE person = $1 AND passkey = $2";
        Ok(self.run(sql, values![person.0, passkey])? > 0)
    }

    /// Spends a question that works until `ends_at`; `false` where it was spent before.
    pub fn spend_challenge(
        &mut self,
        challenge: &[u8],
        ends_at: LogTime,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        self.run("DELETE FROM spent_challenges WHERE ends_at <= $1", values![now.0])?;
        let sql = "INSERT INTO spent_challenges (challenge, ends_at) VALUES ($1, $2)
             ON CONFLICT (challenge) DO NOTHING";
        Ok(self.run(sql, values![challenge, ends_at.0])? > 0)
    }
}
