//! Public keys in the forms that providers (JWK, RFC 7517) and authenticators (COSE, RFC 9053)
//! write them, and the signatures they check.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use crate::cbor::Cbor;

/// A coordinate of P-256, a key of Ed25519.
const PART_BYTES: usize = 32;
/// The largest modulus: 8,192 bits.
const MODULUS_BYTES_MAX: usize = 1_024;

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProofKey {
    /// An uncompressed point of P-256.
    Es256(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

/// How a signature of P-256 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Two numbers of 32 bytes, as in tokens.
    Fixed,
    /// ASN.1, as authenticators do.
    Asn1,
}

impl ProofKey {
    /// A key of a provider; `None` of one that signs in a way we do not take.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok();
        match jwk["kty"].as_str()? {
            "EC" if jwk["crv"] == "P-256" => point(&bytes("x")?, &bytes("y")?),
            "RSA" => rsa(&bytes("n")?, &bytes("e")?),
            _ => None,
        }
    }

    /// A key of an authenticator; `None` of one that signs in a way we did not ask for.
    pub(crate) fn from_cose(key: &Cbor) -> Option<Self> {
        let number = |label| key.of(label)?.int();
        let bytes = |label| key.of(label)?.bytes();
        match (number(1)?, number(3)?) {
            (2, -7) if number(-1)? == 1 => point(bytes(-2)?, bytes(-3)?),
            (1, -8) if number(-1)? == 6 => {
                let key = bytes(-2)?;
                (key.len() == PART_BYTES).then(|| ProofKey::Ed25519(key.to_vec()))
            }
            (3, -257) => rsa(bytes(-1)?, bytes(-2)?),
            _ => None,
        }
    }

    /// As tokens name the way of signing.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            ProofKey::Es256(_) => "ES256",
            ProofKey::Rs256 { .. } => "RS256",
            ProofKey::Ed25519(_) => "EdDSA",
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8], written: Written) -> bool {
        let checked = match self {
            ProofKey::Es256(point) => {
                let way = match written {
                    Written::Fixed => &ECDSA_P256_SHA256_FIXED,
                    Written::Asn1 => &ECDSA_P256_SHA256_ASN1,
                };
                UnparsedPublicKey::new(way, point).verify(message, signature)
            }
            ProofKey::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            ProofKey::Ed25519(key) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
        };
        checked.is_ok()
    }
}

fn point(x: &[u8], y: &[u8]) -> Option<ProofKey> {
    let is_whole = x.len() == PART_BYTES && y.len() == PART_BYTES;
    is_whole.then(|| ProofKey::Es256([&[4], x, y].concat()))
}

/// Without leading zeros, which ring refuses.
fn rsa(n: &[u8], e: &[u8]) -> Option<ProofKey> {
    let plain = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        bytes[start..].to_vec()
    };
    (n.len() <= MODULUS_BYTES_MAX + 1 && e.len() <= 8)
        .then(|| ProofKey::Rs256 { n: plain(n), e: plain(e) })
}
