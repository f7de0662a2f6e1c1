//! Sealing: what is personal is encrypted under a key of its person, and that under the root key.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with random nonces; whoever deletes a person's key
//! has made everything sealed under it unreadable, in every copy. Addresses are found again by
//! their lookup: HMAC-SHA-256 under the root key, so that a copy of the store alone names nobody.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit as _, Mac};
use rand::Rng;
use sha2::Sha256;

use floodgate_domain::{Channel, PersonId};

use crate::PeopleError;

const NONCE_BYTES: usize = 24;
/// The bytes of a lookup.
pub(crate) const LOOKUP_BYTES: usize = 32;

/// What everything in the store is sealed under.
#[derive(Clone)]
pub(crate) struct MasterKey {
    sealing: [u8; 32],
    looking: [u8; 32],
    linking: [u8; 32],
}

/// The key of one person.
pub(crate) struct PersonKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

fn derived(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl MasterKey {
    /// From the root key of the installation.
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        let of = |purpose: &str| derived(root, &[b"floodgate people", purpose.as_bytes()]);
        MasterKey { sealing: of("sealing"), looking: of("looking"), linking: of("linking") }
    }

    /// A new key for `person`, and how the store keeps it.
    pub(crate) fn new_key(&self, person: PersonId) -> (PersonKey, Vec<u8>) {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        let stored = seal(&self.sealing, &context("key", person), &key);
        (PersonKey(key), stored)
    }

    /// The key of `person`, from how the store keeps it.
    pub(crate) fn key(&self, person: PersonId, stored: &[u8]) -> Result<PersonKey, PeopleError> {
        let key = open(&self.sealing, &context("key", person), stored)?;
        let key = key.try_into().map_err(|_| unreadable("a person's key"))?;
        Ok(PersonKey(key))
    }

    /// Seals something that belongs to nobody in the store, for a short while.
    pub(crate) fn seal_note(&self, name: &str, text: &str) -> Vec<u8> {
        seal(&self.sealing, &note(name), text.as_bytes())
    }

    pub(crate) fn open_note(&self, name: &str, sealed: &[u8]) -> Result<String, PeopleError> {
        let text = open(&self.sealing, &note(name), sealed)?;
        String::from_utf8(text).map_err(|_| unreadable("a note"))
    }

    /// What an address is found by: the same text on the same channel gives the same bytes.
    pub(crate) fn lookup(&self, channel: Channel, address: &str) -> [u8; LOOKUP_BYTES] {
        derived(&self.looking, &[channel.code().as_bytes(), address.as_bytes()])
    }

    /// What somebody whom a provider of identities knows is found by.
    pub(crate) fn lookup_identity(&self, issuer: &str, subject: &str) -> [u8; LOOKUP_BYTES] {
        derived(&self.looking, &[b"identity", issuer.as_bytes(), subject.as_bytes()])
    }

    /// What authenticators call a person, which nobody else can see the number from.
    pub(crate) fn handle(&self, number: u64) -> [u8; LOOKUP_BYTES] {
        derived(&self.looking, &[b"passkey handle", &number.to_be_bytes()])
    }

    /// The first half of the MAC of a link.
    pub(crate) fn link_mac(&self, body: &[u8]) -> [u8; 16] {
        let mut head = [0; 16];
        head.copy_from_slice(&derived(&self.linking, &[body])[..16]);
        head
    }
}

impl PersonKey {
    pub(crate) fn seal(&self, person: PersonId, field: &str, text: &str) -> Vec<u8> {
        seal(&self.0, &context(field, person), text.as_bytes())
    }

    pub(crate) fn open(
        &self,
        person: PersonId,
        field: &str,
        sealed: &[u8],
    ) -> Result<String, PeopleError> {
        let text = open(&self.0, &context(field, person), sealed)?;
        String::from_utf8(text).map_err(|_| unreadable(field))
    }
}

/// Bound to whose it is and what it is, so that nobody can move it to another row.
fn context(field: &str, person: PersonId) -> Vec<u8> {
    format!("{field} of {person}").into_bytes()
}

fn note(name: &str) -> Vec<u8> {
    format!("note {name}").into_bytes()
}

fn seal(key: &[u8; 32], context: &[u8], text: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload { msg: text, aad: context };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.expect("an address is shorter than what the cipher takes");
    [nonce.as_slice(), &sealed].concat()
}

fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, PeopleError> {
    let (nonce, text) =
        sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(|| unreadable("what is sealed"))?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload { msg: text, aad: context };
    cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| unreadable("what is sealed"))
}

fn unreadable(what: &str) -> PeopleError {
    PeopleError::Damaged(format!(
        "{what} cannot be opened: it was changed, or sealed under another root key"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_person_and_field_alone() -> Result<(), PeopleError> {
        let master = MasterKey::new(&[7; 32]);
        let (person, other) = (PersonId(1), PersonId(2));
        let (key, stored) = master.new_key(person);
        let sealed = key.seal(person, "address", "a@example.org");
        let again = master.key(person, &stored)?;
        assert_eq!(again.open(person, "address", &sealed)?, "a@example.org");
        assert!(again.open(other, "address", &sealed).is_err());
        assert!(again.open(person, "name", &sealed).is_err());
        assert!(master.key(other, &stored).is_err());
        assert!(MasterKey::new(&[8; 32]).key(person, &stored).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(again.open(person, "address", &changed).is_err(), "byte {at}");
        }
        assert!(again.open(person, "address", &sealed[..10]).is_err());
        Ok(())
    }

    #[test]
    fn an_address_is_found_by_its_channel_and_text() {
        let master = MasterKey::new(&[7; 32]);
        let of = |channel, text| master.lookup(channel, text);
        assert_eq!(of(Channel::Email, "a"), of(Channel::Email, "a"));
        assert_ne!(of(Channel::Email, "a"), of(Channel::Sms, "a"));
        assert_ne!(of(Channel::Email, "a"), MasterKey::new(&[8; 32]).lookup(Channel::Email, "a"));
    }
}
