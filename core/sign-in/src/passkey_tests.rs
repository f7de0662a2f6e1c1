//! Passkeys by an authenticator of these tests. The walk in tests/sign-in has one of others.

#![allow(clippy::unwrap_used)]

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;

const CHALLENGE: &[u8] = b"sixteen bytes or more";

enum Signer {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    fn p256() -> Self {
        let (way, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let bytes = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        Signer::P256(EcdsaKeyPair::from_pkcs8(way, bytes.as_ref(), &random).unwrap())
    }

    fn ed25519() -> Self {
        let bytes = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Signer::Ed25519(Ed25519KeyPair::from_pkcs8(bytes.as_ref()).unwrap())
    }

    /// The key as COSE writes it.
    fn cose(&self) -> Vec<u8> {
        match self {
            Signer::P256(pair) => {
                let (_, point) = pair.public_key().as_ref().split_at(1);
                let (x, y) = point.split_at(32);
                let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
                [&head[..], x, &[0x22, 0x58, 32], y].concat()
            }
            Signer::Ed25519(pair) => {
                let head = [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32];
                [&head[..], pair.public_key().as_ref()].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Signer::P256(pair) => {
                pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            }
            Signer::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn uses(&self, client: &Value, data: Vec<u8>) -> PasskeyUse {
        let client_data = client.to_string().into_bytes();
        let asked = digest(&SHA256, &client_data);
        let signature = self.sign(&[data.as_slice(), asked.as_ref()].concat());
        PasskeyUse { client_data, authenticator_data: data, signature }
    }
}

fn site() -> PasskeySite {
    PasskeySite::at("https://tickets.example").unwrap()
}

fn client(kind: &str) -> Value {
    let challenge = URL_SAFE_NO_PAD.encode(CHALLENGE);
    json!({ "type": kind, "challenge": challenge, "origin": "https://tickets.example" })
}

fn data(flags: u8, count: u32) -> Vec<u8> {
    let site = digest(&SHA256, b"tickets.example");
    [site.as_ref(), &[flags], &count.to_be_bytes()].concat()
}

fn attestation(flags: u8, id: &[u8], cose: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    let data = [&data(flags, 3)[..], &[0; 16], &length, id, cose].concat();
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    let head = [&[0xa3, 0x63][..], b"fmt", &[0x64], b"none", &[0x67], b"attStmt", &[0xa0, 0x68]];
    [&head.concat()[..], b"authData", &[0x59], &length, &data].concat()
}

#[test]
fn passkeys_are_for_names_by_https_and_for_this_machine() {
    let rows = [
        ("https://tickets.example", Some("tickets.example")),
        ("https://Tickets.Example:8443", Some("tickets.example")),
        ("http://localhost:8080", Some("localhost")),
        ("http://tickets.example", None),
        ("https://192.0.2.1", None),
        ("http://127.0.0.1:8080", None),
        ("https://[2001:db8::1]", None),
        ("", None),
    ];
    for (origin, host) in rows {
        assert_eq!(PasskeySite::at(origin).map(|site| site.host).as_deref(), host, "{origin}");
    }
    let origin = |url| PasskeySite::at(url).map(|site| site.origin);
    assert_eq!(origin("https://tickets.example:443"), origin("https://Tickets.example"));
}

#[test]
fn a_new_passkey_is_taken_if_all_of_it_is_good() {
    for signer in [Signer::p256(), Signer::ed25519()] {
        let cose = signer.cose();
        let check = |client: &Value, attestation: &[u8]| {
            site().check_new(CHALLENGE, client.to_string().as_bytes(), attestation)
        };
        let made = client("webauthn.create");
        let good = attestation(0x45, &[9; 32], &cose);
        let expected = NewPasskey { credential: vec![9; 32], key: cose.clone(), count: 3 };
        assert_eq!(check(&made, &good), Ok(expected));
        for (flags, words) in [
            (0x44, "nobody pressed"),
            (0x41, "not verified"),
            (0x05, "no key"),
            (0x55, "contradict"),
            (0xc5, "malformed"),
        ] {
            let found = check(&made, &attestation(flags, &[9; 32], &cose)).unwrap_err();
            assert!(found.0.contains(words), "{flags:x}: {found}");
        }
        assert!(check(&made, &attestation(0x45, &[], &cose)).is_err(), "without a name");
        assert!(check(&made, &attestation(0x45, &[9; 1_024], &cose)).is_err(), "too long a name");
        for cut in 0..good.len() {
            assert!(check(&made, &good[..cut]).is_err(), "{cut}");
        }
        assert!(check(&made, &[&good[..], &[0]].concat()).is_err(), "more than it is");
        let wrong = [
            ("type", json!("webauthn.get")),
            ("challenge", json!("AAAA")),
            ("origin", json!("https://tickets.example.evil")),
            ("origin", json!("http://tickets.example")),
            ("crossOrigin", json!(true)),
        ];
        for (name, value) in wrong {
            let mut made = made.clone();
            made[name] = value;
            assert!(check(&made, &good).is_err(), "{name}");
        }
    }
}

#[test]
fn a_signature_counts_for_its_question_its_site_and_once_a_count() {
    for signer in [Signer::p256(), Signer::ed25519()] {
        let (key, asked) = (signer.cose(), client("webauthn.get"));
        let check = |given: &PasskeyUse, count| site().check_use(CHALLENGE, given, &key, count);
        let good = signer.uses(&asked, data(0x05, 4));
        assert_eq!(check(&good, 3), Ok(PasskeyProof { count: 4 }));
        assert_eq!(check(&good, 4), Err(PasskeyError("it has been copied")));
        let synced = signer.uses(&asked, data(0x1d, 0));
        assert_eq!(check(&synced, 0), Ok(PasskeyProof { count: 0 }));
        assert!(check(&synced, 1).is_err(), "it counted before");
        assert!(check(&signer.uses(&asked, data(0x01, 5)), 3).is_err(), "without a PIN");
        assert!(check(&signer.uses(&client("webauthn.create"), data(0x05, 5)), 3).is_err());
        let mut elsewhere = data(0x05, 5);
        elsewhere[0] ^= 1;
        assert!(check(&signer.uses(&asked, elsewhere), 3).is_err());
        assert!(site().check_use(b"another", &good, &key, 3).is_err());
        let others = Signer::p256().cose();
        assert!(site().check_use(CHALLENGE, &good, &others, 3).is_err());
        for at in 0..good.authenticator_data.len() {
            let mut changed = good.clone();
            changed.authenticator_data[at] ^= 1;
            assert!(check(&changed, 0).is_err(), "{at}");
        }
    }
}
