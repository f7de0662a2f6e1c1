//! Passkeys (Web Authentication, Level 3): what a browser hands over when one is made or used, and
//! what makes it good. Discoverable ones, with their user verified; attestations are asked for
//! with `none` and not read, so that no maker of devices is trusted or turned away.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use crate::cbor::Cbor;
use crate::proof_key::{ProofKey, Written};

/// The longest name of a credential (Web Authentication, section 7.1).
pub(crate) const CREDENTIAL_BYTES_MAX: usize = 1_023;
/// The longest part of an answer that is read: a chain of certificates that nobody asked for
/// would be some kilobytes.
const PART_BYTES_MAX: usize = 16 << 10;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const MAY_BE_BACKED_UP: u8 = 0x08;
const IS_BACKED_UP: u8 = 0x10;
const HAS_KEY: u8 = 0x40;
const HAS_MORE: u8 = 0x80;

/// Where passkeys are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySite {
    /// The host name that browsers bind them to.
    pub host: String,
    /// The origin of our pages.
    pub origin: String,
}

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    pub credential: Vec<u8>,
    /// Its public key, as authenticators write it (COSE).
    pub key: Vec<u8>,
    pub count: u32,
}

/// What a browser hands over when one is used; each part in bytes.
#[derive(Debug, Clone)]
pub struct PasskeyUse {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What a good signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyProof {
    pub count: u32,
}

/// Why a passkey is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PasskeyError(pub &'static str);

#[derive(Deserialize)]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

/// What an authenticator signs, taken apart.
struct AuthenticatorData<'a> {
    flags: u8,
    count: u32,
    rest: &'a [u8],
}

impl PasskeySite {
    /// The site of an address such as `https://tickets.example`; `None` where browsers make no
    /// passkeys: without https, and at bare numbers.
    #[must_use]
    pub fn at(origin: &str) -> Option<Self> {
        let (scheme, rest) = origin.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        // Browsers leave out the port that goes without saying.
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let is_name = host.ends_with(|last: char| last.is_ascii_alphabetic())
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let is_safe = scheme == "https" || (scheme == "http" && host == "localhost");
        (is_name && is_safe).then(|| PasskeySite {
            host: host.to_ascii_lowercase(),
            origin: format!("{scheme}://{authority}").to_ascii_lowercase(),
        })
    }

    /// Checks a passkey that was made in answer to `challenge` (section 7.1).
    pub fn check_new(
        &self,
        challenge: &[u8],
        client_data: &[u8],
        attestation: &[u8],
    ) -> Result<NewPasskey, PasskeyError> {
        self.check_client(client_data, "webauthn.create", challenge)?;
        let malformed = PasskeyError("the attestation is malformed");
        if attestation.len() > PART_BYTES_MAX {
            return Err(malformed);
        }
        let (object, rest) = Cbor::read(attestation).ok_or(malformed)?;
        let data = object.named("authData").and_then(Cbor::bytes).ok_or(malformed)?;
        if !rest.is_empty() {
            return Err(malformed);
        }
        let data = self.authenticator_data(data)?;
        if data.flags & HAS_KEY == 0 {
            return Err(PasskeyError("there is no key"));
        }
        // The model of the authenticator comes first; nobody asks for it.
        let (_, rest) = data.rest.split_at_checked(16).ok_or(malformed)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > CREDENTIAL_BYTES_MAX {
            return Err(malformed);
        }
        let (credential, written) = rest.split_at_checked(length).ok_or(malformed)?;
        let (key, rest) = Cbor::read(written).ok_or(malformed)?;
        let has_more = data.flags & HAS_MORE != 0;
        if rest.is_empty() == has_more {
            return Err(malformed);
        }
        ProofKey::from_cose(&key).ok_or(PasskeyError("its key is of a kind we did not ask for"))?;
        let key = written[..written.len() - rest.len()].to_vec();
        Ok(NewPasskey { credential: credential.to_vec(), key, count: data.count })
    }

    /// Checks a signature in answer to `challenge`, by the key of a passkey that signed `count`
    /// times so far (section 7.2).
    pub fn check_use(
        &self,
        challenge: &[u8],
        given: &PasskeyUse,
        key: &[u8],
        count: u32,
    ) -> Result<PasskeyProof, PasskeyError> {
        self.check_client(&given.client_data, "webauthn.get", challenge)?;
        let data = self.authenticator_data(&given.authenticator_data)?;
        let key = Cbor::read(key).and_then(|(key, _)| ProofKey::from_cose(&key));
        let key = key.ok_or(PasskeyError("its key cannot be read"))?;
        let asked = digest(&SHA256, &given.client_data);
        let signed = [given.authenticator_data.as_slice(), asked.as_ref()].concat();
        if !key.verifies(&signed, &given.signature, Written::Asn1) {
            return Err(PasskeyError("the signature is wrong"));
        }
        // Those that sync do not count; one that counts and does not go on is a copy.
        if (count > 0 || data.count > 0) && data.count <= count {
            return Err(PasskeyError("it has been copied"));
        }
        Ok(PasskeyProof { count: data.count })
    }

    fn check_client(&self, json: &[u8], kind: &str, challenge: &[u8]) -> Result<(), PasskeyError> {
        let malformed = PasskeyError("what the browser says is malformed");
        if json.len() > PART_BYTES_MAX {
            return Err(malformed);
        }
        let said: ClientData = serde_json::from_slice(json).map_err(|_| malformed)?;
        let rows = [
            (said.r#type == kind, "it answers another kind of question"),
            (said.challenge == URL_SAFE_NO_PAD.encode(challenge), "it answers another question"),
            (said.origin == self.origin && !said.cross_origin, "it is of another page"),
        ];
        rows.into_iter().find(|row| !row.0).map_or(Ok(()), |row| Err(PasskeyError(row.1)))
    }

    fn authenticator_data<'a>(
        &self,
        bytes: &'a [u8],
    ) -> Result<AuthenticatorData<'a>, PasskeyError> {
        let malformed = PasskeyError("what the authenticator says is malformed");
        if bytes.len() > PART_BYTES_MAX {
            return Err(malformed);
        }
        let (site, rest) = bytes.split_first_chunk::<32>().ok_or(malformed)?;
        let (flags, rest) = rest.split_first().ok_or(malformed)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(malformed)?;
        let has = |flag: u8| flags & flag != 0;
        let rows = [
            (digest(&SHA256, self.host.as_bytes()).as_ref() == site, "it is for another site"),
            (has(USER_PRESENT), "nobody pressed"),
            (has(USER_VERIFIED), "its user was not verified"),
            (has(MAY_BE_BACKED_UP) || !has(IS_BACKED_UP), "its flags contradict each other"),
        ];
        if let Some(row) = rows.into_iter().find(|row| !row.0) {
            return Err(PasskeyError(row.1));
        }
        Ok(AuthenticatorData { flags: *flags, count: u32::from_be_bytes(*count), rest })
    }
}

#[cfg(test)]
#[path = "passkey_tests.rs"]
mod tests;
